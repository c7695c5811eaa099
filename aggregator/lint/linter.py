"""Recognises the format of a body and runs the checks that every document or this format gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.lint import atom_checks, encoding_checks, rss_checks, xml_tree
from aggregator.lint.check_context import Context
from aggregator.lint.findings import Report, quoted
from aggregator.lint.json_feed_checks import check_json
from aggregator.lint.registries import NAMESPACES, PREFIXES
from aggregator.lint.xml_tree import ATOM, XHTML, XML

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.lint.findings import Finding
    from aggregator.lint.xml_tree import Declaration, Element

#: The largest documents that are polled have as much; lint takes some ten seconds over them.
MAX_BYTES = 16 * 1024 * 1024

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_MEDIA_RSS = "http://search.yahoo.com/mrss"
_ATOM_0_3 = "http://purl.org/atom/ns#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: Characters that windows-1252 has where Unicode has controls, and what is left of broken bytes.
_BAD = re.compile("[\x80-\x9f\ufffd]")
_MEDIA_TYPES = {
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/rdf+xml": "rdf",
    "application/feed+json": "json",
}
_GENERIC_TYPES = frozenset({"application/xml", "text/xml"})
#: A general media type is enough where a reader that looks this far finds the root element.
_SNIFFED_BYTES = 512
_MARKERS = (b"<rss", b"<feed", b"<rdf:RDF", b"<entry")


#: How HTML begins, in any letter case: the address of a site where its feed's was meant.
_PAGE = re.compile(
    r"\ufeff?\s*(?:<\?xml[^>]{0,200}\?>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE
)


def lint(
    body: bytes,
    *,
    content_type: str | None = None,
    url: str | None = None,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """Check a feed document: Atom 1.0, RSS 2.0 and 0.9x, JSON Feed 1.0 and 1.1.

    `content_type` is the header it came with, `url` where it was found: without them what they
    could contradict is not checked. Without `now`, dates that are still to come pass. Never raises,
    whatever the bytes are; takes time in proportion to them. An empty result is a feed that every
    reader will understand as it is meant, as far as a check can tell.
    """
    report = Report()
    if len(body) > MAX_BYTES:
        report.add("ValidatorLimit", f"more than {MAX_BYTES // 1024**2} MiB")
    elif body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        _check_media_type(report, content_type, "json", body)
        check_json(report, body, url=url, now=now)
    else:
        _check_xml(report, body, content_type, url, now)
    return report.findings()


def _check_xml(
    report: Report,
    body: bytes,
    content_type: str | None,
    url: str | None,
    now: datetime | None,
) -> None:
    text, codec = encoding_checks.decode(body, content_type, report)
    if _PAGE.match(text):
        report.add("NotAFeed", "the document is a page", line=1)
        return
    document = xml_tree.read(text, report)
    root = document.root
    if root is None:
        return
    kind = _kind(root)
    if kind is not None:
        _check_media_type(report, content_type, kind, body)
    if not document.whole:  # what is missing may be in the rest
        return
    context = Context(report, document, url, now)
    _check_characters(report, root)
    _check_namespaces(report, root, document.declarations, codec)
    _check_root(context, root, kind)


def _kind(root: Element) -> str | None:
    match root.name:
        case (namespace, "feed" | "entry") if namespace == ATOM:
            return "atom"
        case ("", "rss"):
            return "rss"
        case (namespace, "RDF") if namespace == _RDF:
            return "rdf"
        case _:
            return None


def _check_root(context: Context, root: Element, kind: str | None) -> None:
    if kind == "atom" and root.local == "feed":
        atom_checks.check_feed(context, root)
    elif kind == "atom":
        atom_checks.check_entry(context, root, feed_author=False)
    elif kind == "rss":
        rss_checks.check_rss(context, root)
    elif kind == "rdf":
        context.add("UncheckedFormat", "RSS 1.0 is checked for being well-formed only", root)
    elif root.name[0] == _ATOM_0_3:
        context.add("ObsoleteNamespace", "Atom 0.3", root)
    else:
        context.add("NotAFeed", f"the document is a <{root.local[:40]}>", root)
    if kind in ("atom", "rss") and not _tells_language(root):
        context.add("MissingDCLanguage", "the feed names no language", root)


def _tells_language(root: Element) -> bool:
    channel = root.first("channel") or root
    return bool(
        root.get("lang", XML)
        or channel.get("lang", XML)
        or channel.first("language")
        or channel.first("language", rss_checks.DC)
    )


def _check_characters(report: Report, root: Element) -> None:
    for element in (root, *root.below()):
        for text in (element.raw_text, *element.attributes.values()):
            if found := _BAD.search(text):
                what = f"<{element.local[:40]}> holds U+{ord(found[0]):04X}"
                report.add("BadCharacters", what, line=element.line)


def _check_namespaces(
    report: Report, root: Element, declarations: list[Declaration], codec: str
) -> None:
    used: dict[str, int] = {}
    for element in (root, *root.below()):
        used.setdefault(element.name[0], element.line)
        for namespace, _ in element.attributes:
            used.setdefault(namespace, element.line)
    for declared in declarations:
        meant = PREFIXES.get(declared.prefix)
        if declared.uri == _MEDIA_RSS:
            report.add("MediaRssNamespace", quoted(declared.uri), line=declared.line)
        elif meant is not None and declared.uri != meant:
            what = f"the prefix {declared.prefix} for {quoted(declared.uri)}, not {quoted(meant)}"
            report.add("ReservedPrefix", what, line=declared.line)
        elif declared.uri in used and not _is_known(declared.uri):
            report.add("UnknownNamespace", quoted(declared.uri), line=declared.line)
    if _ITUNES in used and codec != "utf-8":
        what = f"elements of iTunes in a document of {codec}"
        report.add("NotUTF8", what, line=used[_ITUNES])


def _is_known(namespace: str) -> bool:
    return namespace in NAMESPACES or namespace in ("", XHTML, _ATOM_0_3, _MEDIA_RSS)


def _check_media_type(report: Report, content_type: str | None, kind: str, body: bytes) -> None:
    if content_type is None:
        return
    media = content_type.partition(";")[0].strip().lower()
    shown = f"{'JSON' if kind == 'json' else kind.upper()} with the type {quoted(media)}"
    if kind == "json":
        if media == "application/json":
            report.add("NonSpecificMediaType", shown)
        elif media != "application/feed+json":
            report.add("UnexpectedContentType", shown)
    elif media in _GENERIC_TYPES:
        if not any(marker in body[:_SNIFFED_BYTES] for marker in _MARKERS):
            report.add("NonSpecificMediaType", shown)
        if media == "text/xml" and "charset" not in content_type.lower():
            report.add("TextXml", "text/xml without a charset")
    elif _MEDIA_TYPES.get(media) != kind and not (kind == "rdf" and media == "application/rss+xml"):
        report.add("UnexpectedContentType", shown)
