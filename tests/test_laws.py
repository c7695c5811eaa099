"""The random tester of the subscriber's laws: some of its histories, and that it can find fault.

`make verify-laws` plays many more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from benchmarks.laws.articles import Signs, Telling, is_known_again
from benchmarks.laws.documents import render
from benchmarks.laws.histories import history_seed, play, shortest
from benchmarks.laws.judge import FeedSettings, Judge, Poll
from benchmarks.laws.steps import OPERATIONS, any_steps
from benchmarks.laws.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The seed of the histories that are played at every `make test`.
SEED = 7
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
FEED = FeedSettings(window_days=3, min_entries=1, limit=9, per_source='"off"')
ONE = Signs("https://s0.example/1", "https://s0.example/1", "One", "Words.", NOW)


@pytest.mark.parametrize("number", range(6))
def test_no_law_is_broken_in_a_history(number: int) -> None:
    seed = history_seed(SEED, number)
    found = play(seed, any_steps(seed, 12))
    assert found is None, found.text()


def test_the_same_seed_is_the_same_history() -> None:
    assert any_steps(3, 25) == any_steps(3, 25) != any_steps(4, 25)
    assert {step.operation for step in any_steps(3, 2000)} == set(OPERATIONS)


def test_as_few_steps_as_still_break_are_kept() -> None:
    def breaks(steps: Sequence[int]) -> bool:
        return {3, 17} <= set(steps)

    assert shortest(range(25), breaks, most=150) == [3, 17]
    assert shortest(range(25), breaks, most=0) == [*range(25)]


@pytest.mark.parametrize(
    ("changed", "is_known"),
    [
        ({"title": "Two", "text": "Others."}, True),
        ({"link": "https://s0.example/2", "title": "Two"}, True),
        ({"guid": "2", "title": "Two"}, True),
        ({"guid": "2", "title": "Two", "date": None}, False),
        ({"guid": "2", "link": "https://s0.example/2"}, True),
        ({"guid": "2", "link": "https://s0.example/2", "text": "Others."}, False),
    ],
)
def test_what_is_to_be_known_again(changed: dict[str, str | None], is_known: bool) -> None:
    assert is_known_again(ONE, replace(ONE, **changed)) is is_known  # type: ignore[arg-type]  # by name


# --- each law, broken ---------------------------------------------------------------------------


class Feed:
    """A feed as the program might serve it, judged look by look."""

    def __init__(self) -> None:
        self.judge = Judge()
        self.now = self.modified = NOW
        self.body = b""

    def told(self, *signs: Signs) -> None:
        """Let the program take a document that lists these, each an article of its own."""
        listed = tuple(Telling("s0", number, one) for number, one in enumerate(signs, start=1))
        never = {"all": frozenset({"s1"})}
        poll = Poll("s0", "s0.example", listed, True, ("all",), never, frozenset())
        self.judge.polled(poll)

    def serves(self, *shown: tuple[int, Signs]) -> None:
        """Let it serve these articles, an hour after the last look."""
        self.now += timedelta(hours=1)
        listed = [Telling("s0", number, one) for number, one in shown]
        body = render("atom", "all", "https://feeds.example/", listed, "p")
        body = body.replace(b"</published>", b"</published><updated>2026-11-20T08:00:00Z</updated>")
        if body != self.body:
            self.body, self.modified = body, self.now
        answer = httpx.Response(
            200,
            headers={
                "ETag": f'"{hash(body)}"',
                "Last-Modified": format_datetime(self.modified, usegmt=True),
            },
            content=body,
        )
        self.judge.look("/feeds/all.atom", answer, now=self.now, by_operator=False, settings=FEED)


def test_who_serves_what_was_published_breaks_no_law() -> None:
    feed, two = Feed(), replace(ONE, guid="https://s0.example/2", title="Two")
    feed.told(ONE)
    feed.serves((1, ONE))
    feed.told(ONE, two)
    feed.serves((2, two), (1, ONE))
    feed.serves((2, two))


def test_each_broken_law_is_found() -> None:
    two = replace(ONE, guid="https://s0.example/2", title="Two")
    feed = Feed()
    feed.told(ONE)
    feed.serves((1, ONE))
    feed.told(ONE, two)
    with pytest.raises(Violation, match="nothing is missed"):
        feed.serves((1, ONE))
    with pytest.raises(Violation, match="comes back as new"):
        feed.serves((2, two), (1, replace(ONE, guid="https://s0.example/other")))
    with pytest.raises(Violation, match="of one article for ever"):
        feed.serves((2, ONE))
    with pytest.raises(Violation, match="an edit is seen"):
        feed.serves((1, replace(ONE, title="Other")))

    feed = Feed()
    feed.told(ONE, two)
    feed.serves((2, two), (1, ONE))
    with pytest.raises(Violation, match="the order stays"):
        feed.serves((1, ONE), (2, two))
    with pytest.raises(Violation, match="an id twice"):
        feed.serves((2, two), (2, two))
    feed.serves((2, two))
    with pytest.raises(Violation, match="does not come back"):
        feed.serves((2, two), (1, ONE))

    feed = Feed()
    feed.told(ONE)
    feed.serves((1, ONE))
    feed.modified += timedelta(hours=1)
    with pytest.raises(Violation, match="Last-Modified"):
        feed.serves((1, ONE))
    edited = replace(ONE, text="Others.")
    feed.modified = feed.now
    feed.told(edited)
    with pytest.raises(Violation, match="an edit moves"):
        feed.serves((1, edited))
