"""Patterns: plain words or `/regex/`, searched in time that is linear in the text.

Both ignore case, and whether a character is full-width or half-width ("ＡＩ" is "AI", "（" is "(").
Plain words are found anywhere, but where they begin or end with an ASCII letter or digit, no other
one may be there: "AI" is in "用AI写", not in "said".

The engine is RE2 (https://github.com/google/re2/wiki/Syntax): no pattern, however clumsy, makes it
backtrack, and it has nothing that would need to, such as backreferences and lookaround. Where it
cannot be had (32-bit ARM), plain words are all that there is (`words`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aggregator.model.mistakes import Mistake, MistakeKind
from aggregator.rules.words import Nothing, Words, holder_of_any

try:
    import re2  # type: ignore[import-untyped]  # has no types; nothing of it leaves this module
except ImportError:
    re2 = None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: A pattern of more is a list: write several.
MAX_PATTERN_CHARS = 500
#: What is searched of one text; the longest article seen has 0.6 million characters with markup.
MAX_TEXT_CHARS = 256 * 1024
#: What one compiled pattern may take. Less than the engine's own 8 MiB, as there may be hundreds;
#: below 1 MiB it falls back to its slower way of searching in patterns that people do write.
MAX_MEMORY_BYTES = 4 * 1024 * 1024
#: The patterns that were used last stay compiled.
_MAX_COMPILED = 4096

#: U+FF01 to U+FF5E are "!" to "~" in full width, U+3000 is the space. Lone surrogates, which no
#: stored text holds, cannot be encoded for the engine.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_FOLDED = _FULL_WIDTH | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)

_IS_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000]")
#: The parts of a regex that folding must tell apart.
_PART = re.compile(
    r"""
    (?P<quoted>\\Q.*?(?:\\E|\Z))
  | (?P<escaped>\\.)
  | (?P<opening>\[(?!:)\^?\]?)
  | (?P<named>\[:\^?\w+:\])
  | (?P<closing>\])
  | (?P<range>[^\\\[\]]-[^\\\[\]])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
#: People who know other engines write these after the second slash.
_FLAGS = re.compile(r"/.+/(?:i|g|gi|ig)", re.DOTALL)
#: What Python takes for white space: between words a line may break, or not (U+00A0).
_SPACES = r"[\s\x0b\x1c-\x1f\x85\pZ]+"

_LOOKAROUND = ("(?=", "(?!", "(?<")
#: What the engine says first, as a mistake of ours.
_COMPLAINTS = (
    ("invalid perl operator", MistakeKind.UNKNOWN_TO_RE2, None),
    ("invalid escape sequence", MistakeKind.UNKNOWN_TO_RE2, None),
    ("missing )", MistakeKind.UNBALANCED, ")"),
    ("unexpected )", MistakeKind.UNBALANCED, "("),
    ("missing ]", MistakeKind.UNBALANCED, "]"),
    ("invalid repetition size", MistakeKind.REPEATS_TOO_OFTEN, None),
    ("pattern too large", MistakeKind.PATTERN_TOO_LARGE, None),
)


def mistake_in(pattern: str) -> Mistake | None:
    """Return why a pattern cannot be used; `None`: it can."""
    if not pattern.strip():
        return Mistake(MistakeKind.EMPTY)
    if len(pattern) > MAX_PATTERN_CHARS:
        return Mistake(MistakeKind.TOO_MANY_CHARACTERS, data={"most": MAX_PATTERN_CHARS})
    if _FLAGS.fullmatch(pattern):
        return Mistake(MistakeKind.FLAGS)
    if not is_regex(pattern):
        return None
    if len(pattern) == 2:
        return Mistake(MistakeKind.EMPTY)
    if re2 is None:
        return Mistake(MistakeKind.NO_LIBRARY, data={"library": "google-re2"})
    try:
        found = _compiled(pattern).search("\x01")
    except re2.error as error:
        return _complaint(error)
    if found is not None and found.end() == found.start():
        return Mistake(MistakeKind.FINDS_EMPTY)
    return None


def mistake_in_replacement(find: str, by: str) -> Mistake | None:
    r"""Return why `by` cannot replace what a sound pattern finds; `None`: it can.

    A `\1` needs a group; what XML cannot hold must not come into a text.
    """
    if len(by) > MAX_PATTERN_CHARS:
        return Mistake(MistakeKind.TOO_MANY_CHARACTERS, data={"most": MAX_PATTERN_CHARS})
    if not all(char.isprintable() or char in " \u00a0\u3000" for char in by):
        return Mistake(MistakeKind.CONTROL_CHARACTERS)
    groups = _compiled(find).groups if is_regex(find) else 0
    wanted = max((int(number) for number in re.findall(r"\\([1-9])", by)), default=0)
    if wanted > groups:
        return Mistake(MistakeKind.NO_GROUP, data={"group": wanted})
    return None


