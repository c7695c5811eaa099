"""Making the stored sources and feeds those of the configuration.

What becomes of a source is `schedule.source_changes`'s decision. A removed one keeps its history,
unseen. All that a plan can know is decided there: here its rows are written, many at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import instant, micros, optional_micros
from aggregator.model.notes import NoteKind
from aggregator.rules import shown_alike
from aggregator.rules.held_secrets import holds_secrets
from aggregator.runtime.values import dataclass
from aggregator.schedule.source_changes import course_after
from aggregator.store.configured import configuration_plan as planning
from aggregator.store.feeds import feed_windows, memberships, rule_verdicts
from aggregator.store.feeds.feed_versions import NEXT_CHANGE, bump_all
from aggregator.store.polls import mirrors, source_domains
from aggregator.store.rows import note_rows
from aggregator.store.rows.typed_rows import HEALTH, feed_of, health_of, source_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.owners import asks_rsshub, own_domains

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from aggregator.model import Feed, Source
    from aggregator.schedule.source_changes import StoredSource
    from aggregator.store.configured.configuration_plan import Plan


@dataclass(frozen=True, slots=True)
class _Touched:
    """What is to be asked again, by ids.

    Of the sources in `asked` a feed may show other entries now; `feeds` look otherwise.
    Rules of the sources in `judged` say something else than before; `fresh` ones have no entries.
    `named` is what feeds that decide otherwise now have named below others in their windows.
    """

    asked: dict[int, set[int]]
    feeds: set[int]
    judged: set[int]
    fresh: set[int]
    named: dict[int, frozenset[int]]


def apply_configuration(connection: sqlite3.Connection, plan: Plan, now: int) -> None:
    """Apply a whole configuration."""
    _remove_sources(connection, plan.gone_sources, now)
    _change_sources(connection, plan.changed_sources, now)
    source_ids = _add_sources(connection, plan.added_sources, now)
    touched = _Touched({}, set(), set(), set(source_ids.values()), {})
    _rename_feeds(connection, plan.renamed_feeds)
    _remove_feeds(connection, plan.gone_feeds, now)
    _change_feeds(connection, plan.changed_feeds, touched)
    feed_ids = _add_feeds(connection, plan.added_feeds, now)
    feeds, sources = {**plan.feed_ids, **feed_ids}, {**plan.source_ids, **source_ids}
    joining = [(feeds[feed], sources[source], backfill) for (feed, source), backfill in plan.joined]
    _apply_memberships(connection, plan.left, joining, touched, now)
    _follow_sources(connection, plan.changed_sources, touched)
    _judge(connection, touched)
    for feed_id in feed_ids.values():
        if touched.asked.get(feed_id, set()) <= touched.fresh:  # of which nothing is stored yet
            touched.asked.pop(feed_id, None)
            touched.feeds.add(feed_id)
    sizes: feed_windows.Sizes = {}
    for row in feed_windows.asked_or_due(connection, touched.asked, now):
        feed, feed_id = feed_of(row["config"]), row["id"]
        asked = touched.asked.get(feed_id, ())
        stories = feed_windows.stories_of_sources(connection, feed_id, asked)
        change = feed_windows.show(connection, row, feed, stories, sizes, now=now)
        dropped = feed_windows.advance(connection, feed_id, feed, now)
        named = touched.named.get(feed_id, frozenset())
        feed_windows.record_applied(connection, feed_id, feed, change, now, named=named)
        if feed_id in touched.asked or dropped:
            touched.feeds.add(feed_id)
    bump_all(connection, touched.feeds, now)


def _follow_sources(
    connection: sqlite3.Connection,
    changed: Sequence[planning.SourceEdit],
    touched: _Touched,
) -> None:
    """Find out which feeds look otherwise because their sources do, and which show other entries.

    An earlier version may have written the same source with fewer words: then nothing does.
    """
    alike = {
        one.stored.source_id: shown_alike(one.before, one.source)
        for one in changed
        if one.change.is_back or one.before != one.source
    }
    touched.judged.update(
        one.stored.source_id for one in changed if one.before.rules != one.source.rules
    )
    for feed_id, source_id in memberships.pairs_of(connection, sorted(alike)):
        touched.feeds.add(feed_id)
        if not alike[source_id]:
            touched.asked.setdefault(feed_id, set()).add(source_id)


def _judge(connection: sqlite3.Connection, touched: _Touched) -> None:
    """Ask the rules again where they, the sources or the feeds are not what they were."""
    feeds: dict[int, set[int]] = {source_id: set() for source_id in touched.judged}
    for feed_id, source_ids in touched.asked.items():
        for source_id in source_ids - touched.fresh:
            feeds.setdefault(source_id, set()).add(feed_id)
    for source_id in sorted(feeds):
        row = connection.execute(
            "SELECT config FROM sources WHERE id = ? AND removed_at IS NULL", (source_id,)
        ).fetchone()
        if row is not None:
            rule_verdicts.judge_again(
                connection,
                source_id,
                source_of(row["config"]),
                feeds[source_id],
                with_source=source_id in touched.judged,
            )


# --- sources --------------------------------------------------------------------------------------


def _remove_sources(connection: sqlite3.Connection, gone: Iterable[StoredSource], now: int) -> None:
    source_ids = [one.source_id for one in gone]
    connection.executemany(
        "UPDATE sources SET removed_at = ? WHERE id = ?", [(now, one) for one in source_ids]
    )
    note_rows.drop_all_of_sources(connection, source_ids)


def _add_sources(
    connection: sqlite3.Connection, added: Sequence[planning.AddedSource], now: int
) -> dict[str, int]:
    """Store sources; return their ids by name."""
    if not added:
        return {}
    (largest,) = connection.execute("SELECT coalesce(max(id), 0) FROM sources").fetchone()
    numbered = list(enumerate(added, start=largest + 1))
    connection.executemany(
        """INSERT INTO sources (id, name, url, queue, config, may_hold_secrets, position, enabled,
             public_id, created_at, next_poll_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                source_id,
                one.source.name,
                one.source.url,
                one.queue,
                one.text,
                holds_secrets(one.source),
                one.position,
                one.source.enabled,
                one.public_id,
                now,
                now,
            )
            for source_id, one in numbered
        ],
    )
    mirrors.keep(connection, ((source_id, one.places) for source_id, one in numbered))
    source_domains.begin(connection, ((source_id, one.domains) for source_id, one in numbered))
    return {one.source.name: source_id for source_id, one in numbered}


