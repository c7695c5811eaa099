"""What cleaning took out of a text, in few words: for people who ask why an entry looks as it does.

Not a second parser: both texts are read tag by tag, in time linear in them, and counted. Markup
made to confuse parsers may be counted wrong; nothing that is published depends on it.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import field

from aggregator.refine.custom_players import with_players
from aggregator.refine.html_limits import MAX_HTML_CHARS, MAX_NESTING, nesting
from aggregator.refine.lazy_media import LAZY_ADDRESSES, SRCSETS, best_source
from aggregator.refine.pictures import counts_readers
from aggregator.refine.pointed_brackets import with_brackets
from aggregator.refine.shown_media import MEDIA_ELEMENTS
from aggregator.refine.tags import COMMENT, tags
from aggregator.runtime.values import dataclass
from aggregator.web.text import scrub
from aggregator.web.urls import without_trackers
from aggregator.web.visible_text import HIDDEN

#: So many things are told; then how many more there are.
_MAX_TOLD = 20

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
#: Elements of which nothing is kept, whatever is inside.
_WHOLE = HIDDEN | {"xmp"}
#: Elements that show something from elsewhere; cleaning makes links of them.
_PLAYERS = frozenset({"iframe", "embed", "object", "video", "audio"})
#: Frame of a document or a wrapper of a picture: nobody misses them.
_FRAMES = MEDIA_ELEMENTS | {
    "html", "head", "body", "tbody", "picture", "noscript", "source", "param",
}  # fmt: skip
#: What a picture keeps, or tells of its addresses.
_PICTURE = frozenset(
    {"src", "alt", "width", "height", "loading", "referrerpolicy", *LAZY_ADDRESSES, *SRCSETS}
)
_OUR_LINK = re.compile(r">▶ ")
_DANGEROUS = ("script", "style", "iframe", "object", "embed", "form")


@dataclass(slots=True)
class _Counts:
    """What one text holds."""

    elements: Counter[str] = field(default_factory=Counter)
    attributes: Counter[str] = field(default_factory=Counter)
    links: int = 0
    tracked: int = 0
    pixels: int = 0
    lazy: int = 0
    comments: int = 0


def removed(raw_html: str, clean_html: str) -> tuple[str, ...]:
    """Return what cleaning took out of `raw_html`, a publisher's, or changed, to get `clean_html`.

    Each is a count and a name: "2 script", "1 iframe → link", "1 tracking pixel", "3 lazy images",
    "5 style attributes"; what could harm a reader comes first. At most 20, and one that counts the
    rest. Pictures are told as removed though another one in the text shows the same.
    """
    raw = scrub(raw_html)
    theirs, ours = _counts(with_players(with_brackets(raw[:MAX_HTML_CHARS]))), _counts(clean_html)
    # Of players; a link that the publisher made look like ours is none of them.
    made = max(len(_OUR_LINK.findall(clean_html)) - len(_OUR_LINK.findall(raw)), 0)
    told = [*_bounds(raw), *_elements(theirs, ours, made), *_attributes(theirs, ours, made)]
    if len(told) > _MAX_TOLD:
        told[_MAX_TOLD:] = [f"{len(told) - _MAX_TOLD} more kinds"]
    return tuple(told)


def _bounds(raw: str) -> list[str]:
    told = []
    if len(raw) > MAX_HTML_CHARS:
        told.append(f"all beyond the first {MAX_HTML_CHARS} characters")
    if nesting(raw[:MAX_HTML_CHARS]) > MAX_NESTING:
        told.append(f"all markup: it nests deeper than {MAX_NESTING}")
    return told


def _elements(theirs: _Counts, ours: _Counts, links: int) -> list[str]:
    gone = theirs.elements - (ours.elements - Counter(a=links))
    told = []
    for name in sorted(_PLAYERS & gone.keys()):
        linked = min(gone[name], links)
        links -= linked
        gone[name] -= linked
        told += _told(linked, name, suffix=" → link")
    for name in _FRAMES:
        del gone[name]
    pixels = min(theirs.pixels, gone["img"])
    gone["img"] -= pixels
    order = sorted((+gone).items(), key=lambda one: (one[0] not in _DANGEROUS, -one[1], one[0]))
    named = [text for name, count in order if _NAME.fullmatch(name) for text in _told(count, name)]
    others = sum(count for name, count in order if not _NAME.fullmatch(name))
    return [
        *(text for text in named if text.partition(" ")[2] in _DANGEROUS),
        *told,
        *_told(pixels, "tracking pixel", "tracking pixels"),
        *_told(theirs.lazy, "lazy image", "lazy images"),
        *(text for text in named if text.partition(" ")[2] not in _DANGEROUS),
        *_told(others, "other element", "other elements"),
        *_told(theirs.comments, "comment", "comments"),
    ]


def _attributes(theirs: _Counts, ours: _Counts, made: int) -> list[str]:
    gone = theirs.attributes - ours.attributes
    handlers = sum(gone.pop(name) for name in [*gone] if name.startswith("on"))
    known = {name: gone.pop(name, 0) for name in ("style", "class", "id")}
    return [
        *_told(handlers, "event handler", "event handlers"),
        *_told(theirs.links - (ours.links - made), "link address", "link addresses"),
        *_told(theirs.tracked - ours.tracked, "link tracker", "link trackers"),
        *(
            text
            for name, count in known.items()
            for text in _told(count, f"{name} attribute", f"{name} attributes")
        ),
        *_told(gone.total(), "other attribute", "other attributes"),
    ]


def _told(count: int, one: str, many: str | None = None, *, suffix: str = "") -> list[str]:
    return [f"{count} {one if count == 1 else many or one}{suffix}"] if count > 0 else []


def _counts(text: str) -> _Counts:
    counts = _Counts()
    for tag in tags(text, _WHOLE):
        if tag.name == COMMENT:
            counts.comments += 1
        elif not tag.is_end:
            counts.elements[tag.name] += 1
            if tag.name not in _WHOLE:
                _count_attributes(counts, tag.name, tag.attributes)
    return counts


def _count_attributes(counts: _Counts, name: str, attributes: dict[str, str]) -> None:
    if name == "a" and "href" in attributes:
        counts.links += 1
        url = html.unescape(attributes.pop("href"))
        counts.tracked += without_trackers(url) != url
    elif name == "img":
        said = {key: html.unescape(value) for key, value in attributes.items()}
        source = best_source(said)
        counts.lazy += any(said.get(key) == source for key in LAZY_ADDRESSES if source)
        counts.pixels += counts_readers(said, source or "")
    if name not in _PLAYERS and name not in _FRAMES:
        counts.attributes.update(attributes.keys() - _PICTURE)
