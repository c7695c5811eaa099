"""What the checks of XML documents share: the place of a finding, small checks of any element."""

from __future__ import annotations

import re
from html.entities import html5
from typing import TYPE_CHECKING

from aggregator.lint import value_checks
from aggregator.lint.findings import quoted
from aggregator.lint.registries import HTML_ELEMENTS
from aggregator.lint.xml_tree import XML
from aggregator.runtime.values import dataclass
from aggregator.web.urls import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from aggregator.lint.findings import Report
    from aggregator.lint.xml_tree import Element, XmlDocument

_END_TAG = re.compile(r"</([A-Za-z][A-Za-z0-9]*)\s*>")
_REFERENCE = re.compile(r"&(#\d{1,8}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z][A-Za-z0-9]*);")
_LOOKS_LIKE_MARKUP = re.compile(r"<[/A-Za-z]|&#[x0-9]")
#: The RSS Advisory Board's way to say that a character is meant as such (RSS profile, 3.1).
_HEXADECIMAL = re.compile(rb"&#x(?:26|3c);", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """One document and where findings go. `url` is where it was found, `now` the time, if known."""

    report: Report
    document: XmlDocument
    url: str | None = None
    now: datetime | None = None

    def add(self, rule: str, what: str, element: Element) -> None:
        """Report something about an element."""
        self.report.add(rule, what, line=element.line)

    def fault(self, fault: value_checks.Fault | None, where: str, element: Element) -> None:
        """Report what is wrong with a value, if anything is."""
        if fault is not None:
            self.add(fault[0], f"{where}: {fault[1]}", element)

    def once(self, parent: Element, names: Collection[str], namespace: str) -> None:
        """Report what is in an element more than once and must not be."""
        for name in names:
            for again in parent.all(name, namespace)[1:]:
                self.add("DuplicateElement", f"a second <{name}> in <{parent.local}>", again)

    def known(
        self, parent: Element, children: Collection[str], namespace: str, *, text: bool = False
    ) -> None:
        """Report children that a format does not have, and text where only elements belong."""
        for child in parent.children:
            if child.name[0] == namespace and child.local not in children:
                what = f"<{child.local[:40]}> in <{parent.local}>"
                self.add("UndefinedElement", what, child)
        if not text and parent.text:
            self.add("UnexpectedText", f"{quoted(parent.text)} in <{parent.local}>", parent)

    def attributes(self, element: Element, names: Collection[str]) -> None:
        """Report attributes without a namespace that a format does not have."""
        for namespace, name in element.attributes:
            if not namespace and name not in names:
                self.add("UnexpectedAttribute", f"{name[:40]} of <{element.local}>", element)
        if (tag := element.get("lang", XML)) is not None and tag:
            self.fault(value_checks.language(tag), f"xml:lang of <{element.local}>", element)
        if (base := element.get("base", XML)) is not None:
            fault = value_checks.reference(base, iri=True, whole=False)
            self.fault(fault, f"xml:base of <{element.local}>", element)

    def plain(self, element: Element, text: str, *, rss: bool = False) -> None:
        """Report what makes readers take plain text for HTML.

        In RSS nothing says which it is, but for `&` and `<` written as hexadecimal references.
        """
        where = f"<{element.local}> {quoted(text)}"
        if rss and _HEXADECIMAL.search(self.document.raw(element)):
            return
        if what := markup_in(text):
            self.add("ContainsHTML", f"{where} holds {what}", element)
        elif rss and (found := _LOOKS_LIKE_MARKUP.search(text)):
            self.add("CharacterData", f"{where} holds {quoted(found[0])}", element)

    def date(self, element: Element, judge: Callable[..., value_checks.Fault | None]) -> None:
        """Report what is wrong with a date."""
        self.fault(judge(element.text, now=self.now), f"<{element.local}>", element)

    def address(self, element: Element, text: str, where: str, *, iri: bool, whole: bool) -> bool:
        """Report what is wrong with an address; tell whether nothing is."""
        fault = value_checks.reference(text, iri=iri, whole=whole)
        self.fault(fault, where, element)
        return fault is None

    def base_of(self, element: Element) -> str:
        """Return the base of relative addresses in an element; "" where none is told."""
        base = self.url or ""
        for told in reversed(list(element.inherited("base"))):
            base = resolved(base, told)
        return base


def markup_in(text: str) -> str | None:
    """Return what in a plain text is markup: an end tag of HTML, or a character reference."""
    for found in _END_TAG.finditer(text):
        if found[1].lower() in HTML_ELEMENTS:
            return quoted(found[0])
    for found in _REFERENCE.finditer(text):
        if found[1].startswith("#") or f"{found[1]};" in html5:
            return quoted(found[0])
    return None
