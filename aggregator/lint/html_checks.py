"""HTML and XHTML within a feed: what it runs, what it refers to, and whether it is HTML."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from aggregator.lint import value_checks
from aggregator.lint.check_context import markup_in
from aggregator.lint.findings import quoted
from aggregator.lint.html_tokens import End, Instruction, Start, Text, tokens
from aggregator.lint.html_tree import Nesting
from aggregator.lint.registries import (
    EVENTS,
    HTML_ELEMENTS,
    MATHML_ATTRIBUTES,
    MATHML_ELEMENTS,
    RISKY_ELEMENTS,
    USUAL_ATTRIBUTES,
    USUAL_PROPERTIES,
)
from aggregator.lint.xml_tree import MATHML, SVG, XHTML, XLINK, XML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.lint.findings import Report
    from aggregator.lint.html_tokens import Token
    from aggregator.lint.xml_tree import Element

#: Attributes whose value is an address, and the elements where they are (`None`: all).
_ADDRESSES = frozenset(
    {"href", "src", "cite", "action", "formaction", "poster", "background", "longdesc", "data"}
)
_SRCSETS = frozenset({"srcset", "imagesrcset"})
#: What is wrong with an address that a reader cannot follow. It breaks the text, not the feed.
_BROKEN = frozenset({"InvalidUriChar", "InvalidLink", "InvalidFullLink"})
#: Scheme and host.
_PLACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
#: Browsers take these as they are behind the host, as in `?tag[]=1`.
_TAKEN = str.maketrans("", "", "[]#")
_RUNNING_SCHEMES = ("javascript:", "vbscript:", "data:text/html", "livescript:")
#: Attributes that run what they hold.
_RUNNING = frozenset({"srcdoc", "formaction", *(f"on{event}" for event in EVENTS)})
#: A browser skips these wherever they are in a scheme.
_IGNORED = re.compile(r"[\x00-\x20]")
#: Elements of other languages, which the W3C's validator takes for HTML in XHTML only.
_FOREIGN = ("math", "svg")
#: What shows tags and codes as such.
_CODE = frozenset({"code", "kbd", "listing", "plaintext", "pre", "samp", "tt", "xmp"})
#: A text that is markup from its beginning to its end.
_ALL_MARKUP = re.compile(
    r"\s*<([a-z][a-z0-9]*)\b[^<>]*>.*</[a-z][a-z0-9]*\s*>\s*", re.IGNORECASE | re.DOTALL
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DANGEROUS_STYLE = re.compile(
    r"expression\s*\(|url\s*\(|image-set\s*\(|javascript:|behaviou?r\s*:|-moz-binding|@import"
    r"|position\s*:\s*(?:fixed|absolute|sticky)|\\",
    re.IGNORECASE,
)
#: One picture of a srcset: an address, which may end with a comma.
_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)")
_PROPERTY = re.compile(r"(?:^|;)\s*([\w-]+)\s*:")


def check_html(report: Report, html: str, where: str, *, line: int | None, based: bool) -> None:
    """Check a piece of HTML; with `based`, relative addresses have a base that is told."""
    nesting = Nesting()
    codes = _Codes()
    wrong: str | None = None
    foreign: str | None = None
    for token in tokens(html):
        if not report.afford(f"tags in {where}", line=line):
            return
        wrong = wrong or nesting.take(token)
        codes.take(token)
        match token:
            case Start():
                foreign = foreign or (token.name if token.name in _FOREIGN else None)
                attributes = {name: unescape(value) for name, value in token.attributes.items()}
                _check_tag(report, token.name, attributes, where, line=line, based=based)
            case Instruction(text) if text[1:].lower().startswith("import"):
                report.add("SecurityRisk", f"<?import> in {where}", line=line)
            case _:
                pass
    wrong = wrong or nesting.finish()
    if wrong:
        report.add("NotHtml", f"{where}: {wrong}", line=line)
    if foreign:
        what = f"{where}: <{foreign}>, which the W3C's validator knows in XHTML only"
        report.add("NotHtml", what, line=line, level="info")
    if _is_encoded_twice(html):
        report.add("TwiceEncoded", f"{where} {quoted(html)} is markup once more", line=line)
    elif codes.found:
        report.add("TwiceEncoded", f"{where} shows {codes.found}", line=line)


class _Codes:
    """Looks for markup that readers show as it is, where nothing says that it is meant."""

    def __init__(self) -> None:
        self.found: str | None = None
        self.depth = 0

    def take(self, token: Token) -> None:
        match token:
            case Start() if token.name in _CODE:
                self.depth += not token.closed
            case End() if token.name in _CODE and self.depth:
                self.depth -= 1
            case Text(text, raw=False) if not self.depth and not self.found and "&" in text:
                self.found = markup_in(unescape(text))
            case _:
                pass


def _is_encoded_twice(html: str) -> bool:
    """Tell whether a text has no tags, and would be all tags if it were encoded once less."""
    if "<" in html or "&" not in html:
        return False
    found = _ALL_MARKUP.fullmatch(unescape(html))
    return found is not None and found[1].lower() in HTML_ELEMENTS


def check_xhtml(report: Report, content: Element, where: str) -> None:
    """Check XHTML that is in a feed as elements."""
    based = any(content.inherited("base"))
    for element in content.below():
        namespace, name = element.name[0], element.local.lower()
        if namespace not in (XHTML, MATHML, SVG):
            continue
        if language := _foreign_to(element):
            what = f"{where}: <{element.local[:40]}> is no element of {language}"
            report.add("NotHtml", what, line=element.line)
        attributes = {
            (f"xlink:{name}" if uri else name).lower(): value
            for (uri, name), value in element.attributes.items()
            if uri in ("", XLINK)
        }
        if namespace == SVG:  # whose names are many, and do no harm
            name = name if name == "script" else "svg"
            attributes = {
                one: value
                for one, value in attributes.items()
                if _acts(one) and not value.startswith("#")
            }
        own_base = based or element.get("base", XML) is not None
        _check_tag(report, name, attributes, where, line=element.line, based=own_base)


def _foreign_to(element: Element) -> str | None:
    """Return the language that an element has the namespace of, but is not from."""
    name = element.local.lower()
    if element.name[0] == XHTML:
        return None if name in HTML_ELEMENTS else "HTML"
    if element.name[0] == MATHML and name not in MATHML_ELEMENTS:
        around = element.parent
        while around is not None and around.name[0] == MATHML:
            if around.local == "annotation-xml":  # which may hold anything
                return None
            around = around.parent
        return "MathML"
    return None


def _acts(attribute: str) -> bool:
    """Tell whether an attribute leads somewhere, runs what it holds or paints over the page."""
    leads = attribute in _ADDRESSES or attribute.endswith(":href")
    return leads or attribute in _RUNNING or attribute == "style"


def _check_tag(
    report: Report,
    name: str,
    attributes: Mapping[str, str],
    where: str,
    *,
    line: int | None,
    based: bool,
) -> None:
    if name in RISKY_ELEMENTS:
        report.add("SecurityRisk", f"<{name}> in {where}", line=line)
    for attribute, value in attributes.items():
        _check_attribute(report, name, attribute, value, where, line=line, based=based)


def _check_attribute(
    report: Report,
    element: str,
    attribute: str,
    value: str,
    where: str,
    *,
    line: int | None,
    based: bool,
) -> None:
    shown = f"{attribute[:40]} of <{element[:40]}> in {where}"
    if attribute == "style":
        _check_style(report, value, where, line=line)
        return
    if attribute in _ADDRESSES or attribute.endswith(":href"):
        address = _IGNORED.sub("", value).lower()
        if address.startswith(_RUNNING_SCHEMES):
            report.add("SecurityRiskAttr", f"{shown} runs {quoted(value)}", line=line)
            return
        _check_addresses(report, [value.strip()], f"{shown} is", line=line, based=based)
    elif attribute in _SRCSETS:
        _check_addresses(report, srcset(value), f"{shown} holds", line=line, based=based)
    if attribute in _RUNNING:
        report.add("SecurityRiskAttr", f"{shown} runs script", line=line)
    elif element in MATHML_ELEMENTS and attribute in MATHML_ATTRIBUTES:
        pass
    elif attribute not in USUAL_ATTRIBUTES and not attribute.startswith("data-"):
        report.add("SecurityRiskAttr", f"{shown} is not usual in feeds", line=line, level="info")


def _check_addresses(
    report: Report, addresses: list[str], shown: str, *, line: int | None, based: bool
) -> None:
    """Report the first address that a reader cannot follow; with `based` it may be relative."""
    for address in addresses:
        if not _ABSOLUTE.match(address):
            if not based:
                report.add("ContainsRelRef", f"{shown} {quoted(address)}", line=line)
                return
        elif address[:5].lower() == "data:":
            continue
        place = _PLACE.match(address)
        end = place.end() if place else 0
        taken = address[:end] + address[end:].translate(_TAKEN)
        fault = value_checks.reference(taken, iri=True, whole=not based)
        if fault is not None and fault[0] in _BROKEN:
            report.add(fault[0], f"{shown} {fault[1]}", line=line, level="warning")
            return


def _check_style(report: Report, style: str, where: str, *, line: int | None) -> None:
    first, *others = style.split("/*")
    bare = first + "".join(part.partition("*/")[2] for part in others)
    if found := _DANGEROUS_STYLE.search(bare):
        what = f"a style in {where} holds {quoted(found[0])}"
        report.add("DangerousStyleAttr", what, line=line)
        return
    unusual = [name for name in _PROPERTY.findall(bare) if name.lower() not in USUAL_PROPERTIES]
    if unusual:
        what = f"a style in {where} sets {quoted(unusual[0])}, which is not usual in feeds"
        report.add("DangerousStyleAttr", what, line=line, level="info")


def srcset(value: str) -> list[str]:
    """Return the addresses of a srcset (https://html.spec.whatwg.org/#parse-a-srcset-attribute)."""
    found = []
    place = 0
    while match := _CANDIDATE.match(value, place):
        address = match[1]
        place = match.end()
        if address.endswith(","):
            address = address.rstrip(",")
        else:
            comma = value.find(",", place)
            place = comma + 1 if comma >= 0 else len(value)
        found.append(address)
    return found
