"""Where an entry is: which of its links is its page, and how it is written."""

from __future__ import annotations

import re
from typing import Any

from aggregator.web.absent_links import says_nothing

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

#: A registered relation's name may be written as an IRI (RFC 4287 section 4.2.7.2); with an "s" or
#: in another case programs write it, too.
_REGISTERED = re.compile(
    r"\s*https?://www\.iana\.org/assignments/(?:link-)?relations?[/#]([a-z][a-z0-9.-]*)\s*",
    re.IGNORECASE,
)
#: What Atom's content may be somewhere else (RFC 4287 section 4.1.3.2): a file of these media.
_FILES = ("audio/", "video/", "image/")


class LinkHandlers:
    """Overrides of feedparser's handlers, for addresses as they are written.

    It resolves them against the document's address, which is Atom's base and not RSS's (ADR 0020),
    and forgets whether a guid is a permalink where an empty link stands beside it.
    """

    baseuri: str
    version: str
    guidislink: bool
    inentry: int
    insource: int

    def remember_base(self) -> None:
        """Take the present base for the document's own; before the first element."""
        self.document_base = self.baseuri

    def resolve_uri(self, uri: str) -> str:
        """Return an address as Atom or an xml:base mean it, else as it is."""
        is_unsaid = self.baseuri == self.document_base and not self.version.startswith("atom")
        if is_unsaid or says_nothing(uri):
            return uri
        return str(super().resolve_uri(uri))  # type: ignore[misc] # the mixin is feedparser's

    def _start_link(self, attributes: dict[str, str]) -> None:
        """Read a registered relation by its name; feedparser knows no other."""
        if registered := registered_relation(attributes.get("rel", "")):
            attributes["rel"] = registered
        super()._start_link(attributes)  # type: ignore[misc] # the mixin is feedparser's

    def _start_content(self, attributes: dict[str, str]) -> None:
        """Keep where an Atom entry's content is, if it is not here; feedparser forgets it."""
        super()._start_content(attributes)  # type: ignore[misc] # the mixin is feedparser's
        address = attributes.get("src", "").strip()
        if not address or not self.inentry or self.insource or not self.version.startswith("atom"):
            return
        address = self.resolve_uri(address)
        kind = attributes.get("type", "").partition(";")[0].strip().lower()
        context = self._get_context()  # type: ignore[attr-defined] # the mixin's
        if kind in HTML_TYPES:
            context.setdefault("house_content_page", address)
        elif kind.startswith(_FILES):
            file = {"rel": "enclosure", "href": address, "type": kind}
            context.setdefault("links", []).append(file)

    def _end_guid(self) -> None:
        is_permalink = self.guidislink
        super()._end_guid()  # type: ignore[misc] # the mixin is feedparser's
        context = self._get_context()  # type: ignore[attr-defined] # the mixin's
        if is_permalink and self.inentry:
            context["house_permalink"] = context.get("id")


def registered_relation(relation: str) -> str | None:
    """Return the name of a registered relation that is written as an IRI; `None` for others."""
    found = _REGISTERED.fullmatch(relation)
    return None if found is None else found[1].lower()


def link_of(entry: dict[str, Any]) -> str | None:
    """Return the address of a feedparser entry: the first link that says one.

    Of several alternates, one for each language or form, the first page is the entry's (RFC 4287
    section 4.2.7.2 leaves open which); translations and AMP follow it. Then what another type has,
    then the page that is Atom's content (section 4.1.3.2), then a guid that is a permalink (RSS
    2.0).
    """
    alternates = [
        link
        for link in entry.get("links", ())
        if link.get("rel") == "alternate" and link.get("href")
    ]
    pages = [str(link["href"]) for link in alternates if link.get("type") in HTML_TYPES]
    others = [str(link["href"]) for link in alternates]
    beside = ("house_content_page", "link", "house_permalink")
    candidates = [*pages, *others, *map(entry.get, beside)]
    found = [str(link) for link in candidates if link and str(link).strip()]
    return next((link for link in found if not says_nothing(link)), found[0] if found else None)
