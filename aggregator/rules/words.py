"""Plain words without RE2, for machines that cannot have it: the same finds by Python's engine.

What an operator writes never reaches that engine as an expression. Words are escaped, and between
them is a whole run of white space, which is no part of a word: there is one way to match a text
from any place in it, so that the time stays linear in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


# Without regard to case ſ (U+017F) and K (U+212A) would be among these letters.
_BEFORE, _AFTER = r"(?-i:(?<![0-9A-Za-z_]))", r"(?-i:(?![0-9A-Za-z_]))"


class Words:
    """Words in half width, found without regard to case; `patterns` says what their ends mean."""

    groups = 0

    def __init__(self, words: str) -> None:
        before, after = (_is_ascii_word(words[end]) for end in (0, -1))
        self._found = re.compile(
            # A run of spaces is looked at from its beginning alone, not from each of its spaces.
            (_BEFORE if before else r"(?<!\s)" if words[0].isspace() else "")
            + r"\s+".join(re.escape(part) for part in re.split(r"\s+", words))
            + (_AFTER if after else ""),
            re.IGNORECASE,
        )

    def search(self, text: bytes) -> re.Match[str] | None:
        """Return the first place in a text as `patterns.searchable` makes it."""
        return self._found.search(text.decode("utf-8", "replace"))

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Return all places."""
        return self._found.finditer(text)


class Nothing:
    """Finds nothing: a regular expression of a configuration that was read on another machine."""

    groups = 0

    def search(self, _: bytes) -> None:
        """Return no place."""

    def finditer(self, _: str) -> Iterator[re.Match[str]]:
        """Return no places."""
        return iter(())


def holder_of_any(words: Sequence[str]) -> Callable[[str], bool]:
    """Return a test whether a text holds any of these words, without regard to case."""
    folded = [word.casefold() for word in words]

    def holds(text: str) -> bool:
        within = text.casefold()
        return any(word in within for word in folded)

    return holds


def _is_ascii_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
