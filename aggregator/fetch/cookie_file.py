"""Cookies of a login, from a file that the operator has exported from a browser.

Either cookies.txt as Netscape wrote it, and browsers' export tools and curl (CURLOPT_COOKIEJAR)
still do: a line a cookie, of seven fields between tabs. Or one line as it stands in a request's
header: `name=value; name2=value2`.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from aggregator.fetch.cookies import NAME_AND_VALUE
from aggregator.fetch.failures import FetchError
from aggregator.fetch.request_target import parse_target
from aggregator.model import Problem, ProblemKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aggregator.fetch.request_target import Target
    from aggregator.fetch.secret_files import Secrets
    from aggregator.model import Access

#: A browser's whole store, as some tools export it.
MAX_FILE_BYTES = 512 * 1024
#: Servers take 8 KiB for a header field, some 16.
MAX_SENT_BYTES = 16 * 1024

REMEDY = "export the cookies again to where cookie_file says, readable for this service"

_HTTP_ONLY = "#HttpOnly_"  # a mark of curl's in front of the domain; no comment
_EXPIRES = re.compile(r"(-?[0-9]{1,15})(?:\.[0-9]+)?\Z")
_FLAGS = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True, slots=True)
class StoredCookie:
    """A cookie for one origin, below `path`; its value shows in no text."""

    name: bytes
    value: bytes = field(repr=False)
    path: str = "/"

    def covers(self, target: Target) -> bool:
        """Tell whether the cookie is for a path of its origin (RFC 6265 §5.1.4)."""
        path = target.target.partition("?")[0] or "/"
        if not path.startswith(self.path):
            return False
        return self.path.endswith("/") or path[len(self.path) :][:1] in {"", "/"}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of cookies.txt; `until` is in seconds since 1970, `None` for a session's cookie."""

    number: int
    host: str
    with_subdomains: bool
    path: str
    is_secure: bool
    until: int | None
    pair: str = field(repr=False)

    def is_for(self, own: Target) -> bool:
        """Tell whether the cookie is for a host (RFC 6265 §5.1.3) over its scheme."""
        if self.is_secure and own.scheme != "https":
            return False
        if self.host == own.host:
            return True
        return self.with_subdomains and own.address is None and own.host.endswith(f".{self.host}")


def read_cookies(
    name: str, own: Target, secrets: Secrets, now: datetime
) -> tuple[StoredCookie, ...]:
    """Return what the file `name` holds for the origin of `own` at `now`, longer paths first.

    Blocks as long as a file takes. Raises `FetchError` (ACCESS) for a file that cannot be read, is
    of neither form, or holds nothing for that origin; the error never holds a cookie.
    """
    text = secrets.read_text("cookie_file", name, most=MAX_FILE_BYTES, remedy=REMEDY)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if not _is_remark(line)]
    if len(lines) == 1 and "\t" not in lines[0][1]:
        number, line = lines[0]
        pairs = [pair.strip() for pair in line.split(";")]
        found = [_cookie(number, pair, "/") for pair in pairs if pair]
    else:
        found = list(_of_origin([_line(number, line) for number, line in lines], own, now))
    if not found:
        raise _trouble("holds no cookie")
    if sum(len(cookie.name) + len(cookie.value) + 3 for cookie in found) > MAX_SENT_BYTES:
        raise _trouble(f"holds more than {MAX_SENT_BYTES} B of cookies for {own.host}")
    return tuple(sorted(found, key=lambda cookie: -len(cookie.path)))


def cookie_problem(access: Access, url: str, secrets: Secrets, now: datetime) -> Problem | None:
    """Return why the cookies of a source could not be sent with a poll of `url` at `now`."""
    own = parse_target(url)
    if access.cookie_file is None or isinstance(own, Problem):
        return None
    try:
        read_cookies(access.cookie_file, own, secrets, now)
    except FetchError as error:
        return error.problem
    return None


def _is_remark(line: str) -> bool:
    return not line.strip() or (line.startswith("#") and not line.startswith(_HTTP_ONLY))


def _of_origin(lines: list[_Line], own: Target, now: datetime) -> Iterator[StoredCookie]:
    """Keep what is for the origin, and not over; raises where that is nothing."""
    theirs = [line for line in lines if line.is_for(own)]
    if not theirs:
        raise _trouble(f"holds no cookie for {own.scheme}://{own.host}")
    valid = [line for line in theirs if line.until is None or line.until > now.timestamp()]
    if not valid:
        raise _trouble(f"holds only cookies for {own.host} that have expired")
    for line in valid:
        yield _cookie(line.number, line.pair, line.path)


def _line(number: int, line: str) -> _Line:
    fields = line.removeprefix(_HTTP_ONLY).split("\t")
    if len(fields) == 6:
        fields.append("")
    if len(fields) != 7:
        raise _trouble(f"is not cookies.txt, nor one line name=value; …: see line {number}")
    domain, subdomains, path, secure, expires, name, value = fields
    until = _EXPIRES.match(expires or "0")
    host = domain.lower().removeprefix(".")
    if {subdomains, secure} - _FLAGS.keys() or until is None or not host:
        raise _trouble(f"has a line that is not of cookies.txt: line {number}")
    seconds = int(until[1])
    return _Line(
        number=number,
        host=host,
        with_subdomains=_FLAGS[subdomains],
        path=path if path.startswith("/") else "/",
        is_secure=_FLAGS[secure],
        until=seconds if seconds > 0 else None,
        pair=f"{name}={value}",
    )


def _cookie(number: int, pair: str, path: str) -> StoredCookie:
    match = NAME_AND_VALUE.fullmatch(pair.encode())
    if match is None:
        raise _trouble(f"holds what is no cookie: line {number}")
    return StoredCookie(match[1], match[2], path)


def _trouble(what: str) -> FetchError:
    return FetchError(Problem(ProblemKind.ACCESS, f"cookie_file {what}", REMEDY))
