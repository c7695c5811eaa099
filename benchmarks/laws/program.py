"""The program in this process: the real way from a poll to an answer, and ways to die in it.

Only the network, the worker processes and the clock are ours: what publishers answer is asked of a
function, documents are read in this process.
"""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
from typing_extensions import override

from aggregator import config as configuration
from aggregator.daemon.bytes_in_flight import BytesInFlight
from aggregator.daemon.once import make_tools
from aggregator.daemon.poll import ask, commit
from aggregator.daemon.workers import Workers
from aggregator.fetch import Fetcher
from aggregator.schedule import price
from aggregator.serve import Site, create_app
from aggregator.store.sqlite import SqliteStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.model import FinishedPoll, Outcome, PollResult, Validators

    Answer = Callable[[str, Validators], Outcome]

DATABASE = "aggregator.db"
KEEP_RAW = timedelta(days=10)


class Died(Exception):  # noqa: N818 -- no error: what happens to processes
    """The process was killed."""


class _Scripted(Fetcher):
    """Asks a function instead of the network."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @override
    async def fetch(self, url: str, validators: Any = None, **more: Any) -> Outcome:
        return self._answer(more.get("moved_url") or url, validators)

    @override
    def leave_alone(self, url: str, until: datetime) -> None:
        """Do nothing: who asks here has no queue, and answers a redirect at once."""


class _Here(Workers):
    """Does in this process what a worker does."""

    def __init__(self) -> None:
        pass

    @override
    async def run(self, steps: Any, argument: object, **_: object) -> Any:
        for step in steps:
            argument = step(argument)
        return argument


@dataclass
class Program:
    """The daemon on one folder, without its scheduler; `toml` is the operator's file."""

    folder: Path
    clock: Callable[[], datetime]
    answer: Answer
    threads: ThreadPoolExecutor

    def __post_init__(self) -> None:
        self.config: Config
        self.store: SqliteStore
        self.client: httpx.AsyncClient
        self._toml = ""
        self._dying = False

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self.folder / DATABASE

    def start(self, toml: str) -> None:
        """Start with this configuration."""
        self.store = open_store(self.path)
        self.reload(toml)
        served = Site(lambda: self.config, self.store, lambda: None, self.clock)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(served)), base_url="http://127.0.0.1:8420"
        )

    def reload(self, toml: str) -> None:
        """Take a configuration over."""
        path = self.folder / "config.toml"
        path.write_text(f'{toml}\n[store]\npath = "{DATABASE}"\n', encoding="utf-8")
        self._toml = toml
        self.config = configuration.load(path)
        self.store.apply(self.config.sources, self.config.feeds, now=self.clock())

    async def poll(self, name: str, *, dying: bool = False) -> PollResult:
        """Poll a source now; raises `Died` where the process was killed in the transaction."""
        (state,) = self.store.states((name,))
        self._dying = dying
        pricing = price.recall(self.store.pricing())
        tools = make_tools(
            self.config,
            store=self.store,
            fetcher=_Scripted(self.answer),
            workers=_Here(),
            bodies=BytesInFlight(),
            threads=self.threads,
            pricing=lambda: pricing,
            clock=self.clock,
            dice=self._dice,
        )

        async def keep(poll: FinishedPoll) -> PollResult:
            (result,) = await tools.in_thread(partial(self.store.absorb_all, (poll,)))
            if isinstance(result, Exception):
                raise result
            return result

        return await commit(state, await ask(state, tools), tools, keep)

    def _dice(self) -> float:
        """Decide a moment, in the midst of the poll's transaction; perhaps it is the last."""
        if self._dying:
            self._dying = False
            self._copy_as_it_lies("dead")
            raise Died
        return 0.5

    async def kill(self) -> None:
        """Let the process die now, between two transactions."""
        self._copy_as_it_lies("dead")
        await self.resurrect()

    async def resurrect(self) -> None:
        """Start again on what lay on the disk when the process died."""
        await self.stop()
        self._put("dead")
        self.start(self._toml)

    async def restart(self) -> None:
        """Stop in good order, and start."""
        await self.stop()
        self.start(self._toml)

    def back_up(self) -> None:
        """Make a copy as docs/install.md says."""
        copy = self.folder / "backup.db"
        copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("VACUUM INTO ?", (str(copy),))

    async def restore(self) -> None:
        """Put the copy in the database's place as docs/install.md says."""
        await self.stop()
        self._put("backup")
        self.start(self._toml)

    async def stop(self) -> None:
        """Close everything."""
        await self.client.aclose()
        self.store.close()

    def _copy_as_it_lies(self, name: str) -> None:
        for end in (".db", ".db-wal"):
            (self.folder / f"{name}{end}").unlink(missing_ok=True)
            there = self.path.with_name(f"aggregator{end}")
            if there.exists():
                shutil.copyfile(there, self.folder / f"{name}{end}")

    def _put(self, name: str) -> None:
        for end in (".db", ".db-wal", ".db-shm"):
            self.path.with_name(f"aggregator{end}").unlink(missing_ok=True)
            if (self.folder / f"{name}{end}").exists():
                shutil.copyfile(self.folder / f"{name}{end}", self.folder / f"aggregator{end}")

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """Ask for an address as a reader does."""
        return await self.client.get(
            path, headers={"Accept-Encoding": "identity", **(headers or {})}
        )
