"""The longest title, author and summary of an entry; where they are cut: metadata, makers."""

from __future__ import annotations

#: A title of more is an article; SQLite, readers and front matter agree on much less.
MAX_TITLE_CHARS = 1000
MAX_AUTHOR_CHARS = 500
MAX_SUMMARY_CHARS = 10_000
