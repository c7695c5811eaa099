"""English lines of ours told in another language, by the templates of a catalogue. Pure.

A message is an English template with named fields (`{host} answered {status}: {meaning}`). Its line
is recognised by the template's own words, and its fields go into the translation as they are; only
a field that is itself a message is retold, too. What no template knows stays as it is, and what is
`verbatim`, somebody's words, is looked at by none.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.language.stand_ins import BEGINS_LATIN, ENDS_LATIN, around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: Messages hold messages that hold messages: a poll's line its problem, a problem its reason.
_DEEPEST = 6
#: Longer lines are a publisher's text, not ours.
LONGEST_CHARS = 4_000
#: A text is parted at so many places at most: each part costs a look at all templates.
_MOST_JOINTS = 10
#: Lines that are remembered: a daemon logs the same reasons again and again.
_REMEMBERED = 2_000
#: A template with fewer characters of its own ("{one} and {other}") has single words in its fields,
#: and one with fewer yet stands in a message or by itself, never beside what is none.
_TELLING, _BESIDE = 5, 4
#: Between two readings the one that recognises less inside of fields is the plainer.
_PLAIN = 8
#: What stands in these fields is somebody's word, never a message.
_VERBATIM = frozenset(
    {
        "title",
        "url",
        "name",
        "path",
        "file",
        "host",
        "directory",
        "source",
        "source_name",
        "feed",
        "feed_name",
        "tag",
        "by",
        "receiver",
        "new_name",
        "former_name",
        "inner",
        "header",
    }
)
#: These fields hold the end of a sentence of ours: where it is not known, neither is the sentence.
_ENDS = frozenset({"how"})
#: What a message begins with in these fields is a number: nothing stands before it.
_FIGURES = frozenset(
    {
        "n",
        "new",
        "count",
        "entries",
        "sources",
        "asked",
        "number",
        "polled",
        "added",
        "bad",
        "held_back",
        "failed",
        "ignored",
        "characters",
        "already",
    }
)
#: Lists that a field's format names, in the words of English.
_LISTS = {"or": " or ", "nor": " nor ", "tables": " or ", "list": ", "}
#: What messages that stand side by side have between them, and what has a message behind it.
_CHINESE = {": ": "：", "; ": "；", ", ": "，", "  ": "  "}
_JOINT = re.compile(": |; |, |  ")
#: A place in a configuration: its file and line, and a key. Keys are words of TOML, not ours.
_KEY = r"[a-z_]+(?:\.[\w-]+|\.\"[^\"]*\"|\[\d+\])*"
_PLACED = re.compile(
    rf"(?:([^:;]+): )?([^:;]+\.toml(?::\d+: (?:{_KEY}: )?|: {_KEY}: ))(.+)", re.DOTALL
)
#: What a colon and a blank stay behind: a line of a file, and the program itself.
_PLACE = re.compile(r"[^:;]+:\d+|aggregator")
#: What is explained in brackets, and what is counted.
_IN_BRACKETS = re.compile(r"(.*?) \((.*)\)", re.DOTALL)
_COUNTED = re.compile(r"(\d[\d,.]*) (.+)")
_CHINESE_LETTER = "[\u4e00-\u9fff]"
_AT_JOINT = re.compile(f"[{ENDS_LATIN}]{_CHINESE_LETTER}|{_CHINESE_LETTER}[{BEGINS_LATIN}]")
#: What a message that continues another begins with.
_CONTINUED = re.compile("[;,] ")
_FORMATTER = string.Formatter()

#: A text and how many letters of it were recognised.
_Told = tuple[str, int]


class _Template:
    """One message: how its line looks in English, and what stands there in the other language."""

    def __init__(self, english: str, told: str) -> None:
        parts = [*_FORMATTER.parse(english)]
        literals = [literal for literal, _, _, _ in parts]
        self.letters = sum(len("".join(literal.split())) for literal in literals)
        self.longest = max(literals, key=len, default="")
        self.pieces = [(literal, name) for literal, name, _, _ in _FORMATTER.parse(told)]
        names = {name for _, name, _, _ in parts if name}
        self.is_complete = {name for _, name in self.pieces if name} <= names
        self.lists = {name: _LISTS[spec] for _, name, spec, _ in parts if name and spec in _LISTS}
        self.verbatim = _VERBATIM | {name for literal, name, _, _ in parts if literal[-1:] == '"'}
        self._parts = parts
        self._pattern: re.Pattern[str] | None = None

    def match(self, text: str) -> dict[str, str] | None:
        """Return the fields of a line that is this message's."""
        if self.longest not in text:
            return None
        if self._pattern is None:
            self._pattern = re.compile(self._source(), re.DOTALL)
        found = self._pattern.fullmatch(text)
        return None if found is None else found.groupdict()

    def _source(self) -> str:
        inside = ".*?" if self.letters >= _TELLING or self.lists else r"\S*?"
        source, known = "", set[str]()
        following = [literal for literal, _, _, _ in self._parts[1:]] + ["."]
        for (literal, name, _, _), then in zip(self._parts, following, strict=True):
            source += re.escape(literal)
            if name in known:  # the same name twice is the same text twice
                source += f"(?P={name})"
            elif name:
                # Of fields side by side each is what continues the one before.
                is_figure = not source and name in _FIGURES
                shape = "(?:[,;] )?[^,;]*" if not then else "[^:;,]*" if is_figure else inside
                source += f"(?P<{name}>{shape})"
                known.add(name)
        return source


