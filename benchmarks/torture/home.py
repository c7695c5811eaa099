"""A home for daemons that are tortured: a configuration, numbered sources, and lives on them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.torture import life
from benchmarks.torture.ledger import Account, Book, is_sound, shown, stored
from benchmarks.torture.memory import Peak
from tests.config_texts import source_toml
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from aggregator.daemon.pace import Pace
    from benchmarks.torture.findings import Findings
    from tests.web import Publisher

#: Where a publisher listens whose sources have hosts of their own, so that all are polled at once.
EVERYWHERE = "0.0.0.0"  # noqa: S104 -- only loopback is asked

#: The heads of a table of accounts.
HEADS = ("published", "taken by retention", "lost", "doubled", "missing in feeds", "twice in feeds")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a home is like: its sources, how often they are polled, how much its feed shows.

    Lives are so far `apart` by their clock, and entries are `kept` so long (the shortest that the
    automatic feeds' windows allow, to meet retention). `place` is the database's folder.
    """

    sources: int = 6
    interval: str = "1s"
    apart: timedelta = timedelta(0)
    kept: timedelta = timedelta(days=180)
    window: timedelta = timedelta(days=4)
    limit: int = 100
    place: Path | None = None
    enabled: bool = True
    pace: Pace = life.HURRIED


class Home:
    """A folder with a configuration, sources that are books, and lives on it.

    `peak` watches the memory of the present life.
    """

    peak: Peak

    def __init__(self, folder: Path, web: Publisher, plan: Plan = Plan()) -> None:
        folder.mkdir()
        self.folder, self.web, self.plan = folder, web, plan
        self.port = free_port()
        self.clock: Callable[[], datetime] = life.Shifted()
        self.books = [
            Book(f"{folder.name}-{number}", clock=self.now) for number in range(plan.sources)
        ]
        self.log = folder / "log"
        self._lives = 0
        for book in self.books:
            web.route(f"/{book.name}.xml", book)
        self.configure()

    def now(self) -> datetime:
        """Return the time by the clock of the present life."""
        return self.clock()

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        return (self.plan.place or self.folder) / "aggregator.db"

    def configure(self, *, edited: bool = False) -> None:
        """Write the configuration, or another one of the same sources."""
        text = (
            f'[server]\nlisten = "127.0.0.1:{self.port}"\n[store]\npath = "{self.database}"\n'
            f'retention = "{self.plan.kept.days}d"\nkeep_raw = "1d"\n'
            '[network]\nallow_private = ["127.0.0.0/8"]\n[log]\nlevel = "warning"\n'
            f'[[feeds]]\nname = "all"\ntitle = "{"Edited" if edited else "All"}"\n'
            f'window = "{self.plan.window.days}d"\nlimit = {self.plan.limit}\nmin_entries = 5\n'
            + ('[[feeds]]\nname = "more"\ntitle = "More"\ntags = ["odd"]\n' if edited else "")
        )
        for number, book in enumerate(self.books):
            host = f"127.0.{number // 200}.{number % 200 + 1}"
            url = f"http://{host}:{self.web.port}/{book.name}.xml"
            tags = '\ntags = ["odd"]' if edited or number % 2 else ""
            more = f'interval = "{self.plan.interval}"{tags}'
            if not self.plan.enabled:
                more += "\nenabled = false"
            text += source_toml(book.name, url, more)
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.config)

    def start(self) -> BaseProcess:
        """Start a life, later than the one before by the plan."""
        if self.plan.apart:
            self.clock = life.Shifted(self._lives * self.plan.apart)
        self._lives += 1
        process = life.fork(life.live, str(self.config), self.clock, self.plan.pace, log=self.log)
        self.peak = Peak(process.pid or 0)
        return process

    def serves(self) -> bool:
        """Tell whether the daemon answers, well or not."""
        return life.get(self.port, "/healthz", patience=2)[0] in {200, 503}

    def wal(self) -> int:
        """Return the size of what is written and not yet in the database itself."""
        path = self.database.with_name("aggregator.db-wal")
        return path.stat().st_size if path.exists() else 0

    def copy_is_sound(self) -> bool:
        """Look at a copy of what a kill left, so that the next life finds it untouched."""
        copies = self.folder / "looked-at"
        copies.mkdir(exist_ok=True)
        for path in self.database.parent.glob("aggregator.db*"):
            if path.name in {"aggregator.db", "aggregator.db-wal"}:
                shutil.copy(path, copies / path.name)
        found = not (copies / "aggregator.db").exists() or is_sound(copies / "aggregator.db")
        shutil.rmtree(copies)
        return found

    def settle(self) -> tuple[Account, Account]:
        """Let the last life fetch everything, then stop it; return where the numbers are.

        That of the database, then that of the feed and its archives.
        """
        self.configure()
        process = self.start()
        life.wait(self.serves)
        for book in self.books:
            book.closed = True
        before = {book.name: book.requests for book in self.books}
        life.wait(lambda: all(b.acknowledged == b.newest for b in self.books), patience=60)
        life.wait(lambda: all(b.requests > before[b.name] + 1 for b in self.books), patience=60)
        seen = shown(lambda path: life.get(self.port, path)[1], "all", self.books)
        life.stop(process)
        self.peak.end()
        return stored(self.database, self.books), seen

    def account(self, findings: Findings, name: str, *cells: object) -> None:
        """Settle, and add a row to a table: `name`, `cells`, then `HEADS`."""
        in_store, in_feeds = self.settle()
        missing = set(in_feeds.lost) - in_store.pruned
        findings.row(
            name, *cells, in_store.published, len(in_store.pruned), len(in_store.lost),
            len(in_store.doubled), len(missing), len(in_feeds.doubled),
        )  # fmt: skip
        findings.took(self.peak.end())
        findings.expect(is_sound(self.database), f"{name}: a damaged database")
        findings.expect(not in_store.lost, f"{name}: not stored: {in_store.lost[:5]}")
        findings.expect(not in_store.doubled, f"{name}: stored twice: {in_store.doubled[:5]}")
        findings.expect(not missing, f"{name}: in no feed or archive: {sorted(missing)[:5]}")
        findings.expect(not in_feeds.doubled, f"{name}: shown twice: {in_feeds.doubled[:5]}")
