"""The English lines of `status` and the log: notes and polls.

Each kind of note has its words here and nowhere else (changes: `change_sentences.py`); a problem's
own detail is worded
where it is found (`fetch.failures`, `parse.non_feeds`). English today: every sentence is one
template, so that another language is another template.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from aggregator.model import PollOutcome
from aggregator.model.configured import MIB
from aggregator.model.notes import (
    BrokenOff,
    CertificateEnds,
    CrowdedSite,
    CutShort,
    FailingMirrors,
    Flood,
    Gaps,
    GaveWay,
    HeldHost,
    LimitReached,
    LongDocument,
    Moved,
    NoteKind,
    NotNotified,
    NotReloaded,
    NotWritten,
    OfDocuments,
    OfFeeds,
    OfHosts,
    OfRequests,
    OfTheWhole,
    Output,
    OverQuota,
    RestartNeeded,
    SizeReached,
    Unconditional,
    UnstableIds,
    Worded,
)

if TYPE_CHECKING:
    from aggregator.model import PastPoll, PollResult, Problem
    from aggregator.model.notes import Fact, FailingMirror, Note, Unheard

#: How `status` heads a note of this kind; `{}` is the name of its source or feed.
_HEADINGS = {
    NoteKind.NOT_RELOADED: "config",
    NoteKind.RESTART_NEEDED: "config",
    NoteKind.NOT_WRITTEN: "outputs",
    NoteKind.NOT_NOTIFIED: "notices",
    NoteKind.HELD_HOST: "host",
    NoteKind.CROWDED_SITE: "site",
    NoteKind.LIMIT_REACHED: "feed {}",
    NoteKind.SIZE_REACHED: "size {}",
    NoteKind.GAVE_WAY: "share {}",
    NoteKind.MOVED: "moved {}",
    NoteKind.GAPS: "gaps {}",
    NoteKind.CUT_SHORT: "length {}",
    NoteKind.BROKEN_OFF: "length {}",
    NoteKind.FLOOD: "source {}",
    NoteKind.LONG_DOCUMENT: "texts {}",
    NoteKind.OVER_QUOTA: "quota {}",
    NoteKind.UNSTABLE_IDS: "ids {}",
    NoteKind.FAILING_MIRRORS: "mirror {}",
    NoteKind.UNCONDITIONAL: "validators {}",
    NoteKind.CERTIFICATE: "certificate {}",
}


def note_lines(note: Note) -> tuple[tuple[str, str], ...]:
    """Return what `status` says of a note: headings, each with its sentence."""
    if isinstance(note.fact, NotWritten):
        return tuple(
            (output_name(one.output, one.directory), one.because) for one in note.fact.outputs
        )
    heading = _HEADINGS[note.fact.kind].format(note.source or note.feed)
    return ((heading, fact_text(note.fact)),)


def fact_text(fact: Fact) -> str:
    """Return one sentence, without a capital letter and a full stop."""
    if isinstance(fact, OfTheWhole):
        return _of_the_whole(fact)
    if isinstance(fact, OfHosts):
        return _of_hosts(fact)
    if isinstance(fact, OfDocuments):
        return _of_documents(fact)
    if isinstance(fact, OfRequests):
        return _of_requests(fact)
    if isinstance(fact, OfFeeds):
        return _of_feeds(fact)
    match fact:
        case Worded(text=text):
            return text
        case _:
            assert_never(fact)


def _of_the_whole(fact: OfTheWhole) -> str:
    match fact:
        case NotReloaded(mistake=mistake, more=0):
            return f"not reloaded: {mistake}"
        case NotReloaded(mistake=mistake, more=more):
            return f"not reloaded: {mistake} (and {more} more)"
        case RestartNeeded(keys=keys):
            return f"{' and '.join(keys)} changed: restart to apply"
        case NotWritten(outputs=outputs):
            named = ((output_name(one.output, one.directory), one.because) for one in outputs)
            return "; ".join(f"{name}: {because}" for name, because in named)
        case NotNotified(receivers=receivers):
            return "; ".join(map(_unheard, receivers))
        case _:
            assert_never(fact)


def _unheard(one: Unheard) -> str:
    if one.lost:
        return f"{one.receiver} does not take them, {one.lost} given up: {one.because}"
    return f"{one.receiver} does not take them: {one.because}"


def _of_feeds(fact: OfFeeds) -> str:
    match fact:
        case LimitReached(limit=limit):
            return (
                f"limit of {limit} entries reached before the window's end; "
                "raise limit or shorten window"
            )
        case SizeReached(document_size=document_size):
            return (
                f"its document would be larger than {mebibytes(document_size)}: the oldest entries "
                "have left before the window's end; lower entry_size, or raise document_size"
            )
        case GaveWay(feed=feed, entries=entries):
            return (
                f"brought more than its share of feed {feed}, which shows the newest {entries} of "
                "its entries (per_source); the others are in the archive"
            )
        case _:
            assert_never(fact)


def _of_hosts(fact: OfHosts) -> str:
    match fact:
        case HeldHost(host=host, left=left, sources=sources):
            return (
                f"{host} asked to wait, or limits requests: nothing of it is asked for "
                f"{span(left)} ({sources} source{'' if sources == 1 else 's'})"
            )
        case CrowdedSite(site=site, sources=sources, round=round_, apart=apart):
            return (
                f"{sources} sources of {site} are asked one after the other, which takes "
                f"{span(round_)}, and each should be every {span(apart)}: give them longer "
                "intervals, or lower site_pause"
            )
        case _:
            assert_never(fact)


def _of_documents(fact: OfDocuments) -> str:
    match fact:
        case Gaps(times=times):
            return (
                f"its document shared no entry with the one before, {_times(times)} lately: some "
                "may be missing; polled more often where its part of the budget allows"
            )
        case CutShort(entries=entries):
            return f"its document is longer than we read: only the first {entries} entries"
        case BrokenOff(entries=entries):
            return (
                f"its newest document broke off after {entries} "
                f"{'entry' if entries == 1 else 'entries'}: those were read, others may come with "
                "the next; if it stays, tell the publisher"
            )
        case Flood(entries=entries, came_at=came_at):
            return (
                f"{entries} old entries came at once on {came_at:%Y-%m-%d}: stored, not published"
            )
        case LongDocument(entries=entries, came_at=came_at):
            return (
                f"its document of {came_at:%Y-%m-%d} brought more text than is kept of one: "
                f"{entries} entries have title, link and summary"
            )
        case OverQuota(stored_bytes=stored_bytes):
            return (
                f"{mebibytes(stored_bytes)} of it are stored, as much as is free: what it brings "
                "is kept as title, link and summary; raise quota in [store], or shorten retention"
            )
        case UnstableIds(documents=documents):
            return (
                f"its entries had other ids in each of {documents} documents: they are known by "
                "their links and texts instead; tell the publisher"
            )
        case _:
            assert_never(fact)


def _of_requests(fact: OfRequests) -> str:
    match fact:
        case Moved(url=url):
            return f'has moved for good; set url = "{url}"'
        case FailingMirrors(mirrors=mirrors, others_answer=others_answer):
            after = ", another answers" if others_answer else ""
            return "; ".join(_mirror(mirror, after) for mirror in mirrors)
        case Unconditional(requests=requests):
            return (
                f"{requests} request{'s' if requests > 1 else ''} for everything: its ETag cannot "
                "be sent back byte for byte, or its Last-Modified cannot be true"
            )
        case CertificateEnds(until_at=until_at, left=left) if left <= timedelta(0):
            return f"its certificate ended on {until_at:%Y-%m-%d}; its publisher has to renew it"
        case CertificateEnds(until_at=until_at, left=left):
            return (
                f"its certificate ends on {until_at:%Y-%m-%d}, in {span(left)}; "
                "its publisher has to renew it"
            )
        case _:
            assert_never(fact)


def problem_text(problem: Problem) -> str:
    """Return one line for logs and `status`: "timeout: no answer; look at the address"."""
    if not problem.remedy:
        return f"{problem.kind}: {problem.detail}"
    return f"{problem.kind}: {problem.detail}; {problem.remedy}"


def poll_line(result: PollResult, next_poll: str) -> str:
    """Return one line about a finished poll; `next_poll` is the moment, as people read it."""
    because = result.plan.because
    return f"{result.source}: {_ended(result)}; next poll {next_poll} ({because})"


def past_poll(poll: PastPoll) -> str:
    """Return what came of a poll that the store remembers."""
    if poll.problem is not None:
        return problem_text(poll.problem)
    if poll.outcome is PollOutcome.PARSED:
        return f"{poll.new} new, {poll.updated} updated"
    return str(poll.outcome)


def _ended(result: PollResult) -> str:
    problem, tally = result.problem, result.tally
    match result.outcome:
        case PollOutcome.OFFLINE if problem is not None:
            return f"{problem_text(problem)}; not counted, our own network is down"
        case PollOutcome.OFFLINE:
            return "not counted, our own network is down"
        case PollOutcome.FAILED:
            return "failed" if problem is None else problem_text(problem)
        case PollOutcome.HELD:
            return "not polled, the publisher asked to wait or limits us"
        case PollOutcome.CLAIMED:
            return "not polled, another process polls it now"
        case PollOutcome.PARSED:
            held_back = f", {tally.held_back} of them held back" if tally.held_back else ""
            broken = "; the document broke off" if result.is_broken_off else ""
            return f"{tally.new} new, {tally.updated} updated{held_back}{broken}"
        case PollOutcome.SAME_BODY | PollOutcome.NOT_MODIFIED:
            return "unchanged"
        case _:
            assert_never(result.outcome)


def daemon_summary(
    *,
    sources: int,
    failing: int,
    offline_since: str | None,
    ailment: str | None,
    rejected: NotReloaded | None,
) -> str:
    """Return how a daemon is, on one line; `offline_since` is a moment as people read it."""
    parts = [f"{sources} sources, {failing} failing"]
    if offline_since is not None:
        parts.append(f"offline since {offline_since}")
    if ailment is not None:
        parts.append(ailment)
    if rejected is not None:
        parts.append(f"configuration {fact_text(rejected)}")
    return "; ".join(parts)


def starting_text(pid: str) -> str:
    """Return what commands say of a daemon that holds the database and does not answer yet."""
    return f"a daemon (process {pid}) is starting and waits for its database; its log says why"


def absent_library_text(name: str, loss: str) -> str:
    """Return the line about a library that this machine does without."""
    return f"{name} is not installed: {loss} (docs/install.md)"


def old_expat_text(version: str) -> str:
    """Return what an operator should know of this Python's XML parser."""
    return (
        f"expat {version}, the XML parser of this Python, lets a small document take much memory "
        "(CVE-2025-59375; mended in 2.7.2, or by your distribution in an earlier one); such a "
        "document ends its own poll, since parsing has a bound"
    )


