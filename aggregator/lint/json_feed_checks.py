"""The rules for JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from aggregator.lint import value_checks
from aggregator.lint.check_context import markup_in
from aggregator.lint.findings import quoted
from aggregator.lint.html_checks import check_html
from aggregator.lint.link_checks import same_address

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.lint.findings import Report

#: 2,000 items of 100 objects each, as with the elements of XML.
MAX_OBJECTS = 250_000
VERSIONS = ("https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1")
#: What people write who mean them; all readers but the strict take it.
_NEARLY = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(?:\.[01])?/?")

#: Members and their types.
_FEED = {
    "version": "string", "title": "string", "home_page_url": "address", "feed_url": "address",
    "description": "string", "user_comment": "string", "next_url": "address", "icon": "address",
    "favicon": "address", "authors": "list", "author": "object", "language": "string",
    "expired": "boolean", "hubs": "list", "items": "list",
}  # fmt: skip
_ITEM = {
    "id": "string", "url": "address", "external_url": "address", "title": "string",
    "content_html": "string", "content_text": "string", "summary": "string", "image": "address",
    "banner_image": "address", "date_published": "date", "date_modified": "date",
    "authors": "list", "author": "object", "tags": "list", "language": "string",
    "attachments": "list",
}  # fmt: skip
_AUTHOR = {"name": "string", "url": "address", "avatar": "address"}
_HUB = {"type": "string", "url": "address"}
_ATTACHMENT = {
    "url": "address", "mime_type": "string", "title": "string", "size_in_bytes": "number",
    "duration_in_seconds": "number",
}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "address": (str,), "date": (str,), "list": (list,), "object": (dict,),
    "number": (int, float), "boolean": (bool,),
}  # fmt: skip
_BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_EMAIL_IN_NAME = re.compile(r"<[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>")

Object = dict[str, Any]


def check_json(
    report: Report, body: bytes, *, url: str | None = None, now: datetime | None = None
) -> None:
    """Check a document that begins like JSON."""
    if body.startswith(b"\xef\xbb\xbf"):
        report.add("NotUTF8", "a byte order mark before the JSON (RFC 8259 §8.1)", line=1)
        body = body[3:]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        report.add("NotUTF8", f"the byte 0x{body[error.start]:02X} is not UTF-8", line=line)
        text = body.decode("utf-8", errors="replace")
    if text.count("{") > MAX_OBJECTS:  # before any of them takes up memory
        report.add("ValidatorLimit", f"more than {MAX_OBJECTS} objects")
        return
    document = _parse(report, text)
    if document is None:
        return
    if not isinstance(document, dict) or not ("version" in document or "items" in document):
        report.add("NotAFeed", "JSON, but no JSON Feed")
        return
    _Check(report, url, now, _item_lines(text)).feed(document)


def _parse(report: Report, text: str) -> object | None:
    """Return the value, `None` for what is no JSON, which is reported."""
    try:
        value: object = json.loads(
            text, parse_constant=_refuse, parse_int=_integer,
            object_pairs_hook=lambda pairs: _members(report, pairs),
        )  # fmt: skip
    except json.JSONDecodeError as error:
        report.add("InvalidJSON", f"column {error.colno}: {error.msg}", line=error.lineno)
    except ValueError as error:
        report.add("InvalidJSON", str(error)[:80])
    except RecursionError:
        report.add("ValidatorLimit", "more levels than are read")
    else:
        return value
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | float:
    # Python refuses thousands of digits, and so does every reader.
    return int(digits) if len(digits) <= 30 else float("inf")


def _members(report: Report, pairs: list[tuple[str, Any]]) -> Object:
    found: Object = {}
    for name, value in pairs:
        if name in found:
            report.add("DuplicateElement", f"the member {quoted(name)} twice in one object")
        found[name] = value
    return found


def _item_lines(text: str) -> list[int]:
    """Return the lines on which the objects in `items` of a valid document begin."""
    lines = []
    depth, line, place = 0, 1, 0
    key, in_items = "", False
    for found in _STRUCTURE.finditer(text):
        match found[0]:
            case "{" | "[":
                depth += 1
                if depth == 2:
                    in_items = key == '"items"'
                elif depth == 3 and in_items:
                    line += text.count("\n", place, found.start())
                    place = found.start()
                    lines.append(line)
            case "}" | "]":
                depth -= 1
            case _ if depth == 1:
                key = found[0]
            case _:
                pass
    return lines


class _Check:
    """One document under check; `where` in its methods is a path such as `items[3].url`."""

    def __init__(
        self, report: Report, url: str | None, now: datetime | None, lines: list[int]
    ) -> None:
        self.report = report
        self.url = url
        self.now = now
        self.lines = lines
        self.line: int | None = None

    def add(self, rule: str, what: str) -> None:
        self.report.add(rule, what, line=self.line)

    def feed(self, feed: Object) -> None:
        version = feed.get("version")
        if version not in VERSIONS:
            shown = quoted(version) if isinstance(version, str) else "none"
            known = isinstance(version, str) and _NEARLY.fullmatch(version)
            self.add("InvalidVersion", f"the version {shown}{', nearly' if known else ''}")
        for name in ("title", "items"):
            if name not in feed:
                self.add("MissingElement", f"the feed has no {name}")
        self.members(feed, _FEED, "")
        if "feed_url" not in feed:
            self.add("MissingSelf", "the feed has no feed_url")
        self.own_address(feed.get("feed_url"), feed.get("next_url"))
        if "language" not in feed:
            self.add("MissingDCLanguage", "the feed has no language")
        self.people(feed, "")
        for number, hub in enumerate(_list(feed.get("hubs"))):
            self.part(hub, _HUB, f"hubs[{number}]", ("type", "url"))
        items = _list(feed.get("items"))
        lines = self.lines if len(self.lines) == len(items) else []
        seen: set[str] = set()
        for number, item in enumerate(items):
            self.line = lines[number] if lines else None
            if not self.report.afford("items", line=self.line):
                return
            self.item(item, f"items[{number}]", seen)

    def own_address(self, own: object, following: object) -> None:
        if isinstance(own, str) and not value_checks.is_whole(own):
            self.add("RelativeSelf", f"feed_url is {quoted(own)}")
        elif isinstance(own, str) and self.url and not same_address(own, self.url):
            what = f"feed_url is {quoted(own)}, it was found at {quoted(self.url)}"
            self.add("SelfDoesntMatchLocation", what)
        if isinstance(following, str) and following in (own, self.url):
            self.add("LinkPastEnd", "next_url is the feed itself")

    def members(self, found: Object, known: dict[str, str], where: str) -> None:
        """Check the members of an object by name and type."""
        path = f"{where}." if where else ""
        for name, value in found.items():
            if not self.report.afford("members", line=self.line):
                return
            self.text(name, f"the name {quoted(name)}")
            if name.startswith("_"):
                self.extension(name, value, path)
                continue
            kind = known.get(name)
            if kind is None:
                self.add("UndefinedMember", f"{path}{name[:40]}")
            elif not isinstance(value, _TYPES[kind]) or (
                isinstance(value, bool) and kind != "boolean"
            ):
                self.add("InvalidType", f"{path}{name} is no {kind.replace('address', 'string')}")
            elif isinstance(value, str):
                self.string(value, kind, f"{path}{name}", name)

    def extension(self, name: str, value: object, path: str) -> None:
        """Check a member that the format does not have: any object (JSON Feed 1.1, Extensions)."""
        if not name[1:2].isalpha():
            self.add("UndefinedMember", f"{path}{name[:40]}, which goes on with no letter")
        if not isinstance(value, dict):
            self.add("InvalidType", f"{path}{name[:40]} is no object, as extensions are")

    def string(self, value: str, kind: str, where: str, name: str) -> None:
        self.text(value, where)
        if kind == "address":
            whole = name != "feed_url"  # which has a finding of its own
            self.fault(value_checks.reference(value, iri=True, whole=whole), where)
        elif kind == "date":
            self.fault(value_checks.rfc3339(value.upper(), now=self.now), where)
        elif name == "language":
            self.fault(value_checks.language(value), where)
        elif name == "mime_type" and not value_checks.mime_type(value):
            self.add("InvalidMIMEType", f"{where}: {quoted(value)}")
        elif name in ("title", "summary", "name") and (what := markup_in(value)):
            # Plain text by definition, which may well be about HTML.
            told = f"{where} holds {what}, which readers show as it is"
            self.report.add("ContainsHTML", told, line=self.line, level="info")

    def text(self, value: str, where: str) -> None:
        if found := _BAD_CHARACTERS.search(value):
            self.add("BadCharacters", f"{where} holds U+{ord(found[0]):04X}")

    def fault(self, fault: value_checks.Fault | None, where: str) -> None:
        if fault is not None:
            self.add(fault[0], f"{where}: {fault[1]}")

    def people(self, found: Object, where: str) -> None:
        path = f"{where}." if where else ""
        people = [(person, f"authors[{n}]") for n, person in enumerate(_list(found.get("authors")))]
        if isinstance(found.get("author"), dict):
            people.append((found["author"], "author"))
        for person, name in people:
            self.part(person, _AUTHOR, f"{path}{name}", ())
            if not isinstance(person, dict):
                continue
            if not person.keys() & _AUTHOR.keys():
                self.add("MissingElement", f"{path}{name} has neither name nor url nor avatar")
            called = person.get("name")
            if isinstance(called, str) and _EMAIL_IN_NAME.search(called):
                self.add("ContainsEmail", f"{path}{name}.name {quoted(called)}")

    def part(
        self, found: object, known: dict[str, str], where: str, required: tuple[str, ...]
    ) -> None:
        if not isinstance(found, dict):
            self.add("InvalidType", f"{where} is no object")
            return
        self.members(found, known, where)
        for name in required:
            if name not in found:
                self.add("MissingElement", f"{where} has no {name}")

    def item(self, item: object, where: str, seen: set[str]) -> None:
        self.part(item, _ITEM, where, ("id",))
        if not isinstance(item, dict):
            return
        identifier = item.get("id")
        if isinstance(identifier, str):
            if not identifier:
                self.add("NotBlank", f"{where}.id is empty")
            elif identifier in seen:
                self.add("DuplicateValue", f"{where}.id is {quoted(identifier)} again")
            seen.add(identifier)
        if "content_html" not in item and "content_text" not in item:
            self.add("MissingElement", f"{where} has neither content_html nor content_text")
        html = item.get("content_html")
        if isinstance(html, str):
            place = f"{where}.content_html"
            check_html(self.report, html, place, line=self.line, based=False)
        self.people(item, where)
        for number, tag in enumerate(_list(item.get("tags"))):
            if not isinstance(tag, str):
                self.add("InvalidType", f"{where}.tags[{number}] is no string")
            else:
                self.text(tag, f"{where}.tags[{number}]")
        for number, attachment in enumerate(_list(item.get("attachments"))):
            place = f"{where}.attachments[{number}]"
            self.part(attachment, _ATTACHMENT, place, ("url", "mime_type"))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
