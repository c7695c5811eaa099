"""Which texts of a document are kept whole: the newest, as far as its room and its source's go.

A source may hold as much as is still free of the quota of all, so that one which brings ever more
comes to its end while others have as much room left as it has taken (Choudhury and Hahne, "Dynamic
queue length thresholds for shared-memory packet switches", 1998, with a factor of 1). Of many such
each takes half of what the ones before have left: an even part of a quarter more is everybody's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model.configured import GIB, MIB
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Entry

#: What a document may bring in anew; all texts of the largest real one are 3 MiB.
DOCUMENT_BYTES = 8 * MIB
#: What all may take unless the operator says otherwise: more than years of hundreds of sources.
QUOTA = 2 * GIB
#: The summary of an entry whose text is not kept.
SUMMARY_CHARACTERS = 500
#: A character takes so many bytes at most.
_MOST_BYTES = 4
#: A text that takes no more than its summary would is kept.
_SHORT_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Brought:
    """An entry that is new, or whose text is another; `held_bytes` is what its text takes today."""

    entry: Entry
    held_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The entries as they are stored, in the order asked.

    `beyond_document` is how many have no text because their document brought too much,
    `beyond_quota` because their source has.
    """

    entries: tuple[Entry, ...]
    beyond_document: int
    beyond_quota: int


def quota(configured: int | None, found_bytes: int) -> int:
    """Return how much all sources may hold; an upgrade `found_bytes`, and leaves as much again."""
    return max(QUOTA, 2 * found_bytes) if configured is None else configured


def room(quota_bytes: int, *, sources: int, all_bytes: int, own_bytes: int) -> int:
    """Return how much more a source may hold, one of so many.

    Until it has as much as is then free, or its even part; all never hold more than quota and a
    quarter.
    """
    even_part = quota_bytes // (4 * max(1, sources))
    return max(0, (quota_bytes - all_bytes - own_bytes) // 2, even_part - own_bytes)


def keep(newest_first: Sequence[Brought], *, room_bytes: int) -> Kept:
    """Return what is kept of each entry: all, or title, link and summary.

    What does not grow is always kept, so that an edit, or our own reading of it, takes no text away
    that there was. The publisher's raw fields come last: they are for repair.
    """
    if _MOST_BYTES * sum(map(_characters, newest_first)) <= min(DOCUMENT_BYTES, room_bytes):
        return Kept(tuple(one.entry for one in newest_first), 0, 0)
    of_document, of_source = DOCUMENT_BYTES, room_bytes
    beyond_document = beyond_quota = 0
    whole: list[bool] = []
    for one in newest_first:
        size = len(one.entry.content_html.encode())
        grows = max(0, size - one.held_bytes)
        whole.append(size <= _SHORT_BYTES or grows <= min(of_document, of_source))
        if whole[-1]:
            of_document, of_source = max(0, of_document - grows), max(0, of_source - grows)
        elif grows > of_source:
            beyond_quota += 1
        else:
            beyond_document += 1
    entries: list[Entry] = []
    for one, is_whole in zip(newest_first, whole, strict=True):
        size = len((one.entry.raw or "").encode())
        if is_whole and size <= min(of_document, of_source):
            of_document, of_source = of_document - size, of_source - size
            entries.append(one.entry)
        else:
            entries.append(replace(one.entry if is_whole else _shortened(one.entry), raw=None))
    return Kept(tuple(entries), beyond_document, beyond_quota)


def _characters(one: Brought) -> int:
    return len(one.entry.content_html) + len(one.entry.raw or "")


def _shortened(entry: Entry) -> Entry:
    summary = excerpt(entry.summary or entry.visible_text, SUMMARY_CHARACTERS)
    return replace(entry, content_html="", visible_text="", summary=summary)
