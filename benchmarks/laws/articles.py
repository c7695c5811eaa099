"""Articles as they truly are, and the signs by which a publisher lets others know them again.

An article is one whatever becomes of its signs; the tester tells it by a category (`mark`) that
publishers write into it and that the program passes on without looking at it.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from datetime import datetime

_MARK = re.compile(r"told-([a-z0-9]+)-(\d+)")

_WORDS = (
    *("release", "kernel", "market", "battery", "camera", "手机", "发布", "系统", "更新", "芯片"),
    *("network", "orbit", "paper", "museum", "harbour", "budget", "电池", "屏幕", "价格", "北京"),
    *("election", "storm", "river", "bridge", "compiler", "editor", "licence", "harvest", "glass"),
)

#: Ids that end in a counter short enough to number the places of a list.
_COUNTER = re.compile(r"[^/:\d]*\d{1,3}")


@dataclass(frozen=True, slots=True)
class Signs:
    """What a document says of one article: all by which it may be known."""

    guid: str | None
    link: str | None
    title: str
    text: str
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Telling:
    """One publisher's telling of an article: which, and under which signs now."""

    publisher: str
    article: int
    signs: Signs
    edits: int = 0

    @property
    def mark(self) -> str:
        """What tells this telling in every document."""
        return f"told-{self.publisher}-{self.article}"

    def with_signs(self, **signs: object) -> Telling:
        """Return the same telling under other signs."""
        return replace(self, signs=replace(self.signs, **signs))  # type: ignore[arg-type]  # by name


def read_mark(categories: tuple[str, ...]) -> tuple[str, int]:
    """Return the publisher and the article that an entry's categories name."""
    for one in categories:
        if found := _MARK.fullmatch(one):
            return found[1], int(found[2])
    raise ValueError(f"no mark in {categories}")


def words(article: int, *, long: bool) -> tuple[str, str]:
    """Return the title and the text of an article that is like no other."""
    dice = random.Random(f"words {article}")  # noqa: S311 # words, not a secret
    title = f"{' '.join(dice.sample(_WORDS, 3))} no. {article}"
    return title, f"{' '.join(dice.choices(_WORDS, k=50 if long else 6))}, of {article}."


def is_known_again(before: Signs, now: Signs) -> bool:
    """Tell whether one article alone is to be known again (docs/publishing.md, "What is the same").

    Signs that a whole document changes at once are another matter (`moves`).
    """
    agrees = before.title == now.title or (now.date is not None and before.date == now.date)
    same_link = now.link is not None and before.link == now.link
    same_text = before.text == now.text
    if now.guid is not None and before.guid == now.guid:
        return not _COUNTER.fullmatch(now.guid) or agrees or same_link or same_text
    if same_link:
        # Where both have an id and the ids differ, title or date stands beside the link.
        return before.guid is None or now.guid is None or agrees
    same_date = before.date == now.date
    if now.guid is None and now.link is None and before.guid is None and before.link is None:
        return same_text and same_date and (before.title == now.title or now.date is not None)
    return same_text and before.title == now.title and same_date and now.date is not None
