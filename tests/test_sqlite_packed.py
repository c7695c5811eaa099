"""Texts are packed, and nobody sees it: they come back as they were, from whatever packed them."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.errors import StoreDamagedError
from aggregator.store.copies.backups import back_up, restore
from aggregator.store.copies.exporting import export
from aggregator.store.copies.importing import import_lines
from aggregator.store.sqlite import open_store
from aggregator.store.texts import packed_texts, text_codecs, text_dictionaries
from aggregator.store.texts.packed_texts import FIELDS, Texts, frame
from aggregator.store.upkeep.compaction import compact
from aggregator.store.upkeep.measuring import measure
from aggregator.stories.tombstones import mark_of
from tests import PATIENCE
from tests.any_stories import unicode_text
from tests.hiding import HIDING
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source
from tests.old_databases import as_written_by, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = source().name
ALL = feed(window=400 * DAY, min_entries=1)
TEXT = unicode_text(40).map(lambda text: text.encode("utf-8", "ignore").decode())
CODECS = list(text_codecs.CODECS.values())
WORDS = (
    "the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "while", "nobody",
    "looks", "at", "all",
)  # fmt: skip


def article(number: int) -> str:
    """Return a text that has much alike with all others, and something of its own."""
    words = [WORDS[(number * step + step) % len(WORDS)] for step in range(1, 150)]
    return f"{number} {' '.join(words)}"


def filled(path: Path, numbers: Sequence[int]) -> Path:
    """Make a database of one source's articles, of which each document brings fifty."""
    with closing(open_store(path)) as store:
        store.apply((source(),), (ALL,), now=START)
        for at in range(0, len(numbers), 50):
            entries = (entry(n, text=article(n), published_at=START) for n in numbers[at : at + 50])
            absorb(store, document(*entries), START + at * HOUR)
    return path


