"""What the store keeps of which sources hold secrets is as the code decides it today."""

from __future__ import annotations

import ast
import hashlib
import inspect

from aggregator.rules import held_secrets
from aggregator.web import secret_names

#: Of the code that decides, without comments and docstrings.
KNOWN = "cb156317fa260e56"


def test_what_is_secret_changes_with_a_migration_alone() -> None:
    """Sources that hold nothing secret are not read again (`sources.may_hold_secrets`).

    Whoever takes more for a secret than before sets that column to 1 in a migration, so that all
    are asked again, and renews the digest here.
    """
    code = "".join(_meant(inspect.getsource(module)) for module in (held_secrets, secret_names))
    assert hashlib.sha256(code.encode()).hexdigest()[:16] == KNOWN


def _meant(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return ast.unparse(tree)
