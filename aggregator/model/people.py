"""Who made something, and what podcasts say of themselves: words beside an entry's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Person:
    """An author or contributor, of whom at least one thing is known; `name` may be empty.

    `url` is a page of theirs, `avatar_url` a picture of them.
    """

    name: str = ""
    url: str | None = None
    email: str | None = None
    avatar_url: str | None = None

    @property
    def label(self) -> str:
        """The name, else what there is in its place; never empty for somebody."""
        return self.name or self.email or self.url or self.avatar_url or ""


def joined_names(people: Iterable[Person]) -> str | None:
    """Return people on one line, "Ann, Tom", each name once; `None` for nobody."""
    return ", ".join(dict.fromkeys(filter(None, (one.label for one in people)))) or None


@dataclass(frozen=True, slots=True)
class Episode:
    """What a podcast says of an entry (https://help.apple.com/itc/podcasts_connect/#/itcb54353390).

    `duration_seconds` is 0 when unknown, `explicit` `None`. `kind` is "full", "trailer" or "bonus".
    """

    duration_seconds: int = 0
    explicit: bool | None = None
    season: int | None = None
    number: int | None = None
    kind: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an entry says beside its text: by whom it is, whose it is, which episode it is."""

    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    rights: str | None = None
    episode: Episode | None = None

    @property
    def author(self) -> str | None:
        """All authors on one line, as rules and templates know them."""
        return joined_names(self.authors)


@dataclass(frozen=True, slots=True)
class Generator:
    """The program that made a document: its name, with its page and version where they are told."""

    name: str
    url: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Podcast:
    """What a podcast says of itself. `categories` are Apple's: (category, subcategory or "")."""

    categories: tuple[tuple[str, str], ...] = ()
    explicit: bool | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceParticulars:
    """What a document says of its makers; `logo_url` is a wide picture, its icon a square one."""

    authors: tuple[Person, ...] = ()
    generator: Generator | None = None
    logo_url: str | None = None
    podcast: Podcast | None = None

    @property
    def author(self) -> str | None:
        """All authors on one line."""
        return joined_names(self.authors)
