"""What the daemon answers to the commands that ask it: poll, reload, health, stories."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

from aggregator.daemon.changed_settings import settings_of
from aggregator.daemon.log import local
from aggregator.daemon.once import choose
from aggregator.daemon.story_work import correct
from aggregator.model.errors import AggregatorError
from aggregator.operations.messages import poll_line
from aggregator.operations.plan_lines import plan_lines
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from aggregator.config import Config
    from aggregator.daemon import list_polls
    from aggregator.daemon.control import Event
    from aggregator.daemon.list_jobs import ListJobs
    from aggregator.daemon.poll import Tools
    from aggregator.model import PollResult, PollState
    from aggregator.model.changes import Change
    from aggregator.store import StoryStore
else:  # most configurations have no list
    list_polls = LateModule("aggregator.daemon.list_polls")


@dataclass(frozen=True, slots=True)
class State:
    """How a daemon is: whether it can work itself; whether it can reach others, too; a line."""

    works: bool
    fine: bool
    text: str


class Polls(Protocol):
    """Who polls what a command, or a page, asks for."""

    @property
    def tools(self) -> Tools:
        """What polls work with now."""

    async def poll_all(
        self, states: Iterable[PollState], report: Callable[[PollResult], None]
    ) -> bool:
        """As `Dispatcher.poll_all`."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Answers requests with events, as `control` describes them.

    `reload` returns what changed, or raises `AggregatorError`; `health` returns how the daemon is;
    `stories` are the store's; `lists` polls lists of sources.
    """

    config: Callable[[], Config]
    dispatcher: Polls
    reload: Callable[[], Awaitable[tuple[Change, ...]]]
    health: Callable[[], State]
    stories: StoryStore
    lists: ListJobs

    async def answer(self, request: Event) -> AsyncIterator[Event]:
        """Yield the events of one request; what is wrong with it is an event, too."""
        try:
            match request["do"]:
                case "reload":
                    yield self._reloaded(await self.reload())
                case "health":
                    is_ = self.health()
                    yield {"event": "done", "ok": is_.fine, "works": is_.works, "text": is_.text}
                case "settings":
                    held = settings_of(self.config())
                    kept = [[*place, *one] for place, one in held.items()]
                    yield {"event": "done", "ok": True, "text": "", "held": kept}
                case "poll":
                    async for told in self._poll(tuple(request["names"]), force=request["force"]):
                        yield told
                case "stories":
                    await self._correct(request["what"], request["entries"])
                    yield {"event": "done", "ok": True}
                case other:
                    yield {"event": "error", "text": f"unknown request {other}", "exit_status": 1}
        except AggregatorError as error:
            yield {"event": "error", "text": str(error), "exit_status": error.exit_status}

    def _reloaded(self, changes: tuple[Change, ...]) -> Event:
        told, lost = plan_lines(changes)
        return {
            "event": "done",
            "ok": True,
            "text": f"{len(told)} change{'' if len(told) == 1 else 's'}",
            "changes": [*told, *lost],
            "warnings": self.config().warnings,
        }

    async def _correct(self, what: str, entries: list[str]) -> None:
        tools = self.dispatcher.tools
        await tools.in_thread(partial(correct, self.stories, what, entries, tools.clock()))

    async def _poll(self, names: tuple[str, ...], *, force: bool) -> AsyncIterator[Event]:
        lists = {one.name for one in self.config().lists}.intersection(names)
        names = tuple(name for name in names if name not in lists)
        tools = self.dispatcher.tools
        chosen = partial(choose, tools.store, names, force=force, now=tools.clock())
        states = [] if lists and not names else await tools.in_thread(chosen)
        yield {"event": "expect", "count": len(states) + len(lists)}
        fine = True
        for one in await self.lists.poll(lists) if lists else ():
            is_well = one.health.problem is None
            fine = fine and is_well
            yield {
                "event": "polled",
                "source": one.name,
                "ok": is_well,
                "text": list_polls.line_of(one, local),
            }
        results: asyncio.Queue[PollResult | None] = asyncio.Queue()
        polling = asyncio.create_task(self.dispatcher.poll_all(states, results.put_nowait))
        polling.add_done_callback(lambda _: results.put_nowait(None))
        while (result := await results.get()) is not None:
            yield {
                "event": "polled",
                "source": result.source,
                "ok": result.problem is None,
                "text": poll_line(result, local(result.plan.at)),
            }
        yield {"event": "done", "ok": await polling and fine}
