"""How long a reader waits for the database, before an older document or 503 is the answer."""

from __future__ import annotations

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that a reader waits, below the time after which most readers and proxies give up.

    `with_kept`, where a last good document can be served instead; `without`, where only 503 can:
    a first rendering of thousands of stories on a busy machine takes some of them; `for_the_past`,
    for what stood at an address that is no feed's today: it takes milliseconds.
    """

    with_kept: float = 3.0
    without: float = 10.0
    for_the_past: float = 1.0


TIMEOUTS = Timeouts()
