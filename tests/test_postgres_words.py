"""What PostgreSQL 14 does not know stands in no statement: what runs in CI is a newer one."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import procrastinate
import pytest

from tests import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What came after 14, as its releases' notes have it (15 to 18), and what would be said with it.
NEWER = {
    15: (
        r"\bMERGE\s+INTO\b",
        r"\bNULLS\s+(NOT\s+)?DISTINCT\b",
        r"\bregexp_(count|instr|like|substr)\(",
        r"\bsecurity_invoker\b",
        r"\bSET\s+NULL\s*\(",
        r"\brange_(intersect_)?agg\(\s*\w*multirange",
    ),
    16: (
        (
            r"\bFROM\s*\(\s*(SELECT\b|VALUES\b|\?)(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*"
            r"(?:$|\)|;|WHERE\b|GROUP\b|ORDER\b|LIMIT\b|UNION\b|JOIN\b|ON\b)"
        ),
        r"\bany_value\(",
        r"\brandom_normal\(",
        r"\barray_(sample|shuffle)\(",
        r"\bdate_(add|subtract)\(",
        r"\bIS\s+(NOT\s+)?JSON\b",
        r"\bjson_(array|object)agg\b",
        r"\b\d+_\d{3}\b",
        r"\b0x[0-9a-fA-F]+\b",
    ),
    17: (
        r"\bjson_(table|query|exists|value|scalar|serialize)\(",
        r"\bmerge_action\(",
        r"\bto_(bin|oct)\(",
        r"\brandom\([^)]",
        r"\bON_ERROR\b",
        r"\bunicode_assigned\(",
    ),
    18: (
        r"\buuidv[47]\(",
        r"\bRETURNING\s+(WITH\b|OLD\.|NEW\.|old\.|new\.)",
        r"\bGENERATED\s+ALWAYS\s+AS\s*\([^)]*\)\s*VIRTUAL\b",
        r"\bWITHOUT\s+OVERLAPS\b",
        r"\bNOT\s+ENFORCED\b",
        r"\barray_(sort|reverse)\(",
        r"\bcasefold\(",
        r"\bcrc32c?\(",
    ),
}
PATTERNS = [(version, re.compile(one)) for version, every in NEWER.items() for one in every]

#: A statement begins, or a part of one that others begin.
STATEMENT = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|COPY|WITH|BEGIN)\b")

#: For SQLite alone.
NOT_SPOKEN = ("sqlite", "legacy_", "search_", "fts", "tokenizers")


def newer(statement: str) -> list[tuple[int, str]]:
    """Return what of a statement is newer than 14."""
    return [
        (version, found[0])
        for version, pattern in PATTERNS
        if (found := pattern.search(statement)) is not None
    ]


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a module, with `?` in the place of what is put into them."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.JoinedStr(values=parts):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "?" for part in parts
                )
            case ast.Constant(value=str() as text):
                yield text


def statements() -> Iterator[tuple[str, str]]:
    for room in ("store", "fleet"):
        for path in sorted((ROOT / "aggregator" / room).rglob("*.py")):
            if not path.name.startswith(NOT_SPOKEN):
                for text in texts(path):
                    if STATEMENT.search(text):
                        yield path.name, text
    for path in sorted((Path(procrastinate.__file__).parent / "sql").rglob("*.sql")):
        yield path.name, re.sub(r"--.*", "", path.read_text())


def test_no_statement_needs_a_newer_server() -> None:
    found = list(statements())
    assert len(found) > 500
    assert [(name, what) for name, text in found for what in newer(text)] == []


@pytest.mark.parametrize(
    ("statement", "version"),
    [
        ("MERGE INTO t USING s ON t.a = s.a", 15),
        ("SELECT count(*) FROM (SELECT a FROM t WHERE b IN (1, 2))", 16),
        ("SELECT a FROM (VALUES (1), (2)) ORDER BY a", 16),
        ("SELECT a FROM (?) LIMIT 1", 16),
        ("UPDATE t SET a = 1 RETURNING OLD.a", 18),
        ("CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT", 15),
    ],
)
def test_what_is_newer_is_seen(statement: str, version: int) -> None:
    assert [found for found, _ in newer(statement)] == [version]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM (SELECT a FROM t WHERE b IN (1, 2)) AS named",
        "SELECT a FROM (VALUES (1), (2)) one (a) ORDER BY a",
        "SELECT a FROM t WHERE b > (SELECT max(b) FROM t) ORDER BY a",
    ],
)
def test_what_is_not_newer_is_let_be(statement: str) -> None:
    assert newer(statement) == []
