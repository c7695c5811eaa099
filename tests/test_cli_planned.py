"""`check` tells what an edit would change and take from subscribers; `reload` tells the same."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from aggregator.cli.planned import planned
from aggregator.config import load
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.making import START

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.program import Program
    from tests.web import Publisher

FEEDS = (
    '[[feeds]]\nname = "all"\n[[feeds]]\nname = "few"\nsources = ["one", "two"]\n'
    '[[feeds]]\nname = "mine"\ntoken = "0123456789abcdef0123456789abcdef"\ntags = ["b"]\n'
)


@pytest.fixture
def three(aggregator: Program, web: Publisher) -> Program:
    """A daemon that has polled three sources: of five, three and one entry."""
    for name, numbers in (("one", range(5)), ("two", range(10, 13)), ("three", range(20, 21))):
        web.route(f"/{name}", body=rss(*(item(number, None) for number in numbers)))
    aggregator.configure(
        "\n".join(
            (
                source_toml("one", web.url("/one"), 'interval = "10m"\ntags = ["a"]'),
                source_toml("two", web.url("/two"), 'tags = ["b"]'),
                source_toml("three", web.url("/three")),
            )
        ),
        FEEDS,
    )
    aggregator.start()
    aggregator.wait(lambda: len(aggregator.items()) == 9, "all entries")
    return aggregator


def section(told: CompletedProcess[str], heading: str) -> list[str]:
    _, found, rest = told.stdout.partition(f"\n{heading}:\n\n")
    return [line.strip() for line in rest.partition("\n\n")[0].splitlines()] if found else []


def edit(program: Program, *pairs: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Edit the file; return what `check` says of it, once `reload` has said the same."""
    text = program.config.read_text(encoding="utf-8")
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    program.config.write_text(text, encoding="utf-8")
    told = program.run("check")
    assert told.returncode == 0, told.stderr
    found = section(told, "Would change"), section(told, "Subscribers would lose")
    done = program.run("reload")
    assert done.returncode == 0
    count = f"{len(found[0])} change{'' if len(found[0]) == 1 else 's'}"
    assert done.stdout.splitlines() == [
        f"reloaded: {count}",
        *(f"  {line}" for line in (*found[0], *found[1])),
    ]
    again = program.run("check").stdout
    assert "Would change" not in again
    assert "would lose" not in again
    return found


def test_nothing_changes_without_an_edit_and_without_a_database(three: Program) -> None:
    assert edit(three) == ([], [])
    assert edit(three, ("[store]", "# a comment\n[store]")) == ([], [])
    three.stop()
    three.database.unlink()
    assert planned(load(three.config)) == ([], [])


def test_changes_are_told_key_by_key_and_no_secret_with_them(three: Program) -> None:
    changes, losses = edit(
        three,
        ('interval = "10m"', 'headers = { X-Key = "CANARY" }'),
        ('name = "few"', 'name = "few"\nlimit = 20\nmin_entries = 3'),
        ("[store]", '[polling]\nconcurrency = 3\n[publish]\ndirectory = "public"\n[store]'),
        ("[network]", '[network]\nproxy = "http://me:CANARY@127.0.0.1:1"'),
    )
    assert changes == [
        "~ one interval 10m → adaptive, headers",
        "~ feed few min_entries 50 → 3, limit 1000 → 20",
        "~ [polling] concurrency 16 → 3",
        "~ [network] proxy",
        "~ [publish] directory",
    ]
    assert losses == []


def test_what_takes_a_restart_says_so(three: Program) -> None:
    three.config.write_text(
        three.config.read_text(encoding="utf-8").replace(str(three.port), "1"), encoding="utf-8"
    )
    assert section(three.run("check"), "Would change") == [
        f"~ [server] listen 127.0.0.1:{three.port} → 127.0.0.1:1 (takes a restart)",
    ]


