"""Whom the operator's pages obey: who has logged in, whom a trusted proxy names, who is here.

What a caller may see and do is `rules.visibility`'s to say; here is found out who it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.requests import Request

from aggregator.rules.visibility import Subject, View
from aggregator.serve.attempts import Attempts
from aggregator.serve.callers import caller_of, known_as, name_of
from aggregator.serve.sessions import Sessions
from aggregator.store import operator_password
from aggregator.store.operator_password import KeptPassword

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from aggregator.config import Config

#: The cookie of a session.
COOKIE = "session"
#: What forms are made for where nobody has logged in: who is on this machine; anybody.
_HERE, ANYONE = "here", "anyone"
_HEADER = "header"


class OperatorDoor:
    """The log-in of a site; `seconds` is a clock that only goes on."""

    def __init__(self, config: Callable[[], Config], seconds: Callable[[], float]) -> None:
        self._config, self._seconds = config, seconds
        self._password = KeptPassword(lambda: config().store.path)
        self._sessions, self._attempts = Sessions(), Attempts()
        self._trying = asyncio.Lock()

    @property
    def has_password(self) -> bool:
        """Whether one can log in; then only who did may act."""
        return self._password.hash() is not None

    def marked(self, scope: Scope) -> Scope:
        """Return the scope of a request with the name of whoever is known to send it."""
        fields = scope["headers"]
        wanted = self._config().pages.operator_header
        if wanted is not None and self._is_named(scope, *wanted):
            return known_as(scope, _HEADER)
        if not any(name == b"cookie" and COOKIE.encode() in value for name, value in fields):
            return scope
        secret = Request(scope).cookies.get(COOKIE)
        if secret is None:
            return scope
        name = self._sessions.find(secret, self._password.hash(), self._seconds())
        return scope if name is None else known_as(scope, name)

    def _is_named(self, scope: Scope, name: str, value: str) -> bool:
        """Tell whether a trusted proxy, and no client through it, says that it is the operator."""
        told = [said for field, said in scope["headers"] if field == name.lower().encode()]
        client = scope.get("client")
        if told != [value.encode()] or client is None:
            return False
        try:
            peer = ip_address(client[0])
        except ValueError:
            return False
        mapped = getattr(peer, "ipv4_mapped", None)
        return any((mapped or peer) in one for one in self._config().server.trusted_proxies)

    def sees(self, request: Request) -> bool:
        """Tell whether a caller may see what is the operator's."""
        config = self._config()
        caller = caller_of(request, config.server)
        return config.visibility.view(caller, Subject.HEALTH) is View.WHOLE

    def acts_as(self, request: Request) -> str | None:
        """Return whom the forms of a caller are made for that may act, else `None`."""
        config = self._config()
        policy = replace(config.visibility, takes_log_in=self.has_password)
        caller = caller_of(request, config.server)
        if policy.view(caller, Subject.ACTIONS) is not View.WHOLE:
            return None
        return name_of(request) or _HERE

    def wait(self, client: str) -> float:
        """Return in how many seconds a client may try a password; 0 counts as a try."""
        return self._attempts.wait(client, self._seconds())

    async def log_in(self, client: str, password: str) -> str | None:
        """Return the secret of a new session if the password is right, else `None`.

        Takes the same time for every wrong one; one is tried at a time.
        """
        kept = self._password.hash()
        if kept is None or len(password) > operator_password.MOST_CHARS:
            return None
        async with self._trying:
            is_right = await asyncio.to_thread(operator_password.is_right, password, kept)
        if not is_right:
            return None
        self._attempts.forget(client)
        return self._sessions.begin(kept, self._seconds())

    def log_out(self, request: Request) -> None:
        """End the session of a caller."""
        name = name_of(request)
        if name is not None:
            self._sessions.end(name)

    def is_in(self, request: Request) -> bool:
        """Tell whether a caller has a session here, and can end it."""
        return name_of(request) not in {None, _HEADER}
