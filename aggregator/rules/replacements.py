"""Replacements in titles and texts; markup is never touched."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from aggregator.rules.patterns import MAX_TEXT_CHARS, places

if TYPE_CHECKING:
    from aggregator.model import Replacement

#: So much may one text grow by all its replacements together, escaped or not.
MAX_GROWTH_CHARS = 128 * 1024
#: A regex can look at the rest of the text for each match: so many are looked for in one text.
MAX_MATCHES = 10_000

#: A tag of sanitised HTML, where every value is quoted and holds no "<" or ">".
_TAG = re.compile(r"(<[^<>]*>)")
_GROUP = re.compile(r"\\([1-9])")


def replaced(find: str, by: str, text: str) -> str:
    """Return plain text, such as a URL, with what a sound pattern finds replaced by `by`."""
    return _Work().replaced(find, by, text)


def replaced_text(rules: tuple[Replacement, ...], text: str, field: str) -> str:
    """Return plain text of a `field` ("title", "text") after the rules for it, one by one.

    A title is one line; one of which nothing would be left stays as it was.
    """
    work = _Work()
    result = work.all(rules, text, field)
    if result == text:
        return text
    if field == "title":
        return " ".join(result.split()) or text
    return result.strip()


def replaced_html(rules: tuple[Replacement, ...], content_html: str) -> str:
    """Return sanitised HTML after the rules for texts; a rule sees one piece of text at a time.

    What comes of it is as safe as what went in: text becomes text, and cleaning it again changes
    nothing.
    """
    if not any("text" in rule.fields for rule in rules):
        return content_html
    work = _Work()
    parts = _TAG.split(content_html)
    # Between the tags of a table, white space is nothing, and any other text would not stay there.
    for index in range(0, len(parts), 2):
        if not parts[index].strip():
            continue
        text = html.unescape(parts[index])
        result = work.all(rules, text, "text")
        if result == text:
            continue
        if index and parts[index - 1].startswith("<pre"):
            result = result.lstrip("\n")  # a parser takes the first line break for layout
        parts[index] = _escaped(result)
        work.changed = True
    return "".join(parts).strip() if work.changed else content_html


def _escaped(text: str) -> str:
    """Escape text as the sanitiser writes it, line breaks as a parser reads them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("&", "&amp;").replace("\u00a0", "&nbsp;")
    return text.replace("<", "&lt;").replace(">", "&gt;")


class _Work:
    """What is left to do, of all that may be done, for one text."""

    def __init__(self) -> None:
        self.changed = False
        self._growth = MAX_GROWTH_CHARS
        self._matches = MAX_MATCHES
        self._unread = MAX_TEXT_CHARS

    def all(self, rules: tuple[Replacement, ...], text: str, field: str) -> str:
        if self._unread <= 0:
            return text
        self._unread -= len(text)
        for rule in rules:
            if field in rule.fields:
                text = self.replaced(rule.find, rule.by, text)
        return text

    def replaced(self, find: str, by: str, text: str) -> str:
        parts: list[str] = []
        end = 0
        for spans in places(find, text) if self._matches > 0 else ():
            start, stop = spans[0]
            instead = _expanded(by, text, spans)
            grown = len(_escaped(instead)) - (stop - start)
            self._matches -= 1
            if grown > self._growth or self._matches < 0:
                break
            self._growth -= max(grown, 0)
            parts += [text[end:start], instead]
            end = stop
        return "".join((*parts, text[end:]))


def _expanded(by: str, text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """Return `by` with the groups that it names; one that took no part is empty."""

    def part(group: re.Match[str]) -> str:
        number = int(group[1])
        start, end = spans[number] if number < len(spans) else (-1, -1)
        return text[start:end] if start >= 0 else ""

    return _GROUP.sub(part, by)