def test_what_subscribers_lose_is_told_before_and_is_true(three: Program) -> None:
    changes, losses = edit(three, ('tags = ["a"]', 'block = ["Entry 3", "Entry 4"]'))
    assert changes == ["~ one tags a → no tags, block"]
    assert losses == [
        "/tags/a.atom, .rss and .json lead nowhere from now on",
        "feed all loses 2 entries of one",
        "feed few loses 2 entries of one",
    ]
    assert len(three.items()) == 7
    assert three.get("/tags/a.atom").status in {404, 410}

    changes, losses = edit(three, ('sources = ["one", "two"]', 'sources = ["two"]\nkeep = ["10"]'))
    assert changes == ["~ feed few sources one, two → two, keep"]
    assert losses == ["feed few loses 3 entries of one", "feed few loses 2 entries of two"]
    assert len(three.items("few")) == 1

    changes, losses = edit(three, ('"0123456789abcdef0123456789abcdef"', '"f123456789abcdef"'))
    assert changes == ["~ feed mine token"]
    assert losses == ["/feeds/TOKEN/mine.atom, .rss and .json lead nowhere from now on"]

    changes, losses = edit(three, ('name = "all"', 'name = "all"\nlimit = 4\nmin_entries = 1'))
    assert losses == ["feed all loses 3 entries, the oldest"]
    assert len(three.items()) == 4

    tried = three.run("remove", "three", "--dry-run")
    assert tried.stdout.splitlines() == [
        f"would remove three ({three.config}:21-23)",
        "  - three",
        "  feed all loses 1 entry of three",
        "  /sources/three.atom, .rss and .json lead nowhere from now on",
    ]
    assert 'name = "three"' in three.config.read_text(encoding="utf-8")
    told = three.run("remove", "three")
    assert told.returncode == 0
    assert told.stdout.splitlines()[2:] == tried.stdout.splitlines()[1:]
    text = three.config.read_text(encoding="utf-8")
    three.config.write_text(text[: text.index('[[feeds]]\nname = "mine"')], encoding="utf-8")
    changes, losses = edit(three)
    assert changes == ["- feed mine"]
    assert losses == ["/feeds/TOKEN/mine.atom, .rss and .json lead nowhere from now on"]


def test_a_rule_that_leaves_out_everything_is_told(three: Program) -> None:
    changes, losses = edit(three, ('tags = ["b"]\n', 'tags = ["b"]\nkeep = ["^Entry"]\n'))
    assert changes == ["~ two keep"]
    assert losses == [
        "feed all loses 3 entries of two",
        "feed few loses 3 entries of two",
        "feed mine loses 3 entries of two",
        "feed tags/b loses 3 entries of two",
        "the rules of two leave out all 3 entries that it brought last",
    ]
    told = three.run("check")
    assert "keep[0]: is looked for as it stands; a regular expression is written" in told.stderr


def test_a_missing_file_of_a_secret_is_told_by_check(three: Program) -> None:
    text = three.config.read_text(encoding="utf-8")
    three.config.write_text(text.replace('tags = ["b"]', 'token_file = "two.token"', 1), "utf-8")
    told = three.run("check")
    path = three.folder / "two.token"
    line = text.partition('tags = ["b"]')[0].count("\n") + 1
    where = f"{three.config}:{line}: sources[1].token_file"
    assert f"warning: {where}: token_file {path}: cannot be read: No such" in told.stderr
    path.write_text("0123456789abcdef")
    assert "two.token" not in three.run("check").stderr


def test_a_renamed_source_takes_nothing_away(three: Program) -> None:
    found = edit(three, ('name = "one"', 'name = "uno"'), ('["one", "two"]', '["uno", "two"]'))
    assert found == (["~ one renamed uno", "~ feed few sources one, two → uno, two"], [])
    assert len(three.items("few")) == 8


def test_a_shorter_retention_is_a_loss_that_is_told(aggregator: Program, web: Publisher) -> None:
    web.route("/many", body=rss(*(item(number, START) for number in range(60))))
    aggregator.configure(source_toml("many", web.url("/many"), "backfill = 60"))
    aggregator.start()
    aggregator.wait(lambda: aggregator.status()["many"]["entries"] == 60, "all entries")
    with contextlib.closing(sqlite3.connect(aggregator.database)) as database, database:
        # Ten days: feeds show the newest 50 all the same.
        database.execute("UPDATE entries SET first_seen_at = first_seen_at - 864000000000")
    changes, losses = edit(aggregator, ("[store]", '[store]\nretention = "8d"'))
    assert changes == ["~ [store] retention 180d → 8d"]
    assert losses == ["about 10 entries will be deleted, as old as [store] retention says"]


def test_a_database_that_cannot_be_read_is_a_warning(three: Program) -> None:
    three.stop()
    three.database.write_bytes(b"no database")
    told = three.run("check")
    assert told.returncode == 0
    assert "warning: what it changes is not known: " in told.stderr
