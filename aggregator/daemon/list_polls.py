"""Polls of lists of sources: asked as sources are, read in a worker, decided, stored.

What a list brings becomes a source when the configuration is taken over with it (`joined`).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from aggregator.config.list_members import changed, members_of
from aggregator.daemon.joined import known_of
from aggregator.daemon.log import event
from aggregator.daemon.terms import utc_now
from aggregator.model import Failed, Fetched, Gone, NotModified, Validators
from aggregator.model.errors import UnreadableError
from aggregator.model.source_lists import ListHealth, StoredList
from aggregator.operations.list_sentences import Belief, list_line
from aggregator.operations.messages import problem_text
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass
from aggregator.schedule.list_polls import (
    BELIEVED_AFTER,
    BELIEVED_POLLS,
    doubt_after,
    next_list_poll,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from aggregator.config import Config, opml
    from aggregator.daemon.poll import Tools
    from aggregator.model import Outcome
    from aggregator.model.configured import SourceList
    from aggregator.model.opml_listing import Listing
    from aggregator.store import ListStore
else:
    opml = LateModule("aggregator.config.opml")

log = logging.getLogger(__name__)

#: The largest list that is accepted is read in seconds.
DEADLINE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ListResult:
    """How one poll of a list ended: how many sources it has now, and how it fares."""

    name: str
    count: int
    health: ListHealth


def line_of(result: ListResult, moment: Callable[[datetime], str]) -> str:
    """Return a poll of a list as a line for people; `moment` writes a moment as they have it."""
    belief = Belief(BELIEVED_POLLS, BELIEVED_AFTER, utc_now(), moment)
    return list_line(result.name, result.count, result.health, belief)


def due_lists(
    config: Config, stored: Sequence[StoredList], now: datetime
) -> list[tuple[SourceList, StoredList]]:
    """Return the lists that are to be asked, each with what is known of it."""
    every = ((of, _known(of, stored, config, now)) for of in config.lists)
    return [(of, known) for of, known in every if known.next_poll_at <= now]


def named(
    names: Collection[str], config: Config, stored: Sequence[StoredList], now: datetime
) -> list[tuple[SourceList, StoredList]]:
    """Return the lists with these names, each with what is known of it."""
    return [(of, _known(of, stored, config, now)) for of in config.lists if of.name in names]


def next_due(config: Config, stored: Sequence[StoredList], now: datetime) -> datetime | None:
    """Return when the next list is due; `None`: there is none."""
    every = (_known(of, stored, config, now) for of in config.lists)
    return min((known.next_poll_at for known in every), default=None)


def _known(
    of: SourceList, stored: Sequence[StoredList], config: Config, now: datetime
) -> StoredList:
    """Return what is known of a list under its URL of today, and when it is due."""
    known = known_of(of, stored, config)
    if known is None:
        return StoredList(of.name, of.url, now)
    if known.url != of.url:
        return replace(
            known,
            url=of.url,
            next_poll_at=now,
            validators=Validators(),
            body_sha256=None,
            health=ListHealth(is_new=True),
        )
    if known.health.failures == 0 and known.last_poll_at is not None:
        due_at = known.last_poll_at + of.interval  # which may be a shorter one now
        return replace(known, next_poll_at=min(known.next_poll_at, due_at))
    return known


async def poll_list(
    of: SourceList, known: StoredList, config: Config, tools: Tools, store: ListStore
) -> ListResult:
    """Ask one list, and store what it says; `config` is the one it stands in."""
    now = tools.clock()
    # A doubtful answer has to be seen again, not only to be the same.
    held = known.validators if known.health.doubt is None else Validators()
    with tools.bodies.reservation() as reservation:
        outcome = await tools.fetcher.fetch(
            of.url,
            held,
            access=of.template.access,
            is_stored=bool(held) and known.body_sha256 is not None,
            reservation=reservation,
        )
        listing, outcome = await _read(outcome, tools)
    decide = partial(_after, of, known, outcome, listing, own_urls=_own_urls(config), now=now)
    after = await tools.in_thread(decide)
    await tools.in_thread(partial(store.keep_list, after, former=known.name, now=now))
    _tell(known, after)
    return ListResult(of.name, len(after.present), after.health)


async def _read(outcome: Outcome, tools: Tools) -> tuple[Listing | None, Outcome]:
    if not isinstance(outcome, Fetched):
        return None, outcome
    try:
        listing: Listing = await tools.workers.run(
            (opml.read,), outcome.body, deadline=DEADLINE, size_bytes=len(outcome.body)
        )
    except UnreadableError as error:
        return None, Failed(error.problem, hints=outcome.hints)
    return listing, replace(outcome, body=b"")


def _after(
    of: SourceList,
    known: StoredList,
    outcome: Outcome,
    listing: Listing | None,
    *,
    own_urls: tuple[str, ...],
    now: datetime,
) -> StoredList:
    """Return what is known of a list after an answer."""
    health = known.health
    if isinstance(outcome, Failed | Gone):
        failures = health.failures + 1
        return replace(
            known,
            name=of.name,
            next_poll_at=next_list_poll(outcome, failures, of.interval, now),
            last_poll_at=now,
            health=replace(
                health,
                failures=failures,
                problem=outcome.problem,
                failing_since_at=health.failing_since_at or now,
            ),
        )
    found = replace(
        known,
        name=of.name,
        next_poll_at=next_list_poll(outcome, 0, of.interval, now),
        last_poll_at=now,
        last_success_at=now,
        health=replace(health, failures=0, problem=None, failing_since_at=None),
    )
    if isinstance(outcome, NotModified) or listing is None:
        return found
    members = members_of(listing, known.members, own_urls)
    present = len(known.present)
    missing = [one.key for one in members.missing]
    doubt, leaving = doubt_after(health.doubt, present, missing, now)
    if health.is_new and members.listed:  # the operator means another list
        doubt, leaving = None, frozenset(missing)
    return replace(
        found,
        validators=outcome.validators,
        body_sha256=outcome.sha256,
        health=ListHealth(
            doubt=doubt,
            left_out=members.left_out,
            is_new=health.is_new and not members.listed,
        ),
        members=changed(members, known.members, now, leaving),
    )


def _own_urls(config: Config) -> tuple[str, ...]:
    """Return how the addresses of our own feeds begin."""
    base = config.server.base_url
    return tuple(f"{base}/{place}" for place in ("feeds/", "tags/", "sources/", "search"))


def _tell(known: StoredList, after: StoredList) -> None:
    """Log what is news: a failure and its end, and an answer that is not believed yet."""
    problem, doubt = after.health.problem, after.health.doubt
    if problem is not None and known.health.failures == 0:
        log.warning(event("list fails", list=after.name, problem=problem_text(problem)))
    elif problem is None and known.health.failures:
        log.info(event("list is well again", list=after.name))
    if doubt is not None and doubt.polls == 1:
        log.warning(event("list not believed yet", list=after.name, missing=doubt.missing))
