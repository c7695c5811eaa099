"""Recognises what went wrong with a request (status, header, DNS, TLS, framing) as a `Problem`.

What comes from outside is bounded, loses its control characters and its secrets, and never says
which private address a public name leads to.
"""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING

from aggregator.model import HttpHints, Problem, ProblemKind
from aggregator.model.errors import AggregatorError
from aggregator.parse.non_feeds import (
    challenge_owner,
    challenge_problem,
    rsshub_error,
    rsshub_problem,
)
from aggregator.web.excerpts import shortened
from aggregator.web.redaction import redact
from aggregator.web.text import printable_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import httpx

#: What is quoted from outside in a sentence of ours: enough to recognise it.
MAX_QUOTE_CHARACTERS = 120

#: What a status means to the operator, in a few words; others are told by their standard phrase.
_MEANINGS = {
    202: "accepted, but no document (often a page that wants a browser)",
    204: "no content",
    206: "only a part, which we did not ask for",
    226: "only the new entries, which we did not ask for",
    300: "several choices",
    304: "not modified, though we have nothing stored",
    400: "bad request",
    401: "wants a login",
    402: "wants payment",
    403: "refuses us",
    404: "not found",
    406: "no format that we can read",
    407: "the proxy wants a login",
    408: "gave up waiting for us",
    421: "wrong server for this name",
    429: "too many requests",
    451: "not available for legal reasons",
    500: "broken on the server's side",
    502: "broken behind the server",
    503: "not available at the moment",
    504: "too slow behind the server",
    521: "the site behind the CDN is down",
    522: "the site behind the CDN does not answer",
    523: "the site behind the CDN is out of reach",
    525: "the CDN has no TLS with the site",
}

_REMEDIES = {
    401: "check the user name and the password, or the token, of the source",
    404: "check the source's url",
    429: "poll less often (interval)",
}

#: A header field that tells a page which only a browser passes, and whose page it is.
#: https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
#: https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-how-it-works.html
_CHALLENGES = (
    (b"cf-mitigated", b"challenge", "Cloudflare"),
    (b"x-amzn-waf-action", b"challenge", "AWS WAF"),
    (b"x-amzn-waf-action", b"captcha", "AWS WAF"),
    (b"x-vercel-mitigated", b"challenge", "Vercel"),
    (b"x-datadome", b"", "DataDome"),
    (b"server", b"ddos-guard", "DDoS-Guard"),
)
#: Those that say so whatever the status is, 200 too.
_MITIGATED = frozenset({b"cf-mitigated", b"x-vercel-mitigated"})
_CHALLENGE_STATUSES = frozenset({202, 401, 403, 405, 429, 503})


class FetchError(AggregatorError):
    """A request failed in a way that we expect; inside fetch/ only, `Fetcher` makes it a value."""

    def __init__(
        self, problem: Problem, *, status: int | None = None, hints: HttpHints | None = None
    ) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.status = status
        self.hints = hints or HttpHints()


def quote(text: str) -> str:
    """Return text from outside as it may be quoted in a sentence: one line, bounded, no secret."""
    bounded = redact(text[: 4 * MAX_QUOTE_CHARACTERS])
    return shortened(printable_line(bounded), MAX_QUOTE_CHARACTERS)


def status_problem(
    status: int, host: str, headers: Iterable[tuple[bytes, bytes]], page: str | None = None
) -> Problem:
    """Say what a status that brings no document means; `page` is the HTML that came with it."""
    if status == HTTPStatus.GONE:
        remedy = "remove the source or change its url"
        return Problem(ProblemKind.GONE, f"{host} answered {status}: gone for good", remedy)
    owner = _challenged_by(headers) or challenge_owner(page or "")
    if status in _CHALLENGE_STATUSES and owner is not None:
        return challenge_problem(_with_a_page(host, status), owner)
    if page is not None and (said := rsshub_error(page)) is not None:
        answer = f"{host} answered {status} with RSSHub's error page"
        return rsshub_problem(ProblemKind.HTTP_STATUS, answer, said)
    meaning = _MEANINGS.get(status) or _phrase(status)
    detail = f"{host} answered {status}: {meaning}"
    return Problem(ProblemKind.HTTP_STATUS, detail, _REMEDIES.get(status))


