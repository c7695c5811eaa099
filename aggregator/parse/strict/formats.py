"""What the root, the channel and each item may hold; from a tree to what a document says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.parse.assembling import Said
from aggregator.parse.strict import elements as of
from aggregator.parse.strict import media
from aggregator.parse.strict.elements import Handlers, bare, bare_address, leaf, plain, title_at
from aggregator.parse.strict.names import ATOM, RSS_1, Names, has_namespace, is_old_rdf, is_unread
from aggregator.parse.strict.reading import Context, Reading, refuse
from aggregator.parse.strict.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

    from aggregator.parse.strict.elements import Handler
    from aggregator.parse.strict.tree import Tree

_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}


def said_by(tree: Tree, address: str, most_entries: int) -> Said:
    """Return what a document says; `address` is its own.

    Raises `RefusedError` where that may differ from what feedparser reads, or where there are more
    than `most_entries`.
    """
    root = tree.root
    names = Names(tree)
    name = names.of(root.tag)
    reading = Reading(names, address, has_controls=tree.has_controls, is_atom=name == "feed")
    attributes = reading.attributes(root)
    reading.enter(attributes)
    said = Said(
        kind=_kind(tree, name, attributes.get("version", "")),
        skipped_hours=reading.skipped_hours,
        skipped_days=reading.skipped_days,
    )
    if reading.language and name != "rdf_rdf":
        said.head["language"] = reading.language.replace("_", "-")
    if name == "feed":
        _read_head(reading, root, said, most_entries, 2)
    elif name == "rss":
        _read_rss(reading, root, said, most_entries)
    else:
        _read_rdf(reading, root, said, most_entries)
    return said


def _kind(tree: Tree, name: str, version: str) -> str:
    """Return feedparser's name of a format."""
    if name == "feed" and has_namespace(tree, ATOM) and not is_old_rdf(tree):
        if tree.root.tag.lower() == f"{{{ATOM}}}feed":
            return "atom10"
    elif name == "rss" and not is_old_rdf(tree):
        return _VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
    elif name == "rdf_rdf" and has_namespace(tree, RSS_1) and not has_namespace(tree, ATOM):
        return "rss10"
    raise RefusedError("another root")


def _read_rss(reading: Reading, root: Element, said: Said, most_entries: int) -> None:
    channels = 0
    for child in root:
        name = reading.names.of(child.tag)
        if name == "channel":
            channels += 1
            _read_channel(reading, child, said, most_entries)
        elif is_unread(name):
            reading.pass_over(child)
        else:
            raise RefusedError(f"{name} below rss")
    if channels != 1:
        raise RefusedError("no single channel")


def _read_rdf(reading: Reading, root: Element, said: Said, most_entries: int) -> None:
    entries = _Entries(reading, said, most_entries, 3)
    channels = 0
    for child in root:
        name = reading.names.of(child.tag)
        if name == "channel":
            channels += 1
            _read_channel(reading, child, said, most_entries)
        elif name == "item":
            entries.read(reading, child, said.head)
        elif name in {"image", "textinput"}:
            # Outside of the channel feedparser keeps nothing of it.
            _picture_at(2)(reading, child, {})
        else:
            raise RefusedError(f"{name} below rdf_rdf")
    if channels != 1:
        raise RefusedError("no single channel")


def _read_channel(reading: Reading, channel: Element, said: Said, most_entries: int) -> None:
    attributes = reading.attributes(channel)
    if attributes.keys() & {"href", "lastmod"}:
        refuse("an attribute of", channel, reading)
    outside = reading.enter(attributes)
    _read_head(reading, channel, said, most_entries, 3)
    reading.leave(outside)


def _read_head(
    reading: Reading, element: Element, said: Said, most_entries: int, depth: int
) -> None:
    entries = _Entries(reading, said, most_entries, depth + 1)
    handlers = Handlers(
        reading,
        {**_HEAD, "title": title_at(depth), "dc_title": title_at(depth),
         "image": _picture_at(depth), "textinput": _picture_at(depth),
         "item": entries.read, "entry": entries.read},
        "a head",
    )  # fmt: skip
    _read_children(reading, element, handlers, said.head)


