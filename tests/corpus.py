"""Where the corpus of real and hostile documents is, when this machine has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def folder(*names: str) -> Path:
    """Return a folder of the corpus; skips the test, with the reason, where it is absent."""
    root = Path(os.environ.get("AGGREGATOR_CORPUS", _BESIDE))
    found = root.joinpath(*names)
    if not found.is_dir():
        pytest.skip(f"no corpus of documents at {root} (AGGREGATOR_CORPUS names another place)")
    return found
