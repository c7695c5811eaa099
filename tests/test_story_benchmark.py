"""What the benchmark of stories counts, fits and promises."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.stories import likeness_weights
from aggregator.stories.likeness import Features, likeness, logit, probability
from aggregator.stories.likeness_weights import SHIPPED
from aggregator.stories.same_story import MOST_MEMBERS
from aggregator.stories.ties import THRESHOLDS
from benchmarks.stories import fit
from benchmarks.stories.headline_stream import (
    Headline,
    MemoryIndex,
    b_cubed,
    best_possible,
    read_headlines,
)
from benchmarks.stories.labelled_pairs import FOLDS, judged, read_pairs
from benchmarks.stories.store_cost import Window
from tests.story_texts import NOON

#: Of SQLite's machine, for one entry that joins a story: 400 postings are most of it.
MOST_STEPS = 9_000

HEAD = "label\tt_a\tt_b\tsrc_a\tsrc_b\ttitle_a\ttitle_b\turl_a\turl_b\r\n"


def test_b_cubed_is_the_average_entrys() -> None:
    found = b_cubed("aab", "xyy")
    assert (found.precision, found.recall) == (2 / 3, 2 / 3)
    assert b_cubed("abc", "xyz").f1 == 1
    assert b_cubed("", "").f1 == 0


def test_stories_of_bounded_size_have_a_best() -> None:
    assert best_possible("xxxx", 4).f1 == 1
    assert best_possible("xxxx", 2).recall == 0.5


def test_pairs_that_share_a_title_are_in_one_fold(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    lines = [
        f'{n % 3}\t{n}\t{n + 60}\ta\tb\t标题"{n // 2}\t另一个标题 {n}\tu\tv\r\n' for n in range(40)
    ]
    path.write_text(HEAD + "".join(lines), encoding="utf-8", newline="")
    pairs = read_pairs(path)
    assert [pair.same for pair in pairs] == [n % 3 == 2 for n in range(40)]
    assert len({pair.fold for pair in pairs}) == FOLDS
    assert all(a.fold == b.fold for a, b in zip(pairs[::2], pairs[1::2], strict=True))
    everything = judged(pairs, lambda _: 1.0, 0.5)
    assert (everything.recall, everything.found) == (1.0, 40)
    assert judged(pairs, lambda _: 0.0, 0.5).f1 == 0


def test_a_stream_is_read_without_its_torn_rows(tmp_path: Path) -> None:
    path = tmp_path / "stream.csv"
    path.write_text(
        "TITLE,PUBLISHER,STORY,TIMESTAMP\r\nA bridge opens,One,x,1394470370698\r\nA bridg",
        encoding="utf-8",
    )
    (found,) = read_headlines(path)
    assert (found.title, found.source, found.story) == ("A bridge opens", 0, "x")


def test_no_story_grows_beyond_its_bound_and_the_next_continues_it() -> None:
    index = MemoryIndex("en")
    for number in range(2 * MOST_MEMBERS + 5):
        at = NOON + timedelta(minutes=number)
        index.add(Headline("Northlake bridge collapses after storm", at, number, "x"))
    stories = [entry.story for entry in index.entries]
    assert max(map(stories.count, stories)) == MOST_MEMBERS
    assert set(index.threads()) == {0}


def test_one_source_is_in_a_story_once_however_long_it_tells_it() -> None:
    index = MemoryIndex("en")
    for number in range(30):
        at = NOON + timedelta(minutes=number)
        index.add(Headline("Northlake bridge collapses after storm", at, number % 3, "x"))
    told = {(entry.story, entry.source) for entry in index.entries}
    assert len(told) == len(index.entries)


def test_weights_are_written_as_the_module_has_them() -> None:
    dated = re.compile(r"on \d{4}-\d\d-\d\d\.")
    text = Path(likeness_weights.__file__).read_text(encoding="utf-8")
    assert dated.sub("", fit.written(SHIPPED)) == dated.sub("", text)


def steps_of_joining(path: Path, titles: list[str], size: int) -> float:
    """Return how many steps SQLite takes for an entry that joins, beside so many."""
    window = Window(path, titles)
    window.fill(size)
    ids = window.further(20)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    window.db.set_progress_handler(step, 1)
    for entry_id in ids:
        window.join(entry_id)
    window.db.close()
    return steps / len(ids)


def test_an_entry_joins_for_as_much_beside_many_as_beside_few(tmp_path: Path) -> None:
    # Of few words, each of which far more entries have than are looked at.
    titles = ["Northlake bridge collapses after storm", "Storm warning for Northlake harbour"]
    few, many = (steps_of_joining(tmp_path / f"{size}.db", titles, size) for size in (1000, 4000))
    assert many <= 1.2 * few
    assert many <= MOST_STEPS


@pytest.mark.skipif(not fit.PAIRS.is_file(), reason="no labelled pairs beside the repository")
def test_labelled_pairs_are_told_apart_as_promised() -> None:
    pairs = read_pairs(fit.PAIRS)
    scores = fit.held_out_scores(pairs)
    strict = judged(pairs, lambda pair: scores[id(pair)], THRESHOLDS["strict"])
    assert strict.precision >= 0.95
    assert strict.recall >= 0.75
    shipped = judged(pairs, lambda pair: likeness(pair.a, pair.b).score, THRESHOLDS["strict"])
    assert shipped.precision >= 0.95
    assert shipped.recall >= 0.75


@pytest.mark.skipif(not fit.STREAM.is_file(), reason="no headlines beside the repository")
def test_a_stream_of_headlines_is_told_apart_as_promised() -> None:
    headlines = read_headlines(fit.STREAM)
    index = MemoryIndex("en")
    for headline in headlines:
        index.add(headline)
    assert b_cubed(index.threads(), [headline.story for headline in headlines]).f1 >= 0.63
    stories = [entry.story for entry in index.entries]
    assert max(map(stories.count, set(stories))) <= MOST_MEMBERS


def test_the_odds_of_nothing_are_small() -> None:
    nothing = Features(*[0.0] * len(Features._fields))
    for weights in (SHIPPED.ideographs, SHIPPED.words):
        assert probability(logit(nothing, weights)) < THRESHOLDS["wide"]
