"""Who made an item or its source, as every format publishes it: cleaned, nothing left to decide."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Person
from aggregator.publish.xml_safety import clean, clean_url
from aggregator.runtime.values import dataclass
from aggregator.web.person_names import local_part, people_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Episode, Generator, Podcast

#: As RSS and Atom want it, and nothing that XML or a reader stumbles over.
_EMAIL = re.compile(r"[^\s@()<>,;:\"\[\]\\]+@[^\s@()<>,;:\"\[\]\\.]+(?:\.[^\s@()<>,;:\"\[\]\\.]+)+")


@dataclass(frozen=True, slots=True)
class ItemPerson:
    """An author or contributor; `name` is never empty, and no address."""

    name: str
    url: str | None = None
    email: str | None = None
    avatar_url: str | None = None

    @property
    def contact(self) -> str:
        """The person as RSS writes it: the name, or `jo@example.org (Jo Doe)`."""
        return self.name if self.email is None else f"{self.email} ({self.name})"


def people(found: Iterable[Person], *, emails: bool) -> tuple[ItemPerson, ...]:
    """Return people with names, each once; `emails`: with their addresses.

    Who has none is called by what stands before the "@" of the e-mail address, or by the host of
    the page; an address is never published as a name, and none is made up. A line of several
    names with addresses, as version 0.1 stored them, is as many people.
    """
    named: dict[str, ItemPerson] = {}
    for one in found:
        for person in _each(one):
            name = clean(person.name).strip() or _called(person)
            email = person.email if emails and _EMAIL.fullmatch(person.email or "") else None
            if name:
                told = ItemPerson(name, clean_url(person.url), email, clean_url(person.avatar_url))
                named.setdefault(name, told)
    return tuple(named.values())


def names(found: Iterable[ItemPerson]) -> str:
    """Return people on one line."""
    return ", ".join(one.name for one in found)


def person_name(author: str) -> str:
    """Return the names in a line that an operator or version 0.1 wrote; may be empty."""
    line = clean(author)
    return names(people([Person(line)], emails=False)) if line.strip() else ""


def episode(found: Episode | None) -> Episode | None:
    """Return what a podcast says of an item, its picture's address cleaned."""
    return found and replace(found, image_url=clean_url(found.image_url))


def generator(found: Generator | None) -> Generator | None:
    """Return the program that made a source, `None` where nothing of its name is left."""
    name = "" if found is None else clean(found.name).strip()
    if found is None or not name:
        return None
    version = clean(found.version or "").strip() or None
    return replace(found, name=name, url=clean_url(found.url), version=version)


def podcast(found: Podcast | None) -> Podcast | None:
    """Return what a source says of itself as a podcast, cleaned."""
    if found is None:
        return None
    pairs = ((clean(first).strip(), clean(second).strip()) for first, second in found.categories)
    return replace(
        found,
        categories=tuple(dict.fromkeys(pair for pair in pairs if pair[0])),
        image_url=clean_url(found.image_url),
    )


def _each(person: Person) -> list[Person]:
    """Return the people in one name, all that is known of them with the first."""
    if "@" not in person.name:
        return [person]
    (name, email), *others = people_in(person.name) or [("", None)]
    first = replace(person, name=name, email=person.email or email)
    return [first, *(Person(one, email=address) for one, address in others)]


def _called(person: Person) -> str:
    if person.email:
        return clean(local_part(person.email)).strip()
    url = clean_url(person.url or person.avatar_url)
    return "" if url is None else url.partition("://")[2].partition("/")[0]
