"""What is loaded late is the same as what is loaded at once."""

from __future__ import annotations

import gc
import importlib
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.runtime import garbage
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.late_patterns import late_pattern
from tests import PATIENCE

#: Rooms whose names are looked up when they are asked for.
LATE = (
    "aggregator.fetch",
    "aggregator.operations",
    "aggregator.parse",
    "aggregator.publish",
)


@pytest.mark.parametrize("room", LATE)
def test_every_name_that_a_room_tells_is_found(room: str) -> None:
    package = importlib.import_module(room)
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name in vars(package), "it is looked up once"
    with pytest.raises(AttributeError, match="no attribute 'unheard_of'"):
        package.unheard_of  # noqa: B018 - that is the test


def test_a_module_is_loaded_by_its_first_use() -> None:
    code = """
import sys
from aggregator.runtime.late_modules import LateModule
late = LateModule("colorsys")
assert "colorsys" not in sys.modules
assert late.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
assert "colorsys" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)
    with pytest.raises(AttributeError):
        LateModule("colorsys").unheard_of  # noqa: B018 - that is the test


@given(st.text("ab1 é", max_size=12))
def test_a_late_pattern_does_what_the_pattern_does(text: str) -> None:
    late, plain = late_pattern("(A)b?", re.IGNORECASE), re.compile("(A)b?", re.IGNORECASE)
    for method in ("search", "match", "fullmatch"):
        one, other = getattr(late, method)(text), getattr(plain, method)(text)
        assert (one and one.span()) == (other and other.span())
    assert late.sub(r"<\1>", text) == plain.sub(r"<\1>", text)
    assert late.split(text) == plain.split(text)
    assert [one.span() for one in late.finditer(text)] == [
        one.span() for one in plain.finditer(text)
    ]
    assert (late.pattern, late.groups, late.flags) == (plain.pattern, plain.groups, plain.flags)


def test_a_mistake_in_a_late_pattern_shows_when_it_is_used() -> None:
    wrong = late_pattern("(")
    with pytest.raises(re.error):
        wrong.search("a")


def test_aiohttp_reads_no_authorities_and_the_environment_stays_as_it_was() -> None:
    code = """
import os
before = dict(os.environ)
from aggregator.fetch.loaded_aiohttp import aiohttp
assert dict(os.environ) == before
assert aiohttp.connector._SSL_CONTEXT_VERIFIED.cert_store_stats()["x509"] == 0
"""
    for places in ({}, {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"}):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SSL_")}
        subprocess.run(
            [sys.executable, "-c", code], check=True, env=kept | places, timeout=PATIENCE
        )


def test_garbage_is_looked_for_as_often_as_ever_once_there_is_work() -> None:
    before = gc.get_threshold()
    try:
        garbage.collect_rarely()
        assert gc.get_threshold()[0] > before[0]
        garbage.keep_what_there_is()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == (700, 10, 10)
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
