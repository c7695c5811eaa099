"""What is compared: this program, newsboat and reader, each polling the same documents."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks.speed.tree import Used, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent.parent

#: Where `make bench` installs what comes from PyPI.
INSTALLED = ROOT / "build" / "bench" / "bin"
READER_PYTHON = INSTALLED / "python"

#: Polls at once; newsboat's threads, reader's workers.
AT_ONCE = 20


class Peer(ABC):
    """A program with a home of its own, subscribed to every document."""

    name: ClassVar[str]
    #: Whether the second reload must pass before a third is answered with 304.
    settles: ClassVar[bool] = False

    def __init__(self, home: Path, urls: Sequence[str]) -> None:
        home.mkdir()
        self.home = home
        self.urls = urls

    @classmethod
    @abstractmethod
    def version(cls) -> str | None:
        """Return its version, or None where it is not installed."""

    @abstractmethod
    def prepare(self) -> None:
        """Subscribe; not measured."""

    @abstractmethod
    def poll(self, label: str) -> Used:
        """Ask every source once, whether it is due or not."""

    @abstractmethod
    def entries(self) -> int:
        """Return how many entries it keeps."""

    def kept_mb(self) -> float:
        """Return how large its databases are."""
        return sum(path.stat().st_size for path in self.home.glob("*.db*")) / 1e6

    def _count(self, database: Path, table: str) -> int:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


class Ours(Peer):
    """`aggregator poll --force`: configuration, store, workers and all."""

    name = "aggregator"
    program = Path(sys.executable).with_name("aggregator")

    @classmethod
    def version(cls) -> str | None:
        said = subprocess.run(
            [cls.program, "--version"], capture_output=True, text=True, check=True
        )
        return said.stdout.split()[-1]

    def prepare(self) -> None:
        (self.home / "config.toml").write_text(configuration(self.urls), encoding="utf-8")

    def poll(self, label: str) -> Used:
        command: list[str | Path] = [self.program, "poll", "--force"]
        return measure(command, cwd=self.home, log=self.home / f"{label}.log")

    def entries(self) -> int:
        return self._count(self.home / "aggregator.db", "entries")


def configuration(urls: Sequence[str], *, polling: str = f"concurrency = {AT_ONCE}") -> str:
    """Return a config.toml of these sources and one feed of them all."""
    sources = "".join(
        f'[[sources]]\nname = "s{number}"\nurl = {json.dumps(url)}\n'
        for number, url in enumerate(urls)
    )
    return (
        '[store]\npath = "aggregator.db"\nsearch_quota = "0KiB"\n'
        '[network]\nallow_private = ["127.0.0.0/8"]\n'
        f"[polling]\n{polling}\n{sources}"
        '[[feeds]]\nname = "all"\ntitle = "全部"\n'
    )


class Newsboat(Peer):
    """`newsboat --execute=reload`, which keeps the publisher's HTML as it came."""

    name = "newsboat"
    settles = True

    @classmethod
    def version(cls) -> str | None:
        if shutil.which("newsboat") is None:
            return None
        return _said("newsboat", "-v").split()[1]

    def prepare(self) -> None:
        (self.home / "urls").write_text("".join(f"{url}\n" for url in self.urls))
        (self.home / "config").write_text(
            f"reload-threads {AT_ONCE}\nmax-items 0\ndownload-retries 1\n"
        )

    def poll(self, label: str) -> Used:
        words = ["-u", "urls", "-C", "config", "-c", "cache.db", "-x", "reload"]
        return measure(["newsboat", *words], cwd=self.home, log=self.home / f"{label}.log")

    def entries(self) -> int:
        return self._count(self.home / "cache.db", "rss_item")


class Reader(Peer):
    """lemon24/reader, `reader update`: feedparser, HTML cleaned, entries in SQLite."""

    name = "reader"

    @classmethod
    def version(cls) -> str | None:
        if not READER_PYTHON.exists():
            return None
        return _said(READER_PYTHON, "-c", "import reader; print(reader.__version__)").strip()

    def prepare(self) -> None:
        subscribing = (
            "import sys; from reader import make_reader; r = make_reader('reader.db')\n"
            "for url in sys.stdin.read().split(): r.add_feed(url)"
        )
        command: list[str | Path] = [READER_PYTHON, "-c", subscribing]
        subprocess.run(command, input="\n".join(self.urls), text=True, cwd=self.home, check=True)

    def poll(self, label: str) -> Used:
        with closing(sqlite3.connect(self.home / "reader.db")) as connection, connection:
            # It would wait for an hour before it asks again.
            connection.execute("UPDATE feeds SET update_after = NULL")
        words = ["-m", "reader", "--db", "reader.db", "update", "--workers", str(AT_ONCE)]
        return measure([READER_PYTHON, *words], cwd=self.home, log=self.home / f"{label}.log")

    def entries(self) -> int:
        return self._count(self.home / "reader.db", "entries")


def _said(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


PEERS: tuple[type[Peer], ...] = (Ours, Newsboat, Reader)


def installed_at(path: Path) -> type[Peer]:
    """Return another installation of ours as a peer, named `other`: an older one, to compare."""

    class Other(Ours):
        name = "other"
        program = path.absolute()

    return Other
