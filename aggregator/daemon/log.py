"""Log lines: one event a line, `event key=value key=value` for people, or an object of JSON.

Nothing that came from outside can forge a line (control characters are escaped), and no secret
gets in: every line passes `redact`, and what the operator holds secret is taken out by value.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.language.spoken import retold
from aggregator.rules.secrets import NO_SECRETS, Secrets
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Syslog priorities, which journald reads from a line's start (sd-daemon(3)).
_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}

#: A log line longer than this is cut: what is outside has no say over the journal's size.
LONGEST_LINE = 4_000

#: What asyncio says for each piece that is written to a peer who has left: readers do so daily.
_HUNG_UP = frozenset(
    {
        "socket.send() raised exception.",
        "pipe closed by peer or os.write(pipe, data) raised exception.",
        "SSL connection is closed",
    }
)

#: How a log is written.
TEXT, JSON = "text", "json"

#: What ends a line for some that read one, and not for JSON.
_SEPARATORS = {code: f"\\u{code:04x}" for code in (0x7F, *range(0x80, 0xA0), 0x2028, 0x2029)}

_PLAIN = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Event(str):
    """What is logged, as people read it; its name and its fields are there for programs."""

    __slots__ = ("fields", "name")

    name: str
    fields: Mapping[str, object]


def event(name: str, /, **fields: object) -> Event:
    """Return `name key=value …`; values with spaces are quoted, `None` is left out.

    A value that is a sentence is in the language that is spoken; a program that reads fields reads
    English.
    """
    said = {key: value for key, value in fields.items() if value is not None}
    parts = [name]
    for key, value in said.items():
        text = retold(str(value)) if " " in str(value) else str(value)
        quoted = text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
        parts.append(f"{key}={quoted}")
    made = Event(" ".join(parts))
    made.name, made.fields = name, said
    return made


def local(moment: datetime) -> str:
    """Return a moment in the machine's own zone, as people read it, to the second."""
    return moment.astimezone().isoformat(" ", "seconds")


class LineFormatter(logging.Formatter):
    """Formats a record as one line for people, priority or time first.

    A traceback adds lines of its own.
    """

    def __init__(self, *, journal: bool) -> None:
        super().__init__("%(message)s" if journal else "%(asctime)s %(levelname)s %(message)s")
        self._journal = journal
        self.secrets = NO_SECRETS

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 -- logging's name
        """Return the record's local time with its offset, as everywhere else."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text, redacted, bounded and without control characters."""
        text = self.said(record)
        if not self._journal:
            return text
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())

    def said(self, record: logging.LogRecord) -> str:
        """Return the line, or lines, without what is for journald."""
        text = self.open(super().format(record))
        text = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
        return text if record.exc_info else text.replace("\n", "\\n")[:LONGEST_LINE]

    def open(self, text: str) -> str:
        """Return a text without what is secret in it."""
        return self.secrets.conceal(redact(text))


class JsonFormatter(LineFormatter):
    """Formats a record as one object of JSON on one line, a traceback too.

    `time` (UTC), `level` and `event` come first, then the fields of the event (docs/observing.md);
    numbers are numbers, all else is text.
    """

    def said(self, record: logging.LogRecord) -> str:
        """Return the line without what is for journald."""
        message = record.msg
        if isinstance(message, Event):
            name, fields = message.name, dict(message.fields)
        else:  # of a library
            name, fields = record.getMessage(), {"logger": record.name}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        room = LONGEST_LINE - len(name)
        told: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": self.open(name)[:LONGEST_LINE],
        }
        for key, value in fields.items():
            if isinstance(value, int | float):
                told[key] = value
            else:
                told[key] = self.open(str(value))[: max(room, 0)]
                room -= len(str(value))
        if record.exc_info:
            told["traceback"] = self.open(self.formatException(record.exc_info))
        # Some readers of lines end one at U+2028.
        return json.dumps(told, ensure_ascii=False).translate(_SEPARATORS)


def set_up(level: str, environ: Mapping[str, str], form: str = TEXT) -> None:
    """Send log lines of `level` ("debug" … "error") and above to standard error, in a form.

    Under systemd (`JOURNAL_STREAM`, systemd.exec(5)) each line begins with its priority, and
    journald adds the time; elsewhere a line begins with both.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form, journal="JOURNAL_STREAM" in environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    set_level(level)
    for chatty in ("apscheduler", "asyncio", "httpx", "httpcore", "aiohttp", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(_is_news)


def _formatter(form: str, *, journal: bool) -> LineFormatter:
    return (JsonFormatter if form == JSON else LineFormatter)(journal=journal)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a record of asyncio says more than that somebody hung up while we wrote."""
    return record.msg not in _HUNG_UP


def conceal(secrets: Secrets) -> None:
    """Keep these secrets out of all lines from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, LineFormatter):
            handler.formatter.secrets = secrets


def set_level(level: str) -> None:
    """Change the level of what is logged."""
    logging.getLogger("aggregator").setLevel(level.upper())
