"""The law of notices: whatever happens, each is delivered, in order, and none is made up."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.daemon.notifying import Deliveries
from aggregator.model import Failed, Problem, ProblemKind
from aggregator.model.notices import Notice, Receiver
from aggregator.operations.deliveries import EVENTS, LONGEST_PAUSE
from aggregator.store.notices import outbox
from aggregator.store.sqlite import open_store
from tests.making import START
from tests.publishing import config

if TYPE_CHECKING:
    from aggregator.fetch import Fetcher, Message

DOWN = Failed(Problem(ProblemKind.CONNECT, "the receiver is down"))
RECEIVER = Receiver("phone", "https://ntfy.example/x", events=EVENTS, template="text")

#: What may happen: something is told, what waits is looked at, the receiver goes or comes back, the
#: process is killed, at any moment or right after a message was taken.
STEPS = ("tell", "look", "down", "up", "kill", "kill after a message")


class KilledError(BaseException):
    """The process ends at once."""


class Phone:
    """Who is told: keeps what it took."""

    def __init__(self) -> None:
        self.is_up, self.kills = True, False
        self.heard: list[str] = []

    async def post(self, _url: str, message: Message, **_: object) -> Failed | None:
        if not self.is_up:
            return DOWN
        lines = message.body.decode().splitlines()
        self.heard += [line for line in lines if line.startswith("event ")]
        if self.kills:
            raise KilledError
        return None


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=30))
def test_each_notice_is_delivered_in_order_and_none_is_made_up(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
        told, heard = asyncio.run(lived(Path(folder) / "aggregator.db", threads, steps))
    if "kill after a message" not in steps:
        assert heard == told
    # At least once: what was taken right before a kill comes again, all of one message together.
    assert sorted(set(heard)) == told
    first_heard = [title for at, title in enumerate(heard) if title not in heard[:at]]
    assert first_heard == told


async def lived(
    path: Path, threads: ThreadPoolExecutor, steps: list[str]
) -> tuple[list[str], list[str]]:
    """Return what was told, and what was heard of it."""
    phone, now, told = Phone(), START, list[str]()
    present = replace(config(), notify=(RECEIVER,))
    store = open_store(path)

    def started() -> Deliveries:
        return Deliveries(
            lambda: present,
            store,
            threads,
            fetcher=lambda: cast("Fetcher", phone),
            environ={},
            clock=lambda: now,
        )

    deliveries = started()
    for step in [*steps, "up", "look"]:
        now += LONGEST_PAUSE
        match step:
            case "tell":
                title = f"event {len(told):02}"
                told.append(title)
                notice = Notice("broken", title, "", now)
                store._write(partial(outbox.queue, receiver="phone", notices=[notice], now=now))
            case "look":
                await deliveries.look()
            case "down" | "up":
                phone.is_up = step == "up"
            case _:
                phone.kills = step == "kill after a message"
                if phone.kills:
                    with contextlib.suppress(KilledError):
                        await deliveries.look()
                phone.kills = False
                store.close()
                store = open_store(path)
                deliveries = started()
    while store.waiting("phone", most=1).notices:  # twenty events are one message
        now += timedelta(minutes=1)
        await deliveries.look()
    store.close()
    return told, phone.heard
