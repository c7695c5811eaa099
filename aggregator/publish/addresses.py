"""Where what we publish is found: the three formats, their media types and public URLs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote


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
        """Return the URL of the page that lists the feeds."""
        return self.base_url.rstrip("/") + "/"

    def feed(self, name: str, form: Format) -> str:
        """Return the URL of one feed in one format."""
        return f"{self.home}feeds/{quote(name, safe='')}.{form.value}"
