"""Links of Atom, in Atom and in RSS: RFC 4287 §4.2.7, and the archives of RFC 5005."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.lint import value_checks
from aggregator.lint.findings import quoted
from aggregator.lint.registries import RELATIONS
from aggregator.lint.xml_tree import ATOM
from aggregator.runtime.values import dataclass
from aggregator.web.urls import resolved

if TYPE_CHECKING:
    from aggregator.lint.check_context import Context
    from aggregator.lint.xml_tree import Element

HISTORY = "http://purl.org/syndication/history/1.0"
#: Where RFC 4287 says that registered names are short for.
_IANA = "http://www.iana.org/assignments/relation/"
_ATTRIBUTES = frozenset({"href", "rel", "type", "hreflang", "title", "length"})
_OF_HISTORY = frozenset(
    {"current", "first", "last", "next", "previous", "prev-archive", "next-archive"}
)
_DIGITS = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as far as it matters between several of them; `href` is resolved."""

    rel: str
    href: str
    media: str
    language: str
    element: Element


def check_links(context: Context, parent: Element, self_types: frozenset[str]) -> list[Link]:
    """Check every link of a feed, an entry or a channel, and return them."""
    links = [
        _check_link(context, element, self_types, of_feed=parent.local in ("feed", "channel"))
        for element in parent.all("link", ATOM)
    ]
    seen: set[tuple[str, str]] = set()
    for link in links:
        if link.rel == "alternate":
            if (link.media, link.language) in seen:
                what = f"two alternates of <{parent.local}> with the same type and language"
                context.add("DuplicateAtomLink", what, link.element)
            seen.add((link.media, link.language))
        elif link.rel in _OF_HISTORY and parent.local in ("entry", "item"):
            what = f'rel="{link.rel}" in <{parent.local}>'
            context.add("FeedHistoryRelInEntry", what, link.element)
    return links


def _check_link(
    context: Context, element: Element, self_types: frozenset[str], *, of_feed: bool
) -> Link:
    context.attributes(element, _ATTRIBUTES)
    if element.text or element.children:
        context.add("AtomLinkNotEmpty", "<link> holds text", element)
    rel = _check_rel(context, element)
    media = element.get("type")
    if media is not None and not value_checks.mime_type(media):
        context.add("InvalidMIMEType", f"type of <link>: {quoted(media)}", element)
    elif media and rel == "self" and of_feed and _bare(media) not in self_types:
        context.add("SelfNotAtom", f'rel="self" has the type {quoted(media)}', element)
    language = element.get("hreflang")
    if language is not None:
        context.fault(value_checks.language(language), "hreflang of <link>", element)
    length = element.get("length")
    if length is not None and not _DIGITS.fullmatch(length):
        context.add("InvalidNonNegativeInteger", f"length of <link>: {quoted(length)}", element)
    if title := element.get("title"):
        context.plain(element, title)
    href = _check_href(context, element, is_self=rel == "self" and of_feed)
    return Link(rel, href, media or "", language or "", element)


def _check_rel(context: Context, element: Element) -> str:
    given = element.get("rel")
    rel = "alternate" if given is None else given.removeprefix(_IANA)
    if not rel.strip():
        context.add("NotBlank", "an empty rel of <link>", element)
    elif rel not in RELATIONS and value_checks.reference(rel, iri=True, whole=True) is not None:
        context.add("UnregisteredAtomLinkRel", f"rel={quoted(rel)}", element)
    return rel


def _check_href(context: Context, element: Element, *, is_self: bool) -> str:
    """Return the resolved address, "" where there is none."""
    href = element.get("href")
    if href is None:
        context.add("MissingHref", "<link> without href", element)
        return ""
    if context.address(element, href, "href of <link>", iri=True, whole=False):
        check_same_document(context, element, href)
    if is_self:
        _check_self(context, element, href)
    return resolved(context.base_of(element), href)


def _bare(media: str) -> str:
    return media.partition(";")[0].strip().lower()


def _check_self(context: Context, element: Element, href: str) -> None:
    if not any(value_checks.is_whole(told) for told in (href, *element.inherited("base"))):
        context.add("RelativeSelf", f'rel="self" is {quoted(href)}', element)
    url = context.url
    if url is not None and not same_address(resolved(context.base_of(element), href), url):
        what = f'rel="self" is {quoted(href)}, it was found at {quoted(url)}'
        context.add("SelfDoesntMatchLocation", what, element)


def same_address(one: str, other: str) -> bool:
    """Tell whether two addresses are the same in canonical form, fragments aside."""
    first, second = (value_checks.canonical(text).partition("#")[0] for text in (one, other))
    return first == second


def check_same_document(context: Context, element: Element, reference: str) -> None:
    """Report a reference that means the document itself where its base says that it is another."""
    if next(element.inherited("base"), None) is None:
        return
    base = context.base_of(element).partition("#")[0]
    if resolved(base, reference).partition("#")[0] != base:
        return
    if context.url is None:
        elsewhere = not value_checks.is_whole(reference)
    else:
        elsewhere = not same_address(base, context.url)
    if elsewhere:
        what = f"{quoted(reference)} is the xml:base {quoted(base)} itself"
        context.add("SameDocumentReference", what, element)


def check_history(context: Context, feed: Element, links: list[Link]) -> None:
    """Check that the parts of a feed can be followed from one to the next (RFC 5005)."""
    by_rel = {link.rel: link for link in reversed(links)}
    own = {link.href for link in links if link.rel == "self"} | {context.url or ""}
    own -= {""}
    for end, beyond in (("first", "previous"), ("last", "next")):
        if end in by_rel and beyond in by_rel and by_rel[end].href in own:
            what = f'rel="{beyond}" in the document that is rel="{end}"'
            context.add("LinkPastEnd", what, by_rel[beyond].element)
    for rel in ("prev-archive", "next-archive", "previous", "next"):
        if rel in by_rel and by_rel[rel].href in own:
            context.add("LinkPastEnd", f'rel="{rel}" is the document itself', by_rel[rel].element)
    archive = feed.first("archive", HISTORY)
    if feed.first("complete", HISTORY) is not None:
        _check_complete(context, links, own)
    elif archive is not None:
        if not {"prev-archive", "next-archive"} & by_rel.keys():
            context.add("ArchiveIncomplete", "an archive without links to other archives", archive)
        if "current" not in by_rel:
            context.add("MissingCurrentInArchive", "an archive without a current link", archive)


def _check_complete(context: Context, links: list[Link], own: set[str]) -> None:
    for link in links:
        if link.rel == "current":
            if own and link.href not in own:
                context.add("CurrentNotSelfInCompleteFeed", quoted(link.href), link.element)
        elif link.rel in _OF_HISTORY:
            context.add("FeedRelInCompleteFeed", f'rel="{link.rel}"', link.element)
