"""What a month was like for each reader, against the laws: nothing missed, nothing shown again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from benchmarks.month.plan import FIXTURE, FIXTURE_IDS, PRUNED
from benchmarks.month.sites import WORD_EVERY
from benchmarks.month.world import START, TELLING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from benchmarks.month.readers import Reader
    from benchmarks.month.sites import Site
    from benchmarks.month.world import World

#: Every source's, as shipped.
BACKFILL = 10
#: The longest pause of a reader without archives.
LONGEST_PAUSE = timedelta(hours=20)

#: Feeds with `dedupe = "story"`, and how long an entry may wait there before it is shown.
STORIES, HELD = ("told", "wide"), timedelta(minutes=5) + TELLING

#: The clock is set so far ahead for a while, and more: entries leave their window earlier.
CLOCK_AHEAD = timedelta(hours=4)

#: Complaints that break a law; entries of sites that the operator took out and put back return.
COMPLAINTS = ("again", "id changed", "twice", "date", "order", "wrong 304", "needless 200",
              "not served", "blocked", "stale")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One reader's month.

    `old` is the most old entries that one added source brought, `elsewhere` counts those that it
    was told of by another entry of their story, and did not get.
    """

    reader: str
    feed: str
    requests: int
    not_modified: int
    archive_documents: int
    entries: int
    due: int
    missed: int
    again: int
    ids_changed: int
    old: int
    back: int
    others: int
    elsewhere: int = 0
    broken: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Join:
    """A source's coming into a feed: what of it is old to the feed's readers."""

    key: str
    at: datetime
    old: frozenset[str]


def judge(world: World) -> list[Row]:
    """Return each reader's month."""
    rows = []
    for reader in world.readers:
        feed = reader.feed
        joins = list(_joins(world, feed))
        due = _due(world, reader, feed, joins)
        elsewhere = _told_by_others(world, reader) - reader.arrived.keys()
        missed = sorted(due.keys() - reader.arrived.keys() - elsewhere)
        for mark in missed:
            reader.complain("missed", f"{mark}, due {due[mark]:%d %H:%M}")
        old = _old(world, reader, joins)
        _look_for_pruned(world, reader)
        _look_for_blocked(world, reader, feed)
        _look_for_stale(world, reader)
        back = _came_back(world, reader)
        broken = tuple(
            f"{law}: {line}"
            for law in ("missed", "old", "pruned", *COMPLAINTS)
            for line in reader.problems.get(law, ())
        ) + tuple(f"came back: {line}" for line in back)
        count = {law: len(lines) for law, lines in reader.problems.items()}
        rows.append(
            Row(
                reader=reader.name,
                feed=reader.path,
                requests=reader.requests,
                not_modified=reader.not_modified,
                archive_documents=reader.archive_documents,
                entries=len(reader.arrived),
                due=len(due),
                missed=len(missed),
                again=count.get("again", 0),
                ids_changed=count.get("id changed", 0),
                old=old,
                back=len(back),
                others=sum(
                    count.get(law, 0) for law in COMPLAINTS if law not in ("again", "id changed")
                ),
                elsewhere=len(elsewhere & due.keys()),
                broken=broken,
            )
        )
    return rows


def _joins(world: World, feed: str) -> Iterator[Join]:
    for key, spans in world.members[feed].items():
        site = world.sites[key]
        polled = world.members["all"][key]
        for place, (begin, _) in enumerate(spans):
            before = spans[:place]
            old = {
                mark
                for mark, got in site.got.items()
                if got < begin and not any(_within(got, span) for span in before)
            }
            if any(start == begin for start, _ in polled):
                first = next((at for at, _ in site.answers if at >= begin), None)
                old |= {mark for mark, got in site.got.items() if got == first}
            yield Join(key, begin, frozenset(old))


def _within(moment: datetime, span: tuple[datetime, datetime | None]) -> bool:
    begin, end = span
    return begin <= moment and (end is None or moment < end)


def _due(world: World, reader: Reader, feed: str, joins: list[Join]) -> dict[str, datetime]:
    """Return what the reader must have seen: marks, and since when the feed has had them."""
    due: dict[str, datetime] = {}
    if not reader.fetched_at:
        return due
    old = {(join.key, mark) for join in joins for mark in join.old}
    for key, spans in world.members[feed].items():
        for mark, got in world.sites[key].got.items():
            span = next((span for span in spans if _within(got, span)), None)
            if span is None or (key, mark) in old:
                continue
            since = _unblocked(world, reader, key, mark, got)
            if since is None or (since < reader.fetched_at[0] and not reader.archives):
                continue
            ready = since + (HELD if feed in STORIES else timedelta(0))
            if any(at > ready and (span[1] is None or at < span[1]) for at in reader.fetched_at):
                due[mark] = since
    return due


