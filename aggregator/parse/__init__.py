"""Bytes to what the publisher said: decoding, feedparser, JSON Feed, dates."""
