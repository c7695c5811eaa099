"""A document's entries, made fit to store and publish: clean, dated, identified, bounded."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from aggregator.model import (
    Category,
    Document,
    DocumentHead,
    Enclosure,
    Entry,
    Particulars,
    Provenance,
    RawEntry,
    Refined,
)
from aggregator.refine.attachments import captioned, files, pictures
from aggregator.refine.content_hash import content_hash
from aggregator.refine.entry_limits import MAX_SUMMARY_CHARS, MAX_TITLE_CHARS
from aggregator.refine.identity_keys import (
    first_of_repetitions,
    former_keys,
    marks,
    shared_guids,
    text_hash,
    unique_keys,
)
from aggregator.refine.known_sites import site_of
from aggregator.refine.links import entry_link, former_link, link_base
from aggregator.refine.makers import particulars, provenance, source_particulars
from aggregator.refine.metadata import as_stated, categories, identifier, line, sane
from aggregator.refine.plain_texts import as_html, summary_as_html
from aggregator.refine.sanitise import clean
from aggregator.refine.site_rules import rules_for
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import excerpt
from aggregator.web.former_redaction import emptied
from aggregator.web.language_tags import language_tag
from aggregator.web.text import (
    one_line,
    scrub,
)
from aggregator.web.urls import absolute_url, public_url
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    from aggregator.refine.identity_keys import Marks

#: A title made from an entry's text.
_MADE_TITLE_CHARS = 80
#: Each of the publisher's own texts is kept up to here, for `explain` and repair.
_MAX_RAW_CHARS = 256 * 1024


def normalise(document: Document) -> Refined:
    """Return the document's head and entries, normalised, in document order.

    Exact repetitions within the document are one entry, and entries that hold nothing at all are
    none; the head's notes count both. Addresses stay what the publisher made them, with all their
    parameters: what is secret is concealed when it is read (`stories.concealment`). Never raises
    for what a document holds.
    """
    head = _head(document)
    drafts = [_draft(raw, head, document) for raw in document.entries]
    told = [draft for draft in drafts if draft is not None]
    kept = [told[position] for position in first_of_repetitions([draft.marks for draft in told])]
    notes = list(head.notes)
    if len(told) < len(drafts):
        empty = len(drafts) - len(told)
        notes.append(f"{empty} empty {'entry' if empty == 1 else 'entries'} left out")
    if len(kept) < len(told):
        repeated = len(told) - len(kept)
        notes.append(f"{repeated} exact repetition{'' if repeated == 1 else 's'} left out")
    found = [draft.marks for draft in kept]
    if shared := shared_guids(found):
        notes.append(shared)
    keys = unique_keys(found)
    return Refined(
        head=replace(head, notes=tuple(notes)),
        entries=tuple(
            draft.entry(
                keys=own,
                shared_keys=draft.marks.shared(),
                former_keys=former_keys(draft.marks, draft.former),
            )
            for draft, own in zip(kept, keys, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """An entry before its keys are known to be unique; `former` are its marks as 0.1 had them.

    `entry` makes it of its keys.
    """

    entry: partial[Entry]
    marks: Marks
    former: Marks


def _head(document: Document) -> DocumentHead:
    site_url = public_url(absolute_url(document.head.site_url, document.source_url))
    head = replace(document.head, site_url=site_url)
    base = link_base(head, document)
    return replace(
        head,
        title=line(head.title, MAX_TITLE_CHARS, is_html=None),
        feed_id=identifier(head.feed_id),
        particulars=source_particulars(head.particulars, base),
        language=language_tag(head.language),
        rights=line(head.rights, MAX_TITLE_CHARS),
        description=line(head.description, MAX_SUMMARY_CHARS),
        icon_url=public_url(absolute_url(scrub(head.icon_url or ""), base)),
        updated_at=sane(head.updated_at, document.seen_at),
    )


def _draft(raw: RawEntry, head: DocumentHead, document: Document) -> _Draft | None:
    guid = identifier(raw.raw_guid)
    url = entry_link(raw, head, document)
    page = url if url is None or url.startswith("http") else None
    # Relative addresses in a text are the page's own; xml:base says otherwise where it is given.
    stated = raw.base_url if raw.base_url != document.source_url else None
    base = stated or page or head.site_url or document.source_url
    rules = rules_for(document.sites, page or head.site_url)
    summary_html, content_html = (
        clean(text, base, site_of(page or head.site_url).removed, rules)
        for text in (
            summary_as_html(raw.raw_summary, is_html=raw.raw_summary_is_html),
            as_html(raw.raw_content, is_html=raw.raw_content_is_html),
        )
    )
    content_html = captioned(content_html or summary_html, raw, base, rules)
    text = one_line(visible_text(content_html))
    enclosures = files(raw, base, content_html, summary_html, rules)
    said_beside = particulars(raw.raw_particulars, base)
    shown_pictures = pictures(content_html)
    title = _title(raw, text, url, enclosures, shown_pictures) or said_beside.author
    if not title:
        return None
    published_at, updated_at = _dates(raw, document.seen_at)
    stated_at = as_stated(raw.published_at) or as_stated(raw.updated_at)
    is_revision = as_stated(raw.published_at) is None
    summary = "" if summary_html == content_html else _summary(summary_html, text)
    entry = partial(
        Entry,
        guid=guid,
        url=url,
        title=title,
        content_html=content_html,
        visible_text=text,
        summary=summary,
        particulars=said_beside,
        published_at=published_at,
        updated_at=updated_at,
        categories=categories(raw.raw_categories),
        enclosures=enclosures,
        language=language_tag(raw.language),
        content_hash=content_hash(
            title=title,
            text=text,
            content_html=content_html,
            summary=summary,
            author=said_beside.author,
            enclosure_urls=tuple(enclosure.url for enclosure in enclosures),
        ),
        raw=_raw(raw),
        provenance=provenance(raw.raw_source, head, document),
        stated_at=stated_at,
        is_revision=is_revision,
        text_hash=text_hash(text),
    )
    shown = (*shown_pictures, *(enclosure.url for enclosure in enclosures))
    marks_of = partial(
        marks,
        former_url=former_link(raw, document),
        site_url=head.site_url,
        when=stated_at,
        is_revision=is_revision,
    )
    own = former = marks_of(guid=guid, url=url, title=title, text=text, pictures=shown)
    words = (guid or "", url or "", title, text, *shown)
    before = tuple(map(emptied, words))
    if before != words:
        former = marks_of(
            guid=before[0] or None,
            url=before[1] or None,
            title=before[2],
            text=before[3],
            pictures=before[4:],
        )
    return _Draft(entry, own, former)


def _summary(summary_html: str, text: str) -> str:
    """Return the summary's text if it says more than the content's."""
    summary = one_line(visible_text(summary_html))
    return "" if summary == text else excerpt(summary, MAX_SUMMARY_CHARS)


def _title(
    raw: RawEntry,
    text: str,
    url: str | None,
    enclosures: tuple[Enclosure, ...],
    shown: dict[str, str],
) -> str:
    """Return the title, else what there is: the text, the page, a file's or a picture's address."""
    title = line(raw.raw_title, MAX_TITLE_CHARS, is_html=raw.raw_title_is_html)
    if title:
        return title
    names = (enclosure.title for enclosure in enclosures)
    said = text or next(filter(None, (*map(one_line, shown.values()), *names)), "")
    if said:
        return excerpt(said, _MADE_TITLE_CHARS)
    addresses = (url, *(enclosure.url for enclosure in enclosures), *shown)
    return excerpt(next(filter(None, addresses), ""), MAX_TITLE_CHARS)


def _dates(raw: RawEntry, seen_at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when the entry was published and updated, as far as the publisher says it sanely."""
    published_at = sane(raw.published_at, seen_at)
    updated_at = sane(raw.updated_at, seen_at)
    if published_at is None:
        # Atom demands only `updated`; the first one seen is the closest to a publication date.
        return updated_at, updated_at
    if updated_at is not None and updated_at < published_at:
        updated_at = published_at
    return published_at, updated_at


