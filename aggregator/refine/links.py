"""An entry's own link, made absolute: against what, and which schemes a link may have.

ADR 0020 says what RSS and JSON Feed leave open, after the habits of readers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.web.absent_links import says_nothing
from aggregator.web.addresses import host_of
from aggregator.web.text import scrub
from aggregator.web.urls import absolute_url, public_link, public_url

if TYPE_CHECKING:
    from aggregator.model import Document, DocumentHead, RawEntry

#: A host without its scheme. No page that another is relative to is called so.
_BARE_HOST = re.compile(r"www\.[^\s/?#.]{1,63}(?:\.[^\s/?#.]{1,63})+(?:[/?#]|$)", re.IGNORECASE)
#: What a site is called while it is being written; nobody else has it there.
_NO_SITE = re.compile(r"localhost|.*\.local|.*\.localhost|[^.]*|127\..*|0\.0\.0\.0|::1?")


def entry_link(raw: RawEntry, head: DocumentHead, document: Document) -> str | None:
    """Return the absolute link of an entry, http(s) or magnet, fit to publish; `head` is clean."""
    link = scrub(raw.raw_link or "").strip()
    if says_nothing(link) or (link == raw.raw_guid and "/" not in link):
        # A guid without isPermaLink="false" claims to be a link; "12345" is not (RSS 2.0, guid).
        return None
    if raw.base_url and raw.base_url != document.source_url:
        return public_link(absolute_url(link, raw.base_url))
    site_host = host_of(head.site_url or "")
    if _BARE_HOST.match(link) or (site_host and link.lower().startswith(f"{site_host}/")):
        return public_url(absolute_url(f"http://{link}", document.source_url))
    return public_link(absolute_url(link, link_base(head, document)))


def link_base(head: DocumentHead, document: Document) -> str:
    """Return what links are relative to where no xml:base says it.

    Atom's are to the document (RFC 3986 section 5.1.3); RSS and JSON Feed say nothing, and readers
    take the channel's link. One that is nobody's site is a draft's, left over.
    """
    site = head.site_url
    is_site = site is not None and not _NO_SITE.fullmatch(host_of(site))
    return site if is_site and site and not head.kind.startswith("atom") else document.source_url


def former_link(raw: RawEntry, document: Document) -> str | None:
    """Return the link as version 0.1 read it: relative to the document's address.

    Entries that it stored are known by that.
    """
    link = scrub(raw.raw_link or "")
    if link == raw.raw_guid and "/" not in link:
        return None
    return public_url(absolute_url(link, raw.base_url or document.source_url))
