"""The longest texts of an entry; where they are cut: metadata, makers, normalise, attachments."""

from __future__ import annotations

#: A title of more is an article; SQLite, readers and front matter agree on much less.
MAX_TITLE_CHARS = 1000
MAX_AUTHOR_CHARS = 500
MAX_SUMMARY_CHARS = 10_000
#: Of a picture or another file. Mastodon allows an alt text 1,500 characters, others 2,000.
MAX_CAPTION_CHARS = 2000
