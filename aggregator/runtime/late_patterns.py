"""Regular expressions that are compiled when they are used first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from re import Pattern

_METHODS = ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")


class _LatePattern:
    """Stands for a pattern; after its first use its methods are the pattern's own."""

    def __init__(self, text: str, flags: int) -> None:
        self._asked = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._asked)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def late_pattern(text: str, flags: int = 0) -> Pattern[str]:
    """Return what `re.compile` does, at a hundredth of its cost until it is used.

    For modules of many or of large patterns, of which most starts of the program use none. A
    mistake in one shows at its first use.
    """
    return cast("Pattern[str]", _LatePattern(text, flags))