def _raw(raw: RawEntry) -> str:
    """Return the publisher's own fields as JSON, each text bounded."""
    fields: dict[str, object] = {}
    for name in RawEntry.__slots__:
        value = getattr(raw, name)
        if value is None or value in ("", ()):
            continue
        if isinstance(value, str):
            fields[name] = value[:_MAX_RAW_CHARS]
        elif value != _NO_PARTICULARS:
            fields[name] = value
    return scrub(_RAW_JSON.encode(fields))


def _as_json(value: datetime | Enclosure | Category | Provenance | Particulars) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    fields = ((name, getattr(value, name)) for name in value.__slots__)
    return {
        name: one[:_MAX_RAW_CHARS] if isinstance(one, str) else _with_fields(one)
        for name, one in fields
        if one is not None and one != ()
    }


def _with_fields(value: object) -> object:
    """Return a value as JSON has it: of people and programs all fields, empty ones too."""
    if isinstance(value, tuple):
        return [_with_fields(one) for one in value]
    if is_dataclass(value):
        names = [one.name for one in fields(value)]
        return {name: _with_fields(getattr(value, name)) for name in names}
    return value


_NO_PARTICULARS = Particulars()
_RAW_JSON = json.JSONEncoder(ensure_ascii=False, default=_as_json)
