"""Stored sources, feeds and lists made those of the configuration, and what that changes."""
