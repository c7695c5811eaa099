"""When the certificate of a server ends, as a poll learns it on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.certificates import SHORTEST_LIFE, until_at
from aggregator.model import Access, Fetched, NotModified
from tests.fetching import LIMITS, LOOPBACK, Names, fetching
from tests.proxies import HttpProxy, Socks5
from tests.web import Publisher, make_certificate

if TYPE_CHECKING:
    from pathlib import Path

HOST = "feeds.example"
NOW = datetime.now(UTC).replace(microsecond=0)
SOON = NOW + timedelta(days=9)
LIFE = (NOW - timedelta(days=81), SOON)


async def test_a_poll_tells_when_the_certificate_ends_also_on_a_connection_that_was_kept(
    tmp_path: Path,
) -> None:
    made = make_certificate(tmp_path, HOST, life=LIFE)
    async with (
        Publisher(tls=made.server()) as web,
        fetching(
            names=Names({HOST: [["127.0.0.1"]]}), tls=made.trusted(), public=LOOPBACK
        ) as fetcher,
    ):
        web.route("/", body=b"x", etag=b'"1"')
        url = f"https://{HOST}:{web.port}/"
        outcome = await fetcher.fetch(url)
        assert isinstance(outcome, Fetched)
        assert outcome.certificate_until_at == SOON
        again = await fetcher.fetch(url, outcome.validators)
        assert isinstance(again, NotModified)
        assert again.certificate_until_at == SOON
        assert len({request.connection for request in web.requests}) == 1


@pytest.mark.parametrize("kind", [HttpProxy, Socks5])
async def test_it_is_learnt_through_proxies(tmp_path: Path, kind: type[HttpProxy | Socks5]) -> None:
    made = make_certificate(tmp_path, HOST, life=LIFE)
    async with (
        Publisher(tls=made.server()) as web,
        kind({HOST: web.port}) as proxy,
        fetching("10.0.0.1/32", proxy=proxy.url(), tls=made.trusted(), names=Names({})) as fetcher,
    ):
        web.route("/", body=b"x")
        outcome = await fetcher.fetch(f"https://{HOST}/")
        assert isinstance(outcome, Fetched)
        assert outcome.certificate_until_at == SOON


async def test_of_all_servers_on_the_way_the_earliest_end_counts(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, HOST, life=LIFE)
    async with (
        Publisher(tls=made.server()) as secure,
        Publisher() as plain,
        fetching(
            names=Names({HOST: [["127.0.0.1"]]}), tls=made.trusted(), public=LOOPBACK
        ) as fetcher,
    ):
        moved = f"http://{HOST}:{plain.port}/"
        plain.route("/", body=b"x")
        secure.route("/", status=302, headers={"Location": moved})
        outcome = await fetcher.fetch(f"https://{HOST}:{secure.port}/")
        assert isinstance(outcome, Fetched)
        assert outcome.url == moved
        assert outcome.certificate_until_at == SOON


async def test_there_is_none_without_tls_nor_where_nothing_is_verified_nor_of_a_short_life(
    tmp_path: Path,
) -> None:
    made = make_certificate(tmp_path, HOST)
    unverified = replace(Access(), tls_verify=False)
    async with (
        Publisher(tls=made.server()) as secure,
        Publisher() as plain,
        fetching(
            names=Names({HOST: [["127.0.0.1"]]}),
            tls=made.trusted(),
            limits=LIMITS,
            public=LOOPBACK,
        ) as fetcher,
    ):
        secure.route("/", body=b"x")
        plain.route("/", body=b"x")
        url = f"https://{HOST}:{secure.port}/"
        for outcome in (
            await fetcher.fetch(url),
            await fetcher.fetch(url, access=unverified),
            await fetcher.fetch(plain.url()),
        ):
            assert isinstance(outcome, Fetched)
            assert outcome.certificate_until_at is None


def dates(begin: str, end: str) -> dict[str, str]:
    return {"notBefore": begin, "notAfter": end}


def test_a_certificate_that_is_made_for_days_is_renewed_by_a_program_and_never_told() -> None:
    assert until_at(dates("Nov  1 00:00:00 2026 GMT", "Nov 29 00:00:00 2026 GMT")) == datetime(
        2026, 11, 29, tzinfo=UTC
    )
    assert until_at(dates("Nov  1 00:00:00 2026 GMT", "Nov 28 23:59:59 2026 GMT")) is None
    assert timedelta(days=28) == SHORTEST_LIFE


@given(st.none() | st.dictionaries(st.sampled_from(["notBefore", "notAfter"]), st.text()))
def test_what_a_certificate_says_never_fails_a_poll(certificate: dict[str, str] | None) -> None:
    until_at(certificate)


@pytest.mark.parametrize("end", ["", "soon", "Jan  1 00:00:00 2026 CET", "Dec 31 2026 GMT"])
def test_a_date_that_makes_no_sense_is_none(end: str) -> None:
    assert until_at(dates("Nov  1 00:00:00 2025 GMT", end)) is None


def test_a_certificate_without_an_end_has_one_in_the_last_year_there_is() -> None:
    # RFC 5280 §4.1.2.5: 99991231235959Z where there is no good expiration date.
    end = until_at(dates("Jan  1 00:00:00 2026 GMT", "Dec 31 23:59:59 9999 GMT"))
    assert end == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
