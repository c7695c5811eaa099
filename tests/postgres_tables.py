"""What tables a schema of PostgreSQL has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.store.engines.postgres_connection import PostgresConnection


def columns(connection: PostgresConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        """SELECT table_name, column_name, data_type, is_nullable, column_default
             FROM information_schema.columns WHERE table_schema = current_schema()
            ORDER BY 1, 2"""
    ).fetchall()


def indexes(connection: PostgresConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT replace(indexdef, schemaname, '') FROM pg_indexes"
        " WHERE schemaname = current_schema() ORDER BY 1"
    ).fetchall()
