"""Words as they are searched for: one spelling for an index and for what is asked of it.

Writing without spaces (Chinese, Japanese, Korean, Thai and others) is taken character by character,
so that a word of any length is found as its characters in a row; every other word is one token.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.web import chinese_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Another spelling of tokens is another number: an index that was made with one is made anew.
SCHEME = 1

#: Of a question this much is read, so many phrases and so many tokens: a line of a search box.
MOST_CHARACTERS, MOST_PHRASES, MOST_TOKENS = 300, 12, 60

#: Characters before the first find in an excerpt, of which it has some `EXCERPT` in all.
_BEFORE, EXCERPT = 40, 180

#: What is written without spaces between words, or with few.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007"
    "\u3021-\u3029\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_QUOTES = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f]')


class _Spelling(dict[int, str]):
    """What becomes of each character: part of a token, a token of its own, or a space."""

    def __missing__(self, code: int) -> str:
        self[code] = spelt = _spelt(chr(code))
        return spelt


def _spelt(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter)
    plain = "".join(one for one in plain if not "\u0300" <= one <= "\u036f")
    plain = unicodedata.normalize("NFC", plain).casefold()
    spelt = ""
    for one in plain:
        category = unicodedata.category(one)
        if _UNSPACED.match(one) and category[0] in "LMN":
            spelt += f" {one} "
        elif category[0] in "LMN":
            spelt += one
        elif category != "Cf":  # such as a soft hyphen, which is within a word
            spelt += " "
    return spelt


_SPELLING = _Spelling()


def tokens_of(text: str) -> str:
    """Return the tokens of a text, a space between two: letters and figures in one spelling.

    Without case, accents of Latin and Greek letters, and the difference of Traditional and
    Simplified characters.
    """
    return " ".join(chinese_scripts.to_simplified(text).translate(_SPELLING).split())


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is searched for: phrases, each of tokens in a row, all of which are to be there."""

    phrases: tuple[str, ...]

    @property
    def in_fts(self) -> str:
        """The question in the language of SQLite's FTS5, whose syntax no token can hold."""
        return " ".join(f'"{phrase}"' for phrase in self.phrases)

    @property
    def key(self) -> str:
        """What is the same for questions that find the same."""
        return "|".join(sorted(self.phrases))

    def is_in(self, *tokens: str) -> bool:
        """Tell whether each phrase is in one of the texts, given as their tokens."""
        padded = [f" {one} " for one in tokens]
        return all(any(f" {phrase} " in one for one in padded) for phrase in self.phrases)


def read_query(text: str) -> SearchQuery:
    """Return what somebody searches for; "in quotes" is one phrase, else each word is.

    Nothing is an error: what is no letter and no figure only parts words.
    """
    phrases: dict[str, None] = {}
    left = MOST_TOKENS
    for place, part in enumerate(_QUOTES.split(text[:MOST_CHARACTERS])):
        for words in (part,) if place % 2 else part.split():
            tokens = tokens_of(words).split()[:left]
            if tokens and len(phrases) < MOST_PHRASES:
                left -= len(tokens)
                phrases[" ".join(tokens)] = None
    return SearchQuery(tuple(phrases))


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of an excerpt; `is_found`: it is what was searched for."""

    text: str
    is_found: bool = False


def marked(text: str, query: SearchQuery) -> tuple[Piece, ...]:
    """Return a whole text in pieces, of which some are what is searched for."""
    pieces, end = [], 0
    for start, stop in _finds(text, query):
        if start > end:
            pieces.append(Piece(text[end:start]))
        pieces.append(Piece(text[start:stop], is_found=True))
        end = stop
    if end < len(text):
        pieces.append(Piece(text[end:]))
    return tuple(pieces)


def excerpt_of(text: str, query: SearchQuery, limit: int = EXCERPT) -> tuple[Piece, ...]:
    """Return a stretch of a text around the first find, its beginning where nothing is found."""
    first = next(_finds(text, query), (0, 0))[0]
    start = max(0, first - _BEFORE)
    if start:  # not within a word, where one ends nearby
        start = text.find(" ", start, first) + 1 or start
    # A little further, so that a find at the end is whole or not marked.
    pieces = list(marked(text[start : start + limit], query))
    if start:
        pieces.insert(0, Piece("…"))
    if start + limit < len(text):
        pieces.append(Piece("…"))
    return tuple(pieces)


def _finds(text: str, query: SearchQuery) -> Iterator[tuple[int, int]]:
    """Yield where what is searched for begins and ends, in order and apart from each other."""
    if not query.phrases:
        return
    simplified = chinese_scripts.to_simplified(text)
    if len(simplified) != len(text):  # a character that became two: places would be others
        simplified = text
    spelt = [_SPELLING[ord(letter)] for letter in simplified]
    ends = list(accumulate(map(len, spelt)))
    # Longest first: of two phrases that begin at one place the longer one is marked.
    phrases = sorted(query.phrases, key=len, reverse=True)
    pattern = "|".join(" +".join(map(re.escape, phrase.split())) for phrase in phrases)
    for found in re.finditer(rf"(?<![^ ])(?:{pattern})(?![^ ])", "".join(spelt)):
        yield bisect_right(ends, found.start()), bisect_right(ends, found.end() - 1) + 1
