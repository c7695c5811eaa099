"""What a source's documents have shown of it so far, as one small value that is stored with it."""

from __future__ import annotations

import json
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.schedule.gaps import IN_VAIN, MOST_HALVINGS, DocumentSpan, found_gap, watch
from aggregator.schedule.rhythm import BINS, Rhythm, learn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import PollState, Tally

#: What brought nothing new is learned from this often: the time counts whole later, and an idle
#: poll leaves the stored value as it is.
IDLE = timedelta(hours=1)
#: Stored figures have this many digits: more than they are worth, and they stay short.
_DIGITS = 5
#: No bin counts as much: a figure beyond it was not stored by us.
MOST_IN_A_BIN = 1e9
_SHORT = ",".join([f"%.{_DIGITS}g"] * BINS)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """A source's rhythm, and how much of it one document shows."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    window: DocumentSpan = field(default_factory=DocumentSpan)


def observe(
    history: History,
    tally: Tally | None,
    published: Sequence[datetime | None] = (),
    *,
    now: datetime,
    polled_at: datetime | None,
) -> History:
    """Return the history after a poll that succeeded at `now`.

    `tally` counts a document that was read; `None`: there was none to read (304, or the same
    body), so nothing is new. `published` are the dates of its new entries, `None` for an undated
    one. `polled_at` is when the poll before succeeded; `None`: this one is the source's first. A
    poll that failed shows nothing: it is not observed. The same value comes back where nothing was
    learnt, so that an idle poll need not store it.
    """
    rhythm, window = history.rhythm, history.window
    quiet = tally is None or not tally.new
    complete = polled_at is not None and not (tally and found_gap(window, tally))
    if tally is not None:
        window = watch(window, tally, now=now)
    soon = rhythm.at is not None and timedelta(0) <= now - rhythm.at < IDLE
    if not (quiet and soon):
        rhythm = learn(rhythm, published, now=now, polled_at=polled_at, complete=complete)
    if rhythm is history.rhythm and window == history.window:
        return history
    return History(rhythm, window)


def to_text(history: History) -> str:
    """Return a history as stored: compact JSON that `recall` reads."""
    rhythm, window = history.rhythm, history.window
    rest = json.dumps(
        {
            "at": _seconds(rhythm.at),
            "entries": window.entries,
            "gaps": window.gaps,
            "gap_at": _seconds(window.gap_at),
            "halvings": window.halvings,
            "in_a_row": window.in_a_row,
        },
        separators=(",", ":"),
    )
    return f'{{"seen":[{_SHORT % rhythm.seen}],"watched":[{_SHORT % rhythm.watched}],{rest[1:]}'


def recall(text: str | None, state: PollState) -> History:
    """Return the history that `to_text` stored.

    Without them, or with what another version stored, they begin with the entries that are known:
    when the newest were published.
    """
    if text is not None and (known := stored(text)) is not None:
        return known
    if state.last_success_at is None:
        return History()
    return History(learn(Rhythm(), state.arrivals, now=state.last_success_at, complete=False))


@lru_cache(maxsize=512)
def stored(text: str) -> History | None:
    """Return the history that `to_text` stored, `None` for what another version stored.

    A poll asks several times; what it asked is remembered for as long as it may last.
    """
    try:
        return _read(text)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _read(text: str) -> History:
    fields = json.loads(text)
    seen, watched = (_bins(fields[name]) for name in ("seen", "watched"))
    counts = [int(fields[name]) for name in ("entries", "gaps", "halvings")]
    counts.append(int(fields.get("in_a_row", 0)))  # 0.1.0 did not count them
    if min(counts) < 0:
        raise ValueError(text)
    entries, gaps, halvings, in_a_row = counts
    window = DocumentSpan(
        entries,
        gaps,
        _instant(fields["gap_at"]),
        min(halvings, MOST_HALVINGS),
        min(in_a_row, IN_VAIN),
    )
    return History(Rhythm(seen, watched, _instant(fields["at"])), window)


def _bins(values: list[float]) -> tuple[float, ...]:
    bins = tuple(map(float, values))
    if len(bins) != BINS or not all(0 <= value < MOST_IN_A_BIN for value in bins):
        raise ValueError(values)
    return bins


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(seconds=1)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)
