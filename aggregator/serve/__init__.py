"""The HTTP side: feeds, the index page, health."""
