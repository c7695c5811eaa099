"""What an RSS or Atom document says, in feedparser's words, made one of our documents."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from aggregator.model import Document, DocumentHead
from aggregator.parse.dates import dates_in, note_of_unread
from aggregator.parse.document_limits import bounded
from aggregator.parse.feedparser_fields import (
    date_habits,
    date_of,
    head_particulars,
    hints_of,
    icon_of,
    inherited_authors,
    raw_entry,
)
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Body


@dataclass(frozen=True, slots=True)
class Said:
    """What a reader found: the document's kind ("rss20"), its head and its entries.

    Head and entries are dicts with the keys that feedparser and our overrides of its handlers give
    them; `skipped_hours` and `skipped_days` are texts of skipHours and skipDays.
    """

    kind: str
    head: dict[str, Any] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    skipped_hours: list[str] = field(default_factory=list)
    skipped_days: list[str] = field(default_factory=list)


def assembled(
    said: Said,
    body: Body,
    encoding: str,
    notes: Iterable[str],
    *,
    truncated: bool = False,
    read_up_to: int | None = None,
) -> Document:
    """Return the document that says this; `body` gives its URL, zone and date.

    `encoding` is what decoded it, `notes` what its reader had to do; the rest is `DocumentHead`'s.
    """
    head, version = said.head, said.kind
    inherited = inherited_authors(head, version)
    habits = date_habits(head, said.entries)
    found = tuple(raw_entry(entry, version, body, inherited, habits) for entry in said.entries)
    return Document(
        head=DocumentHead(
            kind=version,
            encoding=encoding,
            title=bounded(head.get("title")),
            site_url=bounded(head.get("link")),
            feed_id=bounded(head.get("id")),
            particulars=head_particulars(head),
            language=bounded(head.get("language")),
            rights=bounded(head.get("rights")),
            description=bounded(_description(head)),
            icon_url=bounded(icon_of(head)),
            updated_at=date_of(head, body.timezone, habits, "updated", "published")[1],
            truncated=truncated,
            read_up_to=read_up_to,
            hints=hints_of(head, said.skipped_hours, said.skipped_days),
            notes=(*notes, *note_of_unread(dates_in(found))),
        ),
        entries=found,
        source_url=body.source_url,
        seen_at=body.seen_at,
        sites=body.sites,
    )


def _description(head: dict[str, Any]) -> str | None:
    names = ("subtitle", "itunes_subtitle", "itunes_summary")
    return next((head[name] for name in names if head.get(name)), None)
