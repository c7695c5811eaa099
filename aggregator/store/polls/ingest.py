"""One finished poll, committed whole: entries, stories, validators and the next moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from aggregator import __version__
from aggregator.model import (
    Failed,
    Fetched,
    Gone,
    News,
    NotModified,
    PollOutcome,
    PollResult,
    Tally,
)
from aggregator.model.instants import micros, optional_micros
from aggregator.model.notes import Fact, Gaps, LongDocument, NoteKind, OverQuota
from aggregator.rules.secrets import NO_SECRETS
from aggregator.schedule.source_health import after_poll
from aggregator.store.feeds import feed_windows, memberships, rule_verdicts
from aggregator.store.polls import delays, host_tempers, ingest_entries, mirrors, source_domains
from aggregator.store.rows import note_rows
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import (
    HEALTH,
    health_of,
    hints_to_text,
    problem_to_text,
    source_particulars_of,
)
from aggregator.store.stories.story_switch import OFF, StorySwitch
from aggregator.store.texts import disk_room
from aggregator.stories.absorption import Arrival
from aggregator.stories.document_heads import (
    ShownHead,
    broken_off,
    cut_short,
    shown_head,
    stated_update,
)
from aggregator.stories.owners import asks_rsshub, own_domains
from aggregator.stories.unstable_ids import note_of, polls_in_a_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from datetime import datetime

    from aggregator.model import DocumentHead, FinishedPoll, Refined
    from aggregator.rules.secrets import Secrets
    from aggregator.store.engines.engine import TakeTurn
    from aggregator.stories.absorption import Absorption

#: Polls that are remembered of each source; older ones are forgotten when one poll in so many, of
#: whichever source, is logged.
KEPT_POLLS = 50
FORGET_EVERY = 8


def absorb(
    connection: sqlite3.Connection,
    poll: FinishedPoll,
    secrets: Secrets = NO_SECRETS,
    stories: StorySwitch = OFF,
    *,
    take_turn: TakeTurn = lambda _: None,
) -> PollResult:
    """Commit one poll inside the transaction that is open; no public id holds one of `secrets`.

    What is new joins what tells the same, where `stories` has it that a feed asks for that. Other
    polls may be committed beside it: before more is written than rows of its own source, it waits
    for its turn.
    """
    source_id, now = poll.state.source_id, micros(poll.now)
    columns = f"id, {HEALTH}" if poll.refined is None else "*"
    row = connection.execute(
        f"SELECT {columns} FROM sources WHERE id = ?",  # noqa: S608 -- built of constants
        (source_id,),
    ).fetchone()
    news, outcome, problem = News(None), PollOutcome.NOT_MODIFIED, None
    notes: dict[NoteKind, Fact | None] = {}
    limited_until_at = None
    # Before what is new, which others wait for.
    for attempt in poll.attempts:
        mirrors.record(connection, poll.state.source, source_id, attempt, poll.now)
        limited_until_at = host_tempers.follow(
            connection, poll.state, attempt, poll.now, take_turn=take_turn
        )
    last = poll.attempts[-1].outcome
    match last:
        case Fetched():
            outcome = PollOutcome.SAME_BODY
            if poll.refined is not None:
                outcome = PollOutcome.PARSED
                news, notes = _absorb_document(
                    connection,
                    poll,
                    poll.refined,
                    row,
                    secrets=secrets,
                    stories=stories,
                    take_turn=take_turn,
                )
        case NotModified():
            pass
        case Failed() | Gone():
            outcome, problem = PollOutcome.FAILED, last.problem
        case _:
            assert_never(last)
    news = replace(news, limited_until_at=limited_until_at)
    decision = poll.decide(news)
    result = PollResult(
        source=poll.state.source.name,
        outcome=outcome,
        tally=news.tally or Tally(),
        plan=decision.plan,
        problem=problem,
        was_failing=row["failures"] > 0,
        is_broken_off=notes.get(NoteKind.BROKEN_OFF) is not None,
    )
    _remember(connection, row, poll.now, result, decision.history)
    _log_poll(connection, source_id, now, result)
    notes[NoteKind.GAPS] = Gaps(decision.gaps) if decision.gaps else None
    note_rows.settle(connection, notes, now, source_id=source_id)
    return result


def _remember(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    now: datetime,
    result: PollResult,
    history: str | None,
) -> None:
    """Update the source's schedule, what was learnt for it, and what `status` says of it."""
    health = after_poll(
        health_of(row), failed=result.problem is not None, now=now, next_poll_at=result.plan.at
    )
    connection.execute(
        """UPDATE sources SET last_poll_at = ?, next_poll_at = ?, not_before_at = ?, because = ?,
                  last_success_at = ?, failures = ?, failing_since_at = ?, first_polled_at = ?,
                  problem = ?, habits = coalesce(?, habits) WHERE id = ?""",
        (
            optional_micros(health.last_poll_at),
            micros(health.next_poll_at),
            optional_micros(result.plan.not_before),
            result.plan.because,
            optional_micros(health.last_success_at),
            health.failures,
            optional_micros(health.failing_since_at),
            optional_micros(health.first_polled_at),
            None if result.problem is None else problem_to_text(result.problem),
            history,
            row["id"],
        ),
    )


