"""What the URL of a database on a PostgreSQL server may be: libpq's words, without a password."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from aggregator.config.mistake_list import wrong
from aggregator.config.text_values import nearest, short_text
from aggregator.model.mistakes import MistakeKind
from aggregator.web.urls import MAX_URL_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What libpq takes in URLs alone, for those of JDBC (libpq, "Connection URIs").
_OF_JDBC = "ssl"


def postgres_url(value: object) -> str:
    """Return the URL of a database on a PostgreSQL server, which holds no password."""
    url = short_text(value, MAX_URL_CHARS)
    if url.partition("://")[0] not in ("postgresql", "postgres"):
        raise wrong(MistakeKind.NOT_POSTGRES)
    try:
        parts = urlsplit(url)
    except ValueError as error:  # an IPv6 address without its bracket
        raise wrong(MistakeKind.NOT_POSTGRES) from error
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if parts.password is not None or "password" in names:
        raise wrong(MistakeKind.PASSWORD_OF_STORE)
    _check_as_libpq(url, names)
    return url


def _check_as_libpq(url: str, names: Sequence[str]) -> None:
    """Raise `WrongValueError` for what libpq does not take; without it `open_store` says so."""
    try:
        from psycopg import ProgrammingError, pq  # noqa: PLC0415 -- who keeps a file has none
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 -- the same
    except ImportError:
        return
    known = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    for name in names:
        if name not in known and name != _OF_JDBC:
            near = nearest(name, known)
            raise wrong(MistakeKind.UNKNOWN_PARAMETER, written=name, near=near)
    try:
        conninfo_to_dict(url)
    except ProgrammingError as error:
        raise wrong(MistakeKind.NOT_POSTGRES) from error
