"""Where what we publish is found: the three formats, their media types and public URLs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.model import FeedKind
from aggregator.publish.xml_safety import clean
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.model import ArchivePart, Feed


class Format(StrEnum):
    """A document format of a feed; the value is the extension in its URL."""

    ATOM = "atom"
    RSS = "rss"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """Return the media type without parameters (RFC 4287 §7, RSS by custom, JSON Feed 1.1)."""
        match self:
            case Format.ATOM:
                return "application/atom+xml"
            case Format.RSS:
                return "application/rss+xml"
            case Format.JSON:
                return "application/feed+json"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public URLs of what we publish, below `base_url` (with or without a final slash)."""

    base_url: str

    @property
    def home(self) -> str:
        """Return the URL of the first page."""
        return clean(self.base_url.rstrip("/") + "/")

    def page(self, feed: Feed) -> str:
        """Return the URL of one feed's page."""
        return f"{self.home}{_place(feed)}"

    def feed(self, feed: Feed, form: Format) -> str:
        """Return the URL of one feed in one format."""
        return self.document(feed, form, None)

    def document(self, feed: Feed, form: Format, part: str | None) -> str:
        """Return the URL of a feed, or of the part of its archive that is called `part`."""
        archive = "" if part is None else f"/archive/{quote(part, safe='')}"
        return f"{self.home}{_place(feed)}{archive}.{form.value}"

    def archive(self, feed: Feed, part: ArchivePart, form: Format) -> str:
        """Return the URL of one part of the feed's archive in one format.

        One that is not whole has another address whenever it has grown on a further day.
        """
        until = f"?until={quote(part.until, safe='')}" if part.until else ""
        return f"{self.document(feed, form, part.name)}{until}"


def _place(feed: Feed) -> str:
    """Return `Feed.path`, quoted: whatever a tag holds, its name is one segment."""
    # A slash in the name of a source is that of its list, and no part of a word.
    safe = "/" if feed.kind is FeedKind.SOURCE else ""
    return quote(feed.path.removesuffix(feed.own_name)) + quote(feed.own_name, safe=safe)
