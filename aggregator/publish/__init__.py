"""Stories in, documents out: `render` hands a feed to the writer of its format.

Rendering is a function of its input: no clock, no environment, the same bytes for the same stories.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.publish.atom_writer import render_atom
from aggregator.publish.feed_formats import Addresses, Format
from aggregator.publish.json_feed_writer import render_json
from aggregator.publish.opml_writer import OPML_MEDIA_TYPE, render_feeds, render_sources
from aggregator.publish.publication import publication
from aggregator.publish.rss_writer import render_rss
from aggregator.publish.xml_safety import clean

if TYPE_CHECKING:
    from aggregator.model import Selection

__all__ = [
    "MAX_AGE",
    "OPML_MEDIA_TYPE",
    "Addresses",
    "Format",
    "clean",
    "render",
    "render_feeds",
    "render_sources",
]

#: How long a copy of a feed is fresh unless its server says otherwise: well below any reader's
#: polling interval.
MAX_AGE = timedelta(minutes=5)


def render(
    selection: Selection, form: Format, addresses: Addresses, *, max_age: timedelta = MAX_AGE
) -> bytes:
    """Return the feed document of `selection` in one format, in UTF-8.

    `max_age` is what it is served with; a format that has a word for it repeats it (RSS: ttl).
    Safe for any stored text: nothing in a story can break the document. What is secret is concealed
    before it comes here (`stories.concealment`). The same input gives the same bytes.
    """
    prepared = publication(selection, form, addresses)
    match form:
        case Format.ATOM:
            return render_atom(prepared)
        case Format.RSS:
            return render_rss(prepared, max_age)
        case Format.JSON:
            return render_json(prepared)
