"""The beginning of a text that is too long: of prose, ending on a word; of a value, as it is."""

from __future__ import annotations

_SENTENCE_ENDS = "。！？!?；;，,、 "


def excerpt(text: str, limit: int) -> str:
    """Return the beginning of a line of text, at most `limit` characters, ending on a word.

    Within a word it ends only where that word would take more than a third of the limit.
    """
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    end = max(cut.rfind(mark) for mark in _SENTENCE_ENDS)
    # A cut that loses more than a third to find a word's end is worse than a cut word.
    if end > limit * 2 // 3:
        cut = cut[:end]
    return cut.rstrip(_SENTENCE_ENDS) + "…"


def shortened(value: str, limit: int) -> str:
    """Return a value to be quoted, letter by letter, at most `limit` characters."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def within_bytes(text: str, most: int) -> str:
    """Return the beginning of a text, letter by letter, at most so many bytes in UTF-8."""
    whole = text.encode(errors="replace")
    if len(whole) <= most:
        return text
    return whole[: max(most - len("…".encode()), 0)].decode(errors="ignore") + "…"
