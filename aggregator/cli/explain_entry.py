"""What `explain entry` says: each decision that was made about it, with its reason."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.cli.stories_command import decided, why, why_alone
from aggregator.cli.terminal_text import about, line, local_time, theirs
from aggregator.model import PlacementReason, TextOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import EntryFacts, Placement
    from aggregator.model.reports import Comparison

#: The first words of a text, for people to recognise it by.
SHOWN_TEXT_CHARS = 300

_KINDS = {
    "guid": "its publisher's id",
    "url": "its link",
    "site": "its number at a known site",
    "path": "its link without the host",
    "text": "its text",
    "brief": "its short text",
    "dated": "its title and date",
}

_ORIGINS = {TextOrigin.DOCUMENT: "text: from the document"}

_PLACED = {
    PlacementReason.IN_WINDOW: "in the window",
    PlacementReason.COPY_IN_WINDOW: "as the same article of another source, which came first",
    PlacementReason.COPY_HAS_LEFT: (
        "the same article of another source came first, and has left the window"
    ),
    PlacementReason.ORIGINAL_IN_WINDOW: "as the article of its own site",
    PlacementReason.ORIGINAL_HAS_LEFT: (
        "the article of its own site was shown before, and is not any more"
    ),
    PlacementReason.TOLD_BY_ANOTHER: "named below the entry that tells its story: {}",
    PlacementReason.WAS_TOLD: "its story was told before, and has left the window: {}",
    PlacementReason.WAITS: "it waits for a source that the feed prefers (hold)",
    PlacementReason.HAS_LEFT: "its time in the window is over; it is in the archive of {}",
    PlacementReason.TOO_OLD: "older than the feed's window when it came",
    PlacementReason.GAVE_WAY: (
        "its source brought more than its share (per_source), and it gave way to others; it is "
        "in the archive of {}"
    ),
    PlacementReason.NO_ROOM: (
        "its source had given way to others (per_source) up to a later entry when it came"
    ),
    PlacementReason.NOT_SELECTED: "it does not select the source",
    PlacementReason.HELD_BACK: "held back: it came in a flood of old entries",
    PlacementReason.BLOCKED: "rules of its source: {}",
    PlacementReason.EXCLUDED: "{}",
    PlacementReason.NOT_BROUGHT_ALONG: (
        "older than what the source brought along when it joined (backfill)"
    ),
    PlacementReason.FEED_UNKNOWN: "the daemon does not know this feed yet",
}
_NAMING_A_TITLE = {PlacementReason.TOLD_BY_ANOTHER, PlacementReason.WAS_TOLD}


def decisions(facts: EntryFacts) -> Iterator[str]:
    """Yield the lines that explain a stored entry, from its document to the feeds."""
    yield theirs(facts.title)
    yield f"  {theirs(facts.url) if facts.url else 'without a link'}"
    yield f"source: {theirs(facts.source.name)}"
    yield f"decoded: {theirs(facts.encoding) if facts.encoding else 'not known any more'}"
    yield f"parsed: {line(facts.kind or 'not known any more')}"
    for note in facts.notes:
        yield f"  of its newest document: {line(note)}"
    yield from _cleaned(facts)
    yield from _dated(facts)
    yield from _identified(facts)
    yield from _ruled(facts)
    also = f"; also told by {', '.join(map(theirs, facts.also))}" if facts.also else ""
    assigned = f" ({line(facts.assigned)})" if facts.assigned is not None else ""
    yield f"story: {theirs(facts.story_id)}{assigned}{also}"
    if facts.foreign_to:
        yield f"  not its source's own article, but of {', '.join(map(theirs, facts.foreign_to))}"
    if facts.original is not None:
        yield f"  a copy of {theirs(facts.original)}"
    yield from _told_with(facts)
    yield "feeds:"
    for place in facts.placements:
        yield f"  {placed(place)}"


def _told_with(facts: EntryFacts) -> Iterator[str]:
    """Yield who else reports the same, and why each is, or is not, of one story with the first."""
    if facts.report is None:
        return
    own = next((one for one in facts.report.entries if one.entry_id == facts.public_id), None)
    if len(facts.report.entries) > 1:
        yield "  told together by likeness (`aggregator stories show`):"
        for one in facts.report.entries:
            reason = "" if one.score is None else f": {why(one.score, one.because or {})}"
            yield f"    {theirs(one.source)}: {theirs(one.title)}{reason}"
    elif own is not None and own.because is not None:
        yield f"  told by itself: {line(why_alone(own.because))}"


def comparison(found: Comparison) -> Iterator[str]:
    """Yield why two entries are, or are not, one story."""
    from aggregator.stories.ties import THRESHOLDS

    yield theirs(found.one)
    yield theirs(found.other)
    if len(found.together) in (0, len(THRESHOLDS)):
        yield "one story" if found.are_together else "two stories"
    else:
        strictest = found.together[-1]
        yield f'one story with dedupe_strictness = "{strictest}", two with a stricter one'
    if found.way:
        yield "  by way of others:"
        for title, score in found.way:
            yield f"    {theirs(title)}, alike by {score:.2f}"
    for title, because in zip((found.one, found.other), found.because, strict=False):
        if because:
            yield f"  {theirs(title)}: {line('; '.join(map(decided, because)))}"
    if found.said_by_hand is not None:
        yield "  merged by hand" if found.said_by_hand else "  split by hand"
    if found.rule is not None:
        rule = "both are of one source" if found.rule == "own source" else decided(found.rule)
        yield f"  never by their likeness: {rule}"
        if found.rule != "own source":
            return  # it was decided before they were compared
    levels = [name for name, least in THRESHOLDS.items() if found.score >= least]
    enough = f"enough for {', '.join(levels)}" if levels else "too little for any feed"
    yield f"  alike by {found.score:.2f}, {enough}"
    yield f"  both say: {', '.join(map(theirs, found.shared)) or 'nothing'}"
    for name, value in found.features.items():
        yield f"  {name}: {value:.2f}"


def placed(place: Placement) -> str:
    """Return one line about an entry's place in one feed."""
    from aggregator.daemon.terms import utc_now

    said = theirs if place.reason in _NAMING_A_TITLE else line
    because = _PLACED[place.reason].format(said(place.detail))
    if place.ages_at is not None and place.ages_at < utc_now():
        because = "older than its window, and one of the newest that min_entries keeps"
    return f"{'shown in' if place.shown else 'not in'} {theirs(place.feed)}: {because}"


