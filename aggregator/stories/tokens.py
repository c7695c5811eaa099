"""What a title is made of: pairs of ideographs, stems of words, names, figures, versions.

A token is 32 bits of a hash, the same on every machine, with the kind of what it stands for.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from aggregator.runtime.late_patterns import late_pattern
from aggregator.stories.aliases import with_one_name
from aggregator.stories.stems import stem

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The number of this way to make tokens: whatever was kept under another one is made anew.
SCHEME = 4


class Kind(IntEnum):
    """What a token stands for."""

    GRAM = 0
    """Two ideographs or syllables that follow each other."""
    WORD = 1
    """The stem of a word."""
    NAME = 2
    """A capitalised word where capitals tell something, or a Latin one among ideographs."""
    NUMBER = 3
    """A figure with what multiplies it: 6 亿, 600m and 600,000,000 are one."""
    VERSION = 4
    """A name with the figure behind it: a model, a release, an edition."""
    CHAR = 5
    """A single ideograph: what two wordings share (警官, 警员) where no pair is the same."""


class Found(NamedTuple):
    """A token, what it stands for, how it is written, and the slot that it stands in.

    The slot of a figure is what it counts or belongs to: its unit, its currency, the word beside
    it; of a version, its name; of another name, what stands before and behind it. "": none.
    """

    token: int
    kind: Kind
    spelling: str
    slot: str = ""


#: Scripts without spaces between words: ideographs, kana, Thai, Lao, Khmer, Burmese; and Hangul,
#: whose words change at their ends.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
#: A time or a score (12:30, 3:2), a figure in groups of digits (1,999; 1,00,000), any other. What
#: stands between digits otherwise parts two figures: "M15,4499 元" says what M15 costs.
_FIGURE = (
    r"\d{1,3}(?::\d{1,3}){1,2}(?!\d)"
    r"|\d{1,3}(?:(?:,\d{3})+|(?:,\d\d)+,\d{3})(?:\.\d+)?(?!\d)"
    r"|\d+(?:\.\d+)*"
)
_PIECES = late_pattern(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<number>{_FIGURE})(?:\s?(?P<multiplier>万亿|百万|千万|千|万|亿|兆"
    r"|(?i:trillion|billion|million|thousand|bn|tn|mn|k|m|b|t)(?![A-Za-z]))"
    r"|(?P<when>\s?(?:月|日|号|点|时|年|am\b|pm\b)))?"
    rf"|(?P<word>[^\W\d_{_UNSPACED}]+(?:['’][^\W\d_{_UNSPACED}]+)?)"
)
_ZEROS = {
    "千": 3, "thousand": 3, "k": 3, "万": 4, "百万": 6, "million": 6, "mn": 6, "m": 6, "千万": 7,
    "亿": 8, "billion": 9, "bn": 9, "b": 9, "万亿": 12, "兆": 12, "trillion": 12, "tn": 12, "t": 12,
}  # fmt: skip
#: What figures count, where words have no spaces: 元, 级, 届; a figure in front is no model's.
_UNIT = late_pattern(
    r"\s?([%元美欧英日韩港块级届度点分岁名人个家次件位倍吨米公里平英寸艘架台辆座起股款项条期轮集章篇场天周小时秒国省市县])"
)
_CURRENCY = late_pattern(r"[$€£¥₹]\s?$")
#: A day of these is no model.
_MONTHS = frozenset(
    {
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
        "sept", "oct", "nov", "dec",
    }
)  # fmt: skip
_YEAR = late_pattern(r"(?:19|20)\d\d")
#: Words that stand in any title.
EMPTY = frozenset(
    {
        "a", "about", "after", "all", "an", "and", "are", "as", "at", "be", "been", "but", "by",
        "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "he", "her",
        "here", "his", "how", "i", "if", "in", "into", "is", "it", "its", "may", "more", "new",
        "no", "not", "of", "off", "on", "one", "or", "our", "out", "over", "says", "said", "say",
        "she", "so", "some", "than", "that", "the", "their", "them", "there", "they", "this",
        "to", "up", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will",
        "with", "would", "you", "your", "der", "die", "das", "und", "im", "den", "von", "zu",
        "mit", "ist", "ein", "eine", "für", "auf", "les", "des", "une", "est", "dans", "pour",
        "sur", "del", "las", "los", "una", "con", "por", "para", "и", "в", "на", "с", "по", "не",
        "что", "за", "из", "от", "s", "t",
    }
)  # fmt: skip
#: What joins two names, which then may change their places.
_AND = frozenset({"and", "or", "vs", "und", "et", "y", "и"})
_AND_CHARS = frozenset("和与及跟或同")
#: Ideographs that join words and stand in any title: no pair goes over one.
_JOINING = late_pattern("[的了和与及将在被为是以等就称]")


def tokens_of(text: str, language: str | None) -> Iterator[Found]:
    """Yield each token of a text once, in their order.

    The text is as `bare_titles.readable` has it.
    """
    found: set[int] = set()
    for spelling, kind, slot in _spellings(with_one_name(text), language):
        token = token_of(spelling)
        if token not in found:
            found.add(token)
            yield Found(token, kind, spelling, slot)


@lru_cache(maxsize=16_384)
def token_of(spelling: str) -> int:
    """Return the 32 bits that stand for a spelling."""
    return int.from_bytes(blake2b(spelling.encode(), digest_size=4).digest(), "big")


def as_said(spelling: str) -> str:
    """Return how a person writes what a token stands for: digits of a figure, others as is."""
    if not spelling.startswith("#"):
        return spelling
    digits, _, power = spelling[1:].partition("e")
    after = -int(power or 0)
    if after <= 0:
        return digits + "0" * -after
    digits = digits.zfill(after + 1)
    return f"{digits[:-after]}.{digits[-after:]}"


def _spellings(text: str, language: str | None) -> Iterator[tuple[str, Kind, str]]:
    pieces = list(_PIECES.finditer(text))
    mixed = any(piece["unspaced"] for piece in pieces)
    capitals = mixed or _capitals_tell(pieces)
    before: re.Match[str] | None = None
    is_name = False
    for piece, behind in zip_longest(pieces, pieces[1:]):
        said = piece[0]
        if piece["unspaced"]:
            yield from _grams(said)
        elif piece["number"]:
            yield from _figures(piece, before, behind, is_name=is_name)
        elif (
            before
            and not said[1:]
            and not (behind and behind["number"])
            and (name := _lettered(piece, before, mixed=mixed))
        ):
            yield f"{name} {said.casefold()}", Kind.VERSION, f"@{name}"
        elif (lower := said.casefold().split("'")[0].split("’")[0]) not in EMPTY and lower[1:]:
            is_name = mixed or (capitals and said[0].isupper() and before is not None)
            if is_name:
                yield stem(lower, language), Kind.NAME, _between(before, behind, language)
            else:
                yield stem(lower, language), Kind.WORD, ""
        before = piece


def _lettered(piece: re.Match[str], before: re.Match[str], *, mixed: bool) -> str:
    """Return the name that a single letter is the version of (Model Y, Vitamin D); "": of none.

    "A" and "I" are words where titles have no ideographs.
    """
    letter, name = piece[0], before[0]
    is_one = "A" <= letter <= "Z" and (mixed or letter not in "AI")
    joint = piece.string[before.end() : piece.start()]
    if not (is_one and before["word"] and name[0].isupper() and joint in (" ", "-")):
        return ""
    return "" if name.casefold() in EMPTY else name.casefold()


def _between(
    before: re.Match[str] | None, behind: re.Match[str] | None, language: str | None
) -> str:
    """Return what stands on both sides of a name, where another one could; "" where that is little.

    A figure beside it or an "and" does not: names change their places around these.
    """
    sides = []
    for side, ends in ((before, slice(-2, None)), (behind, slice(2))):
        said = "" if side is None else side[0].casefold()
        if side is not None and side["unspaced"]:
            said = said[ends]
        if (side is not None and side["number"]) or said in _AND or not _AND_CHARS.isdisjoint(said):
            return ""
        sides.append(stem(said, language))
    return "_".join(sides) if any(sides) else ""


def _grams(run: str) -> Iterator[tuple[str, Kind, str]]:
    for part in _JOINING.split(run):
        for at, char in enumerate(part):
            yield char, Kind.CHAR, ""
            if pair := part[at : at + 2][1:]:
                yield char + pair, Kind.GRAM, ""


def _figures(
    piece: re.Match[str],
    before: re.Match[str] | None,
    behind: re.Match[str] | None,
    *,
    is_name: bool,
) -> Iterator[tuple[str, Kind, str]]:
    """Yield what a figure is: with the word `before` it, which may be a name, or an amount."""
    figure, multiplier, when = piece["number"], piece["multiplier"], piece["when"]
    unit = _UNIT.match(piece.string, piece.end())
    place = _place(piece, before, behind, unit)
    if before is not None and before["word"] and not (multiplier or set(figure) & set(",:")):
        name = before[0].casefold()
        gap = piece.string[before.end() : piece.start()]
        if gap in ("", "-"):
            yield f"{name} {figure}", Kind.VERSION, f"@{name}"
            return
        if gap == " " and name in _MONTHS:
            yield figure, Kind.WORD, ""
            return
        if gap == " " and name not in EMPTY and not unit and (is_name or "." in figure):
            yield f"{name} {figure}", Kind.VERSION, f"@{name}"
            place = ""
    if when or ":" in figure or _YEAR.fullmatch(figure):
        yield figure, Kind.WORD, ""
        return
    yield f"#{figure_value(figure, multiplier.lower() if multiplier else '')}", Kind.NUMBER, place


def _place(
    piece: re.Match[str],
    before: re.Match[str] | None,
    behind: re.Match[str] | None,
    unit: re.Match[str] | None,
) -> str:
    """Return what a figure counts, or else what stands before it; "" for neither."""
    if unit:
        return unit[1]
    if currency := _CURRENCY.search(piece.string, 0, piece.start()):
        return currency[0].strip()
    if behind and behind["word"] and piece.string[piece.end() : behind.start()] == " ":
        return stem(behind[0].casefold(), None)
    return (
        before[0][-2:] if before and before["unspaced"] else before[0].casefold() if before else ""
    )


def figure_value(figure: str, multiplier: str) -> str:
    """Return a figure as digits without zeros at either end, and the power of ten of the last."""
    whole, _, rest = figure.replace(",", "").partition(".")
    rest = rest.replace(".", "")
    digits = (whole + rest).lstrip("0")
    power = _ZEROS.get(multiplier, 0) - len(rest) + len(digits) - len(digits.rstrip("0"))
    return f"{digits.rstrip('0')}e{power}" if digits else "0"


def _capitals_tell(pieces: list[re.Match[str]]) -> bool:
    """Whether capitals are names: among ideographs, or where half of the words have none."""
    words = [piece["word"] for piece in pieces if piece["word"]]
    if any(piece["unspaced"] for piece in pieces):
        return True
    small = sum(word[0].islower() for word in words)
    return bool(small * 2 >= len(words))
