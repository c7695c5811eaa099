"""When "not modified" is not believed any more, and a source is asked for its whole document."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.schedule.rhythm import hours_of, rates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.schedule.rhythm import Rhythm

#: For so long 304 is believed of everybody: a whole document a week is little to ask.
LONGEST_BELIEF = timedelta(days=7)
#: And for so long, however much is overdue: a publisher may rest for a day.
SHORTEST_BELIEF = timedelta(days=1)
#: Of as many expected entries none comes by chance once in a thousand times (e^-7).
OVERDUE_ENTRIES = 7.0


def is_doubted(
    document_at: datetime | None, rhythm: Rhythm, pool: Sequence[float], *, now: datetime
) -> bool:
    """Tell whether to ask at `now` for a whole document, whatever validators are held.

    `document_at` is when the URL last answered with one (`None`: not yet); it holds for a week, and
    for a day at least where the rhythm had entries come since (`pool` as of `rates`).
    """
    if document_at is None:
        return False
    age = now - document_at
    if age < SHORTEST_BELIEF:
        return False
    if age >= LONGEST_BELIEF:
        return True
    pieces = rates(rhythm, pool, hours_of(document_at), hours_of(now))
    return sum(hours * rate for hours, rate in pieces) >= OVERDUE_ENTRIES