def _change_sources(
    connection: sqlite3.Connection, changed: Sequence[planning.SourceEdit], now: int
) -> None:
    """Store how sources are configured now, and what that changes of them."""
    # Names may have been swapped: no intermediate state may break their uniqueness.
    renamed = [one for one in changed if one.change.is_renamed]
    connection.executemany(
        "UPDATE sources SET name = ? WHERE id = ?",
        [(f"\x01{one.stored.source_id}", one.stored.source_id) for one in renamed],
    )
    connection.executemany(
        """UPDATE sources SET url = ?, queue = ?, config = ?, may_hold_secrets = ?, position = ?
             WHERE id = ?""",
        [
            (
                one.source.url,
                one.queue,
                one.text,
                holds_secrets(one.source),
                one.position,
                one.stored.source_id,
            )
            for one in changed
        ],
    )
    # What indexes are of is written where it differs.
    connection.executemany(
        "UPDATE sources SET name = ?, removed_at = NULL WHERE id = ?",
        [
            (one.source.name, one.stored.source_id)
            for one in changed
            if one.change.is_renamed or one.change.is_back
        ],
    )
    connection.executemany(
        "UPDATE sources SET enabled = ? WHERE id = ?",
        [
            (one.source.enabled, one.stored.source_id)
            for one in changed
            if one.before.enabled != one.source.enabled
        ],
    )
    _move_polls(connection, [one for one in changed if one.change.moves_polls], now)
    for one in changed:
        source_id, before, source = one.stored.source_id, one.before, one.source
        if one.change.has_other_url:
            note_rows.drop(connection, NoteKind.MOVED, source_id=source_id)
        if before.urls != source.urls:
            mirrors.synchronise(connection, source_id, source)
        _own(connection, source_id, before, source)
        if one.change.is_read_otherwise:
            mirrors.forget_documents(connection, source_id)


def _own(connection: sqlite3.Connection, source_id: int, before: Source, source: Source) -> None:
    """Let a source own the domains that are its own now."""
    if asks_rsshub(before) or asks_rsshub(source):
        (site_url,) = connection.execute(
            "SELECT site_url FROM sources WHERE id = ?", (source_id,)
        ).fetchone()
        source_domains.synchronise(connection, source_id, own_domains(source, site_url))
    elif (before.urls, before.site) != (source.urls, source.site):
        source_domains.synchronise(connection, source_id, own_domains(source, None))


