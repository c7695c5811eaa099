"""Entries of a year, in the rows that the store keeps of them.

Of a thousand sources the busiest publishes a thousand times as much as the quietest; in the mean it
is one entry and a half a day. Each has a feed of its own, as always, and a thousand of them have
one together. The oldest entries have real texts and keys, since they are going to be forgotten; the
others have those of a pool, as long.
"""

from __future__ import annotations

import random
import re
from array import array
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import psycopg

from aggregator.model.configured import MAX_DEDUPE_WINDOW
from aggregator.model.instants import MICROSECOND
from aggregator.runtime.values import dataclass
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.polls import identities
from aggregator.store.stories.story_index import POSTED
from aggregator.store.texts import packed_texts, text_dictionaries
from aggregator.stories.tombstones import mark_of
from benchmarks.partitions.layout import DAYS, MONTHS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from aggregator.store.texts.text_codecs import Codec
    from benchmarks.partitions.layout import Db

_YEAR_US = 365 * 86_400 * 1_000_000
_DAY_US = 86_400 * 1_000_000
ENTRIES_A_SOURCE = 500
#: A feed of its own has the source's id and this.
OWN_FEED = 1_000_000
#: Entries of one feed's window, at most and at least.
LIMIT, LEAST = 1000, 50
WINDOW = timedelta(days=3)
#: Tokens that stories are found by; words of a text, of so many; texts of the pool.
TOKENS = 200_000
_WORDS, _KNOWN = 130, 20_000
_POOLED = 512

_SOURCE = """1 + floor(:sources * ln(1 + 999 * ((hashint8extended(n, 7) & 1073741823)
    / 1073741824.0)) / ln(1000.0))::bigint"""

_ENTRIES = f"""INSERT INTO entries (id, source_id, story_id, public_id, order_key, url, title,
      published_at, updated_at, dated, language, content_hash, refined_by, first_seen_at,
      changed_at, stated_at, text_hash, content_bytes, told_bytes, stored_bytes)
    SELECT n, source, n, said, at, said, 'Decision ' || n || ' of committee ' || source
           || ', and what it means for whoever lives beside it',
           at - lag, at - lag, 1, 'en', digest, '0.3.0', at, at, at - lag, substr(digest, 1, 8),
           1100, 300, 1500
      FROM (SELECT n, {_SOURCE} AS source FROM generate_series(1::bigint, :entries) n) numbered,
           LATERAL (SELECT 'https://www.site-' || source || '.example/2026/decision-' || n AS said,
                           :begin + n * :step AS at, abs(hashint8(n)) AS lag,
                           sha256(n::text::bytea) AS digest) made"""  # noqa: S608 -- of constants

_ROWS = (
    """INSERT INTO stories (id, public_id)
       SELECT n, 'https://www.site.example/story-' || n
         FROM generate_series(1::bigint, :entries) n""",
    _ENTRIES,
    """INSERT INTO identities (source_id, mark, entry_id)
       SELECT source_id, hashint8extended(id, kind), id FROM entries, generate_series(11, 13) kind
        WHERE id > :real""",
    """INSERT INTO story_keys (mark, story_id)
       SELECT hashint8extended(id, 11), story_id FROM entries""",
    """INSERT INTO texts (entry_id, dictionary_id, packed)
       SELECT id, :dictionary, packed FROM entries JOIN pool ON number = id % :pooled
        WHERE id > :real""",
    # A feed of each source.
    """INSERT INTO feeds SELECT (jsonb_populate_record(f, jsonb_build_object(
             'id', s.id + :own, 'name', 'sources/' || s.name, 'public_id', 'urn:of:' || s.id,
             'change_number', s.id + :own,
             'config', replace(replace(f.config, '"configured"', '"source"'),
                               '"f0"', '"sources/' || s.name || '"')))).*
         FROM sources s, feeds f WHERE f.id = 1""",
    """INSERT INTO memberships (feed_id, source_id, after_key)
       SELECT id + :own, id, 0 FROM sources""",
    """INSERT INTO archive (feed_id, month, number, entry_id, shown_at, change_key)
       SELECT m.feed_id, 202601 + 8 * e.id / :entries, e.id, e.id, e.order_key, e.order_key
         FROM entries e JOIN memberships m ON m.source_id = e.source_id""",
    """INSERT INTO shown (feed_id, order_key, entry_id, weight_bytes)
       SELECT feed_id, order_key, id, 2400 FROM (
         SELECT m.feed_id, e.order_key, e.id, e.first_seen_at,
                row_number() OVER (PARTITION BY m.feed_id ORDER BY e.order_key DESC) AS place
           FROM entries e JOIN memberships m ON m.source_id = e.source_id) placed
        WHERE place <= :least OR (place <= :limit AND first_seen_at >= :window)""",
    """UPDATE feeds SET shown_count = c.n, shown_bytes = 2400 * c.n
         FROM (SELECT feed_id, count(*) AS n FROM shown GROUP BY 1) c WHERE c.feed_id = feeds.id""",
    "UPDATE sources SET first_polled_at = :begin",
    "UPDATE dictionaries SET trained_on = :entries",  # else all is packed anew
    """UPDATE counters SET largest_order_key = :begin + :entries::bigint * :step,
              largest_change_key = :begin + :entries::bigint * :step""",
)