def _read_children(
    reading: Reading, children: Iterable[Element], handlers: Handlers, into: Context
) -> None:
    for child in children:
        handlers[child.tag](reading, child, into)


class _Entries:
    """Reads entries, of which all have the same depth."""

    __slots__ = ("_handlers", "_most", "_said")

    def __init__(self, reading: Reading, said: Said, most: int, depth: int) -> None:
        self._said, self._most = said, most
        titles = title_at(depth)
        source = _source_at(reading, depth + 1)
        self._handlers = Handlers(
            reading, {**_ENTRY, "title": titles, "dc_title": titles, "source": source}, "an entry"
        )

    def read(self, reading: Reading, element: Element, _head: Context) -> None:
        """Read one entry: a handler of <item> and <entry>."""
        if len(self._said.entries) >= self._most:
            raise RefusedError("more entries than are kept")
        entry: Context = {}
        attributes = reading.attributes(element)
        outside = reading.enter(attributes)
        if attributes:
            if attributes.keys() & {"href", "lastmod"}:
                refuse("an attribute of", element, reading)
            if about := attributes.get("rdf:about"):
                entry["id"] = about
        entry["house_base"] = reading.base
        reading.title_depth = -1
        reading.has_content = False
        reading.places = {}
        handlers = self._handlers
        for child in element:
            handlers[child.tag](reading, child, entry)
        reading.leave(outside)
        self._said.entries.append(entry)


def _source_at(reading: Reading, depth: int) -> Handler:
    """Return a handler of where an entry first stood: RSS's source, or Atom's."""
    handlers = Handlers(reading, {**_SOURCE, "title": title_at(depth)}, "a source")

    def read(reading: Reading, element: Element, into: Context) -> None:
        attributes = reading.attributes(element)
        source: Context = {"href": attributes["url"]} if "url" in attributes else {}
        reading.title_depth = -1
        outside = reading.enter(attributes)
        if len(element):
            _read_children(reading, element, handlers, source)
            beside = (element.text, *(child.tail for child in element))
            if any(text and text.strip() for text in beside):
                refuse("a text beside elements of", element, reading)
        elif text := reading.text(element):
            source["title"] = text
        reading.leave(outside)
        into["source"] = source

    return read


def _description(reading: Reading, element: Element, into: Context) -> None:
    _summarised(reading, element, into, "text/html")


def _summary(reading: Reading, element: Element, into: Context) -> None:
    _summarised(reading, element, into, "text/plain")


def _summarised(reading: Reading, element: Element, into: Context, default: str) -> None:
    if "summary" in into and not reading.has_content:
        refuse("a second", element, reading)
    detail = reading.detail(element, default)
    into["summary"], into["summary_detail"] = detail["value"], detail


def _content(reading: Reading, element: Element, into: Context) -> None:
    if element.get("src") is not None:
        refuse("an address of", element, reading)
    _encoded(reading, element, into, "text/plain")


def _encoded(reading: Reading, element: Element, into: Context, default: str = "text/html") -> None:
    reading.has_content = True
    detail = reading.detail(element, default)
    into.setdefault("content", []).append(detail)
    into.setdefault("summary", detail["value"])


