"""What is made once for all who ask and kept in memory: bounds of bytes, waiting and work.

One cache for every kind of answer, because each needs the same: readers who come together cause
one making, a reader never waits for longer than other readers and proxies do, the last good value
replaces it while the database cannot be read, and what nobody waits for is not begun.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

from aggregator.model.errors import StoreError
from aggregator.model.measures import Distribution
from aggregator.runtime.values import dataclass
from aggregator.serve.timeouts import TIMEOUTS, Timeouts
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

log = logging.getLogger(__name__)

Value = TypeVar("Value")

#: What one cache keeps in memory: about a hundred documents of a few hundred kilobytes.
KEPT_BYTES = 36 * 1024 * 1024

#: Seconds that makings take: a page, a large feed, a disk that is busy.
MAKING_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class UnavailableError(Exception):
    """A value cannot be made now, and no earlier one is kept."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a cache.

    A value that was made for something else than `made_for` is never given. One of another
    `version` is given only while the present one cannot be made; versions grow, and `None` is one
    that cannot be made. `what` it is, is for the log, which tells its first failure after a
    success: there are few such words.
    """

    what: str
    key: Hashable
    made_for: Hashable = None
    version: int | None = 0


@dataclass(frozen=True, slots=True)
class Found(Generic[Value]):
    """A value; `is_stale` where the present version could not be made."""

    value: Value
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Value]):
    made_for: Hashable
    version: int
    value: Value
    size: int


@dataclass(slots=True, eq=False)
class _Making(Generic[Value]):
    """A value that is being made, and how many wait for it.

    Until it has begun it is of the newest version that anybody asked for.
    """

    wanted: Wanted
    version: int
    make: Callable[[], Value]
    task: asyncio.Task[Value] | None = None
    waiting: int = 0
    begun: bool = False

    def serves(self, wanted: Wanted, version: int) -> bool:
        """Tell whether what comes of it is good for a reader who wants this version."""
        return self.wanted.made_for == wanted.made_for and self.version >= version


class Cache(Generic[Value]):
    """The newest values of what is asked for most recently. A hit reads memory only.

    `size` returns how many bytes a value holds, `None` for one that is not to be kept; what was
    asked for longest ago goes first, and one that is larger than `most_bytes` is kept alone.
    `is_final` tells that a value is good for every later version. At most `makers` values are made
    at a time, and one a key: a newer version waits until the older one is made, and whoever asks
    for a newer one yet asks for the one that waits. So a document that changes faster than it is
    made costs no more than one that does not.
    """

    def __init__(
        self,
        size: Callable[[Value], int | None],
        *,
        is_final: Callable[[Value], bool] = lambda _: False,
        makers: int = 1,
        most_bytes: int = KEPT_BYTES,
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        self._size = size
        self._is_final = is_final
        self._turns = asyncio.Semaphore(makers)
        self._most_bytes = most_bytes
        self._timeouts = timeouts
        self._kept: OrderedDict[Hashable, _Kept[Value]] = OrderedDict()
        self._at_work: dict[Hashable, _Making[Value]] = {}
        self._next: dict[tuple[Hashable, Hashable], _Making[Value]] = {}
        self._failing: set[str] = set()
        self.bytes_held = 0
        self.hits, self.misses, self.failures = 0, 0, 0
        self.seconds = Distribution(MAKING_BOUNDS)

    async def get(self, wanted: Wanted, make: Callable[[], Value]) -> Found[Value]:
        """Return what is kept, else what `make` returns, which is called in a thread.

        When that raises `StoreError`, or takes too long: what was kept of an earlier version.
        Raises `UnavailableError` where there is nothing, and any other error of `make`.
        """
        kept = self._kept_for(wanted)
        if kept is not None:
            self._kept.move_to_end(wanted.key)
            if kept.version == wanted.version or self._is_final(kept.value):
                self.hits += 1
                return Found(kept.value)
        self.misses += 1
        if wanted.version is not None:
            seconds = self._timeouts.without if kept is None else self._timeouts.with_kept
            try:
                return Found(await self._wait(wanted, wanted.version, make, seconds))
            except StoreError:
                pass  # logged when the making ended
            except TimeoutError as error:
                self._log(wanted.what, error)
            except Exception:
                if kept is None:
                    raise
            kept = self._kept_for(wanted) or kept  # an older version may have ended meanwhile
        if kept is None:
            raise UnavailableError
        return Found(kept.value, is_stale=True)

    def fresh(self, key: Hashable, made_for: Hashable, version: int | None) -> Value | None:
        """Return what is kept of this version, as `get` would at once, else `None`."""
        kept = self._kept.get(key)
        if kept is None or kept.made_for != made_for:
            return None
        if kept.version != version and not self._is_final(kept.value):
            return None
        self._kept.move_to_end(key)
        self.hits += 1
        return kept.value

    def _kept_for(self, wanted: Wanted) -> _Kept[Value] | None:
        kept = self._kept.get(wanted.key)
        if kept is not None and kept.made_for != wanted.made_for:
            return None  # it may show what no longer may be shown
        return kept

    async def _wait(
        self, wanted: Wanted, version: int, make: Callable[[], Value], seconds: float
    ) -> Value:
        """Wait for a making of this version, which goes on for others when this reader leaves."""
        making = self._making(wanted, version, make)
        assert making.task is not None  # noqa: S101 - set where the making was
        making.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            if not making.waiting and not making.begun:
                self._forget(making)
                making.task.cancel()

    def _making(self, wanted: Wanted, version: int, make: Callable[[], Value]) -> _Making[Value]:
        """Return the making that this reader waits for: one under way, the next, or a new one."""
        at_work = self._at_work.get(wanted.key)
        if at_work is not None and at_work.begun and at_work.serves(wanted, version):
            return at_work
        following = self._next.get((wanted.key, wanted.made_for))
        if following is not None:
            if version > following.version:
                following.version, following.make = version, make
            return following
        making = _Making(wanted, version, make)
        self._next[wanted.key, wanted.made_for] = making
        making.task = asyncio.create_task(self._make(making))
        making.task.add_done_callback(lambda task: self._end(making, task))
        return making

    async def _make(self, making: _Making[Value]) -> Value:
        wanted = making.wanted
        while (former := self._at_work.get(wanted.key)) is not None and former.task is not None:
            await asyncio.wait({former.task})
        self._at_work[wanted.key] = making
        try:
            async with self._turns:
                making.begun = True
                self._forget(making)  # what is asked for from now on may be newer
                begun_s = asyncio.get_running_loop().time()
                # A thread cannot be stopped: it keeps its turn when nobody waits for it any more.
                value = await asyncio.to_thread(making.make)
                self.seconds.add(asyncio.get_running_loop().time() - begun_s)
        finally:
            del self._at_work[wanted.key]
        self._failing.discard(wanted.what)
        self._keep(wanted, making.version, value)
        return value

    def _end(self, making: _Making[Value], task: asyncio.Task[Value]) -> None:
        self._forget(making)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failures += 1
            self._log(making.wanted.what, error)

    def _forget(self, making: _Making[Value]) -> None:
        place = making.wanted.key, making.wanted.made_for
        if self._next.get(place) is making:
            del self._next[place]

    def _log(self, what: str, error: BaseException) -> None:
        """Log the first failure after a success; readers come by the minute."""
        if what not in self._failing:
            self._failing.add(what)
            is_bug = not isinstance(error, StoreError | TimeoutError)
            told = redact(str(error)) or type(error).__name__
            log.warning("%s not made error=%r", what, told, exc_info=error if is_bug else None)

    def _keep(self, wanted: Wanted, version: int, value: Value) -> None:
        """Keep a value, unless a newer one was faster.

        Its version was read before what it is made of, so that is of this version or a newer one.
        """
        size = self._size(value)
        if size is None:
            return
        kept = self._kept.get(wanted.key)
        if kept is not None:
            if kept.made_for == wanted.made_for and kept.version > version:
                return
            self._drop(wanted.key)
        self._kept[wanted.key] = _Kept(wanted.made_for, version, value, size)
        self.bytes_held += size
        while self.bytes_held > self._most_bytes and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        self.bytes_held -= self._kept.pop(key).size
