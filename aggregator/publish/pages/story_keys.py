"""A story in an address: the order key of an entry, which never changes, in 36 digits."""

from __future__ import annotations

import re

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"-?[0-9a-z]{1,12}", re.ASCII)


def story_key(order_key: int) -> str:
    """Return how an entry is called in addresses."""
    digits, left = "", abs(order_key)
    while left:
        left, digit = divmod(left, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return ("-" if order_key < 0 else "") + (digits or "0")


def read_story_key(text: str) -> int | None:
    """Return the order key that `story_key` wrote, `None` for anything else."""
    return int(text, len(_DIGITS)) if _KEY.fullmatch(text) else None
