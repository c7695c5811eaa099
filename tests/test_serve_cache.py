"""The cache of the server: one making for all who ask, in bounds of waiting, work and memory."""

from __future__ import annotations

import asyncio
import gc
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from aggregator.model.errors import StoreError
from aggregator.serve.cache import Cache, Found, UnavailableError, Wanted
from aggregator.serve.timeouts import Timeouts
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Maker:
    """Makes "KEY VERSION" once `gate` is open; counts how often, and how many at a time."""

    made: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    error: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, wanted: Wanted) -> Callable[[], str]:
        def make() -> str:
            with self.lock:
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                self.made.append(f"{wanted.key} {wanted.version}")
            self.begun.release()
            try:
                self.gate.wait(PATIENCE)
                if self.error is not None:
                    raise self.error
                return f"{wanted.key} {wanted.version}"
            finally:
                with self.lock:
                    self.at_once -= 1

        return make

    async def until_begun(self) -> None:
        """Wait until one more making has begun."""
        await asyncio.to_thread(self.begun.acquire, timeout=PATIENCE)


def opened() -> Maker:
    maker = Maker()
    maker.gate.set()
    return maker


def wanted(key: str = "a", version: int | None = 1, made_for: str = "us") -> Wanted:
    return Wanted("thing", key, made_for, version)


HASTY = Timeouts(with_kept=0.01, without=0.01)


