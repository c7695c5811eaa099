"""What an entry of a document says, as it is packed, and how much its source takes by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import particulars_to_text
from aggregator.store.texts import disk_room, packed_texts
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from aggregator.model import Entry
    from aggregator.store.texts.packed_texts import Texts

#: What a reader gets beside title, link, author and content; what counts as disk beside the title.
_TOLD = ("summary", "categories", "enclosures", "provenance", "particulars")
_STORED = ("content_html", "summary", "raw", "categories", "enclosures", "particulars")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many bytes of UTF-8 an entry has.

    `content` in its content, `raw` in the publisher's fields, `None` where they are not kept;
    `told` in what readers get beside the content; `stored` in all that counts as disk that its
    source takes.
    """

    content: int
    raw: int | None
    told: int
    stored: int


def texts_of(entry: Entry, keys: str | None) -> dict[str, str | None]:
    """Return what of an entry is packed; `keys` as `identities.text_of` has them."""
    return {
        "guid": entry.guid,
        "keys": keys,
        "summary": entry.summary,
        "content_html": entry.content_html,
        "raw": entry.raw,
        "provenance": None if entry.provenance is None else dumps(entry.provenance),
        **_beside(entry),
    }


def visible_in(texts: Texts, up_to: int | None = None) -> str:
    """Return what a reader sees of an entry's content, on one line: `Entry.visible_text`.

    It is stored once, in the content, and made of it: another copy would be a seventh of the disk.
    With `up_to`, that of the first so many characters of the content.
    """
    return one_line(visible_text(texts["content_html"], up_to))


def sizes_of(
    texts: Mapping[str, str | None], *, title: str, url: str | None, author: str | None
) -> Sizes:
    """Return what an entry takes: its texts, and what is in its row."""
    size = {name: len(text.encode()) for name, text in texts.items() if text is not None}
    heading = len(title.encode())
    return Sizes(
        content=size["content_html"],
        raw=size.get("raw"),
        told=heading
        + len((author or "").encode())
        + len((url or "").encode())
        + sum(size.get(name, 0) for name in _TOLD),
        stored=heading + sum(size.get(name, 0) for name in _STORED),
    )


def rewrite(connection: sqlite3.Connection, entry_id: int, entry: Entry) -> None:
    """Store what an entry says from now on; its row says it already, and its keys stay."""
    before = packed_texts.texts_of(connection, (entry_id,))[entry_id]
    _replace(connection, entry_id, texts_of(entry, before.get("keys")))


def touch(connection: sqlite3.Connection, entry_id: int, entry: Entry) -> None:
    """Store what an entry says from now on beside its title and texts, which stay."""
    before = packed_texts.texts_of(connection, (entry_id,))[entry_id].all()
    _replace(connection, entry_id, before | _beside(entry))


def _beside(entry: Entry) -> dict[str, str | None]:
    return {
        "categories": dumps(entry.categories),
        "enclosures": dumps(entry.enclosures),
        "particulars": particulars_to_text(entry.particulars),
    }


def _replace(
    connection: sqlite3.Connection, entry_id: int, texts: Mapping[str, str | None]
) -> None:
    packed_texts.put(connection, {entry_id: packed_texts.frame(texts)})
    row = connection.execute(
        "SELECT source_id, title, url, author, stored_bytes FROM entries WHERE id = ?", (entry_id,)
    ).fetchone()
    sizes = sizes_of(texts, title=row["title"], url=row["url"], author=row["author"])
    connection.execute(
        """UPDATE entries SET content_bytes = ?, raw_bytes = ?, told_bytes = ?, stored_bytes = ?
            WHERE id = ?""",
        (sizes.content, sizes.raw, sizes.told, sizes.stored, entry_id),
    )
    disk_room.count(connection, {row["source_id"]: sizes.stored - row["stored_bytes"]})
