"""Scripted publishers: what each lists, in which form, and how its habits change."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.laws import documents
from benchmarks.laws.articles import Signs, Telling, is_known_again, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

#: The ids that publishers give, `none`: no id at all, `place`: the number of a place in the list.
GUIDS = ("permalink", "number", "digits", "uuid", "tag", "none", "item", "place")
DATINGS = ("dated", "dated", "dated", "undated", "future", "day")


@dataclass(frozen=True, slots=True)
class Style:
    """How a publisher writes; only RSS has articles without an id."""

    kind: str
    guids: str
    links: bool
    dating: str
    long: bool
    length: int

    def __str__(self) -> str:
        texts = "long" if self.long else "short"
        links = "links" if self.links else "no links"
        return (
            f"{self.kind}, ids: {self.guids}, {links}, {self.dating}, {texts} texts, "
            f"lists {self.length}"
        )


def any_style(dice: random.Random) -> Style:
    """Return some publisher's way of writing."""
    kind = dice.choice(("rss", "rss", "rss", "atom", "json"))
    guids = dice.choice(GUIDS if kind == "rss" else ("permalink", "digits", "uuid", "tag"))
    # A place in the list is no sign: something else has to be.
    links = guids == "place" or dice.random() < 0.75
    dating = dice.choice(DATINGS)
    if guids == "place":
        dating = "dated"
    return Style(kind, guids, links, dating, dice.random() < 0.6, dice.choice((6, 10, 15)))


@dataclass
class Publisher:
    """One publisher: its articles, newest first, those that it still lists, and its habits.

    `site` is the registrable domain of its addresses. `era` counts changes of all ids, `paths`
    those of all links. `signed` writes another signature into each link of each answer,
    `random_ids` another id.
    """

    key: str
    style: Style
    url: str
    site: str
    markup: str = "p"
    era: int = 0
    paths: int = 0
    signed: bool = False
    random_ids: bool = False
    former_urls: tuple[str, ...] = ()
    closed: bool = False
    tellings: list[Telling] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    shuffled: int | None = None
    answers: int = 0

    @property
    def has_fixed_ids(self) -> bool:
        """Whether its ids mean anything from one answer to the next."""
        return self.style.guids not in ("none", "place") and not self.random_ids

    def tell(self, number: int, now: datetime, dice: random.Random) -> Telling:
        """Publish a new article of its own."""
        title, text = words(number, long=self.style.long)
        date: datetime | None = now - timedelta(seconds=dice.randrange(60, 3000))
        if self.style.dating == "undated":
            date = None
        elif self.style.dating == "future":
            date = now + timedelta(seconds=dice.randrange(1, 40 * 86400))
        elif self.style.dating == "day" and (self.style.links or self.style.guids != "none"):
            date = now.replace(hour=0, minute=0, second=0)
        link = self.link(number) if self.style.links else None
        if self.style.guids == "none" and link is None and date is not None:
            # Notes of a state: nothing but the date tells one from another.
            title, text = dice.choice(
                (("Server DOWN", "The server is down."), ("Server UP", "The server is up."))
            )
        return self.add(number, Signs(self.guid(number, link), link, title, text, date))

    def add(self, number: int, signs: Signs) -> Telling:
        """Tell an article at the top of the list."""
        telling = Telling(self.key, number, signs)
        self.tellings.insert(0, telling)
        return telling

    def link(self, number: int) -> str:
        """Return an article's address as this publisher spells it now."""
        folder = ("articles", "stories", "posts/view", "n")[self.paths % 4]
        return f"https://www.{self.site}/{folder}/{self.paths:02}{number}.html"

    def guid(self, number: int, link: str | None) -> str | None:
        """Return an article's id as this publisher numbers now."""
        changed = self.era * 1_000_000
        match self.style.guids:
            case "permalink":
                return link or f"https://{self.site}/?p={changed + number}"
            case "number":
                return f"{20_260_000 + changed + number}"
            case "digits":
                return f"post-{5000 + changed + number}"
            case "uuid":
                return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.key} {self.era} {number}"))
            case "tag":
                return f"tag:{self.site},2020:{changed + number}"
            case "item":
                return f"item-{number % 1000}" if not self.era else f"entry{self.era}-{number}"
            case _:
                return None

    def listed(self, *, whole_archive: bool = False) -> list[Telling]:
        """Return what its document lists, with the signs that this answer gives."""
        shown = [one for one in self.tellings if one.article not in self.hidden]
        if not whole_archive:
            shown = shown[: self.style.length]
        if self.shuffled is not None:
            random.Random(self.shuffled).shuffle(shown)  # noqa: S311 # a replay, not a secret
        return [self._as_answered(one, place) for place, one in enumerate(shown, start=1)]

    def _as_answered(self, one: Telling, place: int) -> Telling:
        if self.style.guids == "place":
            one = one.with_signs(guid=f"item-{place}")
        elif self.random_ids:
            one = one.with_signs(guid=f"r{self.answers}x{one.article}-{self.key}")
        if self.signed and one.signs.link:
            sign = (
                f"timestamp={1_700_000_000 + self.answers}&signature=x{self.answers}{one.article}"
            )
            one = one.with_signs(link=f"{one.signs.link}?{sign}")
        return one

    def render(self, listed: list[Telling]) -> bytes:
        """Return the document that lists these."""
        home = f"https://www.{self.site}/"
        return documents.render(self.style.kind, self.key, home, listed, self.markup)

    def may_become(self, before: Signs, now: Signs) -> bool:
        """Tell whether an article that was listed as `before` is still known when it is as `now`.

        By what lasts of its signs: not those that are others in each answer.
        """
        if self.style.guids == "place" and before.title != now.title and before.date != now.date:
            return False
        if self.signed and not self.has_fixed_ids:
            return (before.title, before.text, before.date) == (now.title, now.text, now.date)
        return is_known_again(self.lasting(before), self.lasting(now))

    def lasting(self, signs: Signs) -> Signs:
        """Return the signs without those that are others in each answer."""
        return replace(
            signs,
            guid=signs.guid if self.has_fixed_ids else None,
            link=None if self.signed else signs.link,
        )

    def change(self, article: int, change: Callable[[Telling], Telling]) -> None:
        """Change one telling."""
        self.tellings = [change(one) if one.article == article else one for one in self.tellings]
