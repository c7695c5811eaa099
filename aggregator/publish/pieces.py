"""Documents put together from pieces: a story that was laid out once is not laid out again.

A new entry makes a feed of a hundred anew, and ninety-nine of them are as they were. What the
writers made of a story is cut out of their document and kept by all that it depends on; the next
document has it in its place, byte by byte what the writers would make of the whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from aggregator.publish.feed_formats import Format
from aggregator.publish.items import item_of
from aggregator.publish.publication import publication
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aggregator.model import Selection, Story
    from aggregator.publish.feed_formats import Addresses
    from aggregator.publish.items import Item, Taste
    from aggregator.publish.publication import Publication

#: What a piece takes besides its texts: the story, its item and their other fields.
_FURTHER_BYTES = 3072

Key = tuple["Taste", "Story"]
Writer = "Callable[[Publication, Sequence[Item]], bytes]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A story as it was prepared, and its texts: by format, and by the language of the feed."""

    item: Item
    texts: dict[tuple[Format, str | None], bytes]

    @property
    def bytes_held(self) -> int:
        """About how much memory it takes."""
        texts = sum(len(text) for text in self.texts.values())
        return 2 * len(self.item.content_html) + texts + _FURTHER_BYTES


class Pieces(Protocol):
    """What is kept of stories that were laid out."""

    def get(self, key: Key) -> Piece | None:
        """Return what is kept of a story in a feed's taste."""

    def keep(self, key: Key, piece: Piece) -> None:
        """Keep it, and how large it is now; something else may be forgotten for it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A document in parts: what stands before its items, each of them, and what stands behind."""

    before: bytes
    items: tuple[bytes, ...]
    after: bytes


def render_from(
    pieces: Pieces,
    selection: Selection,
    form: Format,
    addresses: Addresses,
    write: Callable[[Publication, Sequence[Item]], bytes],
) -> bytes:
    """Return what `write` makes of all items, by letting it make those that are not at hand."""
    found: dict[int, tuple[Key, Piece]] = {}

    def prepare(story: Story, taste: Taste) -> Item:
        piece = pieces.get((taste, story)) or Piece(item_of(story, taste), {})
        found[id(piece.item)] = (taste, story), piece
        return piece.item

    prepared = publication(selection, form, addresses, prepare)
    kind = form, prepared.language
    shown = [found[id(item)] for item in prepared.items]
    fresh = [(key, piece) for key, piece in shown if kind not in piece.texts]
    layout = cut(write(prepared, [piece.item for _, piece in fresh]), form)
    for (key, piece), text in zip(fresh, layout.items, strict=True):
        piece.texts[kind] = text
        pieces.keep(key, piece)
    between = b",\n" if form is Format.JSON else b""
    whole = between.join(piece.texts[kind] for _, piece in shown)
    return b"".join((layout.before, whole, layout.after))


def cut(document: bytes, form: Format) -> Layout:
    """Cut a document that a writer made: every "<" in it begins a tag, every line an item ends."""
    match form:
        case Format.ATOM:
            return _cut_xml(document, b"entry", b"</feed>")
        case Format.RSS:
            return _cut_xml(document, b"item", b"  </channel>")
        case Format.JSON:
            begin = document.index(_JSON_ITEMS) + len(_JSON_ITEMS)
            end = len(document) - len(_JSON_END)
            items = document[begin:end]
            return Layout(
                document[:begin], tuple(items.split(b",\n")) if items else (), document[end:]
            )


_JSON_ITEMS = b',"items":[\n'
_JSON_END = b"\n]}\n"


def _cut_xml(document: bytes, name: bytes, end: bytes) -> Layout:
    stop = document.rindex(end)
    first = re.search(rb" *<" + name + rb"[ >]", document)
    start = stop if first is None else first.start()
    closing = b"</" + name + b">\n"
    items = tuple(text + closing for text in document[start:stop].split(closing)[:-1])
    return Layout(document[:start], items, document[stop:])
