"""One document's differences, as the conditions of benchmarks/excuses.py are given them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.model.errors import UnreadableError
from aggregator.parse.decode import decode
from benchmarks.plain_reading import Told, told_in_xml
from benchmarks.seen import Seen, seen_by_feedparser, seen_in_json

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """What one format says otherwise of one field of an entry; `weight` is how much is at stake."""

    form: str
    field: str
    index: int
    original: Seen
    published: Seen | None
    theirs: str
    ours: str
    weight: int

    @property
    def raw_date(self) -> str:
        """The date at issue, as its publisher wrote it."""
        return self.original.raw_dates[0 if self.field == "published" else 1]


@dataclass(slots=True)
class Case:
    """One document: what feedparser sees in it, and in the three formats that we publish."""

    body: bytes
    url: str
    now: datetime
    original: tuple[Seen, ...]
    published: dict[str, list[Seen | None]]
    _again: list[Seen] | None = field(default=None)
    _clean: list[Seen] | None = field(default=None)

    def again(self) -> list[Seen]:
        """Return the original as feedparser sees it decoded, with captions out of its sight."""
        if self._again is None:
            self._again = []
            try:
                text = decode(self.body, None).text
            except UnreadableError:
                return self._again
            text = re.sub(r"^\s*<\?xml[^>]*\?>", "<?xml version='1.0' encoding='utf-8'?>", text)
            prefixes = "|".join({*map(re.escape, _PREFIX.findall(text)), "media", "itunes"})
            text = re.sub(rf"(</?)((?:{prefixes}):)({_CAPTIONS})\b", r"\1\2x-\3", text)
            found = seen_by_feedparser(text.encode("utf-8", "replace"), self.url)
            if len(found) == len(self.original):
                self._again = found
        return self._again

    def told(self) -> list[Told]:
        """Return the original as the second judge reads it."""
        text = decode(self.body, None).text
        return told_in_xml(text, self.url) if self.body.lstrip()[:1] != b"{" else []

    def without_advertising(self) -> list[Seen]:
        """Return the original as it is without the notices that a rule for the site takes out."""
        if self._clean is None:
            body = _ADVERTISEMENT.sub(b"", self.body)
            self._clean = seen_in_json(body, self.url) or seen_by_feedparser(body, self.url)
        return self._clean if len(self._clean) == len(self.original) else []


#: The notices of ithome.com, as markup, escaped in XML, and as JSON writes it.
_ADVERTISEMENT = re.compile(
    rb"""(?:<|&lt;)(p|a) class=\\?(?:"|&quot;|')(?:ad-tips|topic-bar)\b.*?"""
    rb"""(?:<|&lt;)/\1(?:>|&gt;)""",
    re.DOTALL,
)
#: Elements that feedparser files as the entry's own description or title, and their prefixes.
_CAPTIONS = "description|title|summary|subtitle"
_PREFIX = re.compile(
    r"""xmlns:([\w.-]+)\s*=\s*["'][^"']*(?:search\.yahoo\.com/mrss|itunes\.com/dtds)""",
    re.IGNORECASE,
)
