"""Part of an upgrade: keys and hosts stored before every address had one spelling.

Keys of addresses held hosts in the letters in which publishers wrote them, and of malformed ones
escapes that a second reading would have decoded. The key of today goes beside each that differs, in
everything that keeps an entry from being shown again; the old one stays, for what else may still
refer to it.
"""

# sqlite: the whole module

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.refine.identity_keys import respelt_key
from aggregator.web.addresses import origin_of
from aggregator.web.domains import queue_of

if TYPE_CHECKING:
    import sqlite3

#: The tables that hold keys, with what belongs to a key there.
_KEYED = {
    "identities": ("source_id", "entry_id"),
    "tombstones": ("source_id", "absent_since_at"),
    "story_keys": ("story_id",),
}
#: What may be spelt otherwise today: it has other letters, an IPv6 address, escapes, hidden names.
_RESPELT = "GLOB '*[^ -~]*' OR {0} GLOB '*//[[]*' OR {0} GLOB '*%*' OR {0} GLOB '*/.*'"


def respell(connection: sqlite3.Connection) -> None:
    """Add today's keys beside those of before; write hosts of mirrors as they are spelt now.

    Each source is put into the queue of its site. Holds of hosts that are spelt otherwise are
    dropped: they last for hours.
    """
    for table, others in _KEYED.items():
        columns = ", ".join(("key", *others))
        rows = connection.execute(
            f"SELECT {columns} FROM {table} WHERE key {_RESPELT.format('key')}"  # noqa: S608 - our own names
        ).fetchall()
        marks = ", ".join("?" * (1 + len(others)))
        connection.executemany(
            f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - our own names
            [(new, *rest) for key, *rest in rows if (new := respelt_key(key)) != key],
        )
    mirrors = connection.execute(
        f"SELECT source_id, url FROM mirrors WHERE url {_RESPELT.format('url')}"  # noqa: S608 - ours
    ).fetchall()
    for source_id, url in mirrors:
        connection.execute(
            "UPDATE mirrors SET host = ? WHERE source_id = ? AND url = ?",
            (origin_of(url), source_id, url),
        )
    sources = connection.execute("SELECT source_id, url FROM mirrors WHERE position = 0").fetchall()
    connection.executemany(
        "UPDATE sources SET queue = ? WHERE id = ?",
        [(queue_of(url), source_id) for source_id, url in sources],
    )
    connection.execute(f"DELETE FROM gates WHERE host {_RESPELT.format('host')}")  # noqa: S608 - ours
