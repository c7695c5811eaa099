"""What a fleet asks of the store: several processes that hand out work and do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from aggregator.model import PollState
    from aggregator.model.batches import Backlog, Batch


class FleetStore(Protocol):
    """Handing out due sources in batches, to whoever polls them."""

    def hand_out(
        self, now: datetime, *, most_batches: int, most_each: int, batch_id: Callable[[], str]
    ) -> list[Batch]:
        """Hand out sources that are due at `now` in batches, the longest overdue first.

        At most so many batches of at most so many sources. A batch is of one queue, and of a queue
        one batch is out at a time; one of whose sources another lease lasts is left out, and so are
        sources all of whose hosts asked to wait. Each source comes with a lease in the name that
        `batch_id` returns, another one each time. No source is handed out twice at a time,
        whichever processes ask.
        """

    def take_over(
        self, claimed_by: str, source_ids: Sequence[int], now: datetime
    ) -> list[PollState]:
        """Return the states of those whose lease is still the batch's, each with it, renewed.

        In the order of `source_ids`. What was polled meanwhile, or handed out once more, is not
        among them.
        """

    def claimers(self) -> frozenset[str]:
        """Return in whose names leases are, those that have run out included."""

    def release_all(self, claimers: Collection[str]) -> None:
        """End all leases in some names: what is due of them may be handed out again."""

    def backlog(self, now: datetime) -> Backlog:
        """Return how much is due at `now` that nobody has."""

    def look(self) -> None:
        """Learn the versions that feeds have now: one statement, on a connection of its own."""

    def follow(self, further_secrets: tuple[str, ...] | None = None) -> None:
        """Learn what other processes have committed: versions of feeds, which of them join stories.

        Secrets of the configuration need no asking. `further_secrets`, as for `apply`, are told
        when this process has read them anew.
        """