def removals(facts: EntryFacts) -> tuple[str, ...]:
    """Return what cleaning removed from the publisher's text; nothing where that is not kept."""
    from aggregator.refine import removed

    return removed(_raw_html(facts), facts.content_html)


def _raw_html(facts: EntryFacts) -> str:
    raw = json.loads(facts.raw or "{}")
    return str(raw.get("raw_content") or raw.get("raw_summary") or "")


def _cleaned(facts: EntryFacts) -> Iterator[str]:
    from aggregator.web.excerpts import excerpt
    from aggregator.web.visible_text import visible_text

    if facts.raw is None:
        yield "cleaned: what the publisher wrote is not kept any more ([store] keep_raw)"
    else:
        found = removals(facts)
        yield f"cleaned: {line(', '.join(found)) if found else 'nothing was removed'}"
    text = line(visible_text(facts.content_html)) or line(facts.summary)
    yield _ORIGINS[facts.text_origin] if text else "text: none"
    if text:
        yield f"  {theirs(excerpt(text, SHOWN_TEXT_CHARS))}"


def _dated(facts: EntryFacts) -> Iterator[str]:
    raw = json.loads(facts.raw or "{}")
    said = raw.get("raw_published")
    published = local_time(facts.published_at, otherwise="")
    seen = local_time(facts.first_seen_at, otherwise="")
    if not facts.dated:
        yield f"published: {seen}, when it was first seen: it has no date that could be meant"
    elif said and _is_still_said(facts):
        yield f"published: {published}, from {_quoted(str(said))}"
    elif said:
        yield f"published: {published}, as it said first; now it says {_quoted(str(said))}"
    else:
        yield f"published: {published}"
    yield from _unread(raw)
    yield f"first seen: {seen}"
    if facts.updated_at - facts.published_at > timedelta(seconds=1):
        yield f"updated: {local_time(facts.updated_at, otherwise='')}"


def _unread(raw: dict[str, object]) -> Iterator[str]:
    """Yield the publisher's dates that are none, and why."""
    from aggregator.parse.dates import why_unread

    names = (("raw_published", "published_at"), ("raw_updated", "updated_at"))
    unread = (str(raw[said]) for said, read in names if raw.get(said) and not raw.get(read))
    for text in dict.fromkeys(unread):
        why = why_unread(text) or "this version reads it, none before did"
        yield f"  not read: {_quoted(text)}: {why}"


def _quoted(text: str) -> str:
    return theirs(json.dumps(line(text), ensure_ascii=False))


def _is_still_said(facts: EntryFacts) -> bool:
    read = json.loads(facts.raw or "{}").get("published_at")
    return (
        read is None or min(datetime.fromisoformat(read), facts.first_seen_at) == facts.published_at
    )


def _identified(facts: EntryFacts) -> Iterator[str]:
    yield f"id: {theirs(facts.public_id)}"
    if facts.matched is not None:
        yield f"recognised by: {line(facts.matched)}"
    else:
        yield "recognised by: nothing yet, no later document has shown it"
    for key in facts.keys:
        kind, _, word = key.partition(":")
        yield f"  {_KINDS.get(kind, kind)}: {theirs(word)}"


def _ruled(facts: EntryFacts) -> Iterator[str]:
    if facts.tags:
        yield f"tagged by rules: {', '.join(map(theirs, facts.tags))}"
    if facts.blocked is not None:
        yield f"left out by rules of its source: {line(facts.blocked)}"
    if facts.held_back:
        old = about(facts.first_seen_at - facts.published_at)
        yield f"held back: it came {old} late, in a flood of old entries"
