"""Who gives way when there is no room for another connection.

In this order: who has been answered and keeps the connection for a further request (it is closed
between two requests, as any server may, RFC 9112 §9.5, and the next request opens another); of the
client that has most of all, and more than the newcomer's; who has not sent a request for a while;
who has taken nothing of an answer for a while. Where none of these is there, nobody gives way:
everybody is being answered, and the newcomer is told to come back.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

#: A reader's request is one packet, that follows the connection at once: a second is many round
#: trips.
PATIENCE_FOR_REQUEST_S = 1.0

#: A reader that takes nothing for so long is hardly one (a phone between two cells is back sooner).
PATIENCE_FOR_READER_S = 10.0


class Stage(Enum):
    """What a connection is at."""

    WAITING = auto()  # no whole request has come
    ANSWERED = auto()
    STALLED = auto()  # of an answer something waits until the reader takes it
    IDLE = auto()  # answered, and open for another request


_C = TypeVar("_C")


class Room(Generic[_C]):
    """All open connections, each at its stage since when; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._stages: dict[_C, Stage] = {}
        # Of each stage, who has been at it longest is first.
        self._since: dict[Stage, dict[_C, float]] = {stage: {} for stage in Stage}

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self._stages)

    def at(self, stage: Stage) -> int:
        """Return how many connections are at a stage."""
        return len(self._since[stage])

    def move(self, connection: _C, stage: Stage) -> None:
        """Note that a connection, a new one too, is at a stage; nothing changes where it was."""
        if self._stages.get(connection) is not stage:
            self.begin(connection, stage)

    def begin(self, connection: _C, stage: Stage) -> None:
        """Note that a connection is at a stage from now on, also where it was before."""
        self.leave(connection)
        self._stages[connection] = stage
        self._since[stage][connection] = self._clock()

    def leave(self, connection: _C) -> None:
        """Forget a connection, if it is here."""
        stage = self._stages.pop(connection, None)
        if stage is not None:
            del self._since[stage][connection]

    def longest(self, stage: Stage, *, at_least: float = 0.0) -> _C | None:
        """Return who has been at a stage for longest, if for `at_least` so many seconds."""
        for connection, since in self._since[stage].items():
            return connection if self._clock() - since >= at_least else None
        return None

    def who_gives_way(self, greedy: Collection[_C]) -> _C | None:
        """Return the connection that makes room for a newcomer, `None` where none should.

        `greedy` are the connections of the client that has most, where those are more than the
        newcomer's client has.
        """
        idle = self.longest(Stage.IDLE)
        if idle is not None:
            return idle
        for stage in (Stage.WAITING, Stage.STALLED, Stage.ANSWERED):
            for connection in greedy:
                if self._stages.get(connection) is stage:
                    return connection
        waiting = self.longest(Stage.WAITING, at_least=PATIENCE_FOR_REQUEST_S)
        if waiting is not None:
            return waiting
        return self.longest(Stage.STALLED, at_least=PATIENCE_FOR_READER_S)