async def what_goes_on() -> None:
    """Wait until all that goes on without its reader has ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


async def ask(cache: Cache[str], maker: Maker, one: Wanted) -> Found[str]:
    return await cache.get(one, maker.of(one))


async def test_readers_who_come_together_cause_one_making_and_later_ones_none() -> None:
    cache, maker = Cache[str](len), Maker()
    asking = [asyncio.create_task(ask(cache, maker, wanted())) for _ in range(20)]
    await maker.until_begun()
    asking[0].cancel()  # whoever came first need not stay
    maker.gate.set()
    answers = await asyncio.gather(*asking[1:])
    assert set(answers) == {Found("a 1")}
    assert await ask(cache, maker, wanted()) == Found("a 1")
    assert maker.made == ["a 1"]


async def test_a_newer_version_waits_until_the_older_one_is_made() -> None:
    cache, maker = Cache[str](len, makers=2), Maker()
    first = asyncio.create_task(ask(cache, maker, wanted(version=1)))
    await maker.until_begun()
    second = asyncio.create_task(ask(cache, maker, wanted(version=2)))
    other = asyncio.create_task(ask(cache, maker, wanted("b")))  # another key does not wait
    await maker.until_begun()
    assert maker.made == ["a 1", "b 1"]
    maker.gate.set()
    assert [(await one).value for one in (first, second, other)] == ["a 1", "a 2", "b 1"]
    assert await ask(cache, maker, wanted(version=2)) == Found("a 2")
    assert sorted(maker.made) == ["a 1", "a 2", "b 1"]


async def test_a_document_that_changes_faster_than_it_is_made_does_not_pile_up() -> None:
    """Fourteen entries of 1 MB a poll made each version slower to render than the next poll."""
    cache, maker = Cache[str](len, makers=2), Maker()
    asking = [asyncio.create_task(ask(cache, maker, wanted(version=1)))]
    await maker.until_begun()
    for version in range(2, 20):
        asking.append(asyncio.create_task(ask(cache, maker, wanted(version=version))))
        await asyncio.sleep(0)
    maker.gate.set()
    answers = [(await one).value for one in asking]
    # Who asked for one in between has got what it asked for, or something newer.
    assert answers == ["a 1", *["a 19"] * 18]
    assert maker.made == ["a 1", "a 19"]
    assert maker.most_at_once == 1


async def test_who_waits_in_vain_for_a_newer_version_is_given_the_older_one() -> None:
    cache, maker = Cache[str](len), Maker()
    older = asyncio.create_task(ask(cache, maker, wanted(version=1)))
    await maker.until_begun()
    newer = asyncio.create_task(ask(cache, maker, wanted(version=2)))
    await asyncio.sleep(0)
    failing = Maker(error=StoreError("locked"))
    failing.gate.set()
    newest = asyncio.create_task(ask(cache, failing, wanted(version=3)))
    await asyncio.sleep(0)
    maker.gate.set()
    assert await older == Found("a 1")
    assert await newer == await newest == Found("a 1", is_stale=True)


async def test_an_older_version_does_not_take_the_place_of_a_newer_one() -> None:
    cache, maker = Cache[str](len), opened()
    assert await ask(cache, maker, wanted(version=2)) == Found("a 2")
    assert await ask(cache, maker, wanted(version=1)) == Found("a 1")
    assert await ask(cache, maker, wanted(version=2)) == Found("a 2")
    assert maker.made == ["a 2", "a 1"]


async def test_what_is_final_is_good_for_every_version() -> None:
    cache, maker = Cache[str](len, is_final=lambda _: True), opened()
    for version in (1, 2, None):
        assert await ask(cache, maker, wanted(version=version)) == Found("a 1")
    assert await ask(cache, maker, wanted(version=2, made_for="them")) == Found("a 2")


@pytest.mark.parametrize("error", [StoreError("locked"), LookupError("a bug")])
async def test_the_last_good_value_stands_in_and_the_log_says_so_once(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    cache, maker = Cache[str](len), opened()
    await ask(cache, maker, wanted(version=1))
    maker.error = error
    for version in (2, 3, 3):
        assert await ask(cache, maker, wanted(version=version)) == Found("a 1", is_stale=True)
    assert [record.getMessage() for record in caplog.records] == [
        f"thing not made error={str(error)!r}"
    ]
    assert bool(caplog.records[0].exc_info) == isinstance(error, LookupError)
    with pytest.raises((UnavailableError, LookupError)):  # nothing was kept for another purpose
        await ask(cache, maker, wanted(version=3, made_for="them"))
    maker.error = None
    assert await ask(cache, maker, wanted(version=3)) == Found("a 3")
    maker.error = error
    await ask(cache, maker, wanted(version=4))
    assert len(caplog.records) == 2  # a failure after a success is news


async def test_a_version_that_cannot_be_made_is_the_former_one_or_none() -> None:
    cache, maker = Cache[str](len), opened()
    with pytest.raises(UnavailableError):
        await ask(cache, maker, wanted(version=None))
    await ask(cache, maker, wanted(version=1))
    assert await ask(cache, maker, wanted(version=None)) == Found("a 1", is_stale=True)
    assert maker.made == ["a 1"]


async def test_nobody_waits_for_longer_than_others_do() -> None:
    cache, maker = Cache[str](len, timeouts=HASTY), Maker()
    with pytest.raises(UnavailableError):
        await ask(cache, maker, wanted())
    await maker.until_begun()
    maker.gate.set()
    await what_goes_on()
    maker.gate.clear()
    assert await ask(cache, maker, wanted(version=2)) == Found("a 1", is_stale=True)
    maker.gate.set()


async def test_so_many_are_made_at_a_time() -> None:
    cache, maker = Cache[str](len, makers=2), Maker()
    asking = [asyncio.create_task(ask(cache, maker, wanted(f"{key}"))) for key in range(6)]
    for _ in range(2):
        await maker.until_begun()
    maker.gate.set()
    await asyncio.gather(*asking)
    assert (maker.most_at_once, len(maker.made)) == (2, 6)


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    cache, maker = Cache[str](len, makers=1), Maker()
    busy = asyncio.create_task(ask(cache, maker, wanted("busy")))
    await maker.until_begun()
    leaving = [asyncio.create_task(ask(cache, maker, wanted("left"))) for _ in range(3)]
    await asyncio.sleep(0)
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    coming = asyncio.create_task(ask(cache, maker, wanted("left", version=2)))
    maker.gate.set()
    assert [(await one).value for one in (busy, coming)] == ["busy 1", "left 2"]
    assert maker.made == ["busy 1", "left 2"]


async def test_a_reader_who_comes_as_the_last_one_leaves_is_answered() -> None:
    cache, maker = Cache[str](len, makers=1), Maker()
    busy = asyncio.create_task(ask(cache, maker, wanted("busy")))
    await maker.until_begun()
    leaving = asyncio.create_task(ask(cache, maker, wanted()))
    await asyncio.sleep(0)
    coming: list[asyncio.Task[Found[str]]] = []
    leaving.add_done_callback(
        lambda _: coming.append(asyncio.create_task(ask(cache, maker, wanted())))
    )
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    maker.gate.set()
    await busy
    assert await coming[0] == Found("a 1")


async def test_what_is_not_to_be_kept_is_made_each_time() -> None:
    cache, maker = Cache[str](lambda _: None), opened()
    for _ in range(2):
        assert await ask(cache, maker, wanted()) == Found("a 1")
    assert (maker.made, cache.bytes_held) == (["a 1", "a 1"], 0)


async def test_a_failure_that_nobody_waits_for_is_logged_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache, maker = Cache[str](len), Maker(error=LookupError("a bug"))
    asking = asyncio.create_task(ask(cache, maker, wanted()))
    await maker.until_begun()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    maker.gate.set()
    await what_goes_on()
    gc.collect()
    assert [record.name for record in caplog.records] == ["aggregator.serve.cache"]
