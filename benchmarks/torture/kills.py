"""kill -9 at any moment of polls, retention, migration, compaction, first start, backup, reload.

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
from aggregator.store.upkeep.compaction import compact
from benchmarks.torture import life
from benchmarks.torture.findings import Findings
from benchmarks.torture.home import EVERYWHERE, HEADS, Home, Plan
from benchmarks.torture.ledger import is_sound
from benchmarks.torture.memory import Peak
from tests.config_texts import source_toml
from tests.install_page import command_marked, made_local
from tests.make_schema_fixture import dump
from tests.making import DAY, START, absorb, document, entry, feed, source
from tests.old_databases import as_written_by, texts
from tests.ports import free_port
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

#: Lives in which retention works are so far apart, and keep entries for so long. All together are
#: shorter than a tombstone is kept (30 days), by which the ledger knows what was taken.
RETENTION = Plan(apart=timedelta(hours=3), kept=timedelta(days=4))

#: A kill comes at the latest so long after what it is aimed at.
AIM_S = 0.4

_NOT_CONTENT = re.compile(
    r"""_sqlite_migrations|sqlite_stat\d|INSERT INTO "(?:texts|dictionaries)\""""
)

#: How often each is killed in the full run: 1,000 times and more.
FULL = {"polls": 300, "retention": 200, "reload": 150, "backup": 150, "migration": 150,
        "compaction": 150, "first start": 100}  # fmt: skip
SHORT = {"polls": 2, "retention": 1, "reload": 1, "backup": 1, "migration": 6,
         "compaction": 2, "first start": 3}  # fmt: skip


def aim(home: Home, process: BaseProcess, dice: random.Random) -> None:
    """Wait for a moment to kill at: soon, in a poll, or in a commit."""
    kind = dice.choice(("any", "poll", "commit"))
    if kind == "any":
        time.sleep(dice.uniform(0, 3 * AIM_S))
        return
    asked, written = sum(book.requests for book in home.books), home.wal()
    wanted = dice.randint(1, len(home.books))

    def reached() -> bool:
        if process.exitcode is not None:
            return True
        if kind == "commit":
            return home.wal() not in {0, written}
        return sum(book.requests for book in home.books) >= asked + wanted

    deadline = time.monotonic() + 10
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.0005)
    time.sleep(dice.uniform(0, AIM_S if kind == "poll" else 0.02))


def during_polls(home: Home, dice: random.Random) -> BaseProcess:
    process = home.start()
    aim(home, process, dice)
    return process


def during_reload(home: Home, dice: random.Random) -> BaseProcess:
    process = home.start()
    life.wait(home.serves)
    if dice.random() < 0.5:
        aim(home, process, dice)
    home.configure(edited=dice.random() < 0.5)
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGHUP)
    time.sleep(dice.uniform(0, AIM_S))
    return process


def during_backup(home: Home, dice: random.Random) -> BaseProcess:
    """Run the command of docs/install.md; every second time it is killed before the daemon is."""
    process = home.start()
    life.wait(home.serves)
    if dice.random() < 0.5:
        aim(home, process, dice)
    for old in home.folder.glob("backups/*"):
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
    if dice.random() < 0.5:
        time.sleep(dice.uniform(0, AIM_S / 2))
        backup.kill()
    backup.wait()
    return process


def backups_are_whole(home: Home) -> bool:
    """Tell whether every backup that has its name is a database without a fault."""
    return all(is_sound(path) for path in home.folder.glob("backups/*.db"))


def lives(
    findings: Findings,
    home: Home,
    dice: random.Random,
    times: int,
    act: Callable[[Home, random.Random], BaseProcess],
) -> None:
    """Kill a home's daemon so many times, then account for every number."""
    name = home.folder.name
    killed = unsound = ended = 0
    while killed < times and ended < 20:
        process = act(home, dice)
        done = life.kill(process)
        findings.took(home.peak.end())
        killed += done
        ended += not done
        unsound += not home.copy_is_sound()
    findings.expect(not ended, f"{name}: {ended} lives ended by themselves, see {home.log}")
    findings.expect(not unsound, f"{name}: {unsound} kills left a damaged database")
    home.account(findings, name, killed)


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
    """Return everything in a database but what is random, a time of a migration, or a statistic.

    Texts are told as they are read, by whatever they are packed. Lines are in order, since VACUUM
    puts tables, indexes and triggers into another.
    """
    kept = [line for line in dump(path).splitlines() if not _NOT_CONTENT.search(line)]
    told = "\n".join(sorted((*kept, *map(str, texts(path).items()))))
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


def shrink(path: str) -> None:
    """Write a database anew."""
    compact(Path(path))


def compaction(findings: Findings, folder: Path, dice: random.Random, times: int) -> None:
    """Kill compactions of one filled database again and again: it stays what it was."""
    folder.mkdir()
    path = folder / "aggregator.db"
    entries = fill(path, "0002", days=5 if times < 20 else 40)
    use(str(path))
    calm: list[float] = []
    for _ in range(3):  # what forks has to start, too, for the first one
        begun = time.monotonic()
        life.fork(shrink, str(path), log=folder / "log").join()
        calm.append(time.monotonic() - begun)
    wanted = content(path)
    killed = different = ended = 0
    while killed < times and ended < 10 * times:
        process = life.fork(shrink, str(path), log=folder / "log")
        time.sleep(dice.uniform(0, min(calm)))
        is_killed = life.kill(process)
        killed += is_killed
        ended += not is_killed
        different += not (is_sound(path) and content(path) == wanted)
    findings.row("compaction", killed, entries * (killed + ended), 0, different, 0, 0, 0)
    findings.expect(not different, f"compaction: {different} times another database, see {folder}")
    findings.expect(killed == times, f"compaction: only {killed} were killed")


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
    findings = Findings("kills", ("killed in", "kills", *HEADS))
    dice = random.Random(seed)  # noqa: S311 -- a replay, not a secret
    with ThreadedPublisher(host=EVERYWHERE) as web:
        for name, act, plan in (
            ("polls", during_polls, Plan()),
            ("retention", during_polls, RETENTION),
            ("reload", during_reload, Plan()),
            ("backup", during_backup, Plan()),
        ):
            home = Home(folder / name, web, plan)
            lives(findings, home, dice, times[name], act)
            findings.expect(backups_are_whole(home), "backup: one that ended well is damaged")
    migration(findings, folder / "migration", dice, times["migration"])
    compaction(findings, folder / "compaction", dice, times["compaction"])
    first_start(findings, folder / "first-start", dice, times["first start"])
    return findings
