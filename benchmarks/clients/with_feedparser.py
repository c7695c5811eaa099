"""Reads one feed twice with feedparser, the second time with the validators of the first."""

import json
import sys

import feedparser  # type: ignore[import-untyped]  # ships no types

url = sys.argv[1]
first = feedparser.parse(url)
if first.bozo:
    sys.exit(f"not well-formed: {first.bozo_exception}")
feedparser.parse(url, etag=first.get("etag"), modified=first.get("modified"))
sys.stdout.write(
    json.dumps(
        [
            {"id": entry.id, "title": entry.get("title"), "link": entry.get("link")}
            for entry in first.entries
        ]
    )
)
