"""What is read alike in a head, an entry and a source: one function an element.

Each is called with the reading, the element and what feedparser calls its context, a dict, into
which it files what feedparser and our overrides of its handlers would file there, under the same
key. What they would do with something unusual is not written again: it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aggregator.parse.links import registered_relation
from aggregator.parse.strict.names import is_unread
from aggregator.parse.strict.reading import Context, Reading, is_html, refuse
from aggregator.parse.strict.refusals import RefusedError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    Handler = Callable[[Reading, Element, Context], None]

#: How references without meaning look in the address of a link.
_NAMED = re.compile("&([A-Za-z0-9_]+);")

#: More of one kind than anybody reads; they are compared with each other.
_MAX_TAGS = 500


class Handlers(dict[str, Callable[[Reading, Any, Context], None]]):
    """The handlers of one document's elements in one kind of place, by their tags."""

    __slots__ = ("_by_name", "_reading", "_where")

    def __init__(self, reading: Reading, by_name: dict[str, Handler], where: str) -> None:
        super().__init__()
        self._reading, self._by_name, self._where = reading, by_name, where

    def __missing__(self, tag: str) -> Handler:
        """Find the handler of a tag that is met for the first time."""
        name = self._reading.names.of(tag)
        handler = self._by_name.get(name)
        if handler is None:
            if not is_unread(name):
                raise RefusedError(f"{name} in {self._where}")
            handler = _unread
        self[tag] = handler
        return handler


def _unread(reading: Reading, element: Element, _into: Context) -> None:
    reading.pass_over(element)


def leaf(reading: Reading, element: Element, _into: Context) -> None:
    """Pass over an element that feedparser files where nobody looks."""
    reading.raw_text(element)


def plain(key: str) -> Handler:
    """Return a handler that files a text."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        into[key] = reading.text(element)

    return read


def bare(key: str) -> Handler:
    """Return a handler of an element that feedparser has none for."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        into[key] = reading.bare_text(element)

    return read


def bare_address(key: str) -> Handler:
    """Return a handler of such an element that holds an address."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        into[key] = reading.resolved(reading.bare_text(element))

    return read


def detailed(key: str) -> Handler:
    """Return a handler of a plain text whose type may say that it is HTML."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        detail = reading.detail(element, "text/plain")
        into[key], into[f"{key}_detail"] = detail["value"], detail

    return read


