"""Everything as JSON lines: what is exported comes back as it was, and nothing else comes in."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.errors import BusyError, StoreError
from aggregator.model.notes import NotReloaded
from aggregator.publish import Addresses, Format, render
from aggregator.store.copies import exporting
from aggregator.store.copies.exporting import export
from aggregator.store.copies.importing import LinesError, import_lines
from aggregator.store.copies.stored_lines import (
    End,
    Head,
    Row,
    end_line,
    head_line,
    read_line,
    row_line,
)
from aggregator.store.engines.connection import connect
from aggregator.store.engines.lock import Hold
from aggregator.store.sqlite import open_reader, open_store
from benchmarks.torture.ledger import is_sound
from tests.any_stories import unicode_text
from tests.make_schema_fixture import FOLDER, fill
from tests.making import DAY, HOUR, START, absorb, document, entry, fail, feed, source
from tests.whole_databases import stored

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Entry

SCHEMAS = sorted(FOLDER.glob("*.sql"))
FEED = feed(window=30 * DAY, min_entries=2)
#: What SQLite can store as text.
TEXT = unicode_text(30).map(lambda text: text.encode("utf-8", "ignore").decode())
VALUES = st.none() | st.integers(-(1 << 63), (1 << 63) - 1) | TEXT | st.binary(max_size=40)


def exported(path: Path) -> bytes:
    return b"".join(export(path, START))


def imported(lines: bytes, path: Path) -> Path:
    import_lines(path, io.BytesIO(lines))
    return path


def published(path: Path) -> list[bytes]:
    with closing(open_reader(path)) as store:
        selected = store.select(FEED)
        assert selected.stories
        return [render(selected, form, Addresses("https://feeds.example")) for form in Format]


def lively(path: Path, *entries: Entry) -> None:
    """Make a database in which much has happened: edits, copies, failures, frozen documents."""
    with closing(open_store(path)) as store:
        secret = source("two", url="https://u:CANARY@two.example/feed.xml")
        store.apply((source(), secret, source("broken")), (FEED,), now=START)
        absorb(store, document(*(entry(n, published_at=START) for n in range(8)), *entries), START)
        absorb(store, document(entry(3, text="edited")), START + HOUR)
        absorb(store, document(entry(3, guid="other"), entry("b")), START + HOUR, name="two")
        end = fail(store, START, 90, "broken")
        store.watch(end, timedelta(hours=1))
        store.note(NotReloaded("config.toml:3: an example"), now=START)
        store.freeze(FEED, "2026-11", "atom", "test", b"\x00\xff<feed/>")
        store.standing_since(FEED, "", "atom", digest=b"\x01" * 32, changed_at=START)
        store.set_pricing("{}")
        store.advance(START + 40 * DAY)
        store.prune(START + 12 * DAY, retention=10 * DAY, keep_raw=DAY)
        absorb(store, document(entry("new")), START + 41 * DAY)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    lively(tmp_path / "aggregator.db")
    return tmp_path / "aggregator.db"


def left_over(folder: Path) -> list[str]:
    """Return what of an import is left in a folder."""
    return [one.name for one in folder.glob("*.importing*")]


# --- what comes back ------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=4))
def test_what_is_exported_comes_back_as_it_was(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = folder / "aggregator.db"
    lively(path, *(entry(f"t{n}", text=text, title=text) for n, text in enumerate(texts)))
    new = imported(exported(path), folder / "new.db")
    assert stored(new) == stored(path)
    assert published(new) == published(path)
    assert exported(new) == exported(path)
    assert is_sound(new)
    assert left_over(folder) == []


def test_what_was_seen_is_known_after_it(filled: Path, tmp_path: Path) -> None:
    new = imported(exported(filled), tmp_path / "new.db")
    with closing(open_store(new)) as store:
        again = document(*(entry(n, published_at=START) for n in range(8)), entry("new"))
        tally = absorb(store, again, START + 42 * DAY).tally
        assert (tally.new, tally.pruned) == (0, 7)
        (state,) = store.states(("one",))
        assert state.mirrors[0].validators.etag == b'"1"'


def test_the_database_is_its_owners_alone(filled: Path, tmp_path: Path) -> None:
    new = imported(exported(filled), tmp_path / "folder" / "new.db")
    assert stat.S_IMODE(new.stat().st_mode) == 0o600


@pytest.mark.parametrize("fixture", SCHEMAS, ids=lambda path: path.stem)
def test_an_export_of_every_released_schema_is_brought_to_todays(
    tmp_path: Path, fixture: Path
) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as made:
        made.executescript(fixture.read_text(encoding="utf-8"))
    with closing(connect(old, "ro")) as db:
        lines = b"".join(exporting.lines(db, START))
    new = imported(lines, tmp_path / "new.db")
    open_store(old).close()

    def known(path: Path) -> list[str]:  # how large an upgrade found the file is another thing
        return [line for line in stored(path) if 'INTO "counters"' not in line]

    assert known(new) == known(old)


def test_a_table_is_read_row_by_row_while_others_write(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    with closing(open_store(path)) as store:
        store.apply((source(),), (FEED,), now=START)
        texts = ("x" * 50_000 for _ in range(8))
        absorb(store, document(*(entry(n, text=text) for n, text in enumerate(texts))), START)
        parts = export(path, START)
        first = next(parts)
        absorb(store, document(entry("later")), START + HOUR)
        lines = first + b"".join(parts)
    assert max(map(len, export(path, START))) < 200_000
    rows = [read_line(line) for line in lines.splitlines(keepends=True)]
    entries = [row for row in rows if isinstance(row, Row) and row.table == "entries"]
    assert len(entries) == 8


# --- the lines ------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from("abcdef"), VALUES, min_size=1))
def test_a_row_is_read_as_it_was_written(values: dict[str, Any]) -> None:
    line = row_line("t", tuple(values), tuple(values.values()))
    assert read_line(line) == Row("t", values)
    assert [*line.decode().splitlines()] == [line.decode()[:-1]]  # one line to every program
    assert not any(0x7F <= ord(character) < 0xA0 for character in line.decode())


def test_the_head_and_the_end_are_read_as_they_were_written() -> None:
    head = Head(4, "0.2.0", "2026-11-20T08:00:00Z")
    assert read_line(head_line(head)) == head
    assert read_line(end_line({"t": 1}, "a" * 64)) == End({"t": 1}, "a" * 64)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"\xff", "UTF-8"),
        (b"{", "JSON"),
        (b"[" * 100_000, "nested"),
        (b"[]", "neither"),
        (b'{"table": "t", "row": {}, "more": 1}', "neither"),
        (b'{"table": "t", "row": {"a": 1, "a": 2}}', "twice"),
        (b'{"table": "t", "row": {"a": true}}', "no value"),
        (b'{"table": "t", "row": {"a": NaN}}', "NaN"),
        (b'{"table": "t", "row": {"a": 9223372036854775808}}', "too large"),
        (b'{"table": "t", "row": {"a": "\\ud800"}}', "half a character"),
        (b'{"table": "t", "row": {"a": {"base64": "?"}}}', "base64"),
        (b'{"format": "another"}', "another form"),
        (b'{"format": "aggregator database", "version": 3}', "install the version"),
        (b'{"format": "aggregator database", "version": 1}', "without schema"),
        (b'{"end": {"rows": {"t": "1"}}}', "numbers"),
        (b'{"end": {"rows": {}, "sha256": "x"}}', "sha256"),
    ],
)
def test_a_line_that_is_none_says_why(line: bytes, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_line(line)


# --- what is refused ------------------------------------------------------------------------------


def edited(lines: bytes, number: int, **values: object) -> bytes:
    """Return lines of which a row has other values."""
    each = lines.splitlines(keepends=True)
    row = json.loads(each[number])
    row["row"] |= values
    each[number] = json.dumps(row).encode() + b"\n"
    return b"".join(each)


def row_of(table: str, lines: bytes) -> int:
    """Return where the first row of a table stands."""
    each = lines.splitlines()
    return next(
        n for n, line in enumerate(each) if line.startswith(f'{{"table":"{table}"'.encode())
    )


def test_a_wrong_line_is_named_with_a_remedy_and_nothing_is_made(
    filled: Path, tmp_path: Path
) -> None:
    lines = exported(filled)
    each = lines.splitlines(keepends=True)
    at = row_of("entries", lines)
    without_end, end = b"".join(each[:-1]), each[-1]
    head = json.loads(each[0])
    newer = json.dumps(head | {"schema": 99}).encode() + b"\n"
    wrong = {
        "1: the line is missing": b"",
        "1: the line is no head": without_end.partition(b"\n")[2],
        "1: the line is of schema 99": newer + b"".join(each[1:]),
        "2: the line is a second head": each[0] + lines,
        f"{len(each)}: the line is missing: the file is cut off": without_end,
        f"{len(each)}: the line does not end: the file is cut off": lines[:-1],
        f"{len(each)}: the line is the end, and there is more": lines + each[0],
        f"{len(each)}: the line has another sha256": edited(lines, at, title="another"),
        f"{len(each) - 1}: the line counts": b"".join(each[:at] + each[at + 1 :]),
        f"{at + 1}: the line has a title that is no TEXT": edited(lines, at, title=1),
        f"{at + 1}: the line has a id that is no INTEGER": edited(lines, at, id=1.5),
        f"{at + 1}: the line has other columns than entries .*: new": edited(lines, at, new=1),
        f"{at + 1}: the line cannot be a row of entries: NOT NULL": edited(lines, at, title=None),
        f"{at + 2}: the line cannot be a row of entries: UNIQUE": b"".join(
            [*each[: at + 1], *each[at:]]
        ),
        f"{at + 1}: the line is of a table 'sqlite_master'": b"".join(
            [*each[:at], row_line("sqlite_master", ("a",), (1,)), *each[at:]]
        ),
        "does not fit together: a row of entries": edited(
            without_end, at, source_id=99
        ) + json.dumps({"end": {"rows": json.loads(end)["end"]["rows"]}}).encode() + b"\n",
    }  # fmt: skip
    for message, text in wrong.items():
        with pytest.raises(LinesError, match=f"{message}.*; ") as found:
            imported(text, tmp_path / "new.db")
        assert str(found.value).count("\n") == 0
        assert left_over(tmp_path) == []
        assert not (tmp_path / "new.db").exists()


def test_lines_that_were_edited_with_care_are_taken(filled: Path, tmp_path: Path) -> None:
    lines = exported(filled)
    each = edited(lines, row_of("entries", lines), title="By hand").splitlines(keepends=True)
    end = json.loads(each[-1])
    del end["end"]["sha256"]
    each[-1] = json.dumps(end).encode() + b"\n"
    new = imported(b"".join(each), tmp_path / "new.db")
    with closing(sqlite3.connect(new)) as db:
        assert db.execute("SELECT 1 FROM entries WHERE title = 'By hand'").fetchone() == (1,)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_is_wrong_makes_nothing(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    fill(folder / "aggregator.db")
    lines = exported(folder / "aggregator.db")
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.binary(max_size=3).filter(lambda new: new != lines[place : place + 1]))
    with pytest.raises(LinesError):
        imported(lines[:place] + other + lines[place + 1 :], folder / "new.db")
    assert not (folder / "new.db").exists()
    assert left_over(folder) == []


def test_a_database_that_holds_something_is_left_alone(filled: Path) -> None:
    lines, before = exported(filled), stored(filled)
    with pytest.raises(StoreError, match=r"there is a database already; .* move that one away"):
        imported(lines, filled)
    assert stored(filled) == before


def test_one_that_another_process_holds_is_left_alone(filled: Path, tmp_path: Path) -> None:
    hold = Hold(tmp_path / "new.db")
    with pytest.raises(BusyError, match="in use"):
        imported(exported(filled), tmp_path / "new.db")
    hold.release()


def test_an_empty_one_makes_room(filled: Path, tmp_path: Path) -> None:
    lines = exported(filled)
    (tmp_path / "nothing.db").touch()
    open_store(tmp_path / "empty.db").close()
    (tmp_path / "link.db").symlink_to(tmp_path / "behind.db")
    for name in ("nothing.db", "empty.db", "link.db"):
        assert stored(imported(lines, tmp_path / name)) == stored(filled)
    assert (tmp_path / "link.db").is_symlink()


def test_a_journal_of_another_database_is_not_taken_for_its_own(
    filled: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.db-wal").write_bytes(b"somebody's entries")
    with pytest.raises(StoreError, match=r"new\.db-wal: belongs to a database that is not here"):
        imported(exported(filled), tmp_path / "new.db")