def _picture_at(depth: int) -> Handler:
    """Return a handler of a channel's <image>; its <textinput> is alike, and nobody reads it."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        is_image = reading.names.of(element.tag) == "image"
        held = _IN_IMAGE if is_image else _IN_INPUT
        picture = into.setdefault("image", {}) if is_image else {}
        reading.baseless(element)
        reading.title_depth = -1
        for child in element:
            name = reading.names.of(child.tag)
            if name not in held:
                refuse("an element inside of", element, reading)
            reading.baseless(child)
            text = reading.text(child)
            if name == "url":
                picture["href"] = reading.resolved(text)
            elif name == "title" and text:
                reading.title_depth = depth + 1

    return read


def _skipped(reading: Reading, element: Element, _into: Context) -> None:
    """Read the hours or days at which nobody needs to come."""
    reading.attributes(element)
    for child in element:
        name = reading.names.of(child.tag)
        if name not in {"hour", "day"}:
            refuse("an element inside of", element, reading)
        skipped = reading.skipped_hours if name == "hour" else reading.skipped_days
        skipped.append(reading.raw_text(child))


_IN_IMAGE = frozenset({"title", "link", "url", "width", "height", "description"})
_IN_INPUT = frozenset({"title", "link", "description", "name"})

#: What heads, entries and sources have in common.
_ANYWHERE: dict[str, Handler] = {
    "id": of.identity,
    "guid": of.guid,
    "link": of.link,
    "author": of.author,
    "dc_author": of.author,
    "dc_creator": of.author,
    "itunes_author": of.author,
    "managingeditor": of.author,
    "contributor": of.contributor,
    "dc_contributor": of.contributor_name,
    "updated": plain("updated"),
    "modified": plain("updated"),
    "lastbuilddate": plain("updated"),
    "dc_date": plain("updated"),
    "dcterms_modified": plain("updated"),
    "published": plain("published"),
    "issued": plain("published"),
    "pubdate": plain("published"),
    "dcterms_issued": plain("published"),
    "created": plain("created"),
    "dcterms_created": plain("created"),
    "language": plain("language"),
    "dc_language": plain("language"),
    "rights": of.detailed("rights"),
    "copyright": of.detailed("rights"),
    "dc_rights": of.detailed("rights"),
    "generator": of.generator,
    "webmaster": leaf,
    "dc_publisher": leaf,
    "expirationdate": leaf,
    "creativecommons_license": leaf,
    "cc_license": leaf,
    "itunes_block": leaf,
}
#: What only heads and sources have.
_OF_FEEDS: dict[str, Handler] = {
    "subtitle": of.detailed("subtitle"),
    "tagline": of.detailed("subtitle"),
    "icon": bare_address("icon"),
    "logo": bare_address("logo"),
    "category": leaf,
}
_SOURCE: dict[str, Handler] = {**_ANYWHERE, **_OF_FEEDS}
_HEAD: dict[str, Handler] = {
    **_ANYWHERE,
    **_OF_FEEDS,
    "description": of.detailed("subtitle"),
    "dc_description": of.detailed("subtitle"),
    "keywords": leaf,
    "dc_subject": leaf,
    "media_category": leaf,
    "media_keywords": leaf,
    "media_credit": leaf,
    "media_rating": leaf,
    "media_thumbnail": leaf,
    "ttl": bare("ttl"),
    "sy_updateperiod": bare("sy_updateperiod"),
    "sy_updatefrequency": bare("sy_updatefrequency"),
    "skiphours": _skipped,
    "skipdays": _skipped,
    "cloud": leaf,
    "info": leaf,
    "feedburner_browserfriendly": leaf,
    "itunes_owner": of.owner,
    "itunes_image": media.cover,
    "itunes_category": media.podcast_category,
    "itunes_explicit": media.explicit,
    "itunes_subtitle": of.detailed("itunes_subtitle"),
    "itunes_summary": of.detailed("itunes_summary"),
    "itunes_keywords": leaf,
}
_ENTRY: dict[str, Handler] = {
    **_ANYWHERE,
    **media.IN_ENTRIES,
    "description": _description,
    "dc_description": _description,
    "summary": _summary,
    "content": _content,
    "content_encoded": _encoded,
    "category": of.tag,
    "dc_subject": of.tag,
    "enclosure": of.enclosure,
    "subtitle": leaf,
    "itunes_subtitle": leaf,
    "itunes_summary": of.detailed("itunes_summary"),
    "itunes_duration": bare("itunes_duration"),
    "itunes_season": bare("itunes_season"),
    "itunes_episode": bare("itunes_episode"),
    "itunes_episodetype": bare("itunes_episodetype"),
    "georss_point": leaf,
    "georss_line": leaf,
    "georss_polygon": leaf,
    "georss_box": leaf,
}
