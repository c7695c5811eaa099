"""A feed in one format: `render` hands its stories to the format's writer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.publish.atom_writer import render_atom
from aggregator.publish.feed_formats import Addresses, Format
from aggregator.publish.json_feed_writer import render_json
from aggregator.publish.pieces import Pieces, render_from
from aggregator.publish.publication import publication
from aggregator.publish.rss_writer import render_rss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Selection
    from aggregator.publish.items import Item
    from aggregator.publish.publication import Publication

__all__ = ["MAX_AGE", "render"]

#: How long a copy of a feed is fresh unless its server says otherwise: well below any reader's
#: polling interval.
MAX_AGE = timedelta(minutes=5)


def render(
    selection: Selection,
    form: Format,
    addresses: Addresses,
    *,
    max_age: timedelta = MAX_AGE,
    pieces: Pieces | None = None,
) -> bytes:
    """Return the feed document of `selection` in one format, in UTF-8.

    `max_age` is what it is served with; a format that has a word for it repeats it (RSS: ttl).
    Safe for any stored text: nothing in a story can break the document. What is secret is concealed
    before it comes here (`stories.concealment`). The same input gives the same bytes; with `pieces`
    what was laid out before is not laid out again.
    """
    if pieces is None:
        prepared = publication(selection, form, addresses)
        return _whole(form, max_age, prepared, prepared.items)
    return render_from(
        pieces, selection, form, addresses, lambda *told: _whole(form, max_age, *told)
    )


def _whole(form: Format, max_age: timedelta, prepared: Publication, items: Sequence[Item]) -> bytes:
    match form:
        case Format.ATOM:
            return render_atom(prepared, items)
        case Format.RSS:
            return render_rss(prepared, items, max_age)
        case Format.JSON:
            return render_json(prepared, items)
