"""Every kind of note, problem, poll and change has its words, and they are what people read."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import get_args

import pytest

from aggregator.model import (
    PastPoll,
    Plan,
    PollOutcome,
    PollResult,
    Problem,
    ProblemKind,
    Tally,
)
from aggregator.model.changes import (
    Change,
    ChangedFeed,
    ChangedSource,
    ChangeKind,
    Difference,
    FixedSettings,
    LostAddress,
    LostEntries,
    ReaddressedSource,
    RenamedSource,
    Silenced,
)
from aggregator.model.notes import (
    BrokenOff,
    CertificateEnds,
    CrowdedSite,
    CutShort,
    Fact,
    FailingMirror,
    FailingMirrors,
    Flood,
    Gaps,
    GaveWay,
    HeldHost,
    LimitReached,
    LongDocument,
    Moved,
    Note,
    NoteKind,
    NotNotified,
    NotReloaded,
    NotWritten,
    Output,
    OverQuota,
    RestartNeeded,
    SizeReached,
    Unconditional,
    Unheard,
    UnstableIds,
    Unwritten,
    Worded,
)
from aggregator.operations.change_sentences import change_text
from aggregator.operations.messages import (
    daemon_summary,
    fact_text,
    note_lines,
    past_poll,
    poll_line,
    problem_text,
    span,
)
from tests.making import DAY, START

FULL = "No space left on device"
NO_ANSWER = Problem(ProblemKind.TIMEOUT, "no answer", "look at the address")
SERVER_ERROR = Problem(ProblemKind.HTTP_STATUS, "a.example answered 500")

NOTES: tuple[tuple[Note, tuple[tuple[str, str], ...]], ...] = (
    (
        Note(NotReloaded("config.toml:3: url: must be a URL")),
        (("config", "not reloaded: config.toml:3: url: must be a URL"),),
    ),
    (
        Note(NotReloaded("config.toml:3: url: must be a URL", 2)),
        (("config", "not reloaded: config.toml:3: url: must be a URL (and 2 more)"),),
    ),
    (
        Note(RestartNeeded(("server.listen", "store.path"))),
        (("config", "server.listen and store.path changed: restart to apply"),),
    ),
    (
        Note(
            NotWritten(
                (Unwritten(Output.STATIC_FILES, FULL), Unwritten(Output.EXPORT, FULL, "/srv/blog"))
            )
        ),
        (("static files", FULL), ("exports /srv/blog", FULL)),
    ),
    (
        Note(NotNotified((Unheard("phone", "no answer"), Unheard("bot", "no word", 3)))),
        (
            (
                "notices",
                (
                    "phone does not take them: no answer; "
                    "bot does not take them, 3 given up: no word"
                ),
            ),
        ),
    ),
    (
        Note(HeldHost("https://tube.example:443", timedelta(minutes=12), 7)),
        (
            (
                "host",
                (
                    "https://tube.example:443 asked to wait, or limits requests: nothing of it is "
                    "asked for 12 minutes (7 sources)"
                ),
            ),
        ),
    ),
    (
        Note(CrowdedSite("tube.example", 500, timedelta(minutes=25), timedelta(minutes=10))),
        (
            (
                "site",
                (
                    "500 sources of tube.example are asked one after the other, which takes 25 "
                    "minutes, and each should be every 10 minutes: give them longer intervals, or "
                    "lower site_pause"
                ),
            ),
        ),
    ),
    (
        Note(LongDocument(6, START), source="a"),
        (
            (
                "texts a",
                (
                    "its document of 2026-11-20 brought more text than is kept of one: 6 entries "
                    "have title, link and summary"
                ),
            ),
        ),
    ),
    (
        Note(OverQuota(12 * 1024 * 1024 + 99), source="a"),
        (
            (
                "quota a",
                (
                    "12 MiB of it are stored, as much as is free: what it brings is kept as title, "
                    "link and summary; raise quota in [store], or shorten retention"
                ),
            ),
        ),
    ),
    (
        Note(SizeReached(12 * 1024 * 1024), feed="all"),
        (
            (
                "size all",
                (
                    "its document would be larger than 12 MiB: the oldest entries have left before "
                    "the window's end; lower entry_size, or raise document_size"
                ),
            ),
        ),
    ),
    (
        Note(LimitReached(9), feed="all"),
        (
            (
                "feed all",
                "limit of 9 entries reached before the window's end; raise limit or shorten window",
            ),
        ),
    ),
    (
        Note(GaveWay("all", 333), source="one", feed="all"),
        (
            (
                "share one",
                (
                    "brought more than its share of feed all, which shows the newest 333 of its "
                    "entries (per_source); the others are in the archive"
                ),
            ),
        ),
    ),
    (
        Note(Moved("https://new.example/feed"), source="one"),
        (("moved one", 'has moved for good; set url = "https://new.example/feed"'),),
    ),
    (
        Note(Gaps(1), source="one"),
        (
            (
                "gaps one",
                (
                    "its document shared no entry with the one before, 1 time lately: some may be "
                    "missing; polled more often where its part of the budget allows"
                ),
            ),
        ),
    ),
    (
        Note(CutShort(5000), source="one"),
        (("length one", "its document is longer than we read: only the first 5000 entries"),),
    ),
    (
        Note(BrokenOff(2), source="one"),
        (
            (
                "length one",
                (
                    "its newest document broke off after 2 entries: those were read, others may "
                    "come with the next; if it stays, tell the publisher"
                ),
            ),
        ),
    ),
    (
        Note(Flood(31, START), source="one"),
        (("source one", "31 old entries came at once on 2026-11-20: stored, not published"),),
    ),
    (
        Note(UnstableIds(3), source="one"),
        (
            (
                "ids one",
                (
                    "its entries had other ids in each of 3 documents: they are known by their "
                    "links and texts instead; tell the publisher"
                ),
            ),
        ),
    ),
    (
        Note(
            FailingMirrors(
                (
                    FailingMirror("https://a.example/", 1, SERVER_ERROR),
                    FailingMirror("https://b.example/", 2, NO_ANSWER),
                )
            ),
            source="one",
        ),
        (
            (
                "mirror one",
                (
                    "https://a.example/ failed 1 time, another answers: http-status: a.example "
                    "answered 500; https://b.example/ failed 2 times, another answers: timeout: no "
                    "answer; look at the address"
                ),
            ),
        ),
    ),
    (
        Note(Unconditional(2), source="one"),
        (
            (
                "validators one",
                (
                    "2 requests for everything: its ETag cannot be sent back byte for byte, or its "
                    "Last-Modified cannot be true"
                ),
            ),
        ),
    ),
    (
        Note(CertificateEnds(START + 3 * DAY, 3 * DAY), source="one"),
        (
            (
                "certificate one",
                "its certificate ends on 2026-11-23, in 3 days; its publisher has to renew it",
            ),
        ),
    ),
    (
        Note(CertificateEnds(START, 0 * DAY), source="one"),
        (
            (
                "certificate one",
                "its certificate ended on 2026-11-20; its publisher has to renew it",
            ),
        ),
    ),
    (Note(Worded(NoteKind.GAPS, "as it was"), source="one"), (("gaps one", "as it was"),)),
)


@pytest.mark.parametrize(("note", "lines"), NOTES, ids=lambda value: type(value).__name__)
def test_a_note_has_its_words(note: Note, lines: tuple[tuple[str, str], ...]) -> None:
    assert note_lines(note) == lines
    assert fact_text(note.fact).endswith(lines[-1][1])


def test_every_kind_of_note_is_in_the_table() -> None:
    assert {type(note.fact) for note, _ in NOTES} == set(get_args(Fact))


@pytest.mark.parametrize("kind", ProblemKind)
def test_a_problem_is_told_with_its_kind_and_a_remedy_where_there_is_one(kind: ProblemKind) -> None:
    assert problem_text(Problem(kind, "no answer")) == f"{kind}: no answer"
    assert problem_text(Problem(kind, "no answer", "wait")) == f"{kind}: no answer; wait"


POLLS = {
    PollOutcome.PARSED: (Tally(new=2, updated=1), None, "2 new, 1 updated"),
    PollOutcome.SAME_BODY: (Tally(), None, "unchanged"),
    PollOutcome.NOT_MODIFIED: (Tally(), None, "unchanged"),
    PollOutcome.FAILED: (Tally(), SERVER_ERROR, "http-status: a.example answered 500"),
    PollOutcome.HELD: (Tally(), None, "not polled, the publisher asked to wait or limits us"),
    PollOutcome.CLAIMED: (Tally(), None, "not polled, another process polls it now"),
    PollOutcome.OFFLINE: (
        Tally(),
        NO_ANSWER,
        "timeout: no answer; look at the address; not counted, our own network is down",
    ),
}


@pytest.mark.parametrize("outcome", PollOutcome)
def test_a_poll_is_told_by_its_outcome(outcome: PollOutcome) -> None:
    tally, problem, said = POLLS[outcome]
    result = PollResult("one", outcome, tally, Plan(START, "as configured"), problem)
    assert poll_line(result, "tomorrow") == f"one: {said}; next poll tomorrow (as configured)"


def test_what_is_held_back_is_counted() -> None:
    tally = Tally(new=41, held_back=31)
    result = PollResult("one", PollOutcome.PARSED, tally, Plan(START, "as configured"))
    assert poll_line(result, "now").startswith("one: 41 new, 0 updated, 31 of them held back; ")


@pytest.mark.parametrize(
    ("outcome", "problem", "said"),
    [
        (PollOutcome.PARSED, None, "2 new, 1 updated"),
        (PollOutcome.SAME_BODY, None, "same-body"),
        (PollOutcome.NOT_MODIFIED, None, "not-modified"),
        (PollOutcome.FAILED, NO_ANSWER, "timeout: no answer; look at the address"),
    ],
)
def test_a_poll_of_the_past_has_its_words(
    outcome: PollOutcome, problem: Problem | None, said: str
) -> None:
    assert past_poll(PastPoll(START, outcome, problem, 2, 1, "as configured")) == said


CHANGES: tuple[tuple[Change, str], ...] = (
    (ChangedSource(ChangeKind.ADDED, "one"), "source one added"),
    (ChangedSource(ChangeKind.BACK, "one"), "source one is back"),
    (ChangedSource(ChangeKind.REMOVED, "one"), "source one removed"),
    (RenamedSource("new", former_name="one"), "source one renamed new"),
    (ReaddressedSource("one"), "source one has another url"),
    (ChangedSource(ChangeKind.CHANGED, "one"), "source one changed"),
    (ChangedFeed(ChangeKind.ADDED, "all"), "feed all added"),
    (ChangedFeed(ChangeKind.BACK, "all"), "feed all is back"),
    (ChangedFeed(ChangeKind.REMOVED, "all"), "feed all removed"),
    (ChangedFeed(ChangeKind.CHANGED, "all"), "feed all changed"),
    (
        ChangedSource(
            ChangeKind.CHANGED,
            "one",
            (Difference("interval", "10m", "adaptive"), Difference("headers", None, None)),
        ),
        "source one changed: interval 10m → adaptive, headers",
    ),
    (
        ChangedFeed(ChangeKind.CHANGED, "all", (Difference("limit", "50", "20"),)),
        "feed all changed: limit 50 → 20",
    ),
    (LostEntries("all", "one", 1), "feed all loses 1 entry of one"),
    (LostEntries("all", None, 12), "feed all loses 12 entries, the oldest"),
    (Silenced("one", 9), "the rules of one leave out all 9 entries that it brought last"),
    (Silenced("one", 1), "the rules of one leave out the one entry that it brought last"),
    (LostAddress("tags/x"), "/tags/x.atom, .rss and .json lead nowhere from now on"),
    (
        FixedSettings((Difference("store.path", None, None),)),
        "store.path changed: restart to apply",
    ),
)


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_a_change_has_its_words(change: Change, said: str) -> None:
    assert change_text(change) == said


@pytest.mark.parametrize("kind", ChangeKind)
def test_every_kind_of_change_of_a_source_or_feed_has_words(kind: ChangeKind) -> None:
    assert change_text(ChangedSource(kind, "one")).startswith("source one ")
    assert change_text(ChangedFeed(kind, "all")).startswith("feed all ")


def test_a_daemon_is_summed_up_on_one_line() -> None:
    summary = partial(daemon_summary, sources=3, failing=1)
    well = summary(offline_since=None, ailment=None, rejected=None)
    assert well == "3 sources, 1 failing"
    assert summary(offline_since="noon", ailment="no tick", rejected=NotReloaded("x", 2)) == (
        "3 sources, 1 failing; offline since noon; no tick; "
        "configuration not reloaded: x (and 2 more)"
    )


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=-1), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(hours=26), "26 hours"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_a_span_is_told_in_the_unit_that_fits(length: timedelta, text: str) -> None:
    assert span(length) == text