def title_at(depth: int) -> Handler:
    """Return a handler of titles so deep in a document: the first one outside of others counts."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        detail = reading.detail(element, "text/plain")
        value = detail["value"]
        if not -1 < reading.title_depth <= depth:
            into["title"], into["title_detail"] = value, detail
        if value:
            reading.title_depth = depth

    return read


def identity(reading: Reading, element: Element, into: Context) -> None:
    """Read an id, which is the link, too, where nothing else is."""
    _identity(reading, element, into)


def guid(reading: Reading, element: Element, into: Context) -> None:
    """Read an id of RSS, which says whether it is a link."""
    if _identity(reading, element, into):
        into["house_permalink"] = into["id"]


def _identity(reading: Reading, element: Element, into: Context) -> bool:
    is_permalink = reading.baseless(element).get("ispermalink", "true") == "true"
    value = into["id"] = reading.text(element)
    if is_permalink:
        into.setdefault("link", value)
    return is_permalink


def link(reading: Reading, element: Element, into: Context) -> None:
    """Read a link of any format: an address in an attribute, or as text."""
    attributes = reading.baseless(element)
    relation = attributes.get("rel")
    if relation is None:
        relation = attributes["rel"] = "alternate"
    elif "iana" in relation:
        relation = attributes["rel"] = registered_relation(relation) or relation
    default = "application/atom+xml" if relation == "self" else "text/html"
    kind = attributes.setdefault("type", default)
    _with_href(attributes)
    links = into.setdefault("links", [])
    links.append(attributes)
    text = reading.text(element)
    if "href" not in attributes:
        address = into["link"] = reading.resolved(text)
        if _NAMED.search(address):
            refuse("references in", element, reading)
        if address:
            attributes["href"] = address
        return
    if text:
        refuse("a text of", element, reading)
    attributes["href"] = reading.resolved(attributes["href"])
    if relation == "alternate" and is_html(kind):
        into["link"] = attributes["href"]


def generator(reading: Reading, element: Element, into: Context) -> None:
    """Read the program that made a feed."""
    attributes = reading.baseless(element)
    if attributes:
        _with_href(attributes)
        if "href" in attributes:
            attributes["href"] = reading.resolved(attributes["href"])
    into["generator_detail"] = attributes
    attributes["name"] = into["generator"] = reading.text(element)


def author(reading: Reading, element: Element, into: Context) -> None:
    """Read an author: a name, or elements for name, address and page."""
    person: dict[str, str] = {}
    into.setdefault("house_authors", []).append(person)
    if len(element):
        _parts(reading, element, person, _OF_PEOPLE)
    elif text := reading.text(element):
        person["text"] = text


def contributor(reading: Reading, element: Element, into: Context) -> None:
    """Read somebody else who had a part in it."""
    person: dict[str, str] = {}
    into.setdefault("house_contributors", []).append(person)
    _parts(reading, element, person, _OF_PEOPLE)


def contributor_name(reading: Reading, element: Element, into: Context) -> None:
    """Read the name of such a person (dc:contributor)."""
    name = reading.raw_text(element)
    into.setdefault("house_contributors", []).append({"name": name} if name else {})


def owner(reading: Reading, element: Element, into: Context) -> None:
    """Read the owner of a podcast."""
    filed = into.setdefault("house_owners", [])
    if not filed:
        filed.append({})
    _parts(reading, element, filed[-1], _OF_OWNERS)


_OF_OWNERS = {"name": "name", "itunes_name": "name", "email": "email", "itunes_email": "email"}
_OF_PEOPLE = {**_OF_OWNERS, "uri": "href", "url": "href", "homepage": "href"}


def _parts(
    reading: Reading, element: Element, person: dict[str, str], keys: dict[str, str]
) -> None:
    reading.baseless(element)
    if (element.text or "").strip():
        refuse("a text beside elements of", element, reading)
    for child in element:
        name = reading.names.of(child.tag)
        key = keys.get(name)
        if key == "href":
            reading.baseless(child)
            value = reading.resolved(reading.text(child))
        elif key:
            value = reading.raw_text(child)
        elif is_unread(name):
            reading.pass_over(child)
            value = ""
            if child.keys() and any(str(text).strip() for text in child.itertext()):
                refuse("a text of", child, reading)
        else:
            refuse("an element inside of", element, reading)
        if key and value:
            person[key] = value
        if (child.tail or "").strip():
            refuse("a text beside elements of", element, reading)


def tag(reading: Reading, element: Element, into: Context) -> None:
    """Read a category of any format: a term in an attribute, or as text."""
    attributes = reading.baseless(element)
    file_tag(reading, element, into, attributes, attributes.get("domain"))


def media_tag(reading: Reading, element: Element, into: Context) -> None:
    """Read a category of Media RSS."""
    file_tag(
        reading,
        element,
        into,
        reading.baseless(element),
        "http://search.yahoo.com/mrss/category_schema",
    )


def file_tag(
    reading: Reading,
    element: Element,
    into: Context,
    attributes: dict[str, str],
    scheme: str | None,
) -> None:
    """File a category; `scheme` is the one that it has if it says none."""
    tags = into.get("tags")
    if tags and not tags[-1]["term"]:
        tags[-1]["term"] = tags[-1]["label"]
        if not tags[-1]["term"]:
            tags.pop()
    scheme, label = attributes.get("scheme", scheme), attributes.get("label")
    add_tag(into, attributes.get("term"), scheme, label)
    value = reading.text(element)
    if not value:
        return
    tags = into["tags"]
    if tags and not tags[-1]["term"]:
        tags[-1]["term"] = value
    else:
        add_tag(into, value, None, None)


def add_tag(into: Context, term: str | None, scheme: str | None, label: str | None) -> None:
    """File a category once."""
    tags = into.setdefault("tags", [])
    if len(tags) > _MAX_TAGS:
        raise RefusedError("many categories")
    if not term and not scheme and not label:
        return
    value = {"term": term, "scheme": scheme, "label": label}
    if value not in tags:
        tags.append(value)


def keywords(scheme: str | None) -> Handler:
    """Return a handler of categories between commas."""

    def read(reading: Reading, element: Element, into: Context) -> None:
        for term in reading.bare_text(element).split(","):
            if term.strip():
                add_tag(into, term.strip(), scheme, None)

    return read


def _with_href(attributes: dict[str, str]) -> None:
    """Call an address "href", whatever its attribute is called: feedparser's `_enforce_href`."""
    address = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if address:
        attributes.pop("url", None)
        attributes.pop("uri", None)
        attributes["href"] = address


def enclosure(reading: Reading, element: Element, into: Context) -> None:
    """Read a file of an entry of RSS."""
    attributes = reading.baseless(element)
    _with_href(attributes)
    attributes["rel"] = "enclosure"
    into.setdefault("links", []).append(attributes)
    reading.raw_text(element)
