"""Everything a database holds as JSON lines: what each line says, written and read.

The first line is the head, each one after it a row, the last one the end:

    {"format": "aggregator database", "version": 2, "schema": 8, "program": "0.3.0", …}
    {"table": "entries", "row": {"id": 1, "title": "…", "content_hash": {"base64": "…"}, …}}
    {"table": "texts", "row": {"entry_id": 1, "content_html": "<p>…", "raw": null, …}}
    {"end": {"rows": {"entries": 1, "texts": 1, …}, "sha256": "…"}}

A row has the columns of its table in that schema, by their names; one of `texts`, which the
database packs, has each text by its name, and what packs them is not in the lines. A value is as it
is stored: a number, text, null, or bytes as an object. Version 1 had every text in the row of its
entry. Lines are UTF-8; what a terminal would obey and what some
programs take for a line's end is escaped.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What the head calls the form, which of its versions is written here, and which are read. It grows
#: when lines mean something else; tables and columns have the schema's version.
FORMAT = "aggregator database"
FORMAT_VERSION = 2
READ_VERSIONS = (1, 2)

#: What is told to whoever looks into a file, before the first secret.
_FOR_WHOM = "holds the passwords, keys and private addresses of sources: for its owner alone"

#: The largest line that is read: the longest text of a publisher and the largest archive document
#: are far shorter, and as much fits into memory.
MOST_BYTES = 256 << 20

#: Controls that JSON lets stand, what ends a line elsewhere, and marks that turn the direction.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_DIGEST = re.compile("[0-9a-f]{64}")

#: What a column of an engine's table may hold.
Value: TypeAlias = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: which schema the rows are of, which program wrote them, and when."""

    schema: int
    program: str
    written_at: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one table; values by their columns."""

    table: str
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class End:
    """The last line: how many rows there are of each table, and the digest of all lines before.

    `sha256` is `None` where somebody who edited the lines has taken it out.
    """

    rows: dict[str, int]
    sha256: str | None


def head_line(head: Head) -> bytes:
    """Return the first line."""
    return _line(
        {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "schema": head.schema,
            "program": head.program,
            "written_at": head.written_at,
            "note": _FOR_WHOM,
        }
    )


def begins(text: bytes) -> bool:
    """Tell whether a file that begins so is an export of a database."""
    return text.startswith(_line({"format": FORMAT})[:-2])


def row_line(table: str, columns: Sequence[str], values: Sequence[Value]) -> bytes:
    """Return the line of one row."""
    told = [
        {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for value in values
    ]
    return _line({"table": table, "row": dict(zip(columns, told, strict=True))})


def end_line(rows: Mapping[str, int], sha256: str) -> bytes:
    """Return the last line."""
    return _line({"end": {"rows": rows, "sha256": sha256}})


def read_line(line: bytes) -> Head | Row | End:
    """Return what a line says; raises `ValueError` with what is wrong with it."""
    try:
        data = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("is nested too deep") from None
    match data:
        case {"format": _, **rest}:
            return _head(data["format"], rest)
        case {"table": str(table), "row": dict(row), **rest} if not rest:
            return Row(table, {name: _value(name, value) for name, value in row.items()})
        case {"end": {"rows": dict(rows), **more}, **rest} if not rest:
            return _end(rows, more)
        case _:
            raise ValueError("is neither a head nor a row nor an end")


def _head(form: object, rest: dict[Any, Any]) -> Head:
    if form != FORMAT:
        raise ValueError(f"is of another form than {FORMAT!r}")
    if rest.get("version") not in READ_VERSIONS:
        raise ValueError(
            f"is of version {rest.get('version')!r} of its form, and this program reads "
            f"{' and '.join(map(str, READ_VERSIONS))}: install the version that wrote it"
        )
    match rest:
        case {"schema": int(schema), "program": str(program), "written_at": str(at)} if schema > 0:
            return Head(schema, program, at)
        case _:
            raise ValueError("is a head without schema, program or written_at")


def _end(rows: dict[Any, Any], more: dict[Any, Any]) -> End:
    digest = more.pop("sha256", None)
    if more or not all(type(count) is int for count in rows.values()):
        raise ValueError("is no end: it has rows, which are numbers, and sha256")
    if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise ValueError("has a sha256 that is none")
    return End(rows, digest)


def _value(name: str, value: object) -> Value:
    match value:
        case {"base64": str(text), **rest} if not rest:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise ValueError(f"has a {name} that is no base64") from None
        case bool() | dict() | list():
            raise ValueError(f"has a {name} that is no value of a column")
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:  # an escaped half of a surrogate pair
                raise ValueError(f"has a {name} with half a character") from None
            return value
        case int():
            if not -(1 << 63) <= value < 1 << 63:
                raise ValueError(f"has a {name} that is too large")
            return value
        case float() | None:
            return value
        case _:
            raise TypeError(f"json made {value!r}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"has {constant}, which is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("names something twice")
    return found


def _line(data: object) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if not text.isascii() or "\x7f" in text:
        text = _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"{text}\n".encode()
