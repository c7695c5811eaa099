"""How things look on a terminal: text without tricks, local time."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING

from aggregator.language.spoken import BEGIN, END, bare, verbatim

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from aggregator.rules.secrets import Secrets


#: What the configuration of this command holds secret; `None`: none was read.
_SECRETS: ContextVar[Secrets | None] = ContextVar("secrets", default=None)
#: Whether the addresses that it prints are publishers', of which no name makes a value secret.
_OF_PUBLISHERS: ContextVar[bool] = ContextVar("of_publishers", default=False)


def conceal(secrets: Secrets) -> None:
    """Keep these secrets off the terminal from now on."""
    _SECRETS.set(secrets)


def show_publishers_addresses() -> None:
    """Print addresses with all their parameters from now on, but for what is held secret."""
    _OF_PUBLISHERS.set(True)


def plain(text: str) -> str:
    """Return text that can be printed: no secret, and no control or direction character in it.

    Titles and problems come from outside; an escape sequence in them would be the terminal's to
    obey. Line breaks stay, and marks around `theirs`.
    """
    without = bare(text)
    told = _cleaned(without)
    if without == text:
        return told
    pieces = re.split(f"([{BEGIN}{END}])", text)
    parted = "".join(one if one in {BEGIN, END} else _cleaned(one) for one in pieces)
    # Marks that came from outside part no secret: then none of them counts.
    return parted if bare(parted) == told else verbatim(told)


def _cleaned(text: str) -> str:
    from aggregator.web.text import printable

    return printable(concealed(text), keep="\n")


def theirs(text: str) -> str:
    """Return a publisher's or an operator's words as `line`, marked as no message of ours.

    Whatever they say, `echo` prints them as they are. For a value of a sentence, a cell, a line.
    """
    return verbatim(" ".join(_cleaned(text).split()))


def concealed(text: str) -> str:
    """Return text without what is held secret, and without what is called so in an address.

    Addresses that somebody types, imports or is sent to are in no configuration yet.
    """
    from aggregator.web.redaction import redact

    secrets = _SECRETS.get()
    if secrets is None or not _OF_PUBLISHERS.get():
        text = redact(text)
    return text if secrets is None else secrets.conceal(text)


def line(text: str) -> str:
    """Return `plain` text on one line."""
    return " ".join(plain(text).split())


def local_time(moment: datetime | None, *, otherwise: str, to: str = "minutes") -> str:
    """Return a moment in local time with its offset, to the minute or to "seconds"."""
    if moment is None:
        return otherwise
    return moment.astimezone().isoformat(sep=" ", timespec=to)


def about(period: timedelta) -> str:
    """Return a period in round figures: "40 seconds", "3 hours"."""
    seconds = period.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * size:
            return f"{round(seconds / size)} {unit}s"
    return f"{max(1, round(seconds))} seconds"
