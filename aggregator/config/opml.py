"""OPML as other readers exchange it (http://opml.org/spec2.opml): lists of sources in and out.

This is the operator's own backup, complete with every URL; what readers may see of the sources is
`publish.render_sources`. Pure; reading is slow on hostile markup and belongs into a worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import listparser

from aggregator.config.network_values import written_urls
from aggregator.config.opml_settings import KEPT, from_texts, settings_of, to_text
from aggregator.config.source_keys import MAX_URLS
from aggregator.model import Problem, ProblemKind, Source
from aggregator.model.errors import UnreadableError
from aggregator.model.opml_listing import Listing
from aggregator.runtime.values import dataclass
from aggregator.web.charsets import WIDE, begun_codec, codec_of
from aggregator.web.decoding import read as read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Two hundred times a large list; a longer file is not one.
MAX_BYTES = 5 * 1024 * 1024
#: More sources than one daemon is made for.
MAX_OUTLINES = 10_000
#: Outlines in outlines; people stop at three.
MAX_DEPTH = 16

#: What OPML has no place for goes into a namespace of our own, as its specification asks.
NAMESPACE = "urn:x-aggregator:opml"
_PREFIX = "aggregator"
NO_TITLES: Mapping[str, str] = {}
#: No tag holds a line break, so one separates tags that a comma or slash cannot.
_SEPARATOR = "\n"


def read(data: bytes) -> Listing:
    """Return the feeds that an OPML file lists.

    URLs and titles are as written, nothing is checked. Folders and categories become tags. Names
    and settings are those of our own exports, names else empty; `mirrors` are URLs as config.toml
    has them, where there are several; a title is `None` where the file
    has none. Attributes that nobody knows, document types and their entities are ignored;
    so is what lies below `MAX_DEPTH` outlines, of which the feeds are counted.

    Raises `UnreadableError`: TOO_LARGE, or NOT_A_FEED for what is no OPML, or only its beginning.
    """
    if len(data) > MAX_BYTES:
        raise _unreadable(f"it is larger than {MAX_BYTES >> 20} MiB", ProblemKind.TOO_LARGE)
    reader = _Reader()
    text = _text(data)
    try:
        reader.feed(text)
    except AssertionError as error:  # html.parser's answer to a few malformed declarations
        raise _unreadable("it is not XML") from error
    if not reader.harvest["version"].startswith("opml"):
        raise _unreadable("it is not OPML")
    if not reader.ended:
        # What people write by hand has bare ampersands and forgotten ends; a part of a list, taken
        # for the whole, is worse than either.
        line = len(text.rstrip().splitlines())
        raise _unreadable(f"it is not well-formed: cut off at line {line}, without </opml>")
    found = tuple(map(_source, reader.harvest["feeds"]))
    return Listing(found, reader.repeated, reader.without_feed, reader.too_deep)


def write(
    title: str,
    sources: Iterable[Source],
    titles: Mapping[str, str] = NO_TITLES,
    instances: tuple[str, ...] = (),
) -> bytes:
    """Return sources as OPML in UTF-8, as `read` finds them again, in their order.

    Kept are name, URL, mirrors, title, tags, whether a source is private, and the settings of
    `opml_settings`. What stands for one of the RSSHub `instances` each is written as config.toml
    has it. Those in a row that have the same first tag lie in a folder. `titles` are what
    documents call themselves, by the sources' names: what people read where the configuration says
    nothing.
    """
    ET.register_namespace(_PREFIX, NAMESPACE)
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    folder, of = body, None
    for source in sources:
        first = next(iter(source.tags), None)
        if first != of:
            folder = body if first is None else ET.SubElement(body, "outline", text=first)
            of = first
        shown = source.title or titles.get(source.name) or source.name
        outline = ET.SubElement(folder, "outline", text=shown, type="rss", xmlUrl=source.url)
        if source.title is not None:
            outline.set("title", source.title)
        if source.tags:
            outline.set("category", ",".join(map(_as_category, source.tags)))
        if any(_as_category(tag) != tag for tag in source.tags):
            outline.set(f"{{{NAMESPACE}}}tags", _SEPARATOR.join(source.tags))
        if source.private:
            outline.set(f"{{{NAMESPACE}}}private", "true")
        for name, value in settings_of(source).items():
            outline.set(f"{{{NAMESPACE}}}{name}", to_text(name, value))
        if len(urls := written_urls(source, instances)) > 1:
            outline.set(f"{{{NAMESPACE}}}urls", _SEPARATOR.join(urls))
        outline.set(f"{{{NAMESPACE}}}name", source.name)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document + b"\n"


def _as_category(tag: str) -> str:
    """Return a tag as a category, in which commas and slashes have a meaning."""
    return " ".join(tag.replace(",", " ").replace("/", " ").split())


@dataclass(slots=True)
class _Limits:
    outlines: int = 0
    depth: int = 0
    may_be_empty: bool = False  # the last outline names no feed, and holds nothing so far


class _Reader(listparser.Handler):  # type: ignore[misc]  # listparser makes the class at run time
    """listparser's reading of OPML, with our bounds and our own attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.harvest.update(feeds=[], lists=[], opportunities=[], meta={}, version="")
        self.repeated = self.without_feed = self.too_deep = 0
        self.ended = False
        self._limits = _Limits()

    def end_opml_opml(self) -> None:
        self.ended = True

    def start_opml_outline(self, attrs: dict[str, str]) -> None:
        limits = self._limits
        limits.outlines += 1
        limits.depth += 1
        if limits.outlines > MAX_OUTLINES:
            raise _unreadable(f"it has more than {MAX_OUTLINES} outlines", ProblemKind.TOO_LARGE)
        url = attrs.get("xmlurl", "").strip()
        if limits.depth > MAX_DEPTH:
            self.too_deep += bool(url)
            limits.may_be_empty = False
            return
        limits.may_be_empty = not url
        self.repeated += bool(url) and url in self.found_urls
        super().start_opml_outline(attrs)
        if url and f"{_PREFIX}:name" in attrs:
            _, found = self.found_urls[url]
            found["name"] = attrs[f"{_PREFIX}:name"]
            found["title"] = attrs.get("title")
            found["own_tags"] = attrs.get(f"{_PREFIX}:tags")
            found["urls"] = attrs.get(f"{_PREFIX}:urls", "").split(_SEPARATOR)
            found["private"] = attrs.get(f"{_PREFIX}:private") == "true"
            found["settings"] = {
                name: attrs[f"{_PREFIX}:{name}"] for name in KEPT if f"{_PREFIX}:{name}" in attrs
            }

    def end_opml_outline(self) -> None:
        self.without_feed += self._limits.may_be_empty
        self._limits.may_be_empty = False
        if self._limits.depth:  # more ends than beginnings are markup too
            self._limits.depth -= 1
            if self._limits.depth < MAX_DEPTH:
                super().end_opml_outline()


