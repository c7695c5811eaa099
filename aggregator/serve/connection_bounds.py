"""What callers may hold open, each and all together, as descriptors and memory allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.serve.client_connections import LOOPBACK

if TYPE_CHECKING:
    from aggregator.model import IPNetwork

#: Connections that have no room any more, and are told so; there are seldom many, as they close.
TOLD_TO_COME_BACK = 64


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """What callers may hold open.

    A request must arrive whole in `request_seconds` (a feed reader's is one packet).

    `answered` connections are answered at a time, which is a thousand readers who come at the same
    moment and as many again; beyond, others give way (see `room`), or a newcomer gets 503, and
    beyond `held` it is dropped. An open connection takes 10 KiB of ours while it is idle, and two
    pieces of a body more while its reader takes nothing of an answer; of these it may be `stalled`,
    before the one that has taken nothing for longest is dropped. So all together hold 75 MiB of the
    process at most, and of the kernel's what `SEND_BUFFER_BYTES` says.

    Of one client (see `client_connections`) it is `answered_each` and `held_each`, enough for a
    house full of readers, and no more is answered while `unsent_each` bytes wait for it.
    `on_this_machine` are the addresses that callers on this machine have.
    """

    request_seconds: float = 10.0
    answered: int = 2048 - TOLD_TO_COME_BACK
    held: int = 2048
    stalled: int = 768
    answered_each: int = 32
    held_each: int = 40
    unsent_each: int = 2 * 1024 * 1024
    on_this_machine: tuple[IPNetwork, ...] = LOOPBACK

    def within(self, descriptors: int) -> ConnectionBounds:
        """Return these bounds as a process can keep them that may have so many files open.

        Half of them are for readers; the other half is for polls, the database and the workers.
        """
        held = min(self.held, max(descriptors // 2, 2))
        told = min(TOLD_TO_COME_BACK, held // 2)
        return replace(self, held=held, answered=min(self.answered, held - told))
