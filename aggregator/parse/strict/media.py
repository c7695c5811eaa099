"""Media RSS and Apple's namespace: what media_elements.py and podcasts.py file, filed alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.parse.strict.elements import (
    Handlers,
    add_tag,
    keywords,
    leaf,
    media_tag,
)
from aggregator.parse.strict.reading import Context, Reading, is_html, refuse
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from aggregator.parse.strict.elements import Handler

_ITUNES = "http://www.itunes.com/"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a caption stands: how deep in an entry, in which group, in which file."""

    name: str
    depth: int
    group: str | None = None
    file: dict[str, Any] | None = None


def content(reading: Reading, element: Element, into: Context) -> None:
    """Read a file, and what it says of itself."""
    _content(reading, element, into, None)


def thumbnail(reading: Reading, element: Element, into: Context) -> None:
    """Read a small picture."""
    if reading.text(element):
        refuse("a text of", element, reading)
    into.setdefault("media_thumbnail", []).append(reading.baseless(element))


def group(reading: Reading, element: Element, into: Context) -> None:
    """Read what may be one file in several sizes."""
    reading.media_groups += 1
    number = str(reading.media_groups)
    outside = reading.enter(reading.baseless(element))
    handlers = Handlers(reading, _IN_GROUP, "media_group")
    for child in element:
        name = reading.names.of(child.tag)
        if name == "media_content":
            _content(reading, child, into, number)
        elif name in {"media_title", "media_description"}:
            _caption(reading, child, into, _Place(name, 1, number))
        else:
            handlers[child.tag](reading, child, into)
    reading.leave(outside)


def caption(name: str) -> Handler:
    """Return a handler of what is said of a whole entry's pictures."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        _caption(reading, element, into, _Place(name, 0))

    return read


def _content(reading: Reading, element: Element, into: Context, number: str | None) -> None:
    attributes: dict[str, Any] = reading.baseless(element)
    if number is not None:
        attributes["house_group"] = number
    into.setdefault("media_content", []).append(attributes)
    if not len(element):
        return
    outside = reading.enter(attributes)
    handlers = Handlers(reading, _IN_CONTENT, "media_content")
    for child in element:
        name = reading.names.of(child.tag)
        if name in {"media_title", "media_description"}:
            depth = 1 if number is None else 2
            _caption(reading, child, into, _Place(name, depth, None, attributes))
        else:
            handlers[child.tag](reading, child, into)
    reading.leave(outside)


def _caption(reading: Reading, element: Element, into: Context, place: _Place) -> None:
    detail = reading.detail(element, "text/plain")
    says_html = is_html(reading.baseless(element).get("type", ""))
    name, text = place.name, detail["value"]
    # A deeper one does not replace one that stands higher (feedparser's `property_depth_map`).
    if place.depth <= reading.places.get(name, place.depth):
        reading.places[name] = place.depth
        into[name] = text
    into[f"{name}_detail"] = detail
    if not text:
        return
    if place.file is not None:
        told = place.file.setdefault("house_captions", {})
    else:
        told = into.setdefault("house_captions", {}).setdefault(place.group, {})
    told.setdefault(name, (text, says_html))


def episode_category(reading: Reading, element: Element, into: Context) -> None:
    """Read a podcast's category of an episode."""
    if len(element) or reading.text(element):
        refuse("what is inside of", element, reading)
    add_tag(into, reading.baseless(element).get("text"), _ITUNES, None)


def podcast_category(reading: Reading, element: Element, into: Context) -> None:
    """Read a category of a podcast, with those below it."""
    _podcast_category(reading, element, into, ())


def _podcast_category(
    reading: Reading, element: Element, into: Context, above: tuple[str, ...]
) -> None:
    name = (reading.baseless(element).get("text") or "").strip()
    if (element.text or "").strip():
        refuse("a text of", element, reading)
    if name:
        filed = into.setdefault("house_podcast_categories", [])
        filed.append((above[0], name) if above else (name, ""))
    for child in element:
        if reading.names.of(child.tag) != "itunes_category" or len(above) > 3:
            refuse("an element inside of", element, reading)
        _podcast_category(reading, child, into, (*above, name))


def cover(reading: Reading, element: Element, into: Context) -> None:
    """Read the picture of a podcast or an episode."""
    attributes = reading.baseless(element)
    reading.raw_text(element)
    url = attributes.get("href") or attributes.get("url")
    if url:
        into["image"] = {"href": url}
        into["house_cover"] = url.strip()


def explicit(reading: Reading, element: Element, into: Context) -> None:
    """Read whether children may hear it."""
    into["house_explicit"] = reading.bare_text(element)


_IGNORED = ("media_credit", "media_rating", "media_restriction", "media_license", "media_player")
_IN_CONTENT: dict[str, Handler] = {
    "media_thumbnail": thumbnail,
    "media_category": media_tag,
    "media_keywords": keywords(None),
    **dict.fromkeys(_IGNORED, leaf),
}
_IN_GROUP = _IN_CONTENT
#: What an entry may hold of them.
IN_ENTRIES: dict[str, Handler] = {
    "media_content": content,
    "media_group": group,
    "media_title": caption("media_title"),
    "media_description": caption("media_description"),
    **_IN_CONTENT,
    "itunes_category": episode_category,
    "itunes_explicit": explicit,
    "itunes_image": cover,
    "itunes_keywords": keywords(_ITUNES),
}
