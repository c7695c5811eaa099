"""What a solver answers: FlareSolverr's JSON, and the document in it.

https://github.com/FlareSolverr/FlareSolverr#commands. What is kept of an answer is checked; what
is not (cookies, the browser's name, a screenshot) is not looked at.
"""

from __future__ import annotations

import codecs
import hashlib
import json

from aggregator.model import Problem, ProblemKind, Solution
from aggregator.parse.page_sources import document_of
from aggregator.web.excerpts import shortened
from aggregator.web.redaction import redact
from aggregator.web.text import printable_line

#: What of a solver's own words is shown.
_SHOWN_CHARS = 120

#: A solver that tells headers tells those of one answer.
_MAX_HEADERS = 256

#: Words of a solver that was turned away; a challenge that took too long may be passed next time.
_TURNED_AWAY = ("captcha", "blocked", "banned")


def read_solution(answer: bytes) -> Solution | Problem:
    """Return the page that a solver got, or why it got none; a detail goes on after its name.

    Pure and slow: takes milliseconds for each MiB, and is for a worker process.
    """
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return Problem(ProblemKind.PROTOCOL, "answered with what is not JSON")
    if not isinstance(told, dict):
        return _no_solution()
    if told.get("status") != "ok":
        return _refusal(told.get("message"))
    solution = told.get("solution")
    if not isinstance(solution, dict):
        return _no_solution()
    url, status, page = (solution.get(name) for name in ("url", "status", "response"))
    if not isinstance(url, str) or not isinstance(page, str):
        return _no_solution()
    if not isinstance(status, int) or not 100 <= status <= 599:
        return _no_solution()
    # The text is Unicode already, whatever encoding its declaration still names: a mark overrides.
    body = codecs.BOM_UTF8 + document_of(page).encode(errors="replace") if page.strip() else b""
    digest = hashlib.sha256(body).digest()
    return Solution(url, status, body, digest, _headers(solution.get("headers")))


def _refusal(message: object) -> Problem:
    text = message if isinstance(message, str) else ""
    shown = shortened(printable_line(redact(text[: 4 * _SHOWN_CHARS])), _SHOWN_CHARS)
    said = text.lower()
    kind = ProblemKind.TIMEOUT if "timeout" in said else ProblemKind.CONNECT
    if any(word in said for word in _TURNED_AWAY):
        kind = ProblemKind.CHALLENGE
    return Problem(kind, f"does not get the page: {shown or 'it does not say why'}")


def _no_solution() -> Problem:
    return Problem(ProblemKind.PROTOCOL, "answered with what is no solution of FlareSolverr's API")


def _headers(told: object) -> tuple[tuple[bytes, bytes], ...]:
    if not isinstance(told, dict):
        return ()
    return tuple(
        (name.lower().encode(errors="replace"), value.encode(errors="replace"))
        for name, value in list(told.items())[:_MAX_HEADERS]
        if isinstance(value, str)
    )