def _log_poll(connection: sqlite3.Connection, source_id: int, now: int, result: PollResult) -> None:
    (poll_id,) = connection.execute(
        """INSERT INTO polls (source_id, polled_at, outcome, problem, new, updated, shared, because)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
        (
            source_id,
            now,
            result.outcome,
            None if result.problem is None else problem_to_text(result.problem),
            result.tally.new,
            result.tally.updated,
            result.tally.shared,
            result.plan.because,
        ),
    ).fetchone()
    if poll_id % FORGET_EVERY:
        return
    connection.execute(
        """DELETE FROM polls WHERE source_id = :source AND id <= (
             SELECT id FROM polls WHERE source_id = :source
              ORDER BY id DESC LIMIT 1 OFFSET :kept)""",
        {"source": source_id, "kept": KEPT_POLLS},
    )


def _absorb_document(
    connection: sqlite3.Connection,
    poll: FinishedPoll,
    refined: Refined,
    row: sqlite3.Row,
    *,
    secrets: Secrets,
    stories: StorySwitch,
    take_turn: TakeTurn,
) -> tuple[News, dict[NoteKind, Fact | None]]:
    """Store what a document brought; return that, and what there is to note of its source."""
    source_id, source, now = poll.state.source_id, poll.state.source, micros(poll.now)
    first = row["first_polled_at"] is None
    own = own_domains(source, shown_head(refined.head).site_url or row["site_url"])
    if asks_rsshub(source):
        source_domains.synchronise(connection, source_id, own)
    arrival = Arrival(
        source=source,
        entries=refined.entries,
        first=first,
        truncated=refined.head.truncated,
        now=poll.now,
        version=__version__,
        own=own,
        secrets=secrets,
    )
    absorbed, changed = ingest_entries.store(connection, source_id, arrival, take_turn)
    new = changed[len(changed) - len(absorbed.inserts) :]
    uncompared = stories.join_arrivals(connection, source, new, now)
    rule_verdicts.judge(connection, source_id, source, entry_ids=changed)
    polls = polls_in_a_row(row["unstable_polls"], strange=absorbed.strange_ids, known=absorbed.ids)
    if polls != row["unstable_polls"]:
        connection.execute("UPDATE sources SET unstable_polls = ? WHERE id = ?", (polls, source_id))
    tally = absorbed.tally
    head_changed = _update_head(connection, row, refined.head)
    delays.settle(connection, source_id, row["first_polled_at"], new=tally.new)
    if first or changed or head_changed:
        take_turn(connection)
    if first:
        memberships.admit_first_poll(
            connection, source_id=source_id, backfill=source.backfill, now=now
        )
    if changed or head_changed:
        # Kept from the document that last brought something: some write the moment of each request.
        content_changed_at = row["content_changed_at"]
        if tally.new or tally.updated:
            content_changed_at = max(content_changed_at or now, now)
        connection.execute(
            "UPDATE sources SET document_updated_at = ?, content_changed_at = ? WHERE id = ?",
            (optional_micros(stated_update(refined)), content_changed_at, source_id),
        )
    feed_windows.follow_poll(
        connection,
        source_id,
        changed,
        now,
        first=first,
        is_seen=bool(changed) or head_changed,
        waiting=uncompared,
    )
    return absorbed.news, {
        NoteKind.CUT_SHORT: cut_short(refined.head, source),
        NoteKind.BROKEN_OFF: broken_off(refined),
        NoteKind.UNSTABLE_IDS: note_of(polls),
        **dict(_shortfalls(connection, source_id, absorbed, poll.now, changed=bool(changed))),
    }


def _shortfalls(
    connection: sqlite3.Connection,
    source_id: int,
    absorbed: Absorption,
    now: datetime,
    *,
    changed: bool,
) -> Iterator[tuple[NoteKind, Fact | None]]:
    """Yield what there is to note of entries that are not shown, or without their text."""
    if absorbed.flood is not None:  # the last one is named for a while
        yield NoteKind.FLOOD, absorbed.flood
    if absorbed.beyond_document:
        yield NoteKind.LONG_DOCUMENT, LongDocument(absorbed.beyond_document, now)
    if absorbed.beyond_quota:
        yield NoteKind.OVER_QUOTA, OverQuota(disk_room.held(connection, source_id))
    elif changed:
        yield NoteKind.OVER_QUOTA, None


def _update_head(connection: sqlite3.Connection, row: sqlite3.Row, head: DocumentHead) -> bool:
    """Store what the document says of itself; tell whether readers see another source."""
    shown = shown_head(head)
    before = ShownHead(
        title=row["document_title"],
        feed_id=row["document_id"],
        site_url=row["site_url"],
        language=row["language"],
        particulars=source_particulars_of(row),
        rights=row["document_rights"],
        description=row["document_description"],
        icon_url=row["document_icon"],
    )
    hidden = {
        "document_hints": hints_to_text(head.hints),
        "document_kind": head.kind,
        "document_encoding": head.encoding,
        "document_notes": dumps(head.notes),
    }
    if shown == before and all(row[name] == value for name, value in hidden.items()):
        return False
    connection.execute(
        """UPDATE sources SET document_title = ?, document_id = ?, site_url = ?, language = ?,
                  document_author = ?, document_particulars = ?, document_rights = ?,
                  document_description = ?, document_icon = ?, document_hints = ?,
                  document_kind = ?, document_encoding = ?, document_notes = ? WHERE id = ?""",
        (
            shown.title,
            shown.feed_id,
            shown.site_url,
            shown.language,
            shown.particulars.author,
            dumps(shown.particulars),
            shown.rights,
            shown.description,
            shown.icon_url,
            *hidden.values(),
            row["id"],
        ),
    )
    return shown != before