def packed(path: Path) -> list[tuple[int, str, int]]:
    """Return by how many texts each dictionary that is used was trained, and for how many."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute(
            """SELECT trained_on, codec, (SELECT count(*) FROM texts WHERE dictionary_id = d.id)
                 FROM dictionaries d ORDER BY trained_on"""
        ).fetchall()


@given(fields=st.fixed_dictionaries({name: st.none() | TEXT for name in FIELDS}))
def test_a_frame_is_read_as_it_was_written(fields: dict[str, str | None]) -> None:
    assert Texts(frame(fields)).all() == fields
    assert Texts(frame(fields)).is_whole()
    assert not Texts(frame(fields) + b"x").is_whole()


@given(st.binary(max_size=40) | st.tuples(st.lists(st.integers(-5, 9)), st.binary(max_size=30)))
def test_whatever_is_in_the_place_of_a_frame_is_judged(
    data: bytes | tuple[list[int], bytes],
) -> None:
    if isinstance(data, tuple):
        data = ",".join(map(str, data[0])).encode() + b"\n" + data[1]
    try:
        is_whole = Texts(data).is_whole()
    except ValueError:
        return
    assert not is_whole or b"\n" in data


def test_a_frame_that_was_written_before_there_was_a_field_has_none() -> None:
    assert Texts(b"1,2\nabc").all() == {**dict.fromkeys(FIELDS), "guid": "a", "keys": "bc"}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("is_thorough", [False, True])
@given(samples=st.lists(st.binary(max_size=300), max_size=60), data=st.binary(max_size=2000))
def test_what_is_packed_is_unpacked_as_it_was(
    codec: type[text_codecs.Codec], is_thorough: bool, samples: list[bytes], data: bytes
) -> None:
    trained = codec.train(samples)
    assert len(trained) <= text_codecs.DICTIONARY_BYTES
    one = codec(trained)
    each = list(one.pack([data, b"", data], is_thorough=is_thorough))
    assert [one.unpack(each_one) for each_one in each] == [data, b"", data]
    with pytest.raises(ValueError, match=r"."):
        one.unpack(each[0][:-1])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    "samples", [[], [b""] * 30, [b"a"] * 30, [b""] * 99 + [b"a" * 300], [bytes(9000)] * 4]
)
def test_what_says_too_little_trains_nothing_and_ends_no_process(
    codec: type[text_codecs.Codec], samples: list[bytes]
) -> None:
    one = codec(codec.train(samples))
    assert one.unpack(next(iter(one.pack([b"text"])))) == b"text"


def test_a_dictionary_is_trained_when_there_is_enough_and_packs_all(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(150))
    before = texts(path)
    ((trained_on, _, count),) = packed(path)
    assert (trained_on, count) == (0, 150)
    filled(path, range(150, 250))
    empty, trained = packed(path)
    assert (empty[0], empty[2]) == (0, 0)
    assert (trained[0], trained[2]) == (text_dictionaries.FIRST_TRAINING, 250)
    assert before.items() < texts(path).items()


def test_what_is_packed_takes_little(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(400))
    with closing(sqlite3.connect(path)) as db:
        (took,) = db.execute("SELECT sum(length(packed)) FROM texts").fetchone()
        (told,) = db.execute("SELECT stored_bytes FROM counters").fetchone()
    assert took < told / 5


def test_compaction_packs_all_by_one_dictionary(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(450))
    with closing(open_store(path)) as store, store._reading() as db:
        # As if there had been much more when it was trained.
        store._write(lambda db: db.execute("UPDATE dictionaries SET trained_on = 99999"))
        lesson = text_dictionaries.learn(db, range(100))
        store._write(lambda db: text_dictionaries.follow(db, lesson))
    before = texts(path)
    compact(path)
    ((trained_on, _, count),) = packed(path)
    assert (trained_on, count) == (450, 450)
    assert texts(path) == before


def test_an_upgrade_packs_what_is_stored_and_changes_nothing(tmp_path: Path) -> None:
    # Earlier ones come to know entries by their dates, too.
    for schema in ("0001", "0002", "0003", "0004", "0005"):
        path = filled(tmp_path / f"{schema}.db", range(300))
        with closing(open_store(path)) as store:
            absorb(store, document(entry(7, text="edited", title="New")), START + 9 * DAY)
            before = [(one.id, one.updated_at, one.title) for one in store.select(ALL).stories]
        stored = texts(path)
        as_written_by(schema, path)
        size = path.stat().st_size
        open_store(path).close()
        for entry_id, upgraded in texts(path).items():
            keys, before_it = (
                json.loads(one["keys"] or "") for one in (upgraded, stored[entry_id])
            )
            assert set(before_it) <= set(keys)
            assert stored[entry_id] == upgraded | {"keys": stored[entry_id]["keys"]}
        ((trained_on, _, count),) = packed(path)
        assert (trained_on, count) == (300, 300)
        assert path.stat().st_size < size
        with closing(open_store(path)) as store:
            after = [(one.id, one.updated_at, one.title) for one in store.select(ALL).stories]
            again = document(*(entry(n, text=article(n), published_at=START) for n in range(300)))
            tally = absorb(store, again, START + 10 * DAY).tally
        assert after == before
        assert (tally.new, tally.updated) == (0, 1)  # 7 has its old text again


def test_a_key_is_one_entrys_and_known_by_its_mark(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(20))
    with closing(open_store(path)) as store:
        absorb(store, document(entry("other", guid="https://one.example/3", url="x")), START + DAY)
        absorb(store, document(entry(5, guid="new", text=article(5))), START + 2 * DAY)
        store.advance(START + 500 * DAY)
        store.prune(START + 900 * DAY, retention=DAY, keep_raw=DAY)
    told = [
        (mark_of(key), entry_id)
        for entry_id, each in texts(path).items()
        for key in json.loads(each["keys"] or "")
    ]
    with closing(sqlite3.connect(path)) as db:
        kept = db.execute("SELECT mark, entry_id FROM identities").fetchall()
    assert sorted(told) == sorted(kept)


def test_a_mark_that_leads_to_another_entry_or_to_none_is_no_key(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(3))
    with closing(open_store(path)) as store:
        # As if marks collided, and as if an entry had been deleted by hand.
        strange = [mark_of(key) for key in entry("strange").keys]
        store._write(
            lambda db: db.executemany(
                "INSERT INTO identities (source_id, mark, entry_id) VALUES (1, ?, ?)",
                zip(strange, (1, 99, 99), strict=True),
            )
        )
        assert absorb(store, document(entry("strange")), START + DAY).tally.new == 1
        assert absorb(store, document(entry("strange")), START + 2 * DAY).tally.shared == 1
        assert len(store.select(ALL).stories) == 4


def test_what_cannot_be_unpacked_is_damage_and_says_where(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(3))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE texts SET packed = x'00' WHERE entry_id = 2")
    with closing(open_store(path)) as store, pytest.raises(StoreDamagedError, match=r"a\.db.*text"):
        store.select(ALL)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE texts SET packed = x'00112233'",
        "UPDATE texts SET packed = substr(packed, 1, length(packed) - 5)",
        "UPDATE texts SET packed = other(packed)",
        "DELETE FROM texts",
    ],
)
def test_texts_that_cannot_be_unpacked_are_found_before_anybody_reads_them(
    tmp_path: Path, change: str
) -> None:
    """SQLite takes them for bytes like any others; a backup of them would push good ones out."""
    path, backup = filled(tmp_path / "a.db", range(12)), tmp_path / "backup.db"
    assert measure(path).damage is None
    back_up(path, backup)
    good = backup.read_bytes()
    with closing(sqlite3.connect(path)) as db, db:
        # A whole frame of zstd, or zlib, with something else in it.
        codec = next(iter(text_codecs.CODECS.values()))(b"")
        db.create_function("other", 1, lambda _: next(iter(codec.pack([b"9,,\nnothing"]))))
        ids = dict(db.execute("SELECT id, public_id FROM entries"))
        db.execute(f"{change} WHERE entry_id IN (2, 3, 5, 7, 11)")
    told: list[tuple[int, int]] = []
    found = measure(path, lambda done, of: told.append((done, of))).damage
    assert found == (
        "the text of 5 of 12 entries cannot be read: "
        f"{ids[2]} of {NAME}, {ids[3]} of {NAME}, {ids[5]} of {NAME} and 2 more"
    )
    assert told[-1] == (12, 12)
    with pytest.raises(StoreDamagedError, match=f"5 of 12.*{ids[2]} of {NAME}"):
        back_up(path, backup)
    assert backup.read_bytes() == good
    with pytest.raises(StoreDamagedError, match="5 of 12"):
        restore(backup, path, START)


def without_zstd(code: str) -> subprocess.CompletedProcess[str]:
    hidden = f"HIDDEN = {{'backports.zstd', 'compression.zstd'}}\n{HIDING}{code}"
    return subprocess.run(
        [sys.executable, "-c", hidden], capture_output=True, check=False, text=True,
        timeout=PATIENCE,
    )  # fmt: skip


def test_without_zstd_texts_are_packed_by_zlib_and_read_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    done = without_zstd(f"""
from pathlib import Path
from tests.test_sqlite_packed import filled
filled(Path({str(path)!r}), range(250))
""")
    assert done.returncode == 0, done.stderr
    assert [(codec, count) for _, codec, count in packed(path)] == [("zlib", 0), ("zlib", 250)]
    before = texts(path)
    with closing(open_store(path)) as store:
        absorb(store, document(entry("new")), START + 9 * DAY)
    assert before.items() < texts(path).items()


def test_without_zstd_a_database_that_needs_it_is_refused_and_its_lines_are_taken(
    tmp_path: Path,
) -> None:
    path, new = filled(tmp_path / "a.db", range(250)), tmp_path / "new.db"
    done = without_zstd(f"""
