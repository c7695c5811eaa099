"""The search index as rows of a database on a server: made of it, and never needed by it.

It is no part of the store's schema: nothing moves or exports it, and it may be dropped at any time.
The tokens of a text stand in a row, a space before each; what finds rows is a GIN index of arrays
of them, which has each token of a text once, however long that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.search import finds
from aggregator.web import search_words

if TYPE_CHECKING:
    import sqlite3

#: Another number is another layout, or other tokens: the tables are made anew.
VERSION = 100 * 1 + search_words.SCHEME

#: A token is taken for one that begins with as much of it: no entry of an index is longer than
#: 2,700 bytes.
MOST_OF_A_TOKEN = 250

#: The tokens of a row, and one that names the part that it is in.
WORDS = "string_to_array('#' || (number)::text || title || text, ' ')"

_TABLES = ("search_texts", "search_parts", "search_feeds", "search_state")

_SCHEMA = (
    # Up to which change of all feeds' archives the entries have been looked at.
    """CREATE TABLE search_state (
        id bigint PRIMARY KEY CHECK (id = 1),
        version bigint NOT NULL,
        next_text_id bigint NOT NULL DEFAULT 1,
        change_key bigint NOT NULL DEFAULT 0
    )""",
    # And up to which of each.
    "CREATE TABLE search_feeds (feed_id bigint PRIMARY KEY, change_key bigint NOT NULL)",
    # What is counted of the texts of each part, for bm25; and the bytes of their tokens.
    """CREATE TABLE search_parts (
        number bigint PRIMARY KEY,
        texts bigint NOT NULL,
        tokens bigint NOT NULL,
        bytes bigint NOT NULL
    )""",
    # Which text is the newest of an entry, and of which of its versions.
    """CREATE TABLE search_texts (
        text_id bigint PRIMARY KEY,
        number bigint NOT NULL,
        entry_id bigint NOT NULL UNIQUE,
        content_hash bytea NOT NULL,
        changed_at bigint NOT NULL,
        tokens bigint NOT NULL,
        title text COLLATE "C" NOT NULL,
        text text COLLATE "C" NOT NULL
    )""",
    # Texts stay in their rows, and are packed beyond 8 kB alone: a question counts words in
    # thousands of them.
    "ALTER TABLE search_texts ALTER title SET STORAGE MAIN, ALTER text SET STORAGE MAIN",
    "ALTER TABLE search_texts SET (toast_tuple_target = 8160)",
    # New rows wait in a list that each question reads, and so large a one takes 12 ms; a smaller
    # one would be written into the index more often, at ten times the journal.
    f"""CREATE INDEX search_words ON search_texts USING gin (({WORDS}))
          WITH (gin_pending_list_limit = 1024)""",
    f"INSERT INTO search_state (id, version) VALUES (1, {VERSION})",  # noqa: S608 -- a number of ours
)

_HERE = "to_regclass(quote_ident(current_schema()) || '.' || name)"


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables, 0 where there are none, or nothing is in them."""
    (is_there,) = connection.execute(
        f"SELECT {_HERE} IS NOT NULL FROM (VALUES ('search_state')) AS one (name)"  # noqa: S608 -- built of constants
    ).fetchone()
    if not is_there:
        return 0
    row = connection.execute("SELECT version FROM search_state").fetchone()
    return 0 if row is None else int(row["version"])


def make(connection: sqlite3.Connection) -> None:
    """Make the tables, in the place of those that there are."""
    remove(connection)
    for statement in _SCHEMA:
        connection.execute(statement)


def remove(connection: sqlite3.Connection) -> None:
    """Drop the tables, where there are any."""
    connection.execute(f"DROP TABLE IF EXISTS {', '.join(_TABLES)}")


def size_bytes(connection: sqlite3.Connection) -> int:
    """Return how many bytes the tables take on the disk, what finds rows included."""
    names = ", ".join(f"('{name}')" for name in _TABLES)
    (size,) = connection.execute(
        f"""SELECT coalesce(sum(pg_total_relation_size({_HERE})), 0)
              FROM (VALUES {names}) AS ours (name)"""  # noqa: S608 -- built of constants
    ).fetchone()
    return int(size)


def part_of(text_id: int) -> int:
    """Return the number of the part that a text is in."""
    return text_id // finds.TEXTS


def texts_in(number: int) -> tuple[int, int]:
    """Return the first text of a part, and the first of the next one."""
    return number * finds.TEXTS, (number + 1) * finds.TEXTS


def spelt(tokens: str) -> str:
    """Return tokens as a row has them: a space before each, none too long."""
    cut = (token[:MOST_OF_A_TOKEN] for token in tokens.split())
    return "".join(f" {token}" for token in cut)
