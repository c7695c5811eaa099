"""What waits for receivers of notices, as the store keeps it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.runtime.late_modules import LateModule
from aggregator.store import OutboxStore
from aggregator.store.engines.readers import Reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from typing import Any

    from aggregator.model.notices import Waiting
    from aggregator.store.notices import outbox
else:  # for those who want to be notified
    outbox = LateModule("aggregator.store.notices.outbox")


class OutboxKeeping(Reading, OutboxStore):
    """Keeps the promises of `OutboxStore`; who inherits it writes."""

    def _write(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        raise NotImplementedError

    @override
    def waiting(self, receiver: str, *, most: int) -> Waiting:
        with self._reading() as db:
            return outbox.waiting(db, self._secrets.read(db), receiver, most)

    @override
    def put_off(self, receiver: str, *, tries: int, next_at: datetime) -> None:
        self._write(partial(outbox.put_off, receiver=receiver, tries=tries, next_at=next_at))

    @override
    def taken(self, receiver: str, *, up_to: int) -> None:
        self._write(partial(outbox.remove, receiver=receiver, up_to=up_to))

    @override
    def keep_receivers(self, receivers: Iterable[str]) -> None:
        self._write(partial(outbox.keep_only, receivers=tuple(receivers)))
