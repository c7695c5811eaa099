"""Where output goes and what it is written in: full disks, closed descriptors, locales."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from aggregator.config import load
from aggregator.daemon.terms import utc_now
from aggregator.store.sqlite import open_store
from tests import PATIENCE
from tests.program import PROGRAM, Program, program, without_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
[[sources]]
name = "silent"
url = "http://127.0.0.1:9/"
title = "这是标题"
"""

#: Each prints something on standard output.
PRINTS = (
    ("--help",),
    ("--version",),
    ("status", "--help"),
    ("check",),
    ("reload",),
    ("status",),
    ("status", "--json"),
    ("poll",),
    ("export", "opml"),
)


@pytest.fixture
def aggregator(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path, allow_private=["127.0.0.1:9"]) as made:
        made.configure(SOURCE)
        yield made


@pytest.fixture
def stored(aggregator: Program) -> Program:
    """Return a program whose database was made, and whose source was not polled yet."""
    config = load(aggregator.config)
    store = open_store(config.store.path)
    store.apply(config.sources, config.feeds, now=utc_now())
    store.close()
    return aggregator


def shell(made: Program, words: tuple[str, ...], redirection: str) -> tuple[int, str]:
    """Run a command with a shell's redirection; return its exit status and standard error."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {redirection}', "sh", PROGRAM, *words],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd=made.folder,
        env=os.environ | {"AGGREGATOR_CONFIG": str(made.config)},
    )
    return done.returncode, without_machine(done).stderr


@pytest.mark.parametrize("words", PRINTS, ids=" ".join)
@pytest.mark.parametrize(
    ("redirection", "why"), [(">/dev/full", "No space left on device"), (">&-", "it is closed")]
)
def test_output_that_cannot_be_written_is_one_line_and_a_failure(
    stored: Program, words: tuple[str, ...], redirection: str, why: str
) -> None:
    status, told = shell(stored, words, redirection)
    assert (status, told) == (1, f"aggregator: standard output cannot be written: {why}\n")


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", ">&- <&-"])
def test_a_daemon_whose_addresses_nobody_can_read_serves_all_the_same(
    aggregator: Program, redirection: str
) -> None:
    aggregator.configure("")
    with aggregator.log.open("w") as log:
        aggregator.process = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                f'exec "$0" run --config "$1" {redirection}',
                PROGRAM,
                aggregator.config,
            ],
            stderr=log,
            text=True,
        )
    aggregator.wait(aggregator.serves, "the daemon to serve")
    assert aggregator.stop() == 0
    log_text = aggregator.log.read_text()
    assert 'addresses not printed because="standard output cannot be written: ' in log_text
    assert "OutputError" not in log_text


def test_no_file_gets_a_standard_descriptor_that_was_closed(stored: Program) -> None:
    before = stored.database.read_bytes()
    status, _ = shell(stored, ("status",), ">&- 2>&- <&-")
    assert status == 1
    assert stored.database.read_bytes() == before


@pytest.mark.parametrize("locale", ["C", "POSIX", "zh_CN.GB18030"])
def test_json_is_utf_8_and_chinese_stays_chinese_whatever_the_locale(
    stored: Program, locale: str
) -> None:
    environ = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [PROGRAM, "status", "--json", "--config", stored.config],
        capture_output=True,
        check=True,
        env=os.environ | environ,
        timeout=PATIENCE,
    )
    assert '"title": "这是标题"' in done.stdout.decode("utf-8")
    assert json.loads(done.stdout)[0]["title"] == "这是标题"


@pytest.mark.parametrize("words", [("status",), ("explain", "source", "silent")], ids=" ".join)
def test_without_a_database_both_files_are_named_whole(
    aggregator: Program, words: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [PROGRAM, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=aggregator.folder,
        timeout=PATIENCE,
        env={name: value for name, value in os.environ.items() if name != "AGGREGATOR_CONFIG"},
    )
    assert done.returncode == 69
    assert done.stderr.startswith(f"aggregator: {aggregator.database}: no database yet; ")
    assert done.stderr.endswith(f"(configuration: {aggregator.config}; --config names another)\n")
    assert not aggregator.database.exists()