def output_name(output: Output, directory: str | None) -> str:
    """Return what people call something that is written."""
    match output:
        case Output.STATIC_FILES:
            return "static files"
        case Output.EXPORT:
            return f"exports {directory}"
        case _:
            assert_never(output)


def span(length: timedelta) -> str:
    """Return a span of time in whole units: "2 minutes", "26 hours"."""
    number, unit = measure(length)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def mebibytes(in_bytes: int) -> str:
    """Return a number of bytes as people read it: "12 MiB", "0.5 MiB"."""
    return f"{round(in_bytes / MIB, 1):g} MiB"


def measure(length: timedelta) -> tuple[int, str]:
    """Return how many of which unit (second, minute, hour, day) a span of time is."""
    if length < timedelta(minutes=2):
        return max(length, timedelta(0)) // timedelta(seconds=1), "second"
    if length < timedelta(hours=2):
        return length // timedelta(minutes=1), "minute"
    if length < timedelta(days=2):
        return length // timedelta(hours=1), "hour"
    return length.days, "day"


def _mirror(mirror: FailingMirror, after: str) -> str:
    problem = problem_text(mirror.problem)
    return f"{mirror.url} failed {_times(mirror.failures)}{after}: {problem}"


def _times(number: int) -> str:
    return f"{number} time{'s' if number > 1 else ''}"