from pathlib import Path
from aggregator.model.errors import StoreError
from aggregator.store.sqlite import open_reader, open_store
for open_it in (open_reader, open_store):
    try:
        open_it(Path({str(path)!r}))
    except StoreError as error:
        print(error)
""")
    assert done.stdout.count("a.db: its texts are packed with zstd") == 2, done.stderr
    (tmp_path / "lines").write_bytes(b"".join(export(path, START)))
    done = without_zstd(f"""
from pathlib import Path
from aggregator.store.copies.importing import import_lines
with open({str(tmp_path / "lines")!r}, "rb") as lines:
    import_lines(Path({str(new)!r}), lines)
""")
    assert done.returncode == 0, done.stderr
    assert {codec for _, codec, _ in packed(new)} == {"zlib"}
    assert texts(new) == texts(path)


def test_an_import_learns_as_polls_do(tmp_path: Path) -> None:
    path, new = filled(tmp_path / "a.db", range(400)), tmp_path / "new.db"
    import_lines(new, io.BytesIO(b"".join(export(path, START))))
    assert texts(new) == texts(path)
    assert [count for trained_on, _, count in packed(new) if trained_on] == [400]


def test_texts_are_packed_anew_some_at_a_time(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db", range(packed_texts.TOGETHER + 1))
    with closing(open_store(path)) as store:
        after = store._write(lambda db: packed_texts.repack(db, 0))
        assert after == packed_texts.TOGETHER
        assert store._write(lambda db: packed_texts.repack(db, packed_texts.TOGETHER)) is None
