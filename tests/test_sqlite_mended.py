"""The upgrade mends addresses that version 0.1 emptied: no id, order or date changes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from aggregator.model import Document, DocumentHead, Enclosure, RawEntry
from aggregator.refine import normalise
from aggregator.store.sqlite import open_store
from aggregator.web.former_redaction import emptied
from tests.making import DAY, HOUR, START, absorb, feed, source
from tests.old_databases import as_written_by, texts

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Refined

URL = "https://e.example/view.php?code={}"
ALL = feed(window=DAY * 400, min_entries=1)


def read(*numbers: int) -> Refined:
    raw = tuple(
        RawEntry(
            raw_guid=URL.format(number),
            raw_link=URL.format(number),
            raw_title=f"Article {number}",
            raw_content=f'<p>Text {number}</p><img src="https://i.example/p.jpg?auth=a{number}">',
            raw_enclosures=(Enclosure(f"https://i.example/{number}.mp3?token=t", "audio/mpeg"),),
            published_at=START - number * HOUR,
        )
        for number in numbers
    )
    head = DocumentHead("rss20", "utf-8")
    return normalise(Document(head, raw, "https://one.example/feed.xml", START))


def emptied_key(key: str) -> str:
    if key.startswith("path:"):
        return "path:" + emptied("//" + key.removeprefix("path:"))[2:]
    return emptied(key)


def written_by_the_version_before(path: Path, *, without_raw: bool = False) -> None:
    """Make a database of today's what version 0.1 would have written."""
    as_written_by("0003", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.create_function("emptied", 1, lambda text: text and emptied(text))
        connection.create_function("emptied_key", 1, emptied_key)
        connection.execute(
            """UPDATE entries SET guid = emptied(guid), url = emptied(url),
                      content_html = emptied(content_html), enclosures = emptied(enclosures),
                      refined_by = '0.1.0', content_hash = x'00'"""
        )
        connection.execute("UPDATE OR REPLACE identities SET key = emptied_key(key)")
        connection.execute("UPDATE OR REPLACE story_keys SET key = emptied_key(key)")
        connection.execute("UPDATE mirrors SET etag = x'00', body_sha256 = x'00'")
        if without_raw:
            connection.execute("UPDATE entries SET raw = NULL")


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


LASTING = (
    "SELECT id, public_id, order_key, published_at, updated_at, title FROM entries ORDER BY id"
)


def whole_entries(path: Path) -> list[tuple[str | None, ...]]:
    """Return what of each entry of a database of today may hold an address."""
    names = ("guid", "content_html", "enclosures")
    found = texts(path)
    return [
        (url, *(found[entry_id][name] for name in names))
        for entry_id, url in rows(path, "SELECT id, url FROM entries ORDER BY id")
    ]


def known_by(path: Path) -> set[tuple[str, int]]:
    """Return by which keys each entry of a database of today is known."""
    return {
        (key, entry_id)
        for entry_id, each in texts(path).items()
        for key in json.loads(each["keys"] or "[]")
    }


def stored(path: Path, *numbers: int) -> None:
    with closing(open_store(path)) as store:
        store.apply((source(),), (ALL,), now=START)
        for number in numbers:
            absorb(store, read(number), START + number * HOUR)
        store.freeze(ALL, "2026-11", "atom", "x", b"emptied")
        store.freeze(ALL, "2025-01", "atom", "x", b"of another month")


def test_what_is_stored_is_mended_from_the_publishers_words(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    stored(path, 1, 2)
    whole = whole_entries(path)
    keys = {pair for pair in known_by(path) if not pair[0].startswith("text:")}
    written_by_the_version_before(path)
    before = rows(path, LASTING)
    [(changes,)] = rows(path, "SELECT version FROM feeds")
    assert "code=1" not in str(rows(path, "SELECT url FROM entries"))
    with closing(open_store(path)) as store:
        version = store.feed_version("all")
        assert store.frozen(ALL, "2026-11", "atom", "x") is None
        assert store.frozen(ALL, "2025-01", "atom", "x") == b"of another month"
    assert whole_entries(path) == whole
    assert rows(path, LASTING) == before
    assert keys <= known_by(path)
    assert not [key for key, _ in known_by(path) if key[-5:] == "code="]
    assert rows(path, "SELECT etag, body_sha256 FROM mirrors") == [(None, None)]
    assert version == changes + 1


def test_a_mended_entry_is_known_and_no_edit_and_the_next_one_is_new(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    stored(path, 1)
    written_by_the_version_before(path)
    with closing(open_store(path)) as store:
        before = {one.title: (one.id, one.updated_at) for one in store.select(ALL).stories}
        result = absorb(store, read(1, 2), START + DAY)
        assert (result.tally.new, result.tally.updated) == (1, 0)
        after = {one.title: (one.id, one.updated_at) for one in store.select(ALL).stories}
    assert before.items() < after.items()


def test_without_the_publishers_words_an_entry_is_known_by_title_or_date(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    stored(path, 1)
    written_by_the_version_before(path, without_raw=True)
    with closing(open_store(path)) as store:
        before = {one.title: (one.id, one.updated_at) for one in store.select(ALL).stories}
        assert absorb(store, read(1, 2), START + DAY).tally.new == 1
        assert absorb(store, read(1, 2, 3), START + 2 * DAY).tally.new == 1
        found = {one.title: one for one in store.select(ALL).stories}
        assert found["Article 1"].url == URL.format(1)
        after = {title: (one.id, one.updated_at) for title, one in found.items()}
    assert before.items() < after.items()


def test_what_was_pruned_stays_away(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    stored(path, 1)
    keys = [(1, key) for key, _ in sorted(known_by(path))]
    with closing(open_store(path)) as store:
        absorb(store, read(2), START + 800 * DAY)
        store.advance(START + 801 * DAY)
        assert store.prune(START + 801 * DAY, retention=500 * DAY, keep_raw=DAY) == 1
    written_by_the_version_before(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        # That version kept the keys themselves; of today's marks they cannot be made.
        connection.execute("DELETE FROM tombstones")
        connection.executemany(
            "INSERT OR REPLACE INTO tombstones (source_id, key) VALUES (?, ?)",
            [(source_id, emptied_key(key)) for source_id, key in keys],
        )
    with closing(open_store(path)) as store:
        assert absorb(store, read(1, 2), START + 802 * DAY).tally.pruned == 1
        assert absorb(store, read(1, 2, 3), START + 803 * DAY).tally.new == 1


def test_other_databases_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_store(path)) as store:
        store.apply((source(),), (ALL,), now=START)
        head = DocumentHead("rss20", "utf-8")
        raw = RawEntry(raw_link="https://e.example/?id=1&lang=", raw_title="t", raw_content="x")
        absorb(store, normalise(Document(head, (raw,), "https://one.example/", START)), START)
        store.freeze(ALL, "2026-11", "atom", "x", b"body")
    before = rows(path, LASTING), whole_entries(path), texts(path)
    as_written_by("0003", path)
    with closing(open_store(path)) as store:
        assert store.frozen(ALL, "2026-11", "atom", "x") == b"body"
    assert (rows(path, LASTING), whole_entries(path), texts(path)) == before
