"""The benchmark of speed in itself: its documents, its publisher, what it counts."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import feedparser  # type: ignore[import-untyped]  # ships no types
import pytest

from benchmarks.speed import documents, figures, flames, goals
from benchmarks.speed.__main__ import compare
from benchmarks.speed.figures import Figure, Run, regressions
from benchmarks.speed.polling import Poll
from benchmarks.speed.polling import figures as polling_figures
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
        return Poll("aggregator", "cold", count, Used(0, 0.0, cpu_s, 0.0, 0.0, 0.0, 0.0), 2.0)

    polls = [poll(100, 1.5), poll(100, 1.4), poll(300, 3.5), poll(300, 3.4)]
    found = {
        one.name: one for one in polling_figures(polls, "aggregator", (100, 300)) if one.values
    }
    assert found["slope/cold/aggregator/100–300"].values == pytest.approx((10.0, 10.0))
    assert found["poll/cold/aggregator/100"].values == pytest.approx((15.0, 14.0))
    assert found["database a 100,000 entries/cold/aggregator/300"].middle == pytest.approx(
        2.0 * 100_000 / 6_000
    )


def run_of(*found: Figure, yardstick_ms: float = 5.0) -> Run:
    versions = {"newsboat": "2.21.0"}
    return Run("2026-11-30", "quick", "one", versions, yardstick_ms, figures.by_name(found))


@pytest.mark.parametrize(
    ("kept", "now", "yardstick_ms", "worse"),
    [
        (Figure("a", "ms", (2, 3, 4)), Figure("a", "ms", (3.9, 6, 9)), 5.0, False),
        (Figure("a", "ms", (2, 3, 4)), Figure("a", "ms", (4.1, 6, 9)), 5.0, True),
        # a machine that takes twice as long for the yardstick may take twice as long
        (Figure("a", "ms", (2, 3, 4)), Figure("a", "ms", (7.9, 9)), 10.0, False),
        (Figure("a", "/s", (90, 99)), Figure("a", "/s", (80, 91)), 5.0, False),
        (Figure("a", "/s", (90, 99)), Figure("a", "/s", (80, 89)), 5.0, True),
        (Figure("a", "/s", (90, 99)), Figure("a", "/s", (40, 46)), 10.0, False),
        # sizes and counts do not depend on the machine
        (Figure("a", "MB", (100,)), Figure("a", "MB", (104,)), 10.0, False),
        (Figure("a", "MB", (100,)), Figure("a", "MB", (106,)), 10.0, True),
        (Figure("a", "pages", (4,)), Figure("a", "pages", (5,)), 10.0, True),
        (Figure("a", "steps", (1000,)), Figure("a", "steps", (1001,)), 10.0, False),
        # a peer may become as slow as it likes
        (Figure("a", "ms", (2,)), Figure("a", "ms", (9,), is_ours=False), 5.0, False),
    ],
)
def test_what_is_worse_is_what_is_beyond_the_worst_that_was_kept(
    kept: Figure, now: Figure, yardstick_ms: float, *, worse: bool
) -> None:
    found = regressions(run_of(now, yardstick_ms=yardstick_ms), run_of(kept))
    assert [one.name for one in found] == (["a"] if worse else [])


@pytest.mark.parametrize(("second", "status"), [(3.0, 0), (9.0, 1)])
def test_what_is_slower_once_is_measured_again(second: float, status: int) -> None:
    kept, first = run_of(Figure("a", "ms", (4.0,))), run_of(Figure("a", "ms", (9.0,)))
    assert compare(first, kept, lambda: run_of(Figure("a", "ms", (second,)))) == status
    assert compare(kept, kept, pytest.fail) == 0


def test_what_only_one_run_has_is_not_compared() -> None:
    assert not regressions(run_of(Figure("new", "ms", (9,))), run_of(Figure("old", "ms", (1,))))


def test_a_run_is_kept_and_read_as_it_was(tmp_path: Path) -> None:
    run = run_of(Figure("a", "ms", (1.5, 2.25)), Figure("b", "MB", (3.0,), is_ours=False))
    figures.write(tmp_path / "kept.json", run)
    assert figures.read(tmp_path / "kept.json") == run


def test_the_table_says_what_is_reached_beside_whom() -> None:
    run = run_of(
        Figure("slope/cold/aggregator/200–1000", "ms", (8.0,)),
        Figure("slope/cold/newsboat/200–1000", "ms", (10.0,), is_ours=False),
        Figure("slope/cold/reader/50–200", "ms", (20.0,), is_ours=False),
        Figure("limit/cold", "ms", (1.0,), is_ours=False),
        Figure("start/--help", "ms", (100.0,)),
        Figure("serve/gzip/aggregator/rate", "/s", (50.0,)),
        Figure("serve/gzip/nginx/rate", "/s", (100.0,), is_ours=False),
    )
    lines = {line.what: line for line in goals.lines(run)}
    cold = lines["cold, CPU of one more (200–1000)"]
    assert cold.goal == "≤ 1 × newsboat, ≤ 0.25 × reader"
    assert cold.is_met is False
    assert cold.beside == {"newsboat": 10.0, "reader": 20.0, "limit": 1.0}
    assert lines["start: `--help`, CPU"].is_met
    assert lines["serve: gzip, requests a second"].is_met
    assert "| 8.0 ms | 10.0 (0.8 ×) | 20.0 (0.4 ×) | 1.0 (8.0 ×) | **no** |" in goals.table(run)


def test_a_profile_is_drawn_without_what_waits_and_with_imports_as_one() -> None:
    root = flames.read(
        'process 7:"aggregator poll";main (aggregator/cli/x.py:1);'
        "_find_and_load (<frozen importlib._bootstrap>:1);"
        "_load (<frozen importlib._bootstrap>:2) 3\n"
        'process 7:"aggregator poll";process 8:"worker";read (aggregator/parse/y.py:2) 5\n'
        'process 7:"aggregator poll";Condition.wait (threading.py:1) 90\n'
        'process 7:"aggregator poll" 9\n'
    )
    assert root.samples == 8
    command = root.calls["command"]
    assert list(command.calls) == ["main (aggregator/cli/x.py:1)", "worker"]
    assert list(command.calls["main (aggregator/cli/x.py:1)"].calls) == ["import"]
    drawn = flames.draw(root, "cold & warm")
    assert "cold &amp; warm: 8 samples" in drawn
    assert "read (aggregator/parse/y.py:2) 62.5%" in drawn
