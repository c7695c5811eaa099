"""What is told to somebody who does not look: notices, who receives them, what waits to be sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model.configured import Access
from aggregator.runtime.values import dataclass

#: What the end of an alarm is called among events; beginnings have the names of alarms.
RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Receiver:
    """One `[[notify]]`: who is told of which events, where, and in which form.

    The address is `url`, or what the file `url_file` holds. `template` is the name of a shipped one
    or an absolute path. What happens within `bundle` is told together.
    """

    name: str
    url: str | None = None
    url_file: str | None = None
    events: tuple[str, ...] = ()
    template: str = "json"
    content_type: str | None = None
    language: str = "en"
    bundle: timedelta = timedelta(minutes=1)
    access: Access = Access()


@dataclass(frozen=True, slots=True)
class Notice:
    """One event in words, as plain text in both languages. It is stored: fields have defaults."""

    event: str
    title: str
    text: str
    happened_at: datetime
    chinese_title: str = ""
    chinese: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a receiver, oldest first, with the numbers by which it is delivered.

    `tries` have failed since the last success, `next_at` is when there may be another.
    """

    notices: tuple[tuple[int, Notice], ...] = ()
    queued_at: datetime | None = None
    tries: int = 0
    next_at: datetime | None = None
