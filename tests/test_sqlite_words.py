"""What only SQLite can say is marked where it is said, so that another engine's author finds it.

A statement with such words has a comment beside or above it that begins with `# sqlite:` and says
what they mean; a module that is about SQLite itself has `# sqlite: the whole module`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

import aggregator.store

FOLDER = Path(aggregator.store.__file__).parent
MARK = "# sqlite:"
WHOLE = f"{MARK} the whole module"

#: Words and functions that PostgreSQL does not have, or has with another meaning.
WORDS = re.compile(
    r"""\bPRAGMA\b | \bVACUUM\b | \bWITHOUT\s+ROWID\b | \bSTRICT\b | \bINDEXED\s+BY\b
      | \b(?:INSERT|UPDATE)\s+OR\s+(?:IGNORE|REPLACE|ABORT|FAIL|ROLLBACK)\b | \bREPLACE\s+INTO\b
      | \bBEGIN\s+(?:IMMEDIATE|EXCLUSIVE|DEFERRED)\b | \bGLOB\b | \browid\b | \bsqlite_\w+
      | \b(?:json_\w+|zeroblob|hex|randomblob|random|typeof|ifnull|iif|instr|total|group_concat
           |unixepoch|strftime|julianday|last_insert_rowid|changes|printf|likely|unlikely)\s*\(
      | \b(?:max|min)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*,   # of several values
      | \bAS\s+BLOB\b
      | \bIS\s+(?:NOT\s+)?[?:\w.]+(?<!\bNULL)(?<!\bNOT)\b | \bAUTOINCREMENT\b | \bCROSS\s+JOIN\b
    """,
    re.VERBOSE,
)


def statements(text: str) -> list[tuple[int, int, str]]:
    """Return the strings of a module that are no docstrings, each with two lines.

    The first is where its statement begins, the second where it ends itself.
    """
    tree = ast.parse(text)
    begins: dict[int, int] = {}
    for node in ast.walk(tree):  # from the outside in: what is further inside says it last
        if isinstance(node, ast.stmt):
            begins |= dict.fromkeys(map(id, ast.walk(node)), node.lineno)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in docstrings | inside:
            continue
        if isinstance(node, ast.JoinedStr):
            said = ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = node.value
        else:
            continue
        found.append((begins[id(node)], node.end_lineno or node.lineno, said))
    return found


def comments(text: str) -> dict[int, str]:
    """Return the comments of a module by their lines."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def mistakes(text: str) -> list[str]:
    """Return what is said without a mark, and marks beside which nothing is said."""
    told = comments(text)
    marks = {line for line, comment in told.items() if comment.startswith(MARK)}
    if any(told[line].startswith(WHOLE) for line in marks):
        return []
    wrong, used = [], set[int]()
    for first, last, said in statements(text):
        if (word := WORDS.search(said)) is None:
            continue
        above = first
        while above - 1 in told and above not in marks:
            above -= 1
        beside = {above, *range(first, last + 1)} & marks
        used |= beside
        if not beside:
            wrong.append(f"{first}: {word[0]}")
    return wrong + [f"{line}: nothing to mark" for line in sorted(marks - used)]


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_what_only_sqlite_says_is_marked(path: Path) -> None:
    assert mistakes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('db.execute("INSERT OR IGNORE INTO t VALUES (1)")', "INSERT OR IGNORE"),
        ('db.execute("SELECT max(a, coalesce(b, 0)) FROM t")', "max(a,"),
        ('db.execute("SELECT max(a), min(coalesce(b, 0)) FROM t")', None),
        ('db.execute("UPDATE t SET a = 1 WHERE b IS NOT :b")', "IS NOT :b"),
        ('db.execute("SELECT 1 FROM t WHERE a IS NULL AND b IS NOT NULL")', None),
        ('db.execute(f"SELECT {x} FROM t WHERE a GLOB ?")', "GLOB"),
        ('db.execute("SELECT value FROM json_each(?)")  # sqlite: a list of values', None),
        ('# sqlite: a list\ndb.execute("SELECT value FROM json_each(?)")', None),
        ('# sqlite: a list\n# of values\ndb.execute("SELECT value FROM json_each(?)")', None),
        ('# sqlite: a list\n\ndb.execute("SELECT value FROM json_each(?)")', "json_each("),
        ('db.execute("SELECT 1")  # sqlite: what?', "nothing to mark"),
    ],
)
def test_the_words_are_found(line: str, word: str | None) -> None:
    found = mistakes(f"db = ...\n{line}\n")
    assert (word is None and not found) or (word is not None and word in found[0])


def test_the_database_is_spoken_to_in_one_room() -> None:
    root = FOLDER.parent
    wrong = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if FOLDER not in path.parents
        and re.search(r"^\s*(?:import sqlite3|from sqlite3)", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert not wrong
