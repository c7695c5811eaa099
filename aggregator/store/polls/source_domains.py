"""Rows of the domains of which articles are a source's own, so that others' ids are known as such.

Those of removed sources stay: an id is minted once for ever.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.store.rows.typed_rows import source_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.owners import foreign_to, own_domains

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


def begin(connection: sqlite3.Connection, sources: Iterable[tuple[int, frozenset[str]]]) -> None:
    """Store the domains of sources that have none yet."""
    connection.executemany(
        "INSERT INTO source_domains (source_id, domain) VALUES (?, ?)",
        [(source_id, domain) for source_id, domains in sources for domain in sorted(domains)],
    )


def synchronise(connection: sqlite3.Connection, source_id: int, domains: frozenset[str]) -> None:
    """Let a source have these domains, and no others."""
    stored = {
        domain
        for (domain,) in connection.execute(
            "SELECT domain FROM source_domains WHERE source_id = ?", (source_id,)
        )
    }
    connection.executemany(
        "DELETE FROM source_domains WHERE source_id = ? AND domain = ?",
        [(source_id, domain) for domain in sorted(stored - domains)],
    )
    connection.executemany(
        "INSERT INTO source_domains (source_id, domain) VALUES (?, ?)",
        [(source_id, domain) for domain in sorted(domains - stored)],
    )


def owned(connection: sqlite3.Connection, domains: Iterable[str]) -> frozenset[str]:
    """Return which of some domains are any source's."""
    found = rows_of(
        connection,
        "SELECT DISTINCT domain FROM source_domains WHERE domain IN ({marks})",
        sorted(domains),
    )
    return frozenset(domain for (domain,) in found)


def of_sources(
    connection: sqlite3.Connection, source_ids: Iterable[int]
) -> dict[int, frozenset[str]]:
    """Return the domains of some sources."""
    found: dict[int, set[str]] = {source_id: set() for source_id in source_ids}
    for source_id, domain in rows_of(
        connection,
        "SELECT source_id, domain FROM source_domains WHERE source_id IN ({marks})",
        sorted(found),
    ):
        found[source_id].add(domain)
    return {source_id: frozenset(domains) for source_id, domains in found.items()}


def fill(connection: sqlite3.Connection) -> None:
    """Part of an upgrade: write the domains of every source, and whose stories are.

    A story is its article's own source's where that began it; who else is in it stays.
    """
    own: dict[int, frozenset[str]] = {}
    rows = connection.execute("SELECT id, config, site_url FROM sources").fetchall()
    for source_id, config, site_url in rows:
        own[source_id] = own_domains(source_of(config), site_url)
        synchronise(connection, source_id, own[source_id])
    numbers: dict[int, list[str]] = defaultdict(list)
    for entry_id, key in connection.execute(
        "SELECT entry_id, key FROM identities WHERE key LIKE 'site:%'"
    ):
        numbers[entry_id].append(key)
    begun = connection.execute(
        """SELECT s.id, e.source_id, e.id, e.url FROM stories s
             JOIN entries e ON e.id = (SELECT min(id) FROM entries WHERE story_id = s.id)"""
    ).fetchall()
    connection.executemany(
        "UPDATE stories SET is_own = 1 WHERE id = ?",
        [
            (story_id,)
            for story_id, source_id, entry_id, url in begun
            if not foreign_to((f"url:{url or ''}", *numbers[entry_id]), url, own[source_id])
        ],
    )
