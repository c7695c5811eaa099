"""kill -9 at any moment of polls, retention, migration, first start, backup and reload.

Afterwards SQLite finds nothing wrong, and every number that was published while it was listed is
stored exactly once and in the feed or its archives exactly once (what retention took is known as
taken, once).
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError
from aggregator.store.sqlite import open_store
from benchmarks.torture import life
from benchmarks.torture.findings import Findings
from benchmarks.torture.ledger import Account, Book, is_sound, shown, stored
from benchmarks.torture.memory import Peak
from tests.config_texts import source_toml
from tests.install_page import command_marked, made_local
from tests.make_schema_fixture import dump
from tests.making import DAY, START, absorb, document, entry, feed, source
from tests.old_databases import as_written_by
from tests.ports import free_port
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from multiprocessing.process import BaseProcess

    from tests.web import Publisher

#: Every source has a host of its own, so that they are polled at the same time.
EVERYWHERE = "0.0.0.0"  # noqa: S104 -- only loopback is asked

SOURCES = 6
#: Lives with retention are so far apart by their clock, and keep entries for so long: no shorter
#: than the window of the automatic feeds.
APART, KEPT = timedelta(hours=6), timedelta(days=4)

#: A kill comes at the latest so long after what it is aimed at.
AIM_S = 0.4

_NOT_CONTENT = re.compile(r"_sqlite_migrations|sqlite_stat\d")

#: How often each is killed in the full run: 1,000 times and more.
FULL = {"polls": 300, "retention": 200, "reload": 150, "backup": 150, "migration": 150,
        "first start": 100}  # fmt: skip
SHORT = {"polls": 2, "retention": 1, "reload": 1, "backup": 1, "migration": 6, "first start": 3}


class Home:
    """A folder with a configuration, sources that are books, and lives on it that are killed."""

    def __init__(self, folder: Path, web: Publisher, dice: random.Random, *, kept: bool) -> None:
        folder.mkdir()
        self.folder, self.web, self.dice = folder, web, dice
        self.port = free_port()
        self.clock = life.Shifted()
        self.books = [Book(f"{folder.name}-{number}", clock=self.now) for number in range(SOURCES)]
        self.log = folder / "log"
        self._kept = kept
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
        return self.folder / "aggregator.db"

    def configure(self, *, edited: bool = False) -> None:
        """Write the configuration, or another one of the same sources."""
        kept = "180d" if self._kept else f"{KEPT.days}d"
        text = (
            f'[server]\nlisten = "127.0.0.1:{self.port}"\n[store]\npath = "aggregator.db"\n'
            f'retention = "{kept}"\nkeep_raw = "1d"\n'
            '[network]\nallow_private = ["127.0.0.0/8"]\n[log]\nlevel = "warning"\n'
            f'[[feeds]]\nname = "all"\ntitle = "{"Edited" if edited else "All"}"\n'
            f'window = "{KEPT.days}d"\nlimit = 100\nmin_entries = 5\n'
            + ('[[feeds]]\nname = "more"\ntitle = "More"\ntags = ["odd"]\n' if edited else "")
        )
        for number, book in enumerate(self.books):
            url = f"http://127.0.0.{number + 1}:{self.web.port}/{book.name}.xml"
            tags = '\ntags = ["odd"]' if edited or number % 2 else ""
            text += source_toml(book.name, url, f'interval = "1s"{tags}')
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.config)

    def start(self) -> BaseProcess:
        if not self._kept:
            self.clock = life.Shifted(self.clock.offset + APART)
        process = life.fork(life.live, str(self.config), self.clock, log=self.log)
        self.peak = Peak(process.pid or 0)
        return process

    def serves(self) -> bool:
        return life.get(self.port, "/healthz", patience=2)[0] in {200, 503}

    def wal(self) -> int:
        """Return the size of what is written and not yet in the database itself."""
        path = self.database.with_name("aggregator.db-wal")
        return path.stat().st_size if path.exists() else 0

    def aim(self, process: BaseProcess) -> None:
        """Wait for a moment to kill at: soon, in a poll, or in a commit."""
        kind = self.dice.choice(("any", "poll", "commit"))
        if kind == "any":
            time.sleep(self.dice.uniform(0, 3 * AIM_S))
            return
        asked, written = sum(book.requests for book in self.books), self.wal()
        wanted = self.dice.randint(1, SOURCES)

        def reached() -> bool:
            if process.exitcode is not None:
                return True
            if kind == "commit":
                return self.wal() not in {0, written}
            return sum(book.requests for book in self.books) >= asked + wanted

        deadline = time.monotonic() + 10
        while not reached() and time.monotonic() < deadline:
            time.sleep(0.0005)
        time.sleep(self.dice.uniform(0, AIM_S if kind == "poll" else 0.02))

    def copy_is_sound(self) -> bool:
        """Look at a copy of what a kill left, so that the next life finds it untouched."""
        copies = self.folder / "looked-at"
        copies.mkdir(exist_ok=True)
        for path in self.folder.glob("aggregator.db*"):
            if path.name in {"aggregator.db", "aggregator.db-wal"}:
                shutil.copy(path, copies / path.name)
        found = not (copies / "aggregator.db").exists() or is_sound(copies / "aggregator.db")
        shutil.rmtree(copies)
        return found

    def settle(self) -> tuple[Account, Account]:
        """Let the last life fetch everything, then stop it; return where the numbers are."""
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


def during_polls(home: Home) -> BaseProcess:
    process = home.start()
    home.aim(process)
    return process


def during_reload(home: Home) -> BaseProcess:
    process = home.start()
    life.wait(home.serves)
    home.configure(edited=home.dice.random() < 0.5)
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGHUP)
    time.sleep(home.dice.uniform(0, AIM_S))
    return process


def during_backup(home: Home) -> BaseProcess:
    """Run the command of docs/install.md; every second time it is killed before the daemon is."""
    process = home.start()
    life.wait(home.serves)
    for old in home.folder.glob("backup-*"):
        old.unlink()
    command = made_local(command_marked("backup"), home.folder)
    tools = home.folder / "tools"
    if not tools.exists():
        tools.mkdir()
        (tools / "sudo").write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
        (tools / "sudo").chmod(0o755)
    backup = subprocess.Popen(
        ["sh", "-c", f"exec {command}"],  # noqa: S607 -- as people do
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
        stderr=subprocess.DEVNULL,
    )
    if home.dice.random() < 0.5:
        time.sleep(home.dice.uniform(0, AIM_S / 2))
        backup.kill()
    if backup.wait():
        for cut_off in home.folder.glob("backup-*"):
            cut_off.unlink()
    return process


def backups_are_whole(home: Home) -> bool:
    """Tell whether every backup that ended well is a database without a fault."""
    return all(is_sound(path) for path in home.folder.glob("backup-*.db"))


def lives(
    findings: Findings, home: Home, name: str, times: int, act: Callable[[Home], BaseProcess]
) -> None:
    """Kill a home's daemon so many times, then account for every number."""
    killed = unsound = ended = 0
    while killed < times and ended < 20:
        process = act(home)
        done = life.kill(process)
        findings.took(home.peak.end())
        killed += done
        ended += not done
        unsound += not home.copy_is_sound()
    findings.expect(not ended, f"{name}: {ended} lives ended by themselves, see {home.log}")
    findings.expect(not unsound, f"{name}: {unsound} kills left a damaged database")
    in_store, in_feeds = home.settle()
    missing = set(in_feeds.lost) - in_store.pruned
    findings.row(
        name, killed, in_store.published, len(in_store.pruned), len(in_store.lost),
        len(in_store.doubled), len(missing), len(in_feeds.doubled),
    )  # fmt: skip
    findings.expect(is_sound(home.database), f"{name}: a damaged database")
    findings.expect(not in_store.lost, f"{name}: not stored: {in_store.lost[:5]}")
    findings.expect(not in_store.doubled, f"{name}: stored twice: {in_store.doubled[:5]}")
    findings.expect(not missing, f"{name}: in no feed or archive: {sorted(missing)[:5]}")
    findings.expect(not in_feeds.doubled, f"{name}: shown twice: {in_feeds.doubled[:5]}")


