"""A source with several URLs, through whole polls: whichever answers, it is one source."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.feed_documents import item, rss
from tests.making import said
from tests.polling import HOUR, START, Clock, house
from tests.web import Publisher, Reply

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/feed.xml"


def document(tag: bytes, *numbers: int) -> Reply:
    return Reply(body=rss(*map(item, numbers)), etag=tag)


async def test_mirrors_are_asked_in_order_each_with_its_own_validators(tmp_path: Path) -> None:
    async with Publisher() as first, Publisher() as second:
        first.route(PATH, document(b'"first"', 2, 1))
        second.route(PATH, document(b'"second"', 2, 1))
        toml = (
            '[network]\nallow_private = ["127.0.0.0/8"]\n'
            f'[[sources]]\nname = "one"\nurl = ["{first.url(PATH)}", "{second.url(PATH)}"]\n'
            'interval = "1h"\n'
        )
        async with house(tmp_path, Clock(), toml) as home:
            # While the preferred one answers, nobody else is asked.
            await home.run_until(START + 3.5 * HOUR)
            assert len(first.requests) == 4
            assert not second.requests

            # It fails: the next one answers in the same poll, and no entry is new by that.
            first.route(PATH, status=502)
            await home.run_until(START + 4.5 * HOUR)
            assert [len(first.requests), len(second.requests)] == [5, 1]
            assert second.requests[0].header("If-None-Match") is None
            (result,) = home.results["one"][4:]
            assert (result.problem, result.tally.new, result.tally.shared) == (None, 0, 2)

            # It is left in peace for a while, and what is new comes from the other.
            second.route(PATH, document(b'"second 3"', 3, 2, 1))
            await home.run_until(START + 8.5 * HOUR)
            asked = len(first.requests) - 5
            assert 1 <= asked <= 3
            assert len(second.requests) == 5
            assert second.requests[1].header("If-None-Match") == b'"second"'
            assert second.requests[2].header("If-None-Match") == b'"second 3"'
            assert all(
                request.header("If-None-Match") == b'"first"' for request in first.requests[1:]
            )
            assert len(home.rows("one")["entries"]) == 3
            assert home.store.status()[0].problem is None

            # It comes back: preferred again, and with the validators that it gave.
            first.route(PATH, document(b'"first 4"', 4, 3, 2, 1))
            await home.run_until(START + 16 * HOUR)
            assert len(home.rows("one")["entries"]) == 4
            later = len(second.requests)
            await home.run_until(START + 20 * HOUR)
            assert len(second.requests) == later
            assert first.requests[-1].header("If-None-Match") == b'"first 4"'


async def test_when_no_mirror_answers_the_source_backs_off_as_any_other(tmp_path: Path) -> None:
    async with Publisher() as first, Publisher() as second:
        first.route(PATH, status=500)
        second.route(PATH, status=404)
        toml = (
            '[network]\nallow_private = ["127.0.0.0/8"]\n'
            f'[[sources]]\nname = "one"\nurl = ["{first.url(PATH)}", "{second.url(PATH)}"]\n'
        )
        async with house(tmp_path, Clock(), toml) as home:
            await home.run_until(START + timedelta(days=2))
            assert len(home.results["one"]) <= 10
            assert len(first.requests) + len(second.requests) <= 20
            assert all(result.problem for result in home.results["one"])
            second.route(PATH, document(b'"1"', 1))
            await home.run_until(START + timedelta(days=4))
            assert home.results["one"][-1].problem is None


@pytest.mark.parametrize(
    ("first", "second", "spoken"),
    [
        (500, 410, "500"),
        (410, 500, "500"),
        (500, 403, "500"),
        (404, 500, "404"),
    ],
)
async def test_the_mildest_failure_speaks_when_every_mirror_fails(
    tmp_path: Path, first: int, second: int, spoken: str
) -> None:
    async with Publisher() as one, Publisher() as two:
        one.route(PATH, status=first)
        two.route(PATH, status=second)
        toml = (
            '[network]\nallow_private = ["127.0.0.0/8"]\n'
            f'[[sources]]\nname = "one"\nurl = ["{one.url(PATH)}", "{two.url(PATH)}"]\n'
        )
        async with house(tmp_path, Clock(), toml) as home:
            await home.run_until(START + HOUR / 12)
            (status,) = home.store.status()
            assert status.problem is not None
            assert f"answered {spoken}" in status.problem.detail
            asked = len(one.requests) + len(two.requests)
            await home.run_until(START + 24 * HOUR)
            assert len(one.requests) + len(two.requests) > asked + 3, "neither is given up"


async def test_a_mirror_that_fails_behind_anothers_back_is_named(tmp_path: Path) -> None:
    async with Publisher() as one, Publisher() as two:
        one.route(PATH, status=500)
        two.route(PATH, document(b'"2"', 1))
        toml = (
            '[network]\nallow_private = ["127.0.0.0/8"]\n'
            f'[[sources]]\nname = "one"\nurl = ["{one.url(PATH)}", "{two.url(PATH)}"]\n'
        )
        async with house(tmp_path, Clock(), toml) as home:
            await home.run_until(START + HOUR / 2)
            assert home.store.status()[0].problem is None
            assert one.url(PATH) in said(home.store)["mirror one"]
            assert "500" in said(home.store)["mirror one"]
