"""Notices on their way: what waits in the outbox is written, sent, tried again, or given up."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aggregator.daemon.log import event
from aggregator.daemon.poll_measures import notice_measure
from aggregator.daemon.secret_places import places_of
from aggregator.daemon.workers import Worker
from aggregator.fetch.failures import FetchError
from aggregator.model.errors import AggregatorError, ConfigError, UnreadableError
from aggregator.model.notes import NoteKind, NotNotified, Unheard
from aggregator.operations.deliveries import (
    MOST_TOGETHER,
    are_given_up,
    is_due,
    pause_after,
)
from aggregator.operations.messages import problem_text
from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.fetch import Fetcher, Message, posting
    from aggregator.model.measures import Measure
    from aggregator.model.notices import Notice, Receiver
    from aggregator.outputs import notice_bodies
    from aggregator.store import Store
else:  # for those who want to be notified
    notice_bodies = LateModule("aggregator.outputs.notice_bodies")
    posting = LateModule("aggregator.fetch.posting")

log = logging.getLogger(__name__)

T = TypeVar("T")

#: What an own template may take for a message: a thousand times what is usual.
_DEADLINE = timedelta(seconds=5)
_MEMORY_BYTES = 256 * 1024 * 1024
#: A receiver that did not take a message so often is named by `status`.
_NOTED_AFTER = 3


async def deliver(
    receiver: Receiver,
    notices: Sequence[Notice],
    config: Config,
    fetcher: Fetcher,
    environ: Mapping[str, str],
) -> tuple[str, timedelta | None] | None:
    """Send notices as one message; return why that failed and how long to wait, if it did."""
    try:
        message = await asyncio.to_thread(message_of, receiver, notices)
        url = receiver.url
        if url is None:
            read = partial(places_of(config, environ).read, "url_file", receiver.url_file or "")
            url = await asyncio.to_thread(read)
    except FetchError as error:
        return problem_text(error.problem), None
    except AggregatorError as error:
        return error.lines[0] if isinstance(error, ConfigError) else str(error), None
    failed = await fetcher.post(url, message, access=receiver.access)
    if failed is None:
        return None
    return problem_text(failed.problem), failed.hints.retry_after


def message_of(receiver: Receiver, notices: Sequence[Notice]) -> Message:
    """Return the message for a receiver; blocks, and ends a template that takes too long.

    Raises `ConfigError` for a mistake of the template, `AggregatorError` where it cannot be read.
    """
    template = notice_bodies.template_of(receiver)
    fields = notice_bodies.fields_of(notices, receiver.language)
    if template.is_shipped:
        return posting.Message(notice_bodies.render(template, fields), template.media_type)
    worker = Worker(_MEMORY_BYTES)
    try:
        made = worker.call((notice_bodies.attempt,), (template, fields), _DEADLINE)
    except UnreadableError as error:
        raise ConfigError((f"{template.name}: {problem_text(error.problem)}",)) from error
    finally:
        worker.end()
    if isinstance(made, str):
        raise ConfigError((made,))
    return posting.Message(made, template.media_type)


class Deliveries:
    """Sends what waits, to each receiver by itself: one that is down holds up no other."""

    def __init__(
        self,
        config: Callable[[], Config],
        store: Store,
        threads: Executor,
        *,
        fetcher: Callable[[], Fetcher],
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._store = store
        self._threads = threads
        self._fetcher = fetcher
        self._environ = environ
        self._clock = clock
        self._kept: Config | None = None
        self._unheard: dict[str, Unheard] = {}
        self._noted: dict[str, Unheard] | None = None
        self._counts = {"sent": 0, "failed": 0, "given-up": 0}

    def measures(self) -> tuple[Measure, ...]:
        """Return how messages fared since the start of the process."""
        return (notice_measure(self._counts),)

    async def look(self) -> None:
        """Send what is due, once."""
        config = self._config()
        if self._kept is not config:
            names = tuple(one.name for one in config.notify)
            await self._in_thread(partial(self._store.keep_receivers, names))
            self._unheard = {name: told for name, told in self._unheard.items() if name in names}
            self._kept = config
        results = await asyncio.gather(
            *(self._serve(receiver, config) for receiver in config.notify), return_exceptions=True
        )
        if self._noted != self._unheard:
            await self._in_thread(self._note)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _serve(self, receiver: Receiver, config: Config) -> None:
        ask = partial(self._store.waiting, receiver.name, most=MOST_TOGETHER)
        waiting = await self._in_thread(ask)
        if not is_due(waiting, receiver.bundle, self._clock()):
            return
        notices = [one for _, one in waiting.notices]
        failed = await deliver(receiver, notices, config, self._fetcher(), self._environ)
        last = waiting.notices[-1][0]
        if failed is None:
            await self._in_thread(partial(self._store.taken, receiver.name, up_to=last))
            self._unheard.pop(receiver.name, None)
            self._counts["sent"] += 1
            log.info(event("notified", receiver=receiver.name, n=len(notices)))
            return
        because, retry_after = failed
        now, tries = self._clock(), waiting.tries + 1
        lost = 0
        self._counts["failed"] += 1
        if are_given_up(waiting, now):
            self._counts["given-up"] += 1
            lost = len(notices)
            await self._in_thread(partial(self._store.taken, receiver.name, up_to=last))
            log.error(event("notices given up", receiver=receiver.name, n=lost, because=because))
        else:
            next_at = now + pause_after(tries, retry_after)
            put_off = partial(self._store.put_off, receiver.name, tries=tries, next_at=next_at)
            await self._in_thread(put_off)
        if tries == 1:
            log.warning(event("not notified", receiver=receiver.name, because=because))
        if tries >= _NOTED_AFTER or lost:
            before = self._unheard.get(receiver.name)
            lost += 0 if before is None else before.lost
            self._unheard[receiver.name] = Unheard(receiver.name, because, lost)

    def _note(self) -> None:
        told = tuple(self._unheard.values())
        if told:
            self._store.note(NotNotified(told), now=self._clock())
        else:
            self._store.forget_note(NoteKind.NOT_NOTIFIED)
        self._noted = dict(self._unheard)

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)