def finder_of_any(words: Sequence[str]) -> Callable[[str], bool]:
    """Return a test whether a text holds any of these words, without regard to case.

    One pass over the text, however many words there are.
    """
    if not words:
        return lambda _: False
    if re2 is None:
        return holder_of_any(words)
    options = re2.Options()
    options.case_sensitive, options.never_capture = False, True
    options.max_mem = 2 * MAX_MEMORY_BYTES
    options.log_errors = False
    try:
        found = re2.compile("|".join(re2.escape(word) for word in words), options).search
    except re2.error:  # too many for one automaton
        if len(words) == 1:
            raise
        one, other = finder_of_any(words[::2]), finder_of_any(words[1::2])
        return lambda text: one(text) or other(text)
    return lambda text: found(text.encode(errors="replace")) is not None


def is_regex(pattern: str) -> bool:
    """Tell whether a pattern is written between slashes."""
    return len(pattern) > 1 and pattern[0] == pattern[-1] == "/"


def fold(text: str) -> str:
    """Return `text` in half width, character for character: every position stays what it was."""
    return text if text.isascii() else text.translate(_FOLDED)


def searchable(text: str) -> bytes:
    """Return a text as `first_found` searches it: its beginning, folded."""
    return fold(text[:MAX_TEXT_CHARS]).encode("utf-8")


def first_found(patterns: tuple[str, ...], texts: tuple[bytes, ...]) -> str | None:
    """Return the first of sound patterns that is in any of the texts."""
    together = _together(patterns) if len(patterns) > 1 else None
    if together is not None and not any(together.search(text) for text in texts):
        return None
    for pattern in patterns:
        compiled = _compiled(pattern)
        if any(compiled.search(text) for text in texts):
            return pattern
    return None


def places(pattern: str, text: str) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield where a sound pattern is in a text: its whole and its groups, as they span `text`.

    (-1, -1) is a group that took no part. What is empty is not yielded.
    """
    compiled = _compiled(pattern)
    for match in compiled.finditer(fold(text[:MAX_TEXT_CHARS])):
        if match.end() > match.start():
            yield tuple(match.span(group) for group in range(compiled.groups + 1))


# RE2's type is unknown to type checkers, so that it is `Any` wherever it is named here.
@lru_cache(_MAX_COMPILED)
def _compiled(pattern: str) -> Any:
    if re2 is None:
        return Nothing() if is_regex(pattern) else Words(fold(pattern))
    return re2.compile(_expression(pattern), _options())


@lru_cache(_MAX_COMPILED)
def _together(patterns: tuple[str, ...]) -> Any | None:
    """Return all patterns as one, to see fast that there is none of them; `None`: too large."""
    if re2 is None:
        return None
    try:
        return re2.compile(
            "|".join(f"(?:{_expression(pattern)})" for pattern in patterns),
            _options(never_capture=True),
        )
    except re2.error:
        return None


def _options(*, never_capture: bool = False) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False  # they are told, not printed
    options.max_mem = MAX_MEMORY_BYTES
    options.never_capture = never_capture
    return options


def _expression(pattern: str) -> str:
    if is_regex(pattern):
        return _folded_regex(pattern[1:-1])
    words = fold(pattern)
    expression = _SPACES.join(re2.escape(part) for part in re.split(r"\s+", words))
    before, after = (_edge(words[end]) for end in (0, -1))
    return f"{before}{expression}{after}"


def _edge(char: str) -> str:
    return r"\b" if char.isascii() and char.isalnum() else ""


def _folded_regex(expression: str) -> str:
    """Return a regex that means in half width what it meant in full width.

    A full-width bracket is a character like any other, so it becomes an escaped one.
    """
    if not _IS_FULL_WIDTH.search(expression):
        return expression
    parts: list[str] = []
    in_class = False
    for match in _PART.finditer(expression):
        part, kind = match[0], match.lastgroup
        if kind == "opening":
            in_class = True
        elif kind == "closing":
            in_class = False
        elif kind == "quoted":
            part = fold(part)
        elif kind in {"escaped", "other"}:
            part = _half_width(part[-1]) if _IS_FULL_WIDTH.match(part[-1]) else part
        elif kind == "range" and not _is_mixed(part, in_class=in_class):
            part = "".join(_half_width(char) for char in part)
        parts.append(part)
    return "".join(parts)


def _is_mixed(part: str, *, in_class: bool) -> bool:
    """Tell whether one end of a range only can be folded: `[　-〿]` must not begin at the space."""
    return in_class and bool(_IS_FULL_WIDTH.match(part[0])) != bool(_IS_FULL_WIDTH.match(part[2]))


def _half_width(char: str) -> str:
    return str(re2.escape(fold(char))) if _IS_FULL_WIDTH.match(char) else char


def _complaint(error: Exception) -> Mistake:
    """Return what the engine complains of; a detail of it is a part of the pattern."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    said_first, _, detail = text.partition(": ")
    data = {"written": detail}
    if detail.startswith(_LOOKAROUND):
        return Mistake(MistakeKind.LOOKAROUND, data=data)
    if said_first == "invalid escape sequence" and detail[1:].isdigit():
        return Mistake(MistakeKind.BACKREFERENCE, data=data)
    for known, kind, missing in _COMPLAINTS:
        if said_first.startswith(known):
            return Mistake(kind, data=data if missing is None else {"missing": missing})
    return Mistake(MistakeKind.REGEX, data={"written": text})
