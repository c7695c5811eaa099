"""The benchmark of speed in itself: its documents, its publisher, what it counts."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import feedparser  # type: ignore[import-untyped]  # ships no types
import pytest

from benchmarks.speed import documents
from benchmarks.speed.polling import Poll, slope_ms
from benchmarks.speed.publisher import Asked, Publisher
from benchmarks.speed.tree import CommandFailedError, Used, measure

if TYPE_CHECKING:
    from pathlib import Path


def test_a_document_is_always_the_same_and_has_the_size_it_says() -> None:
    document = documents.document(7)
    assert document == documents.document(7) != documents.document(8)
    read = feedparser.parse(document.encode())
    assert len(read.entries) == documents.ENTRIES
    sizes = [len(entry.summary.encode()) for entry in read.entries]
    assert 0.85 < sum(sizes) / len(sizes) / documents.ENTRY_BYTES < 1.15


def test_the_second_edition_has_one_entry_more_in_every_tenth(tmp_path: Path) -> None:
    written = documents.write(tmp_path, 11)
    changed = [
        number
        for number in range(11)
        if (written.first / documents.name(number)).read_bytes()
        != (written.second / documents.name(number)).read_bytes()
    ]
    assert changed == [0, 10]
    assert len(changed) == written.news
    old, new = (
        [
            entry.id
            for entry in feedparser.parse((edition / documents.name(10)).read_bytes()).entries
        ]
        for edition in (written.first, written.second)
    )
    assert new[1:] == old[:-1]


@pytest.mark.parametrize("program", [None, "nginx"])
def test_the_publisher_answers_304_only_with_validators(
    tmp_path: Path, program: str | None
) -> None:
    written = documents.write(tmp_path / "documents", 2)
    with Publisher(tmp_path / "publisher", 2) as publisher:
        if program is None:
            publisher.program = None
        elif publisher.program is None:
            pytest.skip("no nginx here")
        url = publisher.url(1, documents.name(1))
        publisher.serve(written.first)
        with urllib.request.urlopen(url) as answer:
            tag = answer.headers["ETag"]
            assert len(answer.read()) == (written.first / documents.name(1)).stat().st_size
        conditional = urllib.request.Request(url, headers={"If-None-Match": tag})
        with pytest.raises(urllib.error.HTTPError, match="304"):
            urllib.request.urlopen(conditional)
        assert publisher.asked() == Asked(whole=1, not_modified=1, other=0)
        publisher.serve(written.first, validators=False)
        with urllib.request.urlopen(conditional) as answer:
            assert answer.headers["ETag"] is None
        assert publisher.asked() == Asked(whole=1, not_modified=0, other=0)


def test_the_whole_tree_counts_even_what_outlives_its_parent(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
    used = measure([sys.executable, "-c", orphan], cwd=tmp_path, log=tmp_path / "run.log")
    assert used.cpu_s >= 0.2
    assert 2 < used.peak_pss_mb <= used.peak_rss_mb + 1


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="no such luck"):
        measure(
            [sys.executable, "-c", "raise SystemExit('no such luck')"],
            cwd=tmp_path,
            log=tmp_path / "run.log",
        )


def test_a_slope_leaves_start_up_apart() -> None:
    def poll(count: int, cpu_s: float) -> Poll:
        return Poll("ours", "cold", count, Used(0, 0.0, cpu_s, 0.0, 0.0, 0.0, 0.0))

    polls = [poll(100, 1.5), poll(100, 1.4), poll(100, 9.0), poll(300, 3.5)]
    assert slope_ms(polls, "ours", "cold", 100, 300) == pytest.approx(10.0)