def _source(feed: dict[str, Any]) -> Source:
    folders = [part for path in feed["categories"] for part in path if part]
    tags = feed["own_tags"].split(_SEPARATOR) if feed.get("own_tags") else folders
    return Source(
        name=feed.get("name", ""),
        url=feed["url"],
        title=feed["title"] or None,
        tags=tuple(dict.fromkeys(tags)),
        private=feed.get("private", False),
        mirrors=_mirrors(feed),
        **from_texts(feed.get("settings", {})),
    )


def _mirrors(feed: dict[str, Any]) -> tuple[str, ...]:
    """Return all URLs of a feed; where another program has changed the first one, none besides."""
    urls = tuple(feed.get("urls", ()))
    return urls if 1 < len(urls) <= MAX_URLS and urls[0] == feed["url"] else ()


def _text(data: bytes) -> str:
    """Decode as XML says: by its mark or declaration, else UTF-8."""
    declaration, _, _ = data[:200].decode("latin-1").partition("?>")
    _, found, rest = declaration.partition("encoding=")
    label = rest[1:].partition(rest[:1])[0] if found and rest else "utf-8"
    codec = begun_codec(data)
    if codec is None:
        declared = codec_of(label)
        # What is declared in plain bytes is no wider encoding.
        codec = "utf-8" if declared is None or declared in WIDE else declared
    return read_bytes(data, codec).removeprefix("\ufeff")


def _unreadable(detail: str, kind: ProblemKind = ProblemKind.NOT_A_FEED) -> UnreadableError:
    return UnreadableError(Problem(kind, detail))
