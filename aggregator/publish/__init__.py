"""Stories in, documents out: `render` hands a feed to the writer of its format.

Rendering is a function of its input: no clock, no environment, the same bytes for the same stories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.late_names import late

if TYPE_CHECKING:
    from aggregator.publish.feed_formats import Addresses, Format
    from aggregator.publish.opml_writer import OPML_MEDIA_TYPE, render_feeds, render_sources
    from aggregator.publish.rendering import MAX_AGE, render
    from aggregator.publish.xml_safety import clean
else:  # addresses and formats are named by commands that render nothing
    __getattr__ = late(
        __name__,
        {
            "MAX_AGE": "rendering",
            "OPML_MEDIA_TYPE": "opml_writer",
            "Addresses": "feed_formats",
            "Format": "feed_formats",
            "clean": "xml_safety",
            "render": "rendering",
            "render_feeds": "opml_writer",
            "render_sources": "opml_writer",
        },
    )

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
