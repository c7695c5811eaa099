"""What polling asks of the store, whoever polls: this process alone, or several of a fleet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model import FinishedPoll, Lease, PollResult
from aggregator.model.errors import StoreError
from aggregator.model.instants import micros
from aggregator.runtime.late_modules import LateModule
from aggregator.store import PollStore
from aggregator.store.engines.readers import Reading
from aggregator.store.leases.due_sources import due_sources
from aggregator.store.leases.fleet_store import FleetStore
from aggregator.store.leases.kept_leases import Wanted
from aggregator.store.polls import poll_states, rescheduling
from aggregator.store.polls.ingest import absorb
from aggregator.store.rows.slices import batched
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts import packed_texts

if TYPE_CHECKING:
    import sqlite3
    import threading
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from aggregator.model import Attempt, Decision, News, PollState, Problem, Refined
    from aggregator.model.batches import Backlog, Batch
    from aggregator.store.engines.writer import Writer
    from aggregator.store.leases import handed_out
    from aggregator.store.leases.kept_leases import KeptLeases
    from aggregator.store.stories.story_switch import StorySwitch
else:  # for a fleet
    handed_out = LateModule("aggregator.store.leases.handed_out")


class PollKeeping(Reading, PollStore, FleetStore):
    """Keeps the promises of `PollStore` and `FleetStore`; who inherits it writes."""

    _leases: KeptLeases
    _stories: StorySwitch
    #: Held while sources are claimed.
    _claiming: threading.Lock

    def _write(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        raise NotImplementedError

    def _write_beside(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        raise NotImplementedError

    def _writing(self) -> Writer:
        raise NotImplementedError

    def _join_waiting(self, polls: Sequence[FinishedPoll]) -> None:
        raise NotImplementedError

    @override
    def claim_due(
        self, now: datetime, *, limit: int, busy: frozenset[str], claimer: str
    ) -> list[PollState]:
        with self._reading() as db:
            self._follow_clock(db, now)
            # One claim at a time. Asked before the rows are read: a poll's commit comes before the
            # end of its lease, so that what is free here is not due in those rows any more.
            with self._claiming:
                taken = busy.union(self._leases.held(now).values())
                rows = due_sources(db, micros(now), limit=limit, busy=taken)
                wanted = [Wanted(claimer, row["queue"], (row["id"],)) for row in rows]
                return self._states_of(db, self._leases.grant(wanted, now))

    @override
    def claim(self, source_id: int, now: datetime, *, claimer: str) -> PollState | None:
        return self.claim_all((source_id,), now, claimer=claimer)[0]

    @override
    def claim_all(
        self, source_ids: Sequence[int], now: datetime, *, claimer: str
    ) -> list[PollState | None]:
        with self._reading() as db:
            rows = rows_of(
                db, "SELECT id, queue FROM sources WHERE id IN ({marks})", list(source_ids)
            )
            queues = {row["id"]: row["queue"] for row in rows}
            wanted = [Wanted(claimer, queues[one], (one,), is_by_hand=True) for one in source_ids]
            granted = self._states_of(db, self._leases.grant(wanted, now))
        states = {state.source_id: state for state in granted}
        return [states.get(source_id) for source_id in source_ids]

    @override
    def hand_out(
        self, now: datetime, *, most_batches: int, most_each: int, batch_id: Callable[[], str]
    ) -> list[Batch]:
        with self._reading() as db:
            self._follow_clock(db, now)
            with self._claiming:
                busy = frozenset(self._leases.held(now).values())
                found = handed_out.due_together(
                    db, micros(now), most_batches=most_batches, most_each=most_each, busy=busy
                )
                wanted = [Wanted(batch_id(), one.queue, one.source_ids) for one in found]
                granted = self._leases.grant(wanted, now)
        return [
            one.claimed(asked.claimed_by, leases)
            for one, asked, leases in zip(found, wanted, granted, strict=True)
            if leases
        ]

    @override
    def take_over(
        self, claimed_by: str, source_ids: Sequence[int], now: datetime
    ) -> list[PollState]:
        asked = [Lease(source_id, claimed_by, now) for source_id in source_ids]
        renewed = self._leases.renew(asked, now)
        with self._reading() as db:
            return self._states_of(db, (renewed,))

    @override
    def claimers(self) -> frozenset[str]:
        return self._leases.claimers()

    @override
    def release_all(self, claimers: Collection[str]) -> None:
        self._leases.release_all(claimers)

    @override
    def backlog(self, now: datetime) -> Backlog:
        with self._reading() as db:
            return handed_out.backlog(db, micros(now), self._leases.held(now).keys())

    @override
    def follow(self, further_secrets: tuple[str, ...] | None = None) -> None:
        if further_secrets is not None:
            self._secrets.changed(further_secrets)
        self._write_beside(self._stories.refresh)  # and versions with the commit

    def _follow_clock(self, db: sqlite3.Connection, now: datetime) -> None:
        if rescheduling.is_clock_set_back(db, micros(now)):
            step = self._write(lambda db: rescheduling.follow_clock_back(db, micros(now)))
            self._leases.step_back(step)

    def _states_of(
        self, db: sqlite3.Connection, granted: Iterable[tuple[Lease, ...]]
    ) -> list[PollState]:
        """Hand sources out as they are then: no other poll of them is under way any more."""
        return [poll_states.leased(db, one.source_id, one) for some in granted for one in some]

    @override
    def renew(self, leases: tuple[Lease, ...], now: datetime) -> tuple[Lease, ...]:
        return self._leases.renew(leases, now)

    @override
    def release(self, leases: tuple[Lease, ...]) -> None:
        self._leases.release(leases)

    @override
    def states(self, names: tuple[str, ...] | None = None) -> list[PollState]:
        with self._reading() as db:
            return poll_states.enabled(db) if names is None else poll_states.named(db, names)

    @override
    def all_states(self) -> Iterator[PollState]:
        after: int | None = 0
        while after is not None:
            with self._reading() as db:
                states, after = poll_states.some(db, after)
            yield from states

    @override
    def absorb(
        self,
        state: PollState,
        attempts: tuple[Attempt, ...],
        refined: Refined | None,
        decide: Callable[[News], Decision],
        *,
        now: datetime,
    ) -> PollResult:
        (result,) = self.absorb_all((FinishedPoll(state, attempts, refined, decide, now),))
        if isinstance(result, Exception):
            raise result
        return result

    @override
    def absorb_all(self, polls: Sequence[FinishedPoll]) -> list[PollResult | Exception]:
        for poll in polls:
            self._stories.read_arrivals(poll)
        jobs = [partial(self._absorb, poll) for poll in polls]
        results = self._writing().run_all(jobs, beside=True)
        for poll, result in zip(polls, results, strict=True):
            if not isinstance(result, Exception):
                self._ended(poll.state)
        self._join_waiting(polls)
        if any(isinstance(result, PollResult) and result.tally.new for result in results):
            self._learn()
        return results

    def _learn(self) -> None:
        try:
            with self._reading() as db:
                packed_texts.learn(db, self._write)
        except StoreError:  # a full disk: the polls are committed, and the next ones try again
            pass

    def _absorb(self, poll: FinishedPoll, db: sqlite3.Connection) -> PollResult:
        if self._stories.is_shared:
            self._stories.refresh(db)
        result = absorb(
            db, poll, self._secrets.read(db), self._stories, take_turn=self._engine.take_turn
        )
        self._end(db, poll.state)
        return result

    @override
    def forgive(self, source_ids: tuple[int, ...]) -> None:
        self._write(lambda db: rescheduling.forgive(db, source_ids))

    @override
    def postpone(self, state: PollState, at: datetime, problem: Problem) -> None:
        def job(db: sqlite3.Connection) -> None:
            rescheduling.postpone(db, state.source_id, micros(at), problem)
            self._end(db, state)

        self._write_beside(job)
        self._ended(state)

    @override
    def spread(self, now: datetime, dice: Callable[[], float]) -> int:
        with self._reading() as db:
            planned = rescheduling.spread(db, now, dice)
        for some in batched(planned):
            self._write(partial(rescheduling.put_off, planned=some))
        return len(planned)

    @override
    def pricing(self) -> str | None:
        with self._reading() as db:
            text: str | None = db.execute("SELECT pricing FROM counters").fetchone()[0]
            return text

    @override
    def set_pricing(self, text: str) -> None:
        self._write(lambda db: db.execute("UPDATE counters SET pricing = ?", (text,)))

    def _end(self, db: sqlite3.Connection, state: PollState) -> None:
        if state.lease is not None:
            self._leases.end(db, state.lease)

    def _ended(self, state: PollState) -> None:
        if state.lease is not None:
            self._leases.ended(state.lease)
