"""Feeds in Link headers (RFC 8288)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.preview.feed_links import absolute, feed_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.model import FeedLink

#: More than a server puts there; API servers that page through results send a handful.
MAX_HEADER_CHARS = 16 * 1024

# RFC 8288 §3: `<target>` with parameters, whose values are tokens or quoted strings; either kind of
# value may hold what separates links elsewhere.
_LINK = re.compile(
    r"<([^<>]*)>((?:\s*;\s*[^\s=;,<>\"]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)"
)
_PARAMETER = re.compile(r";\s*([^\s=;,<>\"]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*))")


def header_links(values: Sequence[str], page_url: str) -> Iterator[FeedLink]:
    """Yield the feeds that a response's Link headers name as alternates of `page_url`."""
    for target, rest in _LINK.findall(", ".join(values)[:MAX_HEADER_CHARS]):
        parameters: dict[str, str] = {}
        for name, quoted, token in _PARAMETER.findall(rest):
            parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or token)
        # With an anchor the link is said of something else (RFC 8288 §3.2).
        anchor = parameters.get("anchor")
        if anchor is not None and absolute(anchor, page_url) != absolute("", page_url):
            continue
        found = feed_link(
            href=target,
            rel=parameters.get("rel"),
            media_type=parameters.get("type"),
            title=parameters.get("title"),
            base_url=page_url,
        )
        if found is not None:
            yield found
