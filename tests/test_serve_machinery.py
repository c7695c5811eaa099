"""What holds of the server holds on both event loops and for both libraries that read requests."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from aggregator.serve.implementations import IMPLEMENTATIONS, implementation, usual_implementation
from tests import ROOT

#: What is bounded, when connections end, and what comes at once; the rest is in Python alone.
MODULES = ("feeds", "framing", "ready", "room", "sockets")


@pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not installed")
@pytest.mark.skipif(find_spec("httptools") is None, reason="httptools is not installed")
def test_it_holds_on_uvloop_and_httptools() -> None:
    files = [f"tests/test_serve_{name}.py" for name in MODULES]
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-x", "-p", "tests.on_uvloop", "-p", "no:cacheprovider",
            "-W", "default::DeprecationWarning", *files,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_quickest_that_is_installed_reads_requests() -> None:
    first = next(library for library in IMPLEMENTATIONS if find_spec(library))
    assert usual_implementation() is implementation(first)
    assert implementation("h11") is not implementation(first) or first == "h11"
