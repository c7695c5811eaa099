"""A database of very many sources: one is configured as always, the others are copies of its rows.

A feed has a thousand sources. Sources are due as those of a running fleet are: each some time of
its interval, a few of them overdue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from aggregator.model import Feed, Source
from aggregator.store import postgres
from benchmarks.fleet.places import address, hosts_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

#: Twelve polls a day, and how many of the sources wait.
INTERVAL_S = 7200
OVERDUE = 0.05

_SOURCES_A_FEED = 1000

# The numbers of `places`, in SQL: a source's host, by the golden ratio and squared; its address.
_HOST = "floor({hosts} * power(n * 0.6180339887498949 - floor(n * 0.6180339887498949), 2))::bigint"
_ADDRESS = "'127.' || 1 + h / 65536 || '.' || h / 256 % 256 || '.' || h % 256"
_ORIGIN = "'http://' || " + _ADDRESS + " || ':{port}'"


def seed(url: str, folder: Path, *, sources: int, port: int, now: datetime) -> None:
    """Fill an empty database. Takes a minute a million sources."""
    first = Source("s0", f"http://{address(0)}:{port}/0.xml")
    store = postgres.open_store(url, folder / "aggregator.db")
    store.apply((first,), (Feed("f0", "f0"),), now=now)
    store.close()
    with psycopg.connect(url) as db:
        copies = _Copies(db, sources, port)
        copies.of("feeds", "id", _feeds(), every=_SOURCES_A_FEED)
        copies.of("sources", "id", _sources(now))
        copies.of("mirrors", "source_id", _mirrors())
        copies.of("memberships", "source_id", {"feed_id": f"first.feed_id + n / {_SOURCES_A_FEED}"})
        copies.of("source_domains", "source_id", {"domain": _ADDRESS})
        db.execute("UPDATE counters SET sources = %s", (sources,))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")


def _feeds() -> dict[str, str]:
    return {
        "name": "'f' || n",
        "config": "replace(first.config, '\"f0\"', '\"f' || n || '\"')",
        "public_id": "'urn:uuid:' || gen_random_uuid()",
        "change_number": "first.change_number + n",
    }


def _sources(now: datetime) -> dict[str, str]:
    at = f"{int(now.timestamp())} + {INTERVAL_S} * (random() - {OVERDUE})"
    return {
        "name": "'s' || n",
        "url": _ORIGIN + " || '/' || n || '.xml'",
        "queue": _ORIGIN,
        "config": "replace(replace(first.config, '\"s0\"', '\"s' || n || '\"'), first.url, "
        + _ORIGIN
        + " || '/' || n || '.xml')",
        "position": "n",
        "public_id": "'urn:uuid:' || gen_random_uuid()",
        "next_poll_at": f"(({at}) * 1000000)::bigint",
    }


def _mirrors() -> dict[str, str]:
    return {"url": _ORIGIN + " || '/' || n || '.xml'", "host": _ORIGIN}


class _Copies:
    """Copies the one row of a table, with other values in some of its columns."""

    def __init__(self, db: psycopg.Connection[tuple[object, ...]], sources: int, port: int) -> None:
        self._db = db
        self._sources = sources
        self._words = {"port": port, "hosts": hosts_of(sources)}

    def of(self, table: str, key: str, other: dict[str, str], *, every: int = 1) -> None:
        """Copy, once for `every` so many of the sources; `key` counts on."""
        found = self._db.execute(
            """SELECT column_name FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = %s""",
            (table,),
        )
        names = [str(name) for (name,) in found]
        said = {name: f"first.{name}" for name in names} | {key: f"first.{key} + n"} | other
        copies = f"""INSERT INTO {table} ({", ".join(names)}) OVERRIDING SYSTEM VALUE
            SELECT {", ".join(said[name] for name in names)}
              FROM (SELECT * FROM {table} LIMIT 1) first,
                   LATERAL generate_series(1, {(self._sources - 1) // every}) n,
                   LATERAL (SELECT {_HOST} AS h) hosts"""  # noqa: S608 -- words of this file and of tables
        self._db.execute(copies.format(**self._words).encode())
