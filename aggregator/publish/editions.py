"""A feed document, its media type and lifetime: rendered now, or a past month as it was kept."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.publish import Addresses, render
from aggregator.publish.max_age import fresh_for
from aggregator.runtime.values import dataclass
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    from aggregator.publish.catalogue import Catalogue, FeedDocument
    from aggregator.publish.pieces import Pieces
    from aggregator.store import FeedStore

log = logging.getLogger(__name__)

#: What never changes may be kept for a year, the longest that caches are told (RFC 9111 §1.2.2
#: allows more, RFC 2616 §14.21 did not).
FOR_EVER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Edition:
    """A document's bytes, since when it has been these (`changed_at`), and for how long it is good.

    `digest` is their SHA-256.
    `final` is an archive document of a month that is over: it never changes again, and it has no
    date of change.
    """

    body: bytes
    digest: bytes
    media_type: str
    changed_at: datetime | None
    fresh_for: timedelta
    final: bool = False


def make_edition(
    catalogue: Catalogue,
    store: FeedStore,
    document: FeedDocument,
    pieces: Pieces | None = None,
) -> Edition | None:
    """Return the document as it is now, `None` for a part that the feed's archive does not have.

    `pieces` are as in `render`; archives, which are made once, have none. Reads the disk and
    renders; not for the event loop. Raises `StoreError`.
    """
    feed, form = document.feed, document.form
    media_type = f"{form.media_type}; charset=utf-8"
    made_for = catalogue.made_for(feed)
    if document.part is None:
        selection = store.select(feed)
    else:
        kept = store.frozen(feed, document.part, form.value, made_for)
        if kept is not None:
            return Edition(kept, _digest(kept), media_type, None, FOR_EVER, final=True)
        part = store.select_archive(feed, document.part)
        if part is None:
            return None
        selection = part
    every = catalogue.polled_every(feed)
    usual = fresh_for((story.order_key for story in selection.stories), every)
    archive = selection.archive
    body = render(
        selection,
        form,
        Addresses(catalogue.config.server.base_url),
        max_age=usual,
        pieces=pieces if archive is None else None,
    )
    digest = _digest(body)
    if archive is None or not (archive.whole and archive.past):
        since = store.standing_since(
            feed,
            document.part or "",
            form.value,
            digest=digest,
            changed_at=selection.changed_at,
        )
        return Edition(body, digest, media_type, since, usual)
    _keep(store, document, archive.name, made_for, body)
    return Edition(body, digest, media_type, None, FOR_EVER, final=True)


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _keep(store: FeedStore, document: FeedDocument, name: str, made_for: str, body: bytes) -> None:
    try:
        store.freeze(document.feed, name, document.form.value, made_for, body)
    except StoreError as error:  # a full disk, or a command that only reads: readers come first
        log.debug("archive not kept error=%r", redact(str(error)))
