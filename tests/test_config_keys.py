"""Each key is declared once: docs/config.md and config.toml say what the declaration says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from aggregator.config import MAX_FILE_BYTES
from aggregator.config.kinds import keys_of
from aggregator.config.network_values import MAX_HEADERS
from aggregator.config.rule_keys import ConditionTable, ImageTable, ReplacementTable, TaggingTable
from aggregator.config.tables import LISTS, SECTIONS, TABLE_HEADERS, keys_in
from aggregator.fetch.secret_files import MAX_SECRET_BYTES
from aggregator.rules import MAX_PATTERN_CHARS, MAX_TEXT_CHARS
from tests.config_docs import PAGE, REGION, default, toml, with_tables

EXAMPLE = (Path(__file__).parent.parent / "config.toml").read_text(encoding="utf-8")
DOCUMENTATION = PAGE.read_text(encoding="utf-8")


def test_the_tables_of_the_documentation_are_as_the_keys_are_declared() -> None:
    assert with_tables(DOCUMENTATION) == DOCUMENTATION, "make config-docs"
    named = [name for name, *_ in REGION.findall(DOCUMENTATION)]
    assert named == [
        "kinds of values",
        *(name for name in SECTIONS if name != "defaults"),
        *LISTS,
        "conditions",
    ]


def test_each_table_of_the_documentation_is_one_table() -> None:
    """A table begins with a head and a rule, and no empty line cuts it in two."""
    blocks = re.findall(r"(?:^\|.*\n)+", DOCUMENTATION, re.MULTILINE)
    for block in blocks:
        head, rule, *rows = block.splitlines()
        assert re.fullmatch(r"\|(---\|)+", rule), head
        columns = rule.count("|")
        for row in (head, *rows):
            assert len(re.findall(r"(?<!\\)\|", row)) == columns, row


def test_a_default_is_a_value_of_its_kind() -> None:
    for table in TABLE_HEADERS:
        for key in keys_in(table).values():
            if key.required or key.default is None or default(key) == key.shown:
                continue
            value = tomllib.loads(f"x = {toml(key)}")["x"]
            assert key.kind.read(value) == key.default, f"{table}.{key.name}"


def shown_keys() -> list[tuple[str, str, str, str]]:
    """Return every key that config.toml shows, set or not: table, key, value and remark."""
    found = []
    table = ""
    for line in EXAMPLE.splitlines():
        if header := re.fullmatch(r"(?:# )?\[\[?(\w+)\]\]?(?: *#.*)?", line):
            table = header[1]
        elif shown := re.fullmatch(r"(?:# )?(\w+) = (.*)", line):
            value, remark = cut(shown[2])
            if table:  # `include` stands above them; tests/test_config_include.py
                found.append((table, shown[1], value, remark))
    return found


def cut(rest: str) -> tuple[str, str]:
    """Cut a value and its remark at the first "#" that is no part of the value."""
    for mark in [*re.finditer(r" *#|$", rest)]:
        try:
            tomllib.loads(f"x = {rest[: mark.start()]}")
        except tomllib.TOMLDecodeError:
            continue
        return rest[: mark.start()], rest[mark.end() :]
    raise AssertionError(rest)


SHOWN = shown_keys()
#: Keys that the example sets, or whose remark gives the default beside an example.
SET = {
    (table, key)
    for line in EXAMPLE.splitlines()
    if (match := re.match(r"(\w+) = ", line))
    for table, key, *_ in SHOWN
    if key == match[1] and table in LISTS
}


@pytest.mark.parametrize("table", [table for table in TABLE_HEADERS if table != "defaults"])
def test_the_example_shows_every_key_of_a_table_and_no_other(table: str) -> None:
    assert {key for where, key, *_ in SHOWN if where == table} == keys_in(table).keys()


def test_every_value_of_the_example_is_of_its_kind() -> None:
    for table, name, value, _ in SHOWN:
        keys_in(table)[name].kind.read(tomllib.loads(f"x = {value}")["x"])


def test_the_defaults_that_the_example_shows_are_the_defaults() -> None:
    for table, name, value, remark in SHOWN:
        key = keys_in(table)[name]
        if (table, name) in SET or key.required or default(key) in (key.shown, "none", "`[]`"):
            continue
        if value.startswith("{"):  # a table shows what one looks like
            continue
        said = re.search(r"default: (\S+)", remark)
        written = f'"{said[1]}"' if said else value
        assert key.kind.read(tomllib.loads(f"x = {written}")["x"]) == key.default, (table, name)


#: The keys that have no default.
OWN = [f"`{name}`" for name in keys_in("sources") if name not in keys_in("defaults")]


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {MAX_FILE_BYTES >> 20} MiB",
        f"either has at most {MAX_PATTERN_CHARS} characters",
        f"the first {MAX_TEXT_CHARS:,} characters are searched",
        f"up to {MAX_HEADERS} headers",
        f"holds at most {MAX_SECRET_BYTES >> 10} KiB",
        f"Any key of `[[sources]]` but {', '.join(OWN[:-1])} and {OWN[-1]}: ",
    ],
)
def test_the_bounds_that_the_prose_names_are_so(sentence: str) -> None:
    assert sentence in " ".join(DOCUMENTATION.split())


def test_every_key_has_a_meaning_and_a_kind() -> None:
    tables = [*SECTIONS.values(), *LISTS.values()]
    for table in (*tables, ConditionTable, TaggingTable, ReplacementTable, ImageTable):
        assert all(key.meaning and key.kind.shown for key in keys_of(table).values())