def _told_by_others(world: World, reader: Reader) -> set[str]:
    """Return what a reader saw named below an entry, or was named below one that it has.

    Archives name whoever was named: who follows them must have seen it.
    """
    # Published are URIs, whatever letters a publisher's IRI has.
    links = {
        unquote(link): mark for site in world.sites.values() for link, mark in site.links.items()
    }
    told = {links[unquote(link)] for link in reader.named if unquote(link) in links}
    if reader.archives:
        return told
    for mark, others in world.tellings.of_feed[reader.feed].items():
        if not others.isdisjoint(reader.arrived):
            told.add(mark)
    return told


def _unblocked(world: World, reader: Reader, key: str, mark: str, got: datetime) -> datetime | None:
    """Return since when a rule lets an entry through for sure, `None`: perhaps never.

    An archive document that was fetched while a rule held is never asked for again.
    """
    if not _is_ruled(world.sites[key], mark):
        return got
    # What comes after the rule's end finds it in the window, whoever asks.
    in_window = (world.window - LONGEST_PAUSE) / 2
    long_ago = world.window + LONGEST_PAUSE
    for rule in world.rules:
        if key not in rule.keys or rule.feed not in (None, reader.feed):
            continue
        if rule.end is None or rule.begin - long_ago <= got < rule.end - in_window:
            return None
        if got < rule.end:
            met = any(max(got, rule.begin) < at < rule.end for at in reader.fetched_at)
            return None if reader.archives and met else rule.end
    return got


def _is_ruled(site: Site, mark: str) -> bool:
    number = mark.rpartition("-")[2]
    return site.ruled and number.isdigit() and int(number) % WORD_EVERY == 0


def _old(world: World, reader: Reader, joins: list[Join]) -> int:
    """Return the most old entries that one added source brought this reader."""
    most = 0
    for join in joins:
        site = world.sites[join.key]
        known = join.key in FIXTURE or reader.feed != "all"
        if site.echoes is not None or (join.at == START and known):
            continue  # the articles are another's; source or feed are not new to each other
        shown = [
            mark for mark in join.old if mark in reader.arrived and reader.arrived[mark] >= join.at
        ]
        most = max(most, len(shown))
        if len(shown) > BACKFILL:
            reader.complain("old", f"{join.key} joined {join.at:%d %H:%M} with {len(shown)} old")
    return most


def _look_for_pruned(world: World, reader: Reader) -> None:
    for title in PRUNED:
        if title in reader.arrived:
            reader.complain("pruned", f"{title} was pruned long ago and is shown")
    for title, known in FIXTURE_IDS.items():
        if world.memory.ids.get(title, known) != known:
            reader.complain("id changed", f"{title}: {known} became {world.memory.ids[title]}")


def _look_for_blocked(world: World, reader: Reader, feed: str) -> None:
    for rule in world.rules:
        for key in rule.keys if rule.feed in (None, feed) else ():
            site = world.sites[key]
            for mark, at in reader.arrived.items():
                got = site.got.get(mark)
                if (
                    got is not None
                    and rule.end is not None
                    and _is_ruled(site, mark)
                    and rule.begin < got
                    and rule.begin < at < rule.end
                ):
                    reader.complain("blocked", f"{mark} is shown though a rule blocks it")


def _look_for_stale(world: World, reader: Reader) -> None:
    """Complain of edits that the feed has had in its window, and that this reader has not got."""
    if reader.every is None or reader.every > timedelta(hours=4):
        return
    for key in world.members[reader.feed]:
        site = world.sites[key]
        for number, edits in site.edits.items():
            mark = site.mark(number)
            got = next(
                (at for at, marks in site.answers if at >= edits[-1] and mark in marks), None
            )
            if got is None or mark not in reader.arrived:
                continue
            left = site.got[mark] + world.window - CLOCK_AHEAD
            in_time = any(got < at < left for at in reader.fetched_at)
            if in_time and not reader.titles[mark].endswith(f"(update {len(edits)})"):
                reader.complain("stale", f"{mark} was edited {edits[-1]:%d %H:%M}")


def _came_back(world: World, reader: Reader) -> list[str]:
    """Return entries that left the feed and returned, but for those that the operator moved."""
    moved = {key for key, spans in world.members[reader.feed].items() if len(spans) > 1}
    moved |= {key for rule in world.rules for key in rule.keys}
    lines = reader.problems.get("came back", [])
    return [line for line in lines if line.split()[0].rpartition("-")[0] not in moved]


def lost_at_source(world: World) -> int:
    """Return how many articles no poll could see: they left their document before the next."""
    lost = 0
    for key, spans in world.members["all"].items():
        site = world.sites[key]
        for begin, end in spans:
            asked = [at for at, _ in site.answers if _within(at, (begin, end))]
            if len(asked) > 1:
                first, last = asked[0].timestamp(), asked[-1].timestamp()
                lost += sum(
                    first < one.shown <= last and site.mark(one.number) not in site.got
                    for one in site.articles
                )
    return lost
