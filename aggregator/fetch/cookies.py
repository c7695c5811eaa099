"""Cookies as they are kept for one poll: each goes back to the origin that set it, then all go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Origin = tuple[str, str, int]
    Pair = tuple[bytes, bytes]

#: A gate sets one or two; more, or longer ones, are not kept (RFC 6265 §6.1 has 4,096 bytes).
MAX_COOKIES = 16
MAX_COOKIE_BYTES = 4096
#: Of an operator's cookies so many can be ended by one poll's answers.
MAX_ENDED = 64

_PAIR = rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!-:<-~ ]*?)"
#: A name is a token, a value visible ASCII without what would end it (RFC 6265 §4.1.1, and quotes).
NAME_AND_VALUE = re.compile(_PAIR)
_COOKIE = re.compile(rb"\s*" + _PAIR + rb"\s*(?:;(.*))?\Z", re.DOTALL)
_ENDED = re.compile(rb"(?:^|;)\s*max-age\s*=\s*(?:0+|-\d+)\s*(?:;|\Z)", re.IGNORECASE)


class Cookies:
    """What the answers of one poll have set, by origin (scheme, host, port)."""

    def __init__(self) -> None:
        self._kept: dict[Origin, dict[bytes, bytes]] = {}
        self._ended: dict[Origin, set[bytes]] = {}

    def __bool__(self) -> bool:
        """Tell whether any was set."""
        return bool(self._kept)

    def note(self, origin: Origin, values: Iterable[bytes]) -> None:
        """Keep the values of an answer's Set-Cookie fields; what is no cookie counts for nothing.

        Domain, Path and Secure are not asked: a cookie goes nowhere but to the origin that set it.
        """
        for value in values:
            match = _COOKIE.match(value)
            if match is None or len(value) > MAX_COOKIE_BYTES:
                continue
            name, text, attributes = match.groups()
            kept = self._kept.setdefault(origin, {})
            kept.pop(name, None)
            ended = self._ended.setdefault(origin, set())
            if _ENDED.search(attributes or b"") is not None:
                if len(ended) < MAX_ENDED:
                    ended.add(name)
            elif len(kept) < MAX_COOKIES:
                kept[name] = text
                ended.discard(name)

    def pairs(self, origin: Origin, stored: Iterable[Pair]) -> list[Pair]:
        """Return names and values for a request to an origin.

        They are those of `stored` that it has neither set again nor ended, and what it has set.
        """
        kept, ended = self._kept.get(origin, {}), self._ended.get(origin, set())
        untouched = [pair for pair in stored if pair[0] not in kept and pair[0] not in ended]
        return [*untouched, *kept.items()]


def cookie_field(pairs: Iterable[Pair]) -> bytes | None:
    """Return the value of a Cookie field; `None` for no pairs."""
    return b"; ".join(b"%b=%b" % pair for pair in pairs) or None