def mitigated_problem(
    status: int, host: str, headers: Iterable[tuple[bytes, bytes]]
) -> Problem | None:
    """Return the problem of an answer whose header says that a challenge came in its place."""
    owner = _challenged_by(pair for pair in headers if pair[0].lower() in _MITIGATED)
    return None if owner is None else challenge_problem(_with_a_page(host, status), owner)


def _with_a_page(host: str, status: int) -> str:
    return f"{host} answered {status} with a page"


def _challenged_by(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        for field, sign, owner in _CHALLENGES:
            if name.lower() == field and sign in value.lower():
                return owner
    return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "not a status that we know"


def connection_problem(error: BaseException, host: str, port: int) -> Problem | None:
    """Say what the error under a failed connection or transfer means; `None`: nothing to go by."""
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return _dns_problem(cause, host)
            case ssl.SSLCertVerificationError():
                reason = quote(cause.verify_message or "certificate not valid").rstrip(".")
                return Problem(ProblemKind.TLS, f"the certificate of {host} fails: {reason}")
            case ssl.SSLError():
                reason = quote(cause.reason or "handshake failed").lower().replace("_", " ")
                return Problem(ProblemKind.TLS, f"no TLS with {host}:{port}: {reason}")
            case ConnectionRefusedError():
                return Problem(ProblemKind.CONNECT, f"{host}:{port} refuses connections")
            case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
                return Problem(ProblemKind.CONNECT, f"{host}:{port} broke the connection off")
            case TimeoutError():
                return Problem(ProblemKind.TIMEOUT, f"no answer from {host}:{port}")
            case OSError() if cause.errno is not None:
                reason = quote(cause.strerror or "").lower() or f"system error {cause.errno}"
                return Problem(ProblemKind.CONNECT, f"{host}:{port} is out of reach: {reason}")
            case _:
                continue
    return None


#: What is said of framing that no parser of ours reads (by h11 0.16, `chunk_lines` and the
#: transports), by how its text begins, in our words.
_FRAMING = (
    ("conflicting Content-Length", "two different Content-Length values"),
    ("bad Content-Length", "a Content-Length that is no number"),
    ("illegal chunk header", "a chunk that does not begin with its size"),
    ("malformed chunk", "a chunk that does not end where its size says"),
    ("bare CR in chunks", "chunk lines that end with CR alone"),
    ("chunk line too long", "a chunk line that is longer than 100 KiB"),
    ("misframed", "framing that we do not read behind a SOCKS proxy"),
    ("illegal status line", "a first line that is not of HTTP"),
    ("no response line", "an empty first line"),
    ("illegal header line", "a line in its header that is no field"),
    ("continuation line", "a header that begins with a folded line"),
    ("Illegal header", "a header field with characters that no field has"),
    ("multiple Transfer-Encoding", "two Transfer-Encodings"),
    ("Only Transfer-Encoding", "a Transfer-Encoding that we cannot read"),
    ("Receive buffer too long", "a header that is larger than 100 KiB"),
)


def framing_problem(error: httpx.TransportError, host: str) -> Problem | None:
    """Say what is wrong with a message that no parser of ours reads; `None`: nothing to go by."""
    text = str(error)
    for start, words in _FRAMING:
        if text.startswith(start):
            return Problem(ProblemKind.PROTOCOL, f"{host} answered with {words}")
    return None


def _dns_problem(error: socket.gaierror, host: str) -> Problem:
    if error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}:
        return Problem(
            ProblemKind.DNS, f"the name {host} has no address", "check the source's url, and DNS"
        )
    return Problem(ProblemKind.DNS, f"no answer from DNS for {host}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it, outermost last: the root says most."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__
    return reversed(chain)
