"""Whom a document names: authors and contributors, each by itself.

feedparser (6.0.14) gives an author the address of the one before who has none, takes the owner of a
podcast for an author, and the last of several for the only one; so its handlers are replaced here.
"""

from __future__ import annotations

from typing import Any

from aggregator.model import Person
from aggregator.parse.document_limits import bounded
from aggregator.web.person_names import people_in

#: A paper of physicists has thousands; nobody reads them in a list of articles.
MAX_PEOPLE = 100


class PeopleHandlers:
    """Overrides of feedparser's handlers: they file people as `house_authors` and so on.

    Each is a dict of `text` (RSS: the element's own), `name`, `href` and `email` (Atom).
    """

    inauthor: int
    incontributor: int
    insource: int

    def _start_author(self, attributes: dict[str, str]) -> None:
        super()._start_author(attributes)  # type: ignore[misc] # the mixin is feedparser's
        self._filed("house_authors").append({})

    _start_managingeditor = _start_author

    def _end_author(self) -> None:
        text = self.pop("author")  # type: ignore[attr-defined] # the mixin's
        self.inauthor = 0
        filed = self._filed("house_authors")
        if filed and text:
            filed[-1]["text"] = text

    _end_managingeditor = _end_author

    def _start_contributor(self, attributes: dict[str, str]) -> None:
        super()._start_contributor(attributes)  # type: ignore[misc] # the mixin is feedparser's
        self._filed("house_contributors").append({})

    def _start_dc_contributor(self, attributes: dict[str, str]) -> None:
        super()._start_dc_contributor(attributes)  # type: ignore[misc] # the mixin is feedparser's
        self._filed("house_contributors").append({})

    def _end_url(self) -> None:
        """Keep a person's page, and the source's own address, which feedparser takes it for."""
        context = self._get_context()  # type: ignore[attr-defined] # the mixin's
        own = context.get("href")
        super()._end_url()  # type: ignore[misc] # the mixin is feedparser's
        if self.insource and (self.inauthor or self.incontributor):
            context["href"] = own

    _end_uri = _end_homepage = _end_url

    def _save_author(self, key: str, value: str, prefix: str = "author") -> None:
        self._save_person("house_authors" if prefix == "author" else "house_owners", key, value)

    def _save_contributor(self, key: str, value: str) -> None:
        self._save_person("house_contributors", key, value)

    def _save_person(self, kind: str, key: str, value: str) -> None:
        filed = self._filed(kind)
        if not filed:
            filed.append({})
        if value:
            filed[-1][key] = value

    def _filed(self, kind: str) -> list[dict[str, str]]:
        context = self._get_context()  # type: ignore[attr-defined] # the mixin's
        found: list[dict[str, str]] = context.setdefault(kind, [])
        return found


def authors_of(context: dict[str, Any]) -> tuple[Person, ...]:
    """Return the authors of an entry, a source or a feed."""
    return _people(context.get("house_authors", ()))


def contributors_of(context: dict[str, Any]) -> tuple[Person, ...]:
    """Return who else had a part in it."""
    return _people(context.get("house_contributors", ()))


def owners_of(context: dict[str, Any]) -> tuple[Person, ...]:
    """Return the owner of a podcast."""
    return _people(context.get("house_owners", ()))


def described(
    text: str | None,
    url: str | None = None,
    email: str | None = None,
    avatar_url: str | None = None,
) -> tuple[Person, ...]:
    """Return whom `text` names, the first with what else is said of that person."""
    named = people_in(bounded(text) or "") or [("", None)]
    address = bounded((email or "").strip().removeprefix("mailto:"))
    (name, own), others = named[0], named[1:]
    first = Person(name, bounded(url), address or bounded(own), bounded(avatar_url))
    people = (first, *(Person(bounded(one) or "", None, bounded(theirs)) for one, theirs in others))
    return tuple(person for person in people if person.label)


def together(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return each person once, in order, with all that is said of one under one name.

    RSS 2.0 has the author's address, Dublin Core the name: a single address without a name is that
    of the single name without an address (the RSS profile's "author" and "dc:creator").
    """
    nameless = [one for one in people if not one.name and one.email and not one.url]
    named = [one for one in people if one.name]
    if len(nameless) == len(named) == 1 and len(people) == 2 and not named[0].email:
        people = (_joined(named[0], nameless[0]),)
    found: dict[str, Person] = {}
    for one in people:
        key = one.label.casefold()
        found[key] = _joined(found[key], one) if key in found else one
    return tuple(found.values())[:MAX_PEOPLE]


def _joined(one: Person, other: Person) -> Person:
    return Person(
        one.name or other.name,
        one.url or other.url,
        one.email or other.email,
        one.avatar_url or other.avatar_url,
    )


def _people(filed: list[dict[str, str]]) -> tuple[Person, ...]:
    if not filed:
        return ()
    return together(
        tuple(
            person
            for one in filed[: MAX_PEOPLE * 2]
            for person in described(
                one.get("name") or one.get("text"), one.get("href"), one.get("email")
            )
        )
    )
