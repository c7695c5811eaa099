"""What one engine answers after the same history the other does."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tests.asked_of_stores import answers, corrections, history, spoken
from tests.engines import ENGINES

if TYPE_CHECKING:
    from pathlib import Path


def told(engine: str, folder: Path) -> list[str]:
    with closing(ENGINES[engine](folder)) as database:
        store = database.open()
        return [
            spoken(answer) for part in (history, answers, corrections) for answer in part(store)
        ]


def test_both_engines_answer_alike(tmp_path: Path) -> None:
    found = {}
    for engine in ENGINES:
        (tmp_path / engine).mkdir()
        found[engine] = told(engine, tmp_path / engine)
    for number, (one, other) in enumerate(zip(*found.values(), strict=True)):
        assert one == other, number
