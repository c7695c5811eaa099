"""`aggregator migrate-store`, as a user runs it: to PostgreSQL, and back into a file."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.feed_documents import item, rss
from tests.making import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.program import Program
    from tests.web import Publisher


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path, is_own=True)) as made:
        yield made


def published(aggregator: Program, name: str) -> dict[str, bytes]:
    """Return every document of every feed, as the program writes it."""
    told = aggregator.run("export", "static")
    assert told.returncode == 0, told.stderr
    folder = aggregator.folder / name
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.suffix in {".atom", ".rss", ".json"} and file.name != "manifest.json"
    }


def test_feeds_are_the_same_there_and_back(
    aggregator: Program, web: Publisher, server: PostgresDatabase
) -> None:
    def configure(store: str, folder: str) -> None:
        aggregator.store = store
        aggregator.configure(
            source_toml("a", web.url("/a.xml"), 'interval = "1h"'),
            top=f'base_url = "http://feeds.example"\n[publish]\ndirectory = "{folder}"',
        )

    web.route("/a.xml", body=rss(*(item(number, START) for number in range(9))))
    configure("", "first")
    assert "9 new" in aggregator.run("poll").stdout
    before = published(aggregator, "first")
    assert len(before) >= 3

    told = aggregator.run(
        "migrate-store", "--from", f"sqlite://{aggregator.database}", "--to", server.as_url
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(r"^entries +9 +9 +[0-9a-f]{16} +the same$", told.stdout, re.MULTILINE)
    assert told.stdout.endswith("now let [store] url name it; [store] path stays\n")
    configure(f'url = "{server.as_url}"\n', "second")
    assert published(aggregator, "second") == before
    assert aggregator.run("poll", "a").stdout.startswith("a: unchanged;")

    back = aggregator.folder / "back.db"
    words = ("migrate-store", "--from", server.as_url, "--to", str(back))
    told = aggregator.run(*words)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("now let [store] path name it, and take [store] url out\n")
    assert aggregator.run(*words).returncode == 78
    told = aggregator.run(*words, "--verify-only", "--lang", "zh")
    assert told.returncode == 0
    assert "一致" in told.stdout
    assert "the same" not in told.stdout

    with closing(sqlite3.connect(back)) as db, db:
        db.execute("UPDATE sources SET position = position + 1")
    told = aggregator.run(*words, "--verify-only")
    assert told.returncode == 1
    assert re.search(r"^sources +1 +1 +[0-9a-f]{16} +DIFFERS$", told.stdout, re.MULTILINE)
    assert re.search(r"back\.db: not the same as postgresql://.*: sources$", told.stderr)


@pytest.mark.parametrize(
    ("origin", "destination", "told"),
    [
        ("a.db", "b.db", "one of --from and --to is a file"),
        ("postgresql://a@/a", "postgres://a@/b", "one of --from and --to is a file"),
        ("sqlite://a.db", "postgresql://a@/b", "must be such as sqlite:///path/to/aggregator.db"),
        ("mysql://a@/a", "b.db", 'must be such as "postgresql://'),
        ("a.db", "postgresql://a:secret@db/b", "must not hold a password"),
        ("postgresql://a@/b?hots=/run", "b.db", 'no parameter "hots", did you mean "host"?'),
    ],
)
def test_places_that_are_none_are_told(
    aggregator: Program, origin: str, destination: str, told: str
) -> None:
    said = aggregator.run("migrate-store", "--from", origin, "--to", destination)
    assert said.returncode == 2
    assert told in said.stderr
    assert "secret" not in said.stderr


def test_nothing_is_moved_of_a_daemon_that_runs(
    aggregator: Program, server: PostgresDatabase
) -> None:
    aggregator.configure("")
    aggregator.start()
    said = aggregator.run("migrate-store", "--from", "aggregator.db", "--to", server.as_url)
    assert said.returncode == 69  # of the folder where it was asked
    words = ("migrate-store", "--from", str(aggregator.database), "--to", server.as_url)
    said = aggregator.run(*words)
    assert said.returncode == 75
    assert "stop that one first" in said.stderr
    assert aggregator.stop() == 0
    assert aggregator.run(*words).returncode == 0
