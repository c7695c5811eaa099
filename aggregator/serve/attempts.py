"""How often a password may be tried: by each client a few times, by all not many more. Pure."""

from __future__ import annotations

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """So many tries at once, then one more every so many seconds."""

    at_once: int
    seconds: float


PER_CLIENT = Allowed(5, 60.0)
#: Of as many clients as there are: some 1,000 tries a day and client, 9,000 of all.
IN_ALL = Allowed(30, 10.0)


class Attempts:
    """The tries that were made lately; `now` is in seconds of a clock that only goes on."""

    def __init__(self, per_client: Allowed = PER_CLIENT, in_all: Allowed = IN_ALL) -> None:
        self._per_client, self._in_all = per_client, in_all
        # When the last of the tries will be forgotten. Who is refused is not counted, so there are
        # no more clients than tries of all in the time in which one is forgotten.
        self._clients: dict[str, float] = {}
        self._all = 0.0

    def wait(self, client: str, now: float) -> float:
        """Count a try, and return 0; or return in how many seconds there will be one."""
        self._clients = {one: until for one, until in self._clients.items() if until > now}
        own, everyone = max(now, self._clients.get(client, now)), max(now, self._all)
        for until, allowed in ((own, self._per_client), (everyone, self._in_all)):
            ahead = until - now - (allowed.at_once - 1) * allowed.seconds
            if ahead > 0:
                return ahead
        self._clients[client] = own + self._per_client.seconds
        self._all = everyone + self._in_all.seconds
        return 0.0

    def forget(self, client: str) -> None:
        """Count the tries of a client no more: one was right."""
        self._clients.pop(client, None)