def _move_polls(
    connection: sqlite3.Connection, changed: Sequence[planning.SourceEdit], now: int
) -> None:
    """Put sources on the course that their other configuration wants."""
    rows = {
        row["id"]: row
        for row in rows_of(
            connection,
            f"""SELECT id, problem, {HEALTH} FROM sources WHERE id IN ({{marks}})""",  # noqa: S608 -- built of constants
            [one.stored.source_id for one in changed],
        )
    }
    courses = []
    for one in changed:
        row = rows[one.stored.source_id]
        before = health_of(row)
        course = course_after(
            one.change,
            one.source,
            before,
            is_failing=row["problem"] is not None,
            now=instant(now),
        )
        if course != before:
            courses.append((course, one.stored.source_id))
    connection.executemany(
        """UPDATE sources SET first_polled_at = ?, failures = ?, failing_since_at = ?,
                  next_poll_at = ? WHERE id = ?""",
        [
            (
                optional_micros(course.first_polled_at),
                course.failures,
                optional_micros(course.failing_since_at),
                micros(course.next_poll_at),
                source_id,
            )
            for course, source_id in courses
        ],
    )
    connection.executemany(
        """UPDATE sources SET document_hints = NULL, problem = NULL, not_before_at = NULL,
                  because = 'the URL changed' WHERE id = ?""",
        [(one.stored.source_id,) for one in changed if one.change.has_other_url],
    )


# --- feeds ----------------------------------------------------------------------------------------


def _rename_feeds(connection: sqlite3.Connection, renamed: Iterable[planning.Pair]) -> None:
    """Let the automatic feeds of renamed sources go on under their new names."""
    connection.executemany(
        f"""UPDATE feeds SET name = :new, former_name = :old, change_number = {NEXT_CHANGE}
            WHERE name = :old""",  # noqa: S608 -- built of constants
        [{"new": after, "old": before} for before, after in renamed],
    )


def _remove_feeds(
    connection: sqlite3.Connection, gone: Iterable[tuple[int, Feed]], now: int
) -> None:
    for feed_id, _ in gone:
        connection.execute(
            f"UPDATE feeds SET removed_at = ?, change_number = {NEXT_CHANGE} WHERE id = ?",  # noqa: S608 -- built of constants
            (now, feed_id),
        )
        feed_windows.clear(connection, feed_id)
        note_rows.drop_all_of_feed(connection, feed_id)


def _change_feeds(
    connection: sqlite3.Connection, changed: Sequence[planning.FeedEdit], touched: _Touched
) -> None:
    """Store how feeds are configured now, and which of them are to be asked again."""
    for one in changed:
        if not one.shows_alike and one.before.dedupe == "story":
            touched.named[one.feed_id] = feed_windows.named_in(connection, one.feed_id, one.before)
    connection.executemany(
        "UPDATE feeds SET config = ?, removed_at = NULL WHERE id = ?",
        [(one.text, one.feed_id) for one in changed],
    )
    for one in changed:
        if not one.shows_alike:
            touched.asked[one.feed_id] = memberships.sources_of(connection, one.feed_id)
        elif not one.cuts_alike or one.is_back:
            touched.asked[one.feed_id] = set()
        elif one.differs:
            touched.feeds.add(one.feed_id)


def _add_feeds(
    connection: sqlite3.Connection, added: Sequence[planning.AddedFeed], now: int
) -> dict[str, int]:
    """Store feeds; return their ids by name."""
    if not added:
        return {}
    (largest,) = connection.execute("SELECT coalesce(max(id), 0) FROM feeds").fetchone()
    numbered = list(enumerate(added, start=largest + 1))
    connection.executemany(
        """INSERT INTO feeds (id, name, config, public_id, created_at, changed_at)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [(feed_id, one.feed.name, one.text, one.public_id, now, now) for feed_id, one in numbered],
    )
    return {one.feed.name: feed_id for feed_id, one in numbered}


# --- memberships ----------------------------------------------------------------------------------


def _apply_memberships(
    connection: sqlite3.Connection,
    left: Sequence[tuple[int, int]],
    joining: Sequence[tuple[int, int, int]],
    touched: _Touched,
    now: int,
) -> None:
    """Let sources leave feeds and join them; these are to be asked about those."""
    memberships.leave(connection, left)
    memberships.join(connection, sorted(joining), fresh=touched.fresh, now=now)
    for feed_id, source_id in (*left, *(one[:2] for one in joining)):
        touched.asked.setdefault(feed_id, set()).add(source_id)
