"""Who has logged in: sessions in memory, few and for a while. A restart ends them all."""

from __future__ import annotations

import hashlib
import secrets

from aggregator.runtime.values import dataclass

#: One operator's browsers; who logs in once more takes the place of who was away longest.
MOST = 16
#: Unused for a day, or used for a month, a session is over.
IDLE_SECONDS = 24 * 3600.0
LONGEST_SECONDS = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Session:
    password: str
    since: float
    used: float


class Sessions:
    """Sessions by the digest of their secret, which the browser alone has.

    `password` is the hash of the one that opens them: another one ends them. `now` is in seconds of
    a clock that only goes on.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Session] = {}

    def begin(self, password: str, now: float) -> str:
        """Open a session and return its secret."""
        while len(self._open) >= MOST:
            del self._open[min(self._open, key=lambda one: self._open[one].used)]
        secret = secrets.token_urlsafe(32)
        self._open[_name(secret)] = _Session(password, now, now)
        return secret

    def find(self, secret: str, password: str | None, now: float) -> str | None:
        """Return the name of an open session, which is no secret, and note that it is used."""
        name = _name(secret)
        found = self._open.get(name)
        if found is None:
            return None
        if (
            found.password != password
            or now - found.used > IDLE_SECONDS
            or now - found.since > LONGEST_SECONDS
        ):
            del self._open[name]
            return None
        self._open[name] = _Session(found.password, found.since, now)
        return name

    def end(self, name: str) -> None:
        """End a session."""
        self._open.pop(name, None)


def _name(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
