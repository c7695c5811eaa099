"""The tables of a fleet: Procrastinate's and ours, in a PostgreSQL schema beside the store's.

Nothing in them is lasting: jobs are about leases, which run out, and members say again how they
are. A schema of another `LAYOUT` is therefore dropped and made anew, by whoever comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from procrastinate.schema import SchemaManager

from aggregator.store.schemas.postgres_schema import lock_key

if TYPE_CHECKING:
    from psycopg import AsyncConnection

#: Another number for other tables of ours, or of the library's.
LAYOUT = "1"

#: The lock of who looks whether there are tables, beside those of `store.schemas.postgres_schema`.
_MAKES = 6

_OURS = """
CREATE TABLE members (
    name text PRIMARY KEY,
    role text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    slots integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    trouble text,
    is_working boolean NOT NULL DEFAULT true,
    jobs bigint NOT NULL DEFAULT 0,
    polls bigint NOT NULL DEFAULT 0
);
CREATE TABLE totals (name text PRIMARY KEY, value bigint NOT NULL);
INSERT INTO totals VALUES ('applied', 0), ('rescued', 0), ('priced', 0);
"""


def quoted(schema: str) -> str:
    """Return a schema's name as SQL has it."""
    return '"' + schema.replace('"', '""') + '"'


async def current(connection: AsyncConnection[Any]) -> tuple[str, str | None]:
    """Return the schema of the fleet of the store that a connection finds, and its layout."""
    row = await connection.execute(
        """SELECT name AS fleet, obj_description(to_regnamespace(quote_ident(name)),
                                                 'pg_namespace') AS layout
             FROM (SELECT coalesce(current_schema(), 'public') || '_fleet' AS name) AS named"""
    )
    (schema, layout) = await row.fetchone() or ("public_fleet", None)
    return schema, layout


async def make(connection: AsyncConnection[Any]) -> str:
    """Make the tables where there are none; return the name of their schema.

    That is named after the schema in which the connection finds the store.
    """
    async with connection.transaction():
        # One at a time, whichever roles start together.
        await connection.execute(f"SELECT pg_advisory_xact_lock({lock_key(_MAKES)})".encode())
        schema, layout = await current(connection)
        if layout != LAYOUT:
            await connection.execute(_script(schema).encode())
    return schema


def _script(schema: str) -> str:
    name = quoted(schema)
    return f"""
        DROP SCHEMA IF EXISTS {name} CASCADE;
        CREATE SCHEMA {name};
        COMMENT ON SCHEMA {name} IS '{LAYOUT}';
        SET LOCAL search_path TO {name};
        {SchemaManager.get_schema()}
        {_OURS}
    """