class Retelling:
    """Retells lines by a catalogue: English templates and their translations."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self._whole = {
            _open(english): _open(told)
            for english, told in catalogue.items()
            if not _has_fields(english)
        }
        # What stands above a list may stand before a text, too.
        self._whole |= {
            english[:-1]: told.rstrip("：")
            for english, told in self._whole.items()
            if english[-1:] == ":"
        }
        templates = (_Template(*pair) for pair in catalogue.items() if _has_fields(pair[0]))
        # The form for one of a message that counts may lack the figure that its translation has;
        # it is click's, which asks gettext.
        self._templates = [one for one in templates if one.is_complete]
        self._told: Callable[[str], str] = lru_cache(_REMEMBERED)(
            lambda text: self._text(text, {})[0]
        )

    def __call__(self, text: str) -> str:
        """Return a text, line by line, with the messages in it retold; blanks around them stay."""
        whole = self._whole.get(text.strip())
        if whole is not None:
            return text.replace(text.strip(), whole)
        return "\n".join(around(line, self._line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        core = line.strip()
        if not core or len(core) > LONGEST_CHARS or not re.search("[A-Za-z]{2}", core):
            return line
        if continued := _CONTINUED.match(core):
            rest = core[continued.end() :]
            told = self._told(rest)
            return line if told == rest else line.replace(core, _CHINESE[continued[0]] + told, 1)
        return line.replace(core, self._told(core), 1)

    def _text(self, text: str, seen: dict[str, _Told], depth: int = 0) -> _Told:
        """Return a text retold as what most of its letters are recognised as."""
        if (whole := self._whole.get(text)) is not None:
            return whole, len(text) + _TELLING
        if text[-1:] == ":" and (whole := self._whole.get(text[:-1])) is not None:
            return f"{whole}：", len(text) + _TELLING
        if text not in seen:
            seen[text] = text, 0
            if depth < _DEEPEST and text.strip():
                ways = [*self._known(text, seen, depth), *self._parts(text, seen, depth)]
                seen[text] = max(ways, key=lambda way: way[1], default=(text, 0))
        return seen[text]

    def _known(self, text: str, seen: dict[str, _Told], depth: int) -> Iterator[_Told]:
        """Yield the text as each message that it may be as a whole."""
        for template in self._templates:
            if (fields := template.match(text)) is not None:
                told = {
                    name: self._field(template, name, value, seen, depth)
                    for name, value in fields.items()
                }
                if any(name in _ENDS and not score for name, (_, score) in told.items()):
                    continue
                yield (
                    _spaced(
                        part
                        for literal, name in template.pieces
                        for part in (literal, told[name][0] if name else "")
                    ),
                    template.letters
                    + sum(score - 1 - (score > _PLAIN) for _, score in told.values() if score)
                    - 3 * sum("; " in value for value in fields.values()),
                )

    def _field(
        self, template: _Template, name: str, text: str, seen: dict[str, _Told], depth: int
    ) -> _Told:
        if (between := template.lists.get(name)) is not None:
            told = text.replace(between, "、" if between == ", " else " 或 ")
            # All of it is known: a key in it that is a word of ours, too, is no message.
            return told, len(text) + _TELLING * (text.count(between) + 1)
        core = text.strip()
        if name in template.verbatim or not core:
            return text, 0
        if continued := _CONTINUED.match(core):
            core = core[continued.end() :]
            told, score = self._text(core, seen, depth + 1)
            return (f"{_CHINESE[continued[0]]}{told}" if score else text), score
        told, score = self._text(core, seen, depth + 1)
        return text.replace(core, told, 1), score

    def _parts(self, text: str, seen: dict[str, _Told], depth: int) -> Iterator[_Told]:
        """Yield messages that stand one after the other, or one behind the place it is about."""
        if (placed := _PLACED.fullmatch(text)) is not None:
            before = f"{self._text(placed[1], seen, depth + 1)[0]}：" if placed[1] else ""
            told, score = self._text(placed[3], seen, depth + 1)
            yield f"{before}{placed[2]}{told}", score + _PLAIN
            return
        joints = sorted(_JOINT.finditer(text), key=lambda joint: joint[0] == ", ")
        for joint in joints[:_MOST_JOINTS]:
            head, tail = (
                told if told[1] >= _BESIDE else (part, 0)
                for part in (text[: joint.start()], text[joint.end() :])
                for told in (self._text(part, seen, depth + 1),)
            )
            if score := head[1] + tail[1]:
                stays = joint[0] == ": " and not head[1] and _PLACE.fullmatch(head[0])
                between = joint[0] if stays else _CHINESE[joint[0]]
                yield f"{head[0]}{between}{tail[0]}", score
        if (inner := _IN_BRACKETS.fullmatch(text)) is not None:
            head, within = (self._text(part, seen, depth + 1) for part in inner.groups())
            if score := head[1] + within[1]:
                yield f"{head[0]}（{within[0]}）", score
        if (counted := _COUNTED.fullmatch(text)) is not None:
            what = self._whole.get(counted[2])
            if what is not None:
                yield f"{counted[1]} 个{what}", len(counted[2]) + _TELLING


def _spaced(parts: Iterable[str]) -> str:
    """Return texts as one, with a blank between Chinese and Latin letters or figures."""
    whole = ""
    for part in filter(None, parts):
        is_joint = _AT_JOINT.fullmatch(whole[-1:] + part[:1])
        whole += f" {part}" if is_joint else part
    return whole


def _open(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _has_fields(text: str) -> bool:
    return any(name is not None for _, name, _, _ in _FORMATTER.parse(text))
