"""What a header says about when to come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import HttpHints
from aggregator.schedule.cache_headers import (
    MAX_FRESH_FOR,
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
    http_hints,
)

RECEIVED_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DATE = (b"Date", b"Fri, 20 Nov 2026 12:00:00 GMT")
HOUR = timedelta(hours=1)


def hints(status: int, *headers: tuple[bytes, bytes]) -> HttpHints:
    return http_hints(status, headers, RECEIVED_AT)


@pytest.mark.parametrize("status", [300, 301, 302, 429, 503])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (b"3600", HOUR),
        (b"0", None),  # no more than none: the usual pause holds
        (b"59", MIN_RETRY_AFTER),
        (b"-5", None),
        (b"3600000", HOUR),  # milliseconds by mistake
        (b"2678400", MAX_RETRY_AFTER),
        (b"2678401", timedelta(seconds=2678.401)),
        (b"1000000000000", MAX_RETRY_AFTER),
        (b"9" * 9000, MAX_RETRY_AFTER),
        (b"0" * 50 + b"3600", HOUR),
        (b"Fri, 20 Nov 2026 13:00:00 GMT", HOUR),
        (b"Friday, 20-Nov-26 13:00:00 GMT", HOUR),
        (b"Fri Nov 20 13:00:00 2026", HOUR),
        (b"Fri, 20 Nov 2026 21:00:00 +0800", HOUR),
        (b"Fri, 20 Nov 2020 13:00:00 GMT", None),
        (b"Fri, 20 Nov 2096 13:00:00 GMT", MAX_RETRY_AFTER),
        (b"", None),
        (b"soon", None),
        (b"1.5", None),
        (b"60 seconds", None),
        (b"\xff\xfe", None),
        ("３６００".encode(), None),
        (b"Fri, 99 Nov 2026 13:00:00 GMT", None),
        (b"Fri, 20 Nov 99999 13:00:00 GMT", None),
        (b"x" * 9000, None),
    ],
)
def test_retry_after_in_all_its_forms(status: int, value: bytes, wait: timedelta | None) -> None:
    assert hints(status, DATE, (b"Retry-After", value)).retry_after == wait


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ([(b"Cache-Control", b"max-age=172800")], timedelta(days=2)),
        ([(b"Cache-Control", b"no-store")], None),
        ([(b"Cache-Control", b"max-age=0")], None),
        ([(b"RateLimit", b'"default";r=0;t=3600')], HOUR),
        ([(b"RateLimit", b'"default";r=0')], None),
        ([(b"RateLimit-Reset", b"3600")], HOUR),
        ([(b"X-RateLimit-Reset", b"3600")], HOUR),
        ([(b"x-ratelimit-reset", b"3600.0")], HOUR),  # Reddit
        ([(b"X-RateLimit-Reset", b"1795179600")], HOUR),  # GitHub: a moment
        ([(b"X-RateLimit-Reset", b"1795179600000")], HOUR),
        ([(b"X-RateLimit-Reset", b"1795172400")], None),  # it is over already
        ([(b"X-RateLimit-Reset", b"soon")], None),
        ([(b"Retry-After", b"0"), (b"X-RateLimit-Reset", b"3600")], HOUR),
        ([(b"Retry-After", b"7200"), (b"X-RateLimit-Reset", b"3600")], 2 * HOUR),
        ([(b"X-RateLimit-Reset", b"3600"), (b"Cache-Control", b"max-age=60")], HOUR),
    ],
)
def test_a_limit_says_when_it_ends(
    headers: list[tuple[bytes, bytes]], wait: timedelta | None
) -> None:
    assert hints(429, DATE, *headers).retry_after == wait
    if not any(name == b"Retry-After" for name, _ in headers):
        for status in (200, 403, 503):
            assert hints(status, DATE, *headers).retry_after is None


def test_of_several_retry_afters_the_longest_counts() -> None:
    several = ((b"Retry-After", b"60"), (b"Retry-After", b"soon"), (b"Retry-After", b"3600"))
    assert hints(503, DATE, *several).retry_after == HOUR


@pytest.mark.parametrize("status", [200, 403, 404, 500, 502])
def test_retry_after_counts_where_it_has_a_meaning(status: int) -> None:
    assert hints(status, (b"Retry-After", b"3600")).retry_after is None


def test_dates_are_judged_against_the_servers_own_clock() -> None:
    wrong = (b"Date", b"Thu, 01 Jan 2015 00:00:00 GMT")
    assert hints(503, wrong, (b"Retry-After", b"Thu, 01 Jan 2015 01:00:00 GMT")).retry_after == HOUR
    assert hints(200, wrong, (b"Expires", b"Thu, 01 Jan 2015 01:00:00 GMT")).fresh_for == HOUR
    for none in ((), ((b"Date", b"yesterday"),)):
        later = (b"Retry-After", b"Fri, 20 Nov 2026 13:00:00 GMT")
        assert hints(503, *none, later).retry_after == HOUR


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ([], None),
        ([(b"Cache-Control", b"public")], None),
        ([(b"cache-control", b"max-age=3600")], HOUR),
        ([(b"CACHE-CONTROL", b'Public , MAX-AGE = "3600" ,x')], HOUR),
        ([(b"Cache-Control", b"public"), (b"Cache-Control", b"max-age=3600")], HOUR),
        ([(b"Cache-Control", b"max-age=3600, max-age=60")], HOUR),
        ([(b"Cache-Control", b"max-age=3600"), (b"Age", b"600")], timedelta(minutes=50)),
        ([(b"Cache-Control", b"max-age=3600"), (b"Age", b"-600")], HOUR),
        ([(b"Cache-Control", b"max-age=3600"), (b"Age", b"9999999999999")], timedelta(0)),
        ([(b"Cache-Control", b"max-age=99999999")], MAX_FRESH_FOR),
        ([(b"Cache-Control", b"max-age=" + b"9" * 4000)], MAX_FRESH_FOR),
        ([(b"Cache-Control", b"max-age=soon")], timedelta(0)),
        ([(b"Cache-Control", b"max-age=-1")], timedelta(0)),
        ([(b"Cache-Control", b"s-maxage=60, max-age=3600")], HOUR),
        ([(b"Cache-Control", b"max-age=3600, no-cache")], timedelta(0)),
        ([(b"Cache-Control", b"no-store")], timedelta(0)),
        ([(b"Cache-Control", b'no-cache="set-cookie", max-age=3600')], HOUR),
        ([(b"Expires", b"Fri, 20 Nov 2026 13:00:00 GMT")], HOUR),
        ([(b"Expires", b"Fri, 20 Nov 2026 13:00:00 GMT"), (b"Age", b"3600")], timedelta(0)),
        ([(b"Expires", b"0")], timedelta(0)),
        ([(b"Expires", b"Fri, 20 Nov 2020 13:00:00 GMT")], timedelta(0)),
        ([(b"Cache-Control", b"public"), (b"Expires", b"Fri, 20 Nov 2026 13:00:00 GMT")], HOUR),
        (
            [(b"Cache-Control", b"max-age=0"), (b"Expires", b"Fri, 20 Nov 2026 13:00:00 GMT")],
            timedelta(0),
        ),
    ],
)
def test_freshness(headers: list[tuple[bytes, bytes]], fresh: timedelta | None) -> None:
    for status in (200, 203, 304):
        assert hints(status, DATE, *headers).fresh_for == fresh
    assert hints(404, DATE, *headers).fresh_for is None


NAMES = st.sampled_from(
    [
        *(b"Retry-After", b"Cache-Control", b"Expires", b"Date", b"Age", b"X"),
        *(b"RateLimit", b"X-RateLimit-Reset"),
    ]
)
VALUES = st.binary(max_size=60) | st.text(" 0123456789:,=-NovFriGMTmax-age", max_size=40).map(
    str.encode
)


@given(st.sampled_from([200, 304, 301, 429, 503, 500]), st.lists(st.tuples(NAMES, VALUES)))
def test_whatever_a_header_holds_the_hints_keep_their_bounds(
    status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    found = hints(status, *headers)
    if found.retry_after is not None:
        assert MIN_RETRY_AFTER <= found.retry_after <= MAX_RETRY_AFTER
    if found.fresh_for is not None:
        assert timedelta(0) <= found.fresh_for <= MAX_FRESH_FOR
