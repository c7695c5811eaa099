"""Cookies as they are kept for one poll: each goes back to the origin that set it, then all go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Origin = tuple[str, str, int]

#: A gate sets one or two; more, or longer ones, are not kept (RFC 6265 §6.1 has 4,096 bytes).
MAX_COOKIES = 16
MAX_COOKIE_BYTES = 4096

# A name is a token, a value visible ASCII without what would end it (RFC 6265 §4.1.1, and quotes).
_COOKIE = re.compile(rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!-:<-~ ]*?)\s*(?:;(.*))?\Z", re.DOTALL)
_ENDED = re.compile(rb"(?:^|;)\s*max-age\s*=\s*(?:0+|-\d+)\s*(?:;|\Z)", re.IGNORECASE)


class Cookies:
    """What the answers of one poll have set, by origin (scheme, host, port)."""

    def __init__(self) -> None:
        self._kept: dict[Origin, dict[bytes, bytes]] = {}

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
            if _ENDED.search(attributes or b"") is None and len(kept) < MAX_COOKIES:
                kept[name] = text

    def header(self, origin: Origin) -> bytes | None:
        """Return the Cookie field for a request to an origin, `None` where it has set none."""
        kept = self._kept.get(origin)
        return b"; ".join(b"%b=%b" % pair for pair in kept.items()) if kept else None
