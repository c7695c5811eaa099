"""The tables of docs/config.md, as the keys are declared: `make config-docs` writes them again.

A table is between `<!-- keys: NAME -->` and `<!-- end -->`; all else on the page is prose.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config import text_values, written
from aggregator.config.kinds import Key, keys_of
from aggregator.config.rule_keys import ConditionTable
from aggregator.config.tables import keys_in
from aggregator.web.urls import MAX_URL_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path(__file__).parent.parent / "docs" / "config.md"
REGION = re.compile(r"(?<=<!-- keys: )([\w ]+)( -->\n\n)(.*?)(?=\n<!-- end -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """Return the page with every table as the keys are declared."""
    return REGION.sub(lambda found: f"{found[1]}{found[2]}{table(found[1])}", page)


def table(name: str) -> str:
    """Return one table as Markdown."""
    if name == "kinds of values":
        return _rows(("kind", "written", "bounds"), KINDS)
    if name == "conditions":
        keys = keys_of(ConditionTable).values()
        return _rows(("key", "looks at"), ((f"`{key.name}`", key.meaning) for key in keys))
    return _rows(
        ("key", "kind", "default", "meaning"),
        (
            (f"`{key.name}`", key.kind.shown, default(key), key.meaning)
            for key in keys_in(name).values()
        ),
    )


def default(key: Key) -> str:
    """Return what the page says of a key that is not given."""
    if key.required:
        return "required"
    if key.shown:
        return key.shown
    return "none" if key.default is None else f"`{toml(key)}`"


def toml(key: Key) -> str:
    """Return a default as config.toml writes it."""
    if key.kind.written is not None:
        return key.kind.written(key.default)
    match key.default:
        case bool():
            return str(key.default).lower()
        case int() | float():
            return f"{key.default:g}"
        case timedelta():
            return f'"{written(key.default)}"'
        case ():
            return "[]"
        case str() | Path():
            return f'"{key.default}"'
    raise AssertionError(f"{key.name}: no way to write {key.default!r}")


KINDS = (
    (
        "duration",
        'a number and a unit in quotes: `"90s"`, `"5m"`, `"4h"`, `"2d"`',
        f'more than zero, at most `"{written(text_values.MAX_PERIOD)}"`',
    ),
    (
        "interval",
        "a duration",
        (
            f'`"1s"` to `"{written(text_values.MAX_INTERVAL)}"`; '
            "[under a minute](#intervals-under-a-minute) only for your own servers"
        ),
    ),
    (
        "size",
        'a number of KiB, MiB or GiB (1024 of the smaller) in quotes: `"256KiB"`, `"12MiB"`',
        "as given below",
    ),
    (
        "share",
        'a fraction in quotes, `"1/3"`; a number of entries without: `200`; or `"off"`',
        "below 1; up to 10000",
    ),
    (
        "name",
        "a-z, 0-9 and `-`, in quotes",
        f"1 to {text_values.MAX_NAME_CHARS} characters, unique",
    ),
    ("title", "any line of text", f"up to {text_values.MAX_TITLE_CHARS} characters"),
    ("tag", "any line of text", f"up to {text_values.MAX_TAG_CHARS} characters"),
    ("URL", "`http://` or `https://` with a host", f"up to {MAX_URL_CHARS} characters"),
    ("number", "digits without quotes", "as given below"),
    (
        "file",
        "a path in quotes; `~` is not expanded",
        f"up to {text_values.MAX_PATH_CHARS} characters",
    ),
    ("switch", "`true` or `false` without quotes", ""),
)


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    shown = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in (head, *rows)]
    return "\n".join((shown[0], "|---" * len(head) + "|", *shown[1:], ""))


def main() -> None:
    """Write the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_tables(page), encoding="utf-8")


if __name__ == "__main__":
    main()
