"""The machine's XML parser: which versions are named, and what is said of them."""

from __future__ import annotations

import subprocess
from pyexpat import EXPAT_VERSION
from typing import TYPE_CHECKING

import pytest

from aggregator.operations.expat import old_expat
from aggregator.operations.messages import old_expat_text
from tests.program import PROGRAM, Program, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("version", "named"),
    [
        ("expat_2.5.0", "2.5.0"),
        ("expat_2.7.1", "2.7.1"),
        ("expat_2.7.2", None),
        ("expat_2.10.0", None),
        ("expat_3.0", None),
    ],
)
def test_versions_before_the_bound_are_named(version: str, named: str | None) -> None:
    assert old_expat(version) == named


@pytest.fixture
def aggregator(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path, allow_private=[]) as made:
        made.configure("")
        yield made


def test_check_and_a_start_say_what_this_machine_has(aggregator: Program) -> None:
    checked = subprocess.run(
        [PROGRAM, "check", "--config", aggregator.config],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    aggregator.start()
    aggregator.stop()
    old = old_expat(EXPAT_VERSION)
    text = "expat 2" if old is None else old_expat_text(old)
    assert (text in checked.stderr) == (text in aggregator.log.read_text()) == (old is not None)
