"""Log lines made for journald: one event a line, `event key=value key=value`.

Nothing that came from outside can forge a line (control characters are escaped), and no secret
gets in: every line passes `redact`, and what the operator holds secret is taken out by value.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING

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

_PLAIN = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def event(name: str, /, **fields: object) -> str:
    """Return `name key=value …`; values with spaces are quoted, `None` is left out."""
    parts = [name]
    for key, value in fields.items():
        if value is not None:
            text = str(value)
            quoted = text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
            parts.append(f"{key}={quoted}")
    return " ".join(parts)


def local(moment: datetime) -> str:
    """Return a moment in the machine's own zone, as people read it, to the second."""
    return moment.astimezone().isoformat(" ", "seconds")


class LineFormatter(logging.Formatter):
    """Formats a record as one line (a traceback adds its own), priority or time first."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__("%(message)s" if journal else "%(asctime)s %(levelname)s %(message)s")
        self._journal = journal
        self.secrets = NO_SECRETS

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 -- logging's name
        """Return the record's local time with its offset, as everywhere else."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text, redacted, bounded and without control characters."""
        text = self.secrets.conceal(redact(super().format(record)))
        text = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
        if not record.exc_info:
            text = text.replace("\n", "\\n")[:LONGEST_LINE]
        if not self._journal:
            return text
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def set_up(level: str, environ: Mapping[str, str]) -> None:
    """Send log lines of `level` ("debug" … "error") and above to standard error.

    Under systemd (`JOURNAL_STREAM`, systemd.exec(5)) each line begins with its priority, and
    journald adds the time; elsewhere a line begins with both.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(journal="JOURNAL_STREAM" in environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    set_level(level)
    for chatty in ("apscheduler", "asyncio", "httpx", "httpcore", "aiohttp", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(_is_news)


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
