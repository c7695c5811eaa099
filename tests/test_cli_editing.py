"""Commands that change sources which are there, with a real daemon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.config import load
from tests import ROOT
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.program import run_in

if TYPE_CHECKING:
    from tests.program import Program
    from tests.web import Publisher

#: Of two feeds the second names its sources.
FEEDS = '[[feeds]]\nname = "all"\n[[feeds]]\nname = "few"\nsources = ["one", "two"]  # 两个\n'


@pytest.fixture
def two(aggregator: Program, web: Publisher) -> Program:
    web.route("/1", body=rss(item(1, None), item(2, None)))
    web.route("/2", body=rss(item(3, None), item(4, None)))
    aggregator.configure(
        "\n".join(source_toml(name, web.url(f"/{n}")) for n, name in enumerate(("one", "two"), 1)),
        FEEDS,
    )
    return aggregator


def test_a_renamed_source_is_the_same_to_everybody(two: Program) -> None:
    two.start()
    two.wait(lambda: len(two.items("few")) == 4, "all entries")
    before = two.items(), two.items("few"), two.items("all")
    public = two.get("/sources/one.atom").text
    told = two.run("rename", "one", "uno")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == (
        f"one ({two.config}:10-12) is uno now\nand in the sources of few\n"
        "reloaded: 2 changes\n  ~ one renamed uno\n  ~ feed few sources one, two → uno, two\n"
    )
    assert '"uno", "two"]  # 两个' in two.config.read_text(encoding="utf-8")
    assert (two.items(), two.items("few"), two.items("all")) == before
    assert two.status()["uno"]["entries"] == 2
    # The source's own feed moves, with its id.
    (identity,) = [line for line in public.splitlines() if "<id>" in line][:1]
    assert identity in two.get("/sources/uno.atom").text
    assert identity in two.get("/sources/one.atom").text


def test_a_removed_source_leaves_the_feeds_and_comes_back_with_its_history(two: Program) -> None:
    two.start()
    two.wait(lambda: len(two.items()) == 4, "all entries")
    text = two.config.read_text(encoding="utf-8")
    ids = {item["id"] for item in two.items()}
    told = two.run("remove", "two")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(
        f"removed two ({two.config}:14-16)\nand from the sources of few\n"
    )
    assert {one.name for one in load(two.config).sources} == {"one"}
    assert len(two.items()) == len(two.items("few")) == 2
    two.config.write_text(text, encoding="utf-8")
    assert two.run("reload").returncode == 0
    assert {item["id"] for item in two.items()} <= ids


def test_sources_are_switched_off_and_on(two: Program) -> None:
    two.start()
    two.wait(lambda: len(two.items()) == 4, "all entries")
    assert two.run("disable", "one", "two").stdout == (
        f"disabled one ({two.config}:10-12)\ndisabled two ({two.config}:14-16)\n"
        "reloaded: 2 changes\n  ~ one enabled true → false\n  ~ two enabled true → false\n"
    )
    assert [one.enabled for one in load(two.config).sources] == [False, False]
    assert len(two.items()) == 4
    assert two.run("disable", "one").stdout == "nothing to change\n"
    assert two.run("enable", "one").returncode == 0
    assert [one.enabled for one in load(two.config).sources] == [True, False]


def test_tags_are_given_and_taken(two: Program) -> None:
    told = two.run("tag", "one", "two", "--add", "科技", "-a", "b")
    assert told.stdout == (
        f"one ({two.config}:10-12): 科技, b\ntwo ({two.config}:14-16): 科技, b\n"
        "No daemon runs; `aggregator run` starts one.\n"
    )
    assert two.run("tag", "one", "--remove", "b", "--add", "b").stdout == "nothing to change\n"
    assert two.run("tag", "one", "--remove", "b").returncode == 0
    assert [one.tags for one in load(two.config).sources] == [("科技",), ("科技", "b")]


def test_what_cannot_be_done_changes_nothing(two: Program) -> None:
    before = two.config.read_bytes()
    for arguments, status, said in (
        (("remove", "onne", "two"), 1, "aggregator: no source is named onne; did you mean one?\n"),
        (("remove", "one", "two"), 1, "feed few would be left without sources"),
        (("enable", "three"), 1, "no source is named three\n"),
        (("rename", "one", "two"), 1, "there is a source named two already"),
        (("rename", "one", "Two"), 2, 'must be 1 to 64 of a-z, 0-9 and "-", did you mean "two"?'),
        (("tag", "one"), 2, "nothing to do: name a tag by --add or --remove"),
        (("tag", "one", "--add", ".."), 2, "must not be a dot or two"),
        (("remove",), 2, "Missing argument 'NAME...'"),
    ):
        told = two.run(*arguments)
        assert (told.returncode, told.stdout) == (status, ""), arguments
        assert said in told.stderr
    assert two.config.read_bytes() == before
    assert two.run("rename", "one", "one").stdout == "nothing to change\n"
    two.config.write_text("[log]\nlevl = 1\n")
    told = two.run("remove", "one")
    assert (told.returncode, told.stdout) == (78, "")
    assert f"{two.config}:2: log.levl: unknown key" in told.stderr


# --- add of many --------------------------------------------------------------------------------


def test_several_are_added_and_what_cannot_be_is_named(aggregator: Program, web: Publisher) -> None:
    aggregator.configure("")
    web.route("/1", body=rss(item(1, None), title="One"))
    web.route("/2", body=rss(item(2, None), title="Two"))
    web.route("/gone", status=410)
    aggregator.start()
    told = aggregator.run(
        "add", web.url("/1"), web.url("/gone"), "ftp://x.example/", web.url("/2"), web.url("/1"),
        "--tag", "many",
    )  # fmt: skip
    assert told.returncode == 1
    gone, wrong = told.stderr.splitlines()
    assert gone.startswith(f"aggregator: {web.url('/gone')}: gone: 127.0.0.1 answered 410")
    assert wrong == "aggregator: ftp://x.example/: must be an http:// or https:// URL"
    assert f"{web.url('/1')} is there already: source one\n" in told.stdout
    assert told.stdout.endswith(
        "\n2 of 5 added, 2 could not be\nreloaded: 2 changes\n  + one\n  + two\n"
    )
    assert [(one.name, one.tags) for one in load(aggregator.config).sources] == [
        ("one", ("many",)),
        ("two", ("many",)),
    ]
    told = aggregator.run("add", web.url("/1"), web.url("/2"), "--name", "x")
    assert (told.returncode, "--name is for one URL" in told.stderr) == (2, True)


def test_addresses_are_read_from_standard_input(aggregator: Program, web: Publisher) -> None:
    aggregator.configure("")
    web.route("/1", body=rss(item(1, None), title="One"))
    listed = f"\ufeff# mine\r\n\r\n  {web.url('/1')} \r\n"
    told = run_in("add", "-", cwd=aggregator.folder, text=listed)
    assert (told.returncode, told.stderr) == (0, "")
    assert "\n1 of 1 added\n" in told.stdout
    assert [one.name for one in load(aggregator.config).sources] == ["one"]
    before = aggregator.config.read_bytes()
    told = run_in("add", "-", cwd=aggregator.folder, text="# two\nhttps://caf\udcff.example/\n")
    assert told.returncode == 1
    assert told.stderr == "aggregator: standard input: line 2 is not UTF-8; write it in UTF-8\n"
    assert aggregator.config.read_bytes() == before
    told = run_in("add", "-", cwd=aggregator.folder, text="# none\n")
    assert (told.returncode, told.stderr) == (1, "aggregator: standard input names no URL\n")


# --- init ---------------------------------------------------------------------------------------


def test_init_writes_the_example_where_there_is_none(tmp_path: Path) -> None:
    if Path("/etc/aggregator/config.toml").exists():
        pytest.skip("this machine has an installed configuration")
    told = run_in("init", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("config.toml is written.\n")
    made = tmp_path / "config.toml"
    assert made.read_bytes() == (ROOT / "config.toml").read_bytes()
    assert made.stat().st_mode & 0o777 == 0o600
    assert run_in("check", cwd=tmp_path).returncode == 0
    made.write_text("mine")
    told = run_in("init", cwd=tmp_path)
    assert (told.returncode, told.stdout) == (1, "")
    assert "is there already: nothing is written. Name another file" in told.stderr
    assert made.read_text() == "mine"
    assert run_in("init", "--config", "other.toml", cwd=tmp_path).returncode == 0
    assert run_in("check", "--config", "other.toml", cwd=tmp_path).returncode == 0
    told = run_in("init", "--config", "nowhere/config.toml", cwd=tmp_path)
    assert told.stderr == (
        "aggregator: nowhere/config.toml: cannot be written: No such file or directory\n"
    )


# --- what new users met -------------------------------------------------------------------------


def test_the_daemon_s_own_address_is_looked_at_and_none_needs_a_scheme(two: Program) -> None:
    text = two.config.read_text(encoding="utf-8")
    two.config.write_text(text.replace(json.dumps(two.allow_private), "[]"), encoding="utf-8")
    assert load(two.config).network.allow_private == ()
    two.start()
    for host in ("127.0.0.1", "localhost"):
        url = f"http://{host}:{two.port}/feeds/all.atom"
        # Its own link names the one of base_url.
        assert two.run("lint", url).returncode == (host == "localhost")
        assert two.run("preview", url).returncode == 0
    # Another port of this machine is nobody's own.
    assert ": blocked: 127.0.0.1:9 " in two.run("lint", "http://127.0.0.1:9/x").stderr
    for command in ("add", "lint", "preview"):
        told = two.run(command, "127.0.0.1/none")
        assert 'add "127.0.0.1:443" to allow_private' in told.stderr
    told = two.run("lint", "gone.xml")
    assert "gone.xml: cannot be read: No such file" in told.stderr


def test_an_exported_list_has_the_titles_of_the_documents(two: Program) -> None:
    two.start()
    two.wait(lambda: len(two.items()) == 4, "all entries")
    assert two.run("tag", "one", "--add", "科技").returncode == 0
    told = two.run("export", "opml").stdout
    assert '<outline text="科技">\n      <outline text="Site" type="rss"' in told
    served = two.get("/sources.opml").text
    assert '<outline text="科技" title="科技">\n      <outline text="Site"' in served


def test_mirrors_settings_and_rules_survive_an_export_and_an_import(tmp_path: Path) -> None:
    top = '[rsshub]\ninstances = ["https://rsshub.example", "http://rsshub:1200"]\n'
    source = (
        '[[sources]]\nname = "one"\ninterval = "2h"\nuser_agent = "me/1"\ncookies = "off"\n'
        'url = ["https://one.example/feed", "rsshub://one/x", "https://rsshub.example/plain"]\n'
        'keep = ["发布", { title = "/^a\\"/", age = "30d" }]\nblock = "ad"\n'
        'tag = [{ author = ["x", "y"], tags = ["新"] }]\n'
        'replace = [{ find = "/(a)/", with = "\\\\1b", in = "title" }]\n'
    )
    old, new, listed = (tmp_path / name for name in ("old.toml", "new.toml", "list.opml"))
    old.write_text(top + source, encoding="utf-8")
    new.write_text(top, encoding="utf-8")
    words = ("export", "opml", listed, "--config", old)
    assert run_in(*words, cwd=tmp_path).returncode == 0
    told = run_in("import", "opml", listed, "--config", new, cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert load(new).sources == load(old).sources
    assert len(load(new).sources[0].urls) == 4

    # What a configured list brings is there already.
    lists = '[[lists]]\nname = "blogs"\nurl = "https://lists.example/x"\n'
    new.write_text(lists, encoding="utf-8")
    text = listed.read_text(encoding="utf-8").replace('name="one"', 'name="blogs/one"')
    listed.write_text(text, encoding="utf-8")
    told = run_in("import", "opml", listed, "--config", new, cwd=tmp_path)
    assert (told.returncode, "1 there already" in told.stdout) == (0, True)
    assert new.read_text(encoding="utf-8") == lists


def test_what_differs_from_defaults_alone_survives_an_export_and_an_import(tmp_path: Path) -> None:
    top = (
        '[defaults]\ntimezone = "Asia/Shanghai"\ntags = ["dft"]\nbackfill = 3\nedits = "ignore"\n'
        "private = true\n"
    )
    sources = (
        '[[sources]]\nname = "one"\nurl = "https://one.example/feed"\ntimezone = "UTC"\n'
        'tags = []\nbackfill = 10\nedits = "show"\nprivate = false\n'
        '[[sources]]\nname = "two"\nurl = "https://two.example/"\n'
    )
    old, new, listed = (tmp_path / name for name in ("old.toml", "new.toml", "list.opml"))
    old.write_text(top + sources, encoding="utf-8")
    new.write_text(top, encoding="utf-8")
    assert run_in("export", "opml", listed, "--config", old, cwd=tmp_path).returncode == 0
    told = run_in("import", "opml", listed, "--config", new, cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert load(new).sources == load(old).sources
    # What another program has written says nothing of settings: there `[defaults]` hold.
    new.write_text(top, encoding="utf-8")
    outline = '<outline xmlUrl="https://f.example/1"/>'
    listed.write_text(f'<opml version="2.0"><body>{outline}</body></opml>', encoding="utf-8")
    assert run_in("import", "opml", listed, "--config", new, cwd=tmp_path).returncode == 0
    (source,) = load(new).sources
    assert (source.timezone, source.tags, source.backfill) == ("Asia/Shanghai", ("dft",), 3)


def test_an_import_counts_what_names_no_feed(two: Program) -> None:
    listed = two.folder / "list.opml"
    listed.write_text(
        '<opml version="2.0"><body><outline text="Solidot 奇客" xmlUrl="https://f.example/1"/>'
        '<outline text="x" htmlUrl="https://x.example/"/></body></opml>'
    )
    told = two.run("import", "opml", str(listed))
    assert (told.returncode, told.stderr) == (0, "")
    assert f"1 added to {two.config}, 1 without a feed's address\n" in told.stdout
    assert load(two.config).sources[-1].name == "solidot"


def test_what_least_entries_keep_is_said_and_is_no_cut(two: Program, web: Publisher) -> None:
    web.route("/1", body=rss(*(item(number, "Mon, 05 Jan 2026 10:00:00 GMT") for number in "abc")))
    text = two.config.read_text(encoding="utf-8")
    two.config.write_text(text.replace('name = "all"', 'name = "all"\nlimit = 3'), "utf-8")
    two.start()
    two.wait(lambda: len(two.items()) == 3, "all entries")
    told = two.run("explain", "entry", "https://site.example/a").stdout
    assert "in all: older than its window, and one of the newest that min_entries keeps" in told
