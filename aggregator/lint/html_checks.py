"""HTML and XHTML within a feed: what it runs, what it refers to, and whether it is HTML."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from aggregator.lint.findings import quoted
from aggregator.lint.html_tokens import Instruction, Start, tokens
from aggregator.lint.html_tree import Nesting
from aggregator.lint.registries import (
    EVENTS,
    HTML_ELEMENTS,
    RISKY_ELEMENTS,
    USUAL_ATTRIBUTES,
    USUAL_PROPERTIES,
)
from aggregator.lint.xml_tree import XHTML, XML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.lint.findings import Report
    from aggregator.lint.xml_tree import Element

#: Attributes whose value is an address, and the elements where they are (`None`: all).
_ADDRESSES = frozenset(
    {"href", "src", "cite", "action", "formaction", "poster", "background", "longdesc", "data"}
)
_SRCSETS = frozenset({"srcset", "imagesrcset"})
_RUNNING_SCHEMES = ("javascript:", "vbscript:", "data:text/html", "livescript:")
#: Attributes that run what they hold.
_RUNNING = frozenset({"srcdoc", "formaction", *(f"on{event}" for event in EVENTS)})
#: A browser skips these wherever they are in a scheme.
_IGNORED = re.compile(r"[\x00-\x20]")
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
    wrong: str | None = None
    for token in tokens(html):
        if not report.afford(f"tags in {where}", line=line):
            return
        wrong = wrong or nesting.take(token)
        match token:
            case Start():
                attributes = {name: unescape(value) for name, value in token.attributes.items()}
                _check_tag(report, token.name, attributes, where, line=line, based=based)
            case Instruction(text) if text[1:].lower().startswith("import"):
                report.add("SecurityRisk", f"<?import> in {where}", line=line)
            case _:
                pass
    wrong = wrong or nesting.finish()
    if wrong:
        report.add("NotHtml", f"{where}: {wrong}", line=line)


def check_xhtml(report: Report, content: Element, where: str) -> None:
    """Check XHTML that is in a feed as elements."""
    based = any(content.inherited("base"))
    for element in content.below():
        if element.name[0] != XHTML:
            continue
        if element.local.lower() not in HTML_ELEMENTS:
            what = f"{where}: <{element.local[:40]}> is no element of HTML"
            report.add("NotHtml", what, line=element.line)
        attributes = {
            name.lower(): value for (uri, name), value in element.attributes.items() if not uri
        }
        own_base = based or element.get("base", XML) is not None
        _check_tag(
            report, element.local.lower(), attributes, where, line=element.line, based=own_base
        )


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
        if not based and not _ABSOLUTE.match(value.strip()):
            report.add("ContainsRelRef", f"{shown} is {quoted(value)}", line=line)
    elif attribute in _SRCSETS and not based:
        for address in srcset(value):
            if not _ABSOLUTE.match(address):
                report.add("ContainsRelRef", f"{shown} holds {quoted(address)}", line=line)
                break
    if attribute in _RUNNING:
        report.add("SecurityRiskAttr", f"{shown} runs script", line=line)
    elif attribute not in USUAL_ATTRIBUTES and not attribute.startswith("data-"):
        report.add("SecurityRiskAttr", f"{shown} is not usual in feeds", line=line, level="info")


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
