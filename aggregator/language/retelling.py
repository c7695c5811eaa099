"""English lines of ours told in another language, by the templates of a catalogue. Pure.

A message is an English template with named fields (`{host} answered {status}: {meaning}`). Its line
is recognised by the template's own words, and its fields go into the translation as they are; only
a field that is itself a message is retold, too. What no template knows stays as it is.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Messages hold messages that hold messages: a poll's line its problem, a problem its reason.
_DEEPEST = 6
#: Longer lines are a publisher's text, not ours.
LONGEST_CHARS = 4_000
#: Lines that are remembered: a daemon logs the same reasons again and again.
_REMEMBERED = 2_000
#: What messages that stand side by side have between them, and what stands there in Chinese.
_JOINTS = (("; ", "；"), (", ", "，"), (" (", " ("))
#: Lists that a field's format names, in the words of English and of Chinese.
_LISTS = {"or": " or ", "nor": " nor ", "tables": " or ", "list": ", "}
_FORMATTER = string.Formatter()


class _Template:
    """One message: how its line looks in English, and what stands there in the other language."""

    def __init__(self, english: str, told: str) -> None:
        pattern, literals = [], []
        self.fields: list[str] = []
        self.lists: dict[str, str] = {}
        for literal, name, spec, _ in _FORMATTER.parse(english):
            pattern.append(re.escape(literal))
            literals.append(literal)
            if name is not None:
                # The same name twice is the same text twice.
                known = name in self.fields
                pattern.append(f"(?P={name})" if known else f"(?P<{name}>.*?)")
                self.fields.append(name)
                if spec in _LISTS:
                    self.lists[name] = _LISTS[spec]
        self.source = "".join(pattern)
        self.pieces = [(literal, name) for literal, name, _, _ in _FORMATTER.parse(told)]
        self.is_complete = {name for _, name in self.pieces if name} <= {*self.fields}
        self.longest = max(literals, key=len, default="")
        self.weight = sum(map(len, literals))
        self._pattern: re.Pattern[str] | None = None

    def match(self, text: str) -> dict[str, str] | None:
        """Return the fields of a line that is this message's."""
        if self.longest not in text:
            return None
        if self._pattern is None:
            self._pattern = re.compile(self.source, re.DOTALL)
        found = self._pattern.fullmatch(text)
        return None if found is None else found.groupdict()


class Retelling:
    """Retells lines by a catalogue: English templates and their translations."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self._whole = {
            english.replace("{{", "{").replace("}}", "}"): told.replace("{{", "{").replace(
                "}}", "}"
            )
            for english, told in catalogue.items()
            if not _has_fields(english)
        }
        templates = [_Template(*pair) for pair in catalogue.items() if _has_fields(pair[0])]
        # The message with most words of its own knows a line best. The form for one of a message
        # that counts may lack the figure that its translation has; then click alone says it.
        self._templates = sorted(
            (one for one in templates if one.is_complete), key=lambda one: -one.weight
        )
        self._told: Callable[[str], str] = lru_cache(_REMEMBERED)(self._text)

    def __call__(self, text: str) -> str:
        """Return a text, line by line, with the messages in it retold; blanks around them stay."""
        whole = self._whole.get(text.strip())
        if whole is not None:
            return text.replace(text.strip(), whole)
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        core = line.strip()
        if not core or len(core) > LONGEST_CHARS or core.isnumeric():
            return line
        return line.replace(core, self._told(core), 1)

    def _text(self, text: str, depth: int = 0) -> str:
        return self._known(text, depth) or self._parts(text, depth) or text

    def _known(self, text: str, depth: int) -> str | None:
        """Return the line of one message as a whole."""
        if (whole := self._whole.get(text)) is not None:
            return whole
        if depth >= _DEEPEST or not text.strip():
            return None
        for template in self._templates:
            if (fields := template.match(text)) is not None:
                return "".join(
                    literal
                    + ("" if name is None else self._field(template, name, fields[name], depth))
                    for literal, name in template.pieces
                )
        return None

    def _field(self, template: _Template, name: str, text: str, depth: int) -> str:
        if (between := template.lists.get(name)) is not None:
            joint = "、" if between == ", " else " 或 "
            return joint.join(text.split(between))
        core = text.strip()
        return text.replace(core, self._text(core, depth + 1), 1) if core else text

    def _parts(self, text: str, depth: int) -> str | None:
        """Return messages that stand one after the other, or one behind the place it is about."""
        if depth >= _DEEPEST:
            return None
        for english, chinese in _JOINTS[:1]:
            parts = text.split(english)
            told = [self._text(part, depth + 1) for part in parts]
            if len(parts) > 1 and told != parts:
                return chinese.join(told)
        place = -1
        while (place := text.find(": ", place + 1)) >= 0:
            head, tail = text[:place], text[place + 2 :]
            known, what = self._known(head, depth + 1), self._text(tail, depth + 1)
            if known is not None:
                return f"{known}：{what}"
            if self._known(tail, depth + 1) is not None:
                return f"{head}: {what}"
        for english, chinese in _JOINTS[1:2]:
            parts = text.split(english)
            told = [self._known(part, depth + 1) or part for part in parts]
            if len(parts) > 1 and told != parts:
                return chinese.join(told)
        return None


def _has_fields(text: str) -> bool:
    return any(name is not None for _, name, _, _ in _FORMATTER.parse(text))
