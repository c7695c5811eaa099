"""What podcasts say in Apple's namespace (https://podcasters.apple.com/support/823-podcast-requirements)."""

from __future__ import annotations

import re
from typing import Any

from aggregator.model import Episode, Podcast
from aggregator.parse.document_limits import bounded

#: Apple lists some 20 categories, with some 90 below them.
MAX_PODCAST_CATEGORIES = 20
#: A week: what is longer is no length of a recording.
MAX_SECONDS = 7 * 24 * 3600

_SECONDS = re.compile(r"(\d{1,7})(?:[.,]\d{1,9})?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,]\d{1,9})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_EXPLICIT = {
    "yes": True, "true": True, "explicit": True,
    "no": False, "false": False, "clean": False,
}  # fmt: skip
_KINDS = frozenset({"full", "trailer", "bonus"})
#: What says something of an episode: an entry without any of them is none.
_SAID = frozenset({
    "house_cover", "house_explicit", "itunes_duration", "itunes_episode", "itunes_episodetype",
    "itunes_season",
})  # fmt: skip


class PodcastHandlers:
    """Overrides of feedparser's handlers, which forget what is below what, and who is not explicit.

    They file `house_explicit`, `house_cover` and `house_podcast_categories`.
    """

    inentry: int

    def _start_itunes_category(self, attributes: dict[str, str]) -> None:
        super()._start_itunes_category(attributes)  # type: ignore[misc] # the mixin is feedparser's
        name, above = (attributes.get("text") or "").strip(), self._categories_above()
        if name and not self.inentry:
            filed = self._podcast_context().setdefault("house_podcast_categories", [])
            filed.append((above[0], name) if above else (name, ""))
        above.append(name)

    def _end_itunes_category(self) -> None:
        super()._end_itunes_category()  # type: ignore[misc] # the mixin is feedparser's
        above = self._categories_above()
        if above:
            above.pop()

    def _start_itunes_image(self, attributes: dict[str, str]) -> None:
        super()._start_itunes_image(attributes)  # type: ignore[misc] # the mixin is feedparser's
        url = attributes.get("href") or attributes.get("url")
        if url:
            self._podcast_context()["house_cover"] = url.strip()

    def _end_itunes_explicit(self) -> None:
        value = self.pop("itunes_explicit", 0)  # type: ignore[attr-defined] # the mixin's
        self._podcast_context()["house_explicit"] = str(value or "")

    def _categories_above(self) -> list[str]:
        found: list[str] = self.__dict__.setdefault("house_categories_above", [])
        return found

    def _podcast_context(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get_context()  # type: ignore[attr-defined] # the mixin's
        return found


def episode_of(entry: dict[str, Any]) -> Episode | None:
    """Return what a podcast says of a feedparser entry, `None` for nothing."""
    if _SAID.isdisjoint(entry):
        return None
    kind = str(entry.get("itunes_episodetype") or "").strip().lower()
    found = Episode(
        duration_seconds=seconds(entry.get("itunes_duration")),
        explicit=_explicit(entry),
        season=_number(entry.get("itunes_season")),
        number=_number(entry.get("itunes_episode")),
        kind=kind if kind in _KINDS else None,
        image_url=bounded(entry.get("house_cover")),
    )
    return None if found == Episode() else found


def podcast_of(head: dict[str, Any]) -> Podcast | None:
    """Return what a feed says of itself as a podcast, `None` for nothing."""
    pairs = dict.fromkeys(head.get("house_podcast_categories", ()))
    found = Podcast(
        categories=tuple(pairs)[:MAX_PODCAST_CATEGORIES],
        explicit=_explicit(head),
        image_url=bounded(head.get("house_cover")),
    )
    return None if found == Podcast() else found


def seconds(text: object) -> int:
    """Return a duration, "3723", "62:03" or "1:02:03", in seconds; 0 for none."""
    said = str(text or "").strip()
    if found := _SECONDS.fullmatch(said):
        total = int(found[1])
    elif found := _CLOCK.fullmatch(said):
        total = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
    else:
        return 0
    return total if total <= MAX_SECONDS else 0


def _explicit(context: dict[str, Any]) -> bool | None:
    return _EXPLICIT.get(str(context.get("house_explicit") or "").strip().lower())


def _number(text: object) -> int | None:
    said = str(text or "").strip()
    return int(said) if _NUMBER.fullmatch(said) else None
