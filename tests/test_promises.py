"""Every promise of SECURITY.md and docs/reliability.md names a test, and that test exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import ROOT

PAGES = (ROOT / "SECURITY.md", ROOT / "docs" / "reliability.md")
_NAMED = re.compile(r"\b(test_\w+\.py)::(test_\w+)")


def rows(page: Path) -> list[str]:
    """Return the rows of a page's tables, without their heads."""
    text = page.read_text(encoding="utf-8")
    return [
        line for line in re.findall(r"^\| .* \|$", text, re.MULTILINE) if "| test |" not in line
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_promise_names_a_test_that_exists(page: Path) -> None:
    assert rows(page)
    for row in rows(page):
        named = _NAMED.findall(row)
        assert named, row
        for file, name in named:
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), f"{file}::{name}"


def test_the_threat_model_speaks_of_everybody() -> None:
    headings = re.findall(r"^## (.*)$", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[2:] == [
        "The publisher",
        "The reader",
        "The stranger",
        "The operator",
        "The neighbour on the host",
    ]
