"""What a page says about feeds: link elements in its HTML, Link headers in its response.

Pure, and slow on hostile markup: runs in a worker process that can be killed.
"""

from __future__ import annotations

from aggregator.model import FeedLink
from aggregator.preview.html_links import MAX_LINKS, Page, page_links
from aggregator.preview.link_headers import header_links

__all__ = ["Page", "feed_links"]


def feed_links(page: Page) -> tuple[tuple[FeedLink, ...], bool]:
    """Return the feeds that a page names, its Link headers' first, each once, at most `MAX_LINKS`.

    The second value tells whether it names more.

    Only what is announced is found: no address is guessed. The first is the one that the page
    itself counts as its own
    (https://html.spec.whatwg.org/multipage/links.html#link-type-alternate).
    """
    found: dict[str, FeedLink] = {}
    for link in (*header_links(page.link_headers, page.url), *page_links(page)):
        found.setdefault(link.url, link)
    links = tuple(found.values())
    return links[:MAX_LINKS], len(links) > MAX_LINKS
