"""What a response's header says about when to come back, as clamped durations.

Pure: bytes and instants in, `HttpHints` out. Everything may be forged or garbage; garbage counts as
absent, except where the RFC says that it means "stale".
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import HttpHints
from aggregator.web.http_dates import http_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

#: Shorter waits than a minute are answered with a minute: no feed is that urgent.
MIN_RETRY_AFTER = timedelta(seconds=60)
#: No publisher silences a source for longer than this with one header.
MAX_RETRY_AFTER = timedelta(days=31)
#: A day without a look is enough, however fresh a document says it stays.
MAX_FRESH_FOR = timedelta(hours=24)

_SECONDS = re.compile(rb"(-?)([0-9]+)\Z")
#: Ten digits of seconds are 300 years: more is clamped without being computed.
_MAX_DIGITS = 10
#: Longer than this is no number of seconds that anybody means.
_LONGEST = timedelta(days=36500)
#: Fifteen digits are a Unix time in milliseconds and more.
_NUMBER = re.compile(rb"([0-9]{1,15})(?:\.[0-9]{1,9})?\Z")
_RESET_PARAMETER = re.compile(rb";\s*t\s*=\s*([0-9]{1,15})\b")
#: A smaller number of seconds (2001) is a span, a larger one a moment.
_UNIX_TIME = 1_000_000_000
#: A Cache-Control longer than this is read up to here.
_MAX_CACHE_CONTROL_BYTES = 4096


def http_hints(
    status: int, headers: Iterable[tuple[bytes, bytes]], received_at: datetime
) -> HttpHints:
    """Read Retry-After (RFC 9110 §10.2.3) and freshness (RFC 9111 §4.2) from a response's header.

    `headers` are raw pairs in order, names in any case. Dates are judged against the response's
    own Date, else against `received_at`, so that a wrong clock on either side does no harm.
    Retry-After counts on 429, 503 and 3xx, between a minute and 31 days; one that asks for no time
    (0, the past) or is none says nothing. A 429 without it may name the end of its limit instead,
    or how long it holds itself. Freshness counts on 2xx and 304, between nothing and a day.
    """
    fields: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
    answered_at = _date(_first(fields, b"date")) or received_at
    retry_after = fresh_for = None
    if status in {429, 503} or 300 <= status < 400:
        waits = [_retry_after(value, answered_at) for value in fields.get(b"retry-after", ())]
        retry_after = max((wait for wait in waits if wait is not None), default=None)
    if status == 429 and retry_after is None:
        retry_after = _limit_reset(fields, answered_at) or _limit_age(fields)
    if 200 <= status < 300 or status == 304:
        fresh_for = _fresh_for(fields, answered_at)
    return HttpHints(retry_after, fresh_for)


def _retry_after(value: bytes, answered_at: datetime) -> timedelta | None:
    if (match := _SECONDS.match(value)) is not None:
        sign, digits = match.groups()
        wait = timedelta(0) if sign else _whole_seconds(digits)
    elif (until := _date(value)) is not None:
        wait = until - answered_at
    else:
        return None
    return _clamped(wait)


def _clamped(wait: timedelta) -> timedelta | None:
    """Return a wait within our bounds, `None` for no time at all."""
    return min(max(wait, MIN_RETRY_AFTER), MAX_RETRY_AFTER) if wait > timedelta(0) else None


def _whole_seconds(digits: bytes) -> timedelta:
    """Read a number of seconds; one of more than 31 days that is less in milliseconds is that.

    JavaScript counts in milliseconds, and some of its servers write them here.
    """
    wait = _seconds(digits, _LONGEST)
    in_milliseconds = wait / 1000
    is_mistaken = wait > MAX_RETRY_AFTER and in_milliseconds <= MAX_RETRY_AFTER
    return in_milliseconds if is_mistaken and wait < _LONGEST else wait


def _limit_reset(fields: dict[bytes, list[bytes]], answered_at: datetime) -> timedelta | None:
    """Read when a rate limit ends: as seconds from now, or (X-RateLimit-Reset) as a Unix time.

    `RateLimit: "default";r=0;t=30` is of draft-ietf-httpapi-ratelimit-headers, `RateLimit-Reset:
    30` of its earlier forms, `X-RateLimit-Reset` of GitHub, Reddit and many others.
    """
    structured = _RESET_PARAMETER.search(_first(fields, b"ratelimit") or b"")
    if structured is not None:
        return _clamped(_whole_seconds(structured[1]))
    for name in (b"ratelimit-reset", b"x-ratelimit-reset", b"x-rate-limit-reset"):
        match = _NUMBER.match(_first(fields, name) or b"")
        if match is None:
            continue
        number = int(match[1])
        if number >= _UNIX_TIME * 1000:
            number //= 1000
        wait = timedelta(seconds=number)
        if number >= _UNIX_TIME:
            wait -= timedelta(seconds=answered_at.timestamp())
        return _clamped(wait)
    return None


def _limit_age(fields: dict[bytes, list[bytes]]) -> timedelta | None:
    """Read for how long the answer "too many" holds (RFC 9111 §5.2.2.1)."""
    directives = _cache_control(fields.get(b"cache-control", []))
    return _clamped(_max_age(directives.get(b"max-age", b"0")))


def _fresh_for(fields: dict[bytes, list[bytes]], answered_at: datetime) -> timedelta | None:
    directives = _cache_control(fields.get(b"cache-control", []))
    # A qualified no-cache="field" speaks of that field only (RFC 9111 §5.2.2.4).
    if b"no-store" in directives or directives.get(b"no-cache", b"all") == b"":
        return timedelta(0)
    if b"max-age" in directives:
        lifetime = _max_age(directives[b"max-age"])
    elif (expires := _first(fields, b"expires")) is not None:
        expires_at = _date(expires)
        # "0" and every other invalid date mean "already expired" (RFC 9111 §5.3).
        lifetime = timedelta(0) if expires_at is None else expires_at - answered_at
    else:
        return None
    fresh = lifetime - _age(_first(fields, b"age"))
    return min(max(fresh, timedelta(0)), MAX_FRESH_FOR)


def _cache_control(values: list[bytes]) -> dict[bytes, bytes]:
    """Return directives by name, the first of each (RFC 9111 §4.2.1), without their quotes."""
    found: dict[bytes, bytes] = {}
    for directive in b",".join(values)[:_MAX_CACHE_CONTROL_BYTES].split(b","):
        name, _, value = directive.partition(b"=")
        found.setdefault(name.strip().lower(), value.strip(b' \t"'))
    return found


def _max_age(value: bytes) -> timedelta:
    # An invalid one means that the response is stale (RFC 9111 §4.2.1).
    return _seconds(value, timedelta(days=365)) if value.isdigit() else timedelta(0)


def _age(value: bytes | None) -> timedelta:
    if value is None or not value.isdigit():
        return timedelta(0)
    return _seconds(value, timedelta(days=365))


def _seconds(digits: bytes, most: timedelta) -> timedelta:
    significant = digits.lstrip(b"0") or b"0"
    if len(significant) > _MAX_DIGITS:
        return most
    return min(timedelta(seconds=int(significant)), most)


def _date(value: bytes | None) -> datetime | None:
    return None if value is None else http_date(value.decode("latin-1"))


def _first(fields: dict[bytes, list[bytes]], name: bytes) -> bytes | None:
    values = fields.get(name)
    return values[0] if values else None
