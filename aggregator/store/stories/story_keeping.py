"""What feeds that take stories together ask of the store, and what the operator does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model.errors import StoreError
from aggregator.model.instants import micros
from aggregator.runtime.late_modules import LateModule
from aggregator.store import StoryStore
from aggregator.store.engines.readers import Reading
from aggregator.store.feeds import feed_windows
from aggregator.store.stories import story_switch
from aggregator.store.stories.story_switch import StorySwitch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import Any

    from aggregator.model import Feed, FinishedPoll
    from aggregator.model.reports import Comparison, StoryReport, StoryTrial
    from aggregator.store.engines.engine import Engine, Search
    from aggregator.store.stories import story_overrides, story_reports, story_trials, story_weights
    from aggregator.stories.likeness_weights import Model
    from aggregator.stories.tuning import Tuning
else:  # with all that compares texts
    story_overrides = LateModule("aggregator.store.stories.story_overrides")
    story_reports = LateModule("aggregator.store.stories.story_reports")
    story_trials = LateModule("aggregator.store.stories.story_trials")
    story_weights = LateModule("aggregator.store.stories.story_weights")


class StoryKeeping(Reading, StoryStore):
    """Keeps the promises of `StoryStore`; who inherits it writes."""

    def __init__(
        self,
        engine: Engine,
        search: Search,
        further_secrets: tuple[str, ...] = (),
        *,
        is_shared: bool = False,
    ) -> None:
        super().__init__(engine, search, further_secrets, is_shared=is_shared)
        self._stories = StorySwitch(is_shared=is_shared)

    def _write(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        raise NotImplementedError

    def _move_on(self, feed_ids: Sequence[int], at: int) -> tuple[str, ...]:
        raise NotImplementedError

    @override
    def tell_stories(self, now: datetime) -> bool:
        return story_switch.tell_in_slices(self._read, self._write, self._stories, micros(now))

    def _read(self, look: Callable[[sqlite3.Connection], None]) -> None:
        with self._reading() as db:
            look(db)

    def _join_waiting(self, polls: Sequence[FinishedPoll]) -> None:
        """Compare what polls have left for further transactions, and let feeds show it."""
        if not self._stories.waiting:
            return
        now = max(poll.now for poll in polls)
        try:
            while self._stories.waiting:
                self._read(self._stories.read_waiting)
                self._write(partial(self._stories.join_waiting, now=micros(now)))
            self.show_held(now)
        except StoreError:  # a full disk: the polls are committed, and the rest waits its time
            pass

    @override
    def show_held(self, now: datetime) -> None:
        with self._reading() as db:
            due = feed_windows.holding_feeds(db, micros(now))
        self._move_on(due, micros(now))

    @override
    def reported(self, *, most: int) -> tuple[StoryReport, ...]:
        with self._reading() as db:
            return story_reports.newest(db, most)

    @override
    def story_report(self, wanted: str) -> StoryReport | None:
        with self._reading() as db:
            return story_reports.of_story(db, story_overrides.story_id_of(db, wanted))

    @override
    def compared(self, wanted: str, further: str) -> Comparison:
        with self._reading() as db:
            return story_overrides.compare(db, wanted, further)

    @override
    def split_story(self, wanted: str, now: datetime) -> None:
        self._write(partial(story_overrides.split, wanted=wanted, now=micros(now)))

    @override
    def merge_stories(self, wanted: str, further: str, now: datetime) -> None:
        job = partial(story_overrides.merge, wanted=wanted, further=further, now=micros(now))
        self._write(job)

    @override
    def lock_story(self, wanted: str, *, locked: bool) -> None:
        self._write(partial(story_overrides.lock, wanted=wanted, locked=locked))

    @override
    def try_stories(
        self, feed: Feed, sources: Sequence[str], others: Sequence[str], now: datetime
    ) -> StoryTrial:
        try:
            with self._readers.interruptible() as db:
                return story_trials.told_together(
                    db, self._engine, feed, sources, others=others, now=micros(now)
                )
        except self._engine.errors as error:
            raise self._engine.told(error) from error

    @override
    def tuned(self, now: datetime) -> Tuning:
        with self._moment() as db:
            return story_weights.tuned(db, micros(now))

    @override
    def keep_weights(self, model: Model | None) -> None:
        self._write(partial(story_weights.keep, model=model))