# --- databases that are only opened ---------------------------------------------------------------


def fill(path: Path, schema: str, days: int) -> int:
    """Make a database as an earlier version wrote it; return how many entries it has."""
    with closing(open_store(path)) as store:
        names = [f"s{number}" for number in range(5)]
        store.apply(tuple(map(source, names)), (feed(window=30 * DAY),), now=START)
        for day in range(days):
            for name in names:
                entries = (
                    entry(f"{name}-{day}-{n}", published_at=START + day * DAY, text="text " * 200)
                    for n in range(5)
                )
                absorb(store, document(*entries), START + day * DAY, name=name)
        store.advance(START + days * DAY)
    as_written_by(schema, path)
    with closing(sqlite3.connect(path)) as db:
        count: int = db.execute("SELECT count(*) FROM entries").fetchone()[0]
        return count


def use(path: str) -> None:
    """Open a database, which brings it to today's schema."""
    open_store(Path(path)).close()


def content(path: Path) -> str:
    """Return everything in a database but what is random, a time of a migration, or a statistic."""
    kept = [line for line in dump(path).splitlines() if not _NOT_CONTENT.search(line)]
    told = "\n".join(kept)
    return re.sub(r'(INTO "counters" VALUES.*)urn:uuid:[0-9a-f-]+', r"\1", told)


