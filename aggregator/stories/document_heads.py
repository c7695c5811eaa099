"""What a document's head says to readers of its feeds, and to the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.notes import BrokenOff, CutShort
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import DocumentHead, Refined, Source, SourceParticulars


@dataclass(frozen=True, slots=True)
class ShownHead:
    """What of a document's head reaches readers: where it differs, feeds have changed."""

    title: str | None
    feed_id: str | None
    site_url: str | None
    language: str | None
    particulars: SourceParticulars
    rights: str | None
    description: str | None
    icon_url: str | None


def shown_head(head: DocumentHead) -> ShownHead:
    """Return what of `head` reaches readers."""
    return ShownHead(
        title=head.title,
        feed_id=head.feed_id,
        site_url=head.site_url,
        language=head.language,
        particulars=head.particulars,
        rights=head.rights,
        description=head.description,
        icon_url=head.icon_url,
    )


def stated_update(refined: Refined) -> datetime | None:
    """Return when the document says that it changed, else its newest entry's date.

    That is atom:source's `updated` (RFC 4287 section 4.2.11).
    """
    dates = [entry.updated_at or entry.published_at for entry in refined.entries]
    newest = max((date for date in dates if date is not None), default=None)
    return refined.head.updated_at or newest


def broken_off(refined: Refined) -> BrokenOff | None:
    """Return how much was read of a document that ended in the middle, `None` of a whole one."""
    head = refined.head
    is_broken = head.truncated and head.read_up_to is None
    return BrokenOff(len(refined.entries)) if is_broken else None


def cut_short(head: DocumentHead, source: Source) -> CutShort | None:
    """Return how much was read of a document that holds more, unless that was asked for."""
    if head.read_up_to is None or source.max_entries is not None:
        return None
    return CutShort(head.read_up_to)
