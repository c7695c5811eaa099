"""The rules for Atom 1.0 (RFC 4287)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from aggregator.lint import value_checks
from aggregator.lint.check_context import markup_in
from aggregator.lint.findings import quoted
from aggregator.lint.html_checks import check_html, check_xhtml
from aggregator.lint.link_checks import Link, check_history, check_links, check_same_document
from aggregator.lint.xml_tree import ATOM, XHTML

if TYPE_CHECKING:
    from aggregator.lint.check_context import Context
    from aggregator.lint.lint_rules import Level
    from aggregator.lint.xml_tree import Element

SELF_TYPES = frozenset({"application/atom+xml"})
_FEED_ONCE = ("generator", "icon", "id", "logo", "rights", "subtitle", "title", "updated")
_FEED = frozenset({*_FEED_ONCE, "author", "category", "contributor", "link"})
_ENTRY_ONCE = ("content", "id", "published", "rights", "source", "summary", "title", "updated")
_ENTRY = frozenset({*_ENTRY_ONCE, "author", "category", "contributor", "link"})
_REQUIRED = ("id", "title", "updated")
#: Fewer entries with one id may be one entry several times.
_SAME_IDS_BY_MISTAKE = 10
_INLINE = ("text", "html", "xhtml")
#: `<name@example.org>` within a name.
_EMAIL_IN_NAME = re.compile(r"<[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>")


def check_feed(context: Context, feed: Element) -> None:
    """Check a feed document."""
    entries = feed.all("entry", ATOM)
    context.attributes(feed, ())
    context.known(feed, _FEED | {"entry"}, ATOM)
    _check_metadata(context, feed, "MissingElement")
    links = check_links(context, feed, SELF_TYPES)
    if not any(link.rel == "self" for link in links):
        context.add("MissingSelf", '<feed> without rel="self"', feed)
    check_history(context, feed, links)
    _check_order(context, feed)
    has_author = feed.first("author", ATOM) is not None
    for entry in entries:
        check_entry(context, entry, feed_author=has_author)
    _check_duplicates(context, entries)


def _check_order(context: Context, feed: Element) -> None:
    """Entries come after everything that is of the feed (RFC 4287 §4.1.1, RELAX NG)."""
    seen = False
    for child in feed.children:
        if child.name == (ATOM, "entry"):
            seen = True
        elif seen and child.name[0] == ATOM and child.local in _FEED:
            context.add("MisplacedMetadata", f"<{child.local}> behind an entry", child)


def _check_duplicates(context: Context, entries: list[Element]) -> None:
    ids: dict[str, Element] = {}
    times: dict[str, Element] = {}
    repeated = []
    for entry in entries:
        identifier, updated = (entry.first(name, ATOM) for name in ("id", "updated"))
        if identifier is not None and identifier.text:
            if identifier.text in ids:
                repeated.append(identifier)
            ids.setdefault(identifier.text, entry)
        if updated is not None and updated.text:
            if updated.text in times:
                what = f"a second entry with {quoted(updated.text)}"
                context.add("DuplicateUpdated", what, updated)
            times.setdefault(updated.text, entry)
    if len(ids) == 1 and len(repeated) + 1 >= _SAME_IDS_BY_MISTAKE:
        context.add(
            "DuplicateIds", f"all entries have the id {quoted(repeated[0].text)}", repeated[0]
        )
        return
    for identifier in repeated:
        what = f"a second entry with the id {quoted(identifier.text)}"
        context.add("DuplicateEntries", what, identifier)


def check_entry(context: Context, entry: Element, *, feed_author: bool) -> None:
    """Check an entry, of a feed or a document of its own."""
    context.attributes(entry, ())
    context.known(entry, _ENTRY, ATOM)
    context.once(entry, _ENTRY_ONCE, ATOM)
    source = entry.first("source", ATOM)
    for name in _REQUIRED:
        if entry.first(name, ATOM) is None:
            context.add("MissingElement", f"<entry> without <{name}>", entry)
    authors = [entry, *([source] if source is not None else [])]
    if not feed_author and not any(one.first("author", ATOM) for one in authors):
        context.add("MissingElement", "<entry> without <author>, and none of the feed", entry)
    _check_children(context, entry, republished=source is not None)
    links = check_links(context, entry, SELF_TYPES)
    for name in ("title", "summary", "rights"):
        for text in entry.all(name, ATOM):
            _check_text(context, text)
    _check_substance(context, entry, links)
    if source is not None:
        context.attributes(source, ())
        context.known(source, _FEED, ATOM)
        _check_metadata(context, source, "MissingSourceElement")
        check_links(context, source, SELF_TYPES)


def _check_metadata(context: Context, feed: Element, missing: str) -> None:
    """Check what a feed or a source says of itself, links aside."""
    context.once(feed, _FEED_ONCE, ATOM)
    for name in _REQUIRED:
        if feed.first(name, ATOM) is None:
            context.add(missing, f"<{feed.local}> without <{name}>", feed)
    for name in ("title", "subtitle", "rights"):
        for text in feed.all(name, ATOM):
            _check_text(context, text)
    for name in ("icon", "logo"):
        for picture in feed.all(name, ATOM):
            _check_picture(context, picture)
    for generator in feed.all("generator", ATOM):
        context.attributes(generator, ("uri", "version"))
        if not generator.text:
            context.add("NotBlank", "an empty <generator>", generator)
        if uri := generator.get("uri"):
            context.address(generator, uri, "uri of <generator>", iri=True, whole=False)
    _check_children(context, feed, republished=feed.local == "source")


def _check_picture(context: Context, picture: Element) -> None:
    context.attributes(picture, ())
    where = f"<{picture.local}>"
    if not picture.text:
        context.add("NotBlank", f"an empty {where}", picture)
    elif context.address(picture, picture.text, where, iri=True, whole=False):
        check_same_document(context, picture, picture.text)


def _check_children(context: Context, parent: Element, *, republished: bool) -> None:
    """Check ids, dates, people and categories, which feeds, entries and sources have alike."""
    for child in parent.children:
        if child.name[0] == XHTML:
            what = f"<{child.local[:40]}> of XHTML in <{parent.local}>"
            context.add("MisplacedXHTMLContent", what, child)
        if child.name[0] != ATOM:
            continue
        match child.local:
            case "id":
                _check_id(context, child, republished=republished)
            case "updated" | "published":
                context.attributes(child, ())
                if child.raw_text != child.text:
                    what = f"<{child.local}> {quoted(child.text)} has white space around it"
                    context.add("InvalidRFC3339Date", f"{what} (RFC 4287 §2)", child)
                context.date(child, value_checks.rfc3339)
            case "author" | "contributor":
                _check_person(context, child)
            case "category":
                _check_category(context, child)
            case _:
                pass


def _check_id(context: Context, identifier: Element, *, republished: bool) -> None:
    context.attributes(identifier, ())
    text = identifier.text
    if not text:
        context.add("NotBlank", "an empty <id>", identifier)
        return
    if not context.address(identifier, text, "<id>", iri=True, whole=True):
        return
    form = value_checks.canonical(text)
    if form != identifier.raw_text:
        # Who republishes an id must leave it as it is (RFC 4287 §4.2.6).
        level: Level | None = "info" if republished else None
        what = f"<id> {quoted(identifier.raw_text)}, in canonical form {quoted(form)}"
        context.report.add("NonCanonicalURI", what, line=identifier.line, level=level)


def _check_person(context: Context, person: Element) -> None:
    context.attributes(person, ())
    context.known(person, ("name", "uri", "email"), ATOM)
    context.once(person, ("name", "uri", "email"), ATOM)
    name = person.first("name", ATOM)
    if name is None:
        context.add("MissingElement", f"<{person.local}> without <name>", person)
    elif not name.text:
        context.add("NotBlank", f"an empty <name> of <{person.local}>", name)
    else:
        context.plain(name, name.text)
        if _EMAIL_IN_NAME.search(name.text):
            context.add("ContainsEmail", f"<name> {quoted(name.text)}", name)
    for uri in person.all("uri", ATOM):
        context.address(uri, uri.text, "<uri>", iri=True, whole=False)
    for address in person.all("email", ATOM):
        if not value_checks.email(address.text):
            context.add("InvalidContact", f"<email> {quoted(address.text)}", address)


def _check_category(context: Context, category: Element) -> None:
    context.attributes(category, ("term", "scheme", "label"))
    if category.get("term") is None:
        context.add("MissingAttribute", "<category> without term", category)
    if scheme := category.get("scheme"):
        context.address(category, scheme, "scheme of <category>", iri=True, whole=True)
    if label := category.get("label"):
        context.plain(category, label)


def _check_substance(context: Context, entry: Element, links: list[Link]) -> None:
    """Check that an entry has text, or leads to some (RFC 4287 §4.1.2, 4.1.1.1)."""
    content = entry.first("content", ATOM)
    summary = entry.first("summary", ATOM)
    if content is None:
        if not any(link.rel == "alternate" for link in links):
            context.add("MissingContentOrAlternate", "<entry> without content", entry)
        if summary is None:
            context.add("MissingTextualContent", "<entry> with neither content nor summary", entry)
        return
    media = content.get("type") or "text"
    elsewhere = content.get("src") is not None
    encoded = "/" in media and not _is_text(media)
    if summary is None and (elsewhere or encoded):
        context.add("MissingSummary", "<content> elsewhere or encoded, and no summary", entry)
    _check_content(context, content, media, elsewhere=elsewhere)


def _is_text(media: str) -> bool:
    bare = media.partition(";")[0].strip().lower()
    return bare.endswith(("+xml", "/xml")) or bare.startswith("text/")


def _check_content(context: Context, content: Element, media: str, *, elsewhere: bool) -> None:
    context.attributes(content, ("type", "src"))
    bare = media.partition(";")[0].strip().lower()
    if elsewhere:
        _check_elsewhere(context, content, media)
    elif media in _INLINE:
        _check_construct(context, content, media)
    elif not value_checks.mime_type(media) or bare.startswith(("multipart/", "message/")):
        context.add("InvalidMIMEType", f"type of <content>: {quoted(media)}", content)
    elif bare in ("text/html", "application/xhtml+xml"):
        if bare == "text/html":
            _check_html(context, content)
        root = content.children[0].local if content.children else ""
        if "<html" not in content.raw_text.lower() and root.lower() != "html":
            context.add("HtmlFragment", f"<content> of {bare} is no whole page", content)
    elif not _is_text(media):
        try:
            base64.b64decode("".join(content.raw_text.split()), validate=True)
        except (binascii.Error, ValueError):
            context.add("NotBase64", f"<content> of {bare}", content)


def _check_elsewhere(context: Context, content: Element, media: str) -> None:
    """Check content that is at another address (RFC 4287 §4.1.3.2)."""
    address = content.get("src") or ""
    context.address(content, address, "src of <content>", iri=True, whole=False)
    if content.get("type") is None:
        context.add("MissingTypeAttr", "<content> with src, without type", content)
    elif media in _INLINE or not value_checks.mime_type(media):
        context.add("InvalidMIMEType", f"type of <content>: {quoted(media)}", content)
    if content.text or content.children:
        context.add("UnexpectedText", "<content> with src is not empty", content)


def _check_text(context: Context, element: Element) -> None:
    """Check a text construct (RFC 4287 §3.1)."""
    context.attributes(element, ("type",))
    kind = element.get("type")
    if kind is not None and kind not in _INLINE:
        context.add("InvalidTextType", f"type of <{element.local}>: {quoted(kind)}", element)
        return
    _check_construct(context, element, kind or "text")


def _check_construct(context: Context, element: Element, kind: str) -> None:
    if not element.text and not element.children:
        context.add("NotBlank", f"an empty <{element.local}>", element)
    if kind == "xhtml":
        _check_inline(context, element)
        return
    if element.children:
        what = f"<{element.children[0].local[:40]}> in <{element.local}> of type {kind}"
        context.add("UndefinedElement", what, element.children[0])
    if kind == "html":
        _check_html(context, element)
    else:
        context.plain(element, element.raw_text)


def _check_html(context: Context, element: Element) -> None:
    based = any(element.inherited("base"))
    where = f"<{element.local}>"
    check_html(context.report, element.raw_text, where, line=element.line, based=based)


def _check_inline(context: Context, element: Element) -> None:
    divs = [child for child in element.children if child.name == (XHTML, "div")]
    if len(divs) != 1 or len(element.children) != 1 or element.text:
        context.add("MissingXhtmlDiv", f"<{element.local}> is not one <div>", element)
    for inner in (element, *element.below()):
        if inner.name[0] in (XHTML, ATOM) and (what := _escaped(inner)):
            context.add("NotInline", f"<{element.local}> of type xhtml holds {what}", inner)
            break
    check_xhtml(context.report, element, f"<{element.local}>")


def _escaped(element: Element) -> str | None:
    """Return escaped HTML inside XHTML; code that shows some is not meant."""
    return None if element.local in ("code", "pre", "kbd", "samp") else markup_in(element.raw_text)