def is_private_and_sound(copy: Path) -> bool:
    return copy.stat().st_mode & 0o777 == 0o600 and is_sound(copy)


def migration(findings: Findings, folder: Path, dice: random.Random, times: int) -> None:
    """Kill migrations of filled databases, and compare what comes of each with a calm one."""
    folder.mkdir()
    for schema in ("0001", "0002"):
        old, calm = folder / f"{schema}.db", folder / f"{schema}-calm.db"
        entries = fill(old, schema, days=5 if times < 20 else 40)
        shutil.copy(old, calm)
        begun = time.monotonic()
        life.fork(use, str(calm), log=folder / "log").join()
        lasted, wanted = time.monotonic() - begun, content(calm)
        killed = upgrades = different = 0
        while killed < times // 2:
            path = folder / f"{schema}-{upgrades}.db"
            shutil.copy(old, path)
            upgrades += 1
            for _ in range(10):
                process = life.fork(use, str(path), log=folder / "log")
                time.sleep(dice.uniform(0, lasted))
                if not life.kill(process):
                    break
                killed += 1
            use(str(path))
            sound = is_sound(path) and content(path) == wanted
            # Two where a kill came between two steps of the schema.
            copies = list(folder.glob(f"{path.name}.before-*"))
            sound = sound and bool(copies) and all(map(is_private_and_sound, copies))
            different += not sound
            if sound:
                for left in folder.glob(f"{path.name}*"):
                    left.unlink()
        name = f"migration of {schema}"
        findings.row(name, killed, entries * upgrades, 0, different, 0, 0, 0)
        findings.expect(not different, f"{name}: {different} of {upgrades} differ, see {folder}")


def first_start(findings: Findings, folder: Path, dice: random.Random, times: int) -> None:
    """Kill daemons that have no database yet; the next start must go on."""
    folder.mkdir()
    killed = starts = refused = 0
    while killed < times:
        place = folder / str(starts)
        place.mkdir()
        config = place / "config.toml"
        config.write_text(
            f'[server]\nlisten = "127.0.0.1:{free_port()}"\n[store]\npath = "aggregator.db"\n'
            + source_toml("a", "http://127.0.0.1:9/", "enabled = false")
            + '[[feeds]]\nname = "all"\ntitle = "All"\n',
            encoding="utf-8",
        )
        starts += 1
        for _ in range(3):
            process = life.fork(life.live, str(config), life.Shifted(), log=folder / "log")
            peak = Peak(process.pid or 0)
            time.sleep(dice.uniform(0, AIM_S))
            killed += life.kill(process)
            findings.took(peak.end())
        try:
            use(str(place / "aggregator.db"))
            sound = is_sound(place / "aggregator.db")
        except AggregatorError:
            sound = False
        refused += not sound
        if sound:
            shutil.rmtree(place)
    findings.row("first start", killed, 0, 0, refused, 0, 0, 0)
    findings.expect(not refused, f"first start: {refused} of {starts} refused, see {folder}")


def run(folder: Path, seed: int, times: dict[str, int]) -> Findings:
    """Kill as often as `times` says."""
    findings = Findings(
        "kills",
        ("killed in", "kills", "published", "taken by retention", "lost", "doubled",
         "missing in feeds", "twice in feeds"),
    )  # fmt: skip
    dice = random.Random(seed)  # noqa: S311 -- a replay, not a secret
    with ThreadedPublisher(host=EVERYWHERE) as web:
        for name, act, kept in (
            ("polls", during_polls, True),
            ("retention", during_polls, False),
            ("reload", during_reload, True),
            ("backup", during_backup, True),
        ):
            home = Home(folder / name, web, dice, kept=kept)
            lives(findings, home, name, times[name], act)
            findings.expect(backups_are_whole(home), "backup: one that ended well is damaged")
    migration(findings, folder / "migration", dice, times["migration"])
    first_start(findings, folder / "first-start", dice, times["first start"])
    return findings