@dataclass(frozen=True, slots=True)
class World:
    """So many entries of the year before a moment; the first `real` have texts of their own."""

    entries: int
    now: datetime
    real: int

    @property
    def sources(self) -> int:
        """How many sources there are."""
        return max(1000, self.entries // ENTRIES_A_SOURCE)

    @property
    def step(self) -> int:
        """Microseconds from one entry to the next."""
        return _YEAR_US // self.entries

    def begin(self) -> int:
        """Return the moment before the first entry."""
        return int(self.now.timestamp()) * 1_000_000 - _YEAR_US

    def end(self) -> int:
        """Return the moment of the last entry."""
        return self.begin() + _YEAR_US

    def seen(self, entry_id: int) -> int:
        """Return when an entry was first seen."""
        return self.begin() + entry_id * self.step

    def months(self) -> list[int]:
        """Return when months begin, and the last one ends."""
        return [self.seen(number) for number in self.first_ids()]

    def first_ids(self) -> list[int]:
        """Return the first ids of months."""
        bounds = [1 + self.entries * number // MONTHS for number in range(MONTHS)]
        return [*bounds, self.entries + 10_000_000]

    def days(self) -> list[int]:
        """Return when days of postings begin, and the last one ends."""
        end = self.end() + _DAY_US
        return [end - _DAY_US * (DAYS - number) for number in range(DAYS + 1)]


def fill(url: str, world: World) -> None:
    """Fill tables of whatever layout, still empty but for sources."""
    ours = PostgresConnection(url)
    dictionary_id, codec = text_dictionaries.current(cast("sqlite3.Connection", ours))
    ours.close()
    texts = _Texts()
    pool = codec.pack([texts.frame(number, ["pool"]) for number in range(_POOLED)])
    values = {
        "entries": world.entries, "sources": world.sources, "begin": world.begin(),
        "step": world.step, "real": world.real, "dictionary": dictionary_id, "pooled": _POOLED,
        "own": OWN_FEED, "limit": LIMIT, "least": LEAST,
        "window": world.end() - WINDOW // MICROSECOND,
    }  # fmt: skip
    with psycopg.connect(url) as db:
        db.execute("SET session_replication_role = replica")  # what refers to what is right already
        db.execute("CREATE TEMP TABLE pool (number bigint, packed bytea)")
        _copy(db, "pool (number, packed)", enumerate(pool))
        db.execute("ANALYZE pool")
        for statement in _ROWS:
            for name, value in values.items():
                statement = re.sub(rf"(?<!:):{name}\b", str(value), statement)  # noqa: PLW2901 -- bit by bit
            db.execute(statement.encode())
        _fill_real(db, world, texts, dictionary_id, codec)
        _fill_stories(db, world)


class _Texts:
    """Makes texts of a language of its own, always the same ones."""

    def __init__(self) -> None:
        self._random = random.Random(1)  # noqa: S311 -- no secret
        self._words = [
            "".join(self._random.choices("abcdefghiklmnoprstuvw", k=self._random.randint(2, 10)))
            for _ in range(_KNOWN)
        ]

    def frame(self, number: int, keys: list[str]) -> bytes:
        """Return an entry's texts as they are packed."""
        text = " ".join(self._random.choices(self._words, k=_WORDS))
        said = {
            "guid": str(number), "keys": identities.text_of(keys), "summary": "",
            "categories": "[]", "enclosures": "[]", "content_html": f"<p>{text}</p>",
        }  # fmt: skip
        return packed_texts.frame(dict.fromkeys(packed_texts.FIELDS) | said)


def _fill_real(db: Db, world: World, texts: _Texts, dictionary_id: int, codec: Codec) -> None:
    """Store texts and keys of the entries that are going to be forgotten."""
    found = db.execute("SELECT id, source_id, url FROM entries WHERE id <= %s", (world.real,))
    keys = {
        (cast("int", entry_id), cast("int", source_id)): [
            f"guid:{url}",
            f"url:{url}",
            f"text:{url}",
        ]
        for entry_id, source_id, url in found.fetchall()
    }
    _copy(
        db,
        "identities (source_id, mark, entry_id)",
        ((source, mark_of(key), entry) for (entry, source), its in keys.items() for key in its),
    )
    packed = codec.pack([texts.frame(entry_id, its) for (entry_id, _), its in keys.items()])
    _copy(
        db,
        "texts (entry_id, dictionary_id, packed)",
        ((entry, dictionary_id, one) for (entry, _), one in zip(keys, packed, strict=True)),
    )


def _fill_stories(db: Db, world: World) -> None:
    """Let the stories of the last days be found by their rarer words."""
    chance = random.Random(2)  # noqa: S311 -- no secret
    found = db.execute(
        "SELECT story_id, published_at FROM entries WHERE first_seen_at >= %s ORDER BY id",
        (world.end() - MAX_DEDUPE_WINDOW // MICROSECOND,),
    )
    posted = {
        (cast("int", story), cast("int", at)): sorted({token(chance) for _ in range(POSTED)})
        for story, at in found.fetchall()
    }
    _copy(
        db,
        "signatures (story_id, at, packed, posted)",
        (
            (story, at, chance.randbytes(300), array("I", tokens).tobytes())
            for (story, at), tokens in posted.items()
        ),
    )
    _copy(
        db,
        "postings (token, at, story_id)",
        ((one, at, story) for (story, at), tokens in posted.items() for one in tokens),
    )


def token(chance: random.Random) -> int:
    """Return a token of a story: some are of many, most of few."""
    return int(TOKENS * chance.random() ** 2)


def _copy(db: Db, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    with db.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)
