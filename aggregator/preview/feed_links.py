"""What makes a link a link to a feed, wherever it is."""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urlsplit

from aggregator.model import FeedLink
from aggregator.web.addresses import DEFAULT_PORTS, host_of
from aggregator.web.excerpts import excerpt
from aggregator.web.text import printable_line
from aggregator.web.urls import absolute_url

#: Media types of documents that we read. Not `application/json`, which WordPress uses for its
#: interface (https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/), and not
#: `text/xml`, which may be anything.
FEED_TYPES = frozenset(
    {
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/rss+xml",
    }
)
MAX_LINK_TITLE_CHARS = 200


def feed_link(
    *, href: str | None, rel: str | None, media_type: str | None, title: str | None, base_url: str
) -> FeedLink | None:
    """Return the feed that a link with these attributes leads to, or `None`."""
    if not href or "alternate" not in (rel or "").lower().split():
        return None
    if (media_type or "").partition(";")[0].strip().lower() not in FEED_TYPES:
        return None
    url = absolute(href, base_url)
    return FeedLink(url, one_line(title)) if url is not None else None


def is_feed_scheme(reference: str) -> bool:
    """Tell whether this is an address as old browsers handed it to a reader."""
    return reference[:5].lower() == "feed:"


def without_feed_scheme(reference: str) -> str:
    """Return what "feed:https://…" and "feed://…" mean; the latter is http://.

    The scheme was never registered (https://www.iana.org/assignments/uri-schemes/historic/feed).
    """
    if not is_feed_scheme(reference):
        return reference
    rest = reference[5:]
    return f"http:{rest}" if rest.startswith("//") else rest


def absolute(href: str, base_url: str) -> str | None:
    """Return a reference as an http or https URL without fragment, or `None`."""
    url = absolute_url(without_feed_scheme(href.strip()), base_url)
    if url is None or urlsplit(url).scheme not in DEFAULT_PORTS or not host_of(url):
        return None
    return urldefrag(url).url if url.isprintable() else None


def one_line(text: str | None) -> str | None:
    """Return text that can be shown on a line, or `None` when nothing is left of it."""
    return excerpt(printable_line(text or ""), MAX_LINK_TITLE_CHARS) or None


#: "javascript:", "mailto:": behind a host without a scheme there is a port, or a password and "@".
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*:(?![0-9]|[^/]*@)")


def whole_url(url: str) -> str:
    """Return what people type as a URL: without a scheme https is meant."""
    url = without_feed_scheme(url.strip())
    if url.startswith("//"):
        return f"https:{url}"
    return url if "://" in url or _OTHER_SCHEME.match(url) else f"https://{url}"
