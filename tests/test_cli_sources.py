"""Commands that change the list of sources, or explain one, with a real publisher and daemon."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from aggregator.config import load
from aggregator.model import Problem, ProblemKind
from aggregator.store.rows.typed_rows import problem_to_text
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.feed_documents import item, rss, undated
from tests.program import PROGRAM, Program
from tests.terminals import LOCAL_TIME, on_terminal
from tests.web import Publisher, ThreadedPublisher

if TYPE_CHECKING:
    from pathlib import Path

RSS = "application/rss+xml"
HTML = {"Content-Type": "text/html"}


@pytest.fixture
def aggregator(aggregator: Program) -> Program:
    aggregator.configure("")
    return aggregator


def dated(title: str, *dates: str) -> bytes:
    items = (item(number, date, title=f"条目 {number}") for number, date in enumerate(dates))
    return rss(*items, title=title)


def page(*links: str) -> bytes:
    found = "".join(
        f'<link rel="alternate" type="{RSS}" href="{link}" title="{link[1:]} feed">'
        for link in links
    )
    return f"<!doctype html><html><head><title>p</title>{found}</head></html>".encode()


def added(aggregator: Program) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.name, one.url, one.tags) for one in load(aggregator.config).sources]


# --- add ----------------------------------------------------------------------------------------


def test_add_previews_a_feed_and_appends_it(aggregator: Program, web: Publisher) -> None:
    web.route(
        "/feed.xml",
        body=dated(
            "Site\u202e & co",
            "Mon, 02 Nov 2026 10:00:00 GMT",
            "Wed, 04 Nov 2026 10:00:00 GMT",
            "nonsense",
        ).replace(b"&", b"&amp;"),
    )
    before = aggregator.config.read_bytes()
    told = aggregator.run("add", web.url("/feed.xml"), "--tag", "科技", "--tag", "b")
    assert (told.returncode, told.stderr) == (0, "")
    assert re.fullmatch(
        r"Site & co \(rss20\)\n"
        rf"  {re.escape(web.url('/feed.xml'))}\n"
        r"  3 entries, about one every 2 days\n"
        rf"    {LOCAL_TIME}  条目 1\n"
        rf"    {LOCAL_TIME}  条目 0\n"
        r"    no date                 条目 2\n"
        r"\n"
        rf"added to {aggregator.config} as source site-co\n"
        r"No daemon runs; `aggregator run` starts one\.\n",
        told.stdout,
    )
    after = aggregator.config.read_bytes()
    assert after.startswith(before)
    assert re.fullmatch(
        r"\n\[\[sources\]\]\n"
        r"# Site & co, added \d{4}-\d\d-\d\d\n"
        r'name = "site-co"\n'
        rf'url = "{re.escape(web.url("/feed.xml"))}"\n'
        r'tags = \["科技", "b"\]\n',
        after.removeprefix(before).decode(),
    )
    assert len(web.requests) == 1


def test_add_finds_the_one_feed_that_a_page_names(aggregator: Program, web: Publisher) -> None:
    web.route("/", body=page("/feed.xml"), headers=HTML)
    web.route("/feed.xml", body=undated(title="科技站"))
    told = aggregator.run("add", web.url("/"))
    assert (told.returncode, told.stderr) == (0, "")
    assert added(aggregator) == [("source", web.url("/feed.xml"), ())]
    # Nothing is guessed, nothing is fetched twice.
    assert [request.path for request in web.requests] == ["/", "/feed.xml"]


def test_add_reads_link_headers_of_the_page_that_answers(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/", status=302, headers={"Location": "/blog/"})
    link = f'<feed.xml>; rel="alternate"; type="{RSS}"'
    web.route("/blog/", body=b"<html><p>hi", headers={**HTML, "Link": link})
    web.route("/blog/feed.xml", body=undated(title="Blog"))
    assert aggregator.run("add", web.url("/")).returncode == 0
    assert added(aggregator) == [("source", web.url("/blog/feed.xml"), ())]


def test_of_several_feeds_add_names_all_and_takes_none_where_nobody_can_be_asked(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/", body=page("/one.xml", "/two.xml"), headers=HTML)
    before = aggregator.config.read_bytes()
    told = aggregator.run("add", web.url("/"))
    assert told.returncode == 1
    assert told.stderr == (
        f"aggregator: {web.url('/')} names 2 feeds:\n"
        f"   1  {web.url('/one.xml')} one.xml feed\n"
        f"   2  {web.url('/two.xml')} two.xml feed\n"
        "Name one of them, or take the first with --yes.\n"
    )
    assert aggregator.config.read_bytes() == before
    assert len(web.requests) == 1


def test_of_several_feeds_add_takes_the_first_with_yes(aggregator: Program, web: Publisher) -> None:
    web.route("/", body=page("/one.xml", "/two.xml"), headers=HTML)
    web.route("/one.xml", body=undated(title="One"))
    told = aggregator.run("add", web.url("/"), "--yes", "--name", "mine")
    assert told.returncode == 0
    assert "The first is taken." in told.stdout
    assert added(aggregator) == [("mine", web.url("/one.xml"), ())]
    assert not web.asked("/two.xml")


def test_of_several_feeds_add_asks_on_a_terminal(aggregator: Program, web: Publisher) -> None:
    web.route("/", body=page("/one.xml", "/two.xml"), headers=HTML)
    web.route("/two.xml", body=undated(title="Two of them"))
    words = ("add", web.url("/"), "--config", aggregator.config)
    status, shown = on_terminal(*words, answer="2\n")
    assert status == 0, shown
    assert "Which one [1 to 2; q or nothing: none of them]: " in shown
    assert added(aggregator) == [("two-of-them", web.url("/two.xml"), ())]
    after = aggregator.config.read_bytes()
    status, shown = on_terminal(*words, answer="\x04")  # the end of what a terminal has to say
    assert (status, "Traceback" in shown) == (130, False)
    for leave in ("\n", "q\n", "Q \n"):
        status, shown = on_terminal(*words, answer=leave)
        assert status == 1
        assert "none is taken, nothing is written" in shown
    assert aggregator.config.read_bytes() == after


@pytest.mark.parametrize("way", ["a link", "a Link field", "a redirect"])
def test_a_public_page_leads_into_no_private_network_unasked(
    aggregator: Program, web: Publisher, way: str
) -> None:
    # What plays the internet may be asked only itself, as by an entry with its own host and port.
    with ThreadedPublisher(host="127.0.0.7") as inside:
        aggregator.allow_private.append(f"127.0.0.7:{inside.port}")
        aggregator.configure("")
        inside.route("/", body=undated(title="Of the house"))
        target = inside.url("/")
        if way == "a link":
            web.route("/", body=page(target), headers=HTML)
        elif way == "a Link field":
            field = f'<{target}>; rel="alternate"; type="{RSS}"'
            web.route("/", body=b"<html><p>hi", headers={**HTML, "Link": field})
        else:
            web.route("/", body=page("/feed"), headers=HTML)
            web.route("/feed", status=302, headers={"Location": target})
        before = aggregator.config.read_bytes()
        for more in ((), ("--yes",)):
            told = aggregator.run("add", web.url("/"), *more)
            assert told.returncode == 1
            assert f"127.0.0.7:{inside.port}" in told.stderr
        words = ("add", web.url("/"), "--config", aggregator.config)
        status, shown = on_terminal(*words, answer="\n")
        assert status == 1, shown
        assert inside.requests == []
        assert aggregator.config.read_bytes() == before
        if way == "a redirect":
            return
        assert "which is in a private network" in shown
        # The operator's own word will do, typed or said.
        status, shown = on_terminal(*words, answer="y\n")
        assert status == 0, shown
        assert added(aggregator) == [("of-the-house", target, ())]


def test_a_private_page_may_name_its_own_feed_and_a_public_one(
    aggregator: Program, web: Publisher
) -> None:
    with ThreadedPublisher(host="127.0.0.7") as inside:
        aggregator.allow_private[:] = ["127.0.0.0/8"]
        aggregator.configure("")
        inside.route("/", body=page(web.url("/feed.xml")), headers=HTML)
        web.route("/feed.xml", body=undated(title="Near"))
        told = aggregator.run("add", inside.url("/"))
        assert (told.returncode, told.stderr) == (0, "")
        assert added(aggregator) == [("near", web.url("/feed.xml"), ())]


def test_a_private_address_that_is_not_allowed_is_refused_whoever_names_it(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/", body=page("http://192.168.7.7:8080/feed"), headers=HTML)
    told = aggregator.run("add", web.url("/"))
    assert told.returncode == 1
    assert "http://192.168.7.7:8080/feed, which" in told.stderr
    assert 'add "192.168.7.7:8080" to allow_private' in told.stderr


def test_a_list_of_feeds_that_is_cut_short_says_so(aggregator: Program, web: Publisher) -> None:
    web.route("/", body=page(*(f"/{number}.xml" for number in range(31))), headers=HTML)
    told = aggregator.run("add", web.url("/")).stderr
    assert f"{web.url('/')} names more than 30 feeds:\n" in told
    assert "/29.xml" in told
    assert "/30.xml" not in told
    assert "The others are not shown.\n" in told


def test_a_feed_address_without_a_scheme_of_its_own_is_asked_by_http(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/feed.xml", body=undated(title="T"))
    given = web.url("/feed.xml").replace("http:", "feed:")
    assert aggregator.run("add", given).returncode == 0
    assert [url for _, url, _ in added(aggregator)] == [web.url("/feed.xml")]


@pytest.mark.parametrize("written", ["[]", '[{ name = "a", url = "https://a.example/" }]'])
@pytest.mark.parametrize("words", [("add", "https://b.example/"), ("import", "opml", "/dev/null")])
def test_sources_in_brackets_are_named_with_their_place_and_the_remedy(
    aggregator: Program, written: str, words: tuple[str, ...]
) -> None:
    aggregator.config.write_text(f"# mine\nsources = {written}\n", encoding="utf-8")
    before = aggregator.config.read_bytes()
    told = aggregator.run(*words)
    assert (told.returncode, told.stdout) == (78, "")
    assert told.stderr == (
        f"{aggregator.config}:2: sources: a list in brackets takes no more sources; "
        "write each as a [[sources]] table\n"
    )
    assert aggregator.config.read_bytes() == before


def test_add_makes_a_running_daemon_poll_the_source(aggregator: Program, web: Publisher) -> None:
    aggregator.start()
    web.route("/feed.xml", body=undated(2))
    told = aggregator.run("add", web.url("/feed.xml"), "--name", "new")
    assert told.returncode == 0
    assert told.stdout.endswith("reloaded: 1 change\n  + new\n")
    aggregator.wait(lambda: len(aggregator.items()) == 2, "the new source's entries")
    # What was read for the preview is the first poll's.
    assert len(web.requests) == 1


def test_add_and_the_first_poll_are_one_request(aggregator: Program, web: Publisher) -> None:
    web.route("/", body=page("/feed.xml"), headers=HTML)
    web.route("/feed.xml", status=301, headers={"Location": "/lasting.xml"})
    web.route("/lasting.xml", body=undated(2), etag=b'"caf\xc3\xa9"')
    assert aggregator.run("add", web.url("/"), "--name", "new").returncode == 0
    assert aggregator.run("poll").returncode == 0
    assert [request.path for request in web.requests] == ["/", "/feed.xml", "/lasting.xml"]
    assert aggregator.run("poll", "--force").returncode == 0
    (asked,) = web.requests[3:]
    assert (asked.path, asked.header("If-None-Match")) == ("/lasting.xml", b'"caf\xc3\xa9"')
    assert not list(aggregator.database.parent.glob("*.first-*"))


@pytest.mark.parametrize("content", [b"", b"junk\n<rss/>", b'{"url": 1}\n<rss/>', b"[]\n<rss/>"])
def test_an_answer_that_is_lost_on_the_way_costs_one_request(
    aggregator: Program, web: Publisher, content: bytes
) -> None:
    web.route("/feed.xml", body=undated(2))
    assert aggregator.run("add", web.url("/feed.xml")).returncode == 0
    (left,) = aggregator.database.parent.glob("*.first-*")
    assert left.stat().st_mode & 0o777 == 0o600
    left.write_bytes(content)
    assert aggregator.run("poll").returncode == 0
    assert len(web.requests) == 2
    assert not left.exists()


def test_where_an_answer_cannot_be_left_a_source_is_added_all_the_same(
    aggregator: Program, web: Publisher
) -> None:
    aggregator.config.write_text(
        '[network]\nallow_private = ["127.0.0.0/8"]\n[store]\npath = "/dev/null/aggregator.db"\n'
    )
    web.route("/feed.xml", body=undated(2))
    told = aggregator.run("add", web.url("/feed.xml"), "--name", "new")
    assert "as source new" in told.stdout


def test_what_is_a_source_already_is_left_alone(aggregator: Program, web: Publisher) -> None:
    web.route("/", body=page("/feed.xml"), headers=HTML)
    web.route("/feed.xml", body=undated())
    aggregator.configure(source_toml("known", web.url("/feed.xml")))
    before = aggregator.config.read_bytes()
    told = aggregator.run("add", web.url("/feed.xml#top"))
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"{web.url('/feed.xml#top')} is there already: source known\n"
    assert not web.requests
    told = aggregator.run("add", web.url("/"))
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"{web.url('/feed.xml')} is there already: source known\n"
    assert len(web.requests) == 1
    assert aggregator.config.read_bytes() == before


def test_add_writes_where_a_permanent_redirect_leads(aggregator: Program, web: Publisher) -> None:
    web.route("/moved", status=301, headers={"Location": "/feed.xml"})
    web.route("/elsewhere", status=302, headers={"Location": "/other.xml"})
    web.route("/feed.xml", body=undated(title="A"))
    web.route("/other.xml", body=undated(title="B"))
    assert aggregator.run("add", web.url("/moved")).returncode == 0
    assert aggregator.run("add", web.url("/elsewhere")).returncode == 0
    assert [url for _, url, _ in added(aggregator)] == [web.url("/feed.xml"), web.url("/elsewhere")]


def test_add_takes_a_route_of_rsshub_and_knows_what_it_stands_for(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/ithome/ranking/24h", body=undated(title="热榜"))
    down, up = web.url("/down"), web.url()
    aggregator.configure("", top=f'[rsshub]\ninstances = ["{down}", "{up.rstrip("/")}"]\n')
    assert aggregator.run("add", "rsshub://ithome/ranking/24h").returncode == 0
    assert added(aggregator) == [("ithome", "rsshub://ithome/ranking/24h", ())]
    assert [request.path for request in web.requests] == [
        "/down/ithome/ranking/24h",
        "/ithome/ranking/24h",
    ]
    url = web.url("/ithome/ranking/24h")
    assert aggregator.run("add", url).stdout == f"{url} is there already: source ithome\n"


def test_add_names_each_instance_s_own_problem(aggregator: Program, web: Publisher) -> None:
    web.route("/one/x/y", status=403)
    web.route("/two/x/y", status=404)
    one, two = web.url("/one"), web.url("/two")
    aggregator.configure("", top=f'[rsshub]\ninstances = ["{one}", "{two}"]\n')
    told = aggregator.run("add", "rsshub://x/y")
    assert told.returncode == 1
    origin = web.url().rstrip("/")
    assert re.search(
        rf"rsshub://x/y: ([a-z-]+): {re.escape(origin)}: \1: .*403.*; "
        rf"{re.escape(origin)}: [a-z-]+: .*404",
        told.stderr,
    ), told.stderr


def test_two_added_at_the_same_time_are_both_there(aggregator: Program, web: Publisher) -> None:
    for name in "abc":
        web.route(f"/{name}.xml", body=undated(title="Same title"))
    running = [
        subprocess.Popen(
            [PROGRAM, "add", web.url(f"/{name}.xml"), "--config", aggregator.config],
            stdout=subprocess.DEVNULL,
        )
        for name in "abc"
    ]
    assert [process.wait(PATIENCE) for process in running] == [0] * 3
    assert sorted(name for name, _, _ in added(aggregator)) == [
        "same-title",
        "same-title-2",
        "same-title-3",
    ]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/404", "http-status: 127.0.0.1 answered 404"),
        ("/page", "not-a-feed: this page names no feed; addresses are not guessed"),
        ("/names-a-page", "/page, which "),
        ("/empty", "not-a-feed: 127.0.0.1 answered with an empty body"),
        ("/elsewhere", "blocked: "),
        ("/names-private", "blocked: "),
    ],
)
def test_where_there_is_no_feed_nothing_is_written(
    aggregator: Program, web: Publisher, path: str, told: str
) -> None:
    web.route("/page", body=page(), headers=HTML)
    web.route("/names-a-page", body=page("/page"), headers=HTML)
    web.route("/empty", body=b"")
    web.route("/elsewhere", status=301, headers={"Location": "http://10.0.0.1/feed"})
    web.route("/names-private", body=page("http://192.168.7.7:8080/feed"), headers=HTML)
    before = aggregator.config.read_bytes()
    done = aggregator.run("add", web.url(path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert aggregator.config.read_bytes() == before


def test_a_private_address_is_refused_with_the_line_to_paste(aggregator: Program) -> None:
    told = aggregator.run("add", "http://192.168.7.7:8080/feed")
    assert told.returncode == 1
    assert 'add "192.168.7.7:8080" to allow_private' in told.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("https://exa mple/",), "Invalid value for URL: must not hold spaces"),
        (("ftp://site.example/",), "Invalid value for URL: must be an http:// or https:// URL"),
        (("https://site.example/", "--name", "A b"), "Invalid value for --name: must be 1 to 64"),
        (("https://site.example/", "--tag", ""), "Invalid value for --tag: must not be empty"),
        (("https://site.example/", "--tag", "\x1b"), "must be printable"),
        (("https://site.example/", "--tag", "\udcff"), r'"\xff" is not UTF-8'),
    ],
)
def test_what_cannot_be_a_source_is_a_wrong_command_line(
    aggregator: Program, words: tuple[str, ...], told: str
) -> None:
    done = aggregator.run("add", *words)
    assert done.returncode == 2
    assert told in done.stderr


def test_add_tells_no_secret(aggregator: Program, web: Publisher) -> None:
    web.route("/feed.xml", body=undated(title="T"))
    url = web.url("/feed.xml?key=CANARY").replace("http://", "http://me:CANARY@")
    told = aggregator.run("add", url)
    assert told.returncode == 0, told.stderr
    assert "CANARY" not in told.stdout + told.stderr
    assert url in aggregator.config.read_text(encoding="utf-8")
    again = aggregator.run("add", url)
    assert "CANARY" not in again.stdout + again.stderr


# --- import and export --------------------------------------------------------------------------

OPML = """<?xml version="1.0"?><opml version="2.0"><body>
<outline text="科技"><outline text="IT之家" type="rss" xmlUrl="https://www.ithome.com/rss/"/>
<outline text="LWN.net" xmlUrl="https://lwn.net/headlines/rss"/>
<outline text="LWN again" xmlUrl="https://LWN.net:443/headlines/rss"/></outline>
<outline text="Bad \x9b one" xmlUrl="ftp://user:CANARY@files.example/"/>
<outline text="Old" xmlUrl="feed://old.example/rss?key=CANARY"/>
<outline text="there" xmlUrl="https://known.example/"/>
</body></opml>"""


def test_import_adds_what_can_be_added_and_names_the_rest(
    aggregator: Program, tmp_path: Path
) -> None:
    (tmp_path / "list.opml").write_text(OPML, encoding="utf-8")
    aggregator.configure(source_toml("known", "https://known.example/"))
    before = aggregator.config.read_bytes()

    dry = aggregator.run("import", "opml", "--dry-run", str(tmp_path / "list.opml"))
    assert (dry.returncode, aggregator.config.read_bytes()) == (1, before)
    assert dry.stdout == (
        "ithome https://www.ithome.com/rss/ [科技]\n"
        "lwn-net https://lwn.net/headlines/rss [科技]\n"
        "old http://old.example/rss?key=\n"
        f"3 would be added to {aggregator.config}, 1 there already, 1 repeated in the file, "
        "1 unusable\n"
    )
    assert "CANARY" not in dry.stderr

    told = aggregator.run("import", "opml", str(tmp_path / "list.opml"))
    assert told.returncode == 1
    assert told.stderr == '"Bad one" (ftp://files.example/): must be an http:// or https:// URL\n'
    assert told.stdout.startswith(f"3 added to {aggregator.config}, 1 there already, 1 repeated")
    assert aggregator.config.read_bytes().startswith(before)
    assert added(aggregator)[1:] == [
        ("ithome", "https://www.ithome.com/rss/", ("科技",)),
        ("lwn-net", "https://lwn.net/headlines/rss", ("科技",)),
        ("old", "http://old.example/rss?key=CANARY", ()),
    ]
    assert load(aggregator.config).sources[1].title == "IT之家"

    after = aggregator.config.stat()
    again = aggregator.run("import", "opml", str(tmp_path / "list.opml"))
    assert again.stdout.startswith(f"0 added to {aggregator.config}, 5 there already")
    assert aggregator.config.stat() == after


def test_import_makes_a_running_daemon_take_over_all_at_once(
    aggregator: Program, web: Publisher, tmp_path: Path
) -> None:
    outlines = ""
    for name in ("a", "b"):
        web.route(f"/{name}.xml", body=undated().replace(b"site.example", name.encode()))
        outlines += f'<outline text="{name}" xmlUrl="{web.url(f"/{name}.xml")}"/>'
    (tmp_path / "list.opml").write_text(f"<opml><body>{outlines}</body></opml>")
    aggregator.start()
    told = aggregator.run("import", "opml", str(tmp_path / "list.opml"))
    assert told.stdout.endswith("reloaded: 2 changes\n  + a\n  + b\n")
    aggregator.wait(lambda: len(aggregator.items()) == 2, "both sources' entries")


@pytest.mark.parametrize("text", ["", "<rss></rss>", "not xml", "<![foo[ bar ]]>"])
def test_import_of_what_is_no_list_says_so(aggregator: Program, tmp_path: Path, text: str) -> None:
    (tmp_path / "list.opml").write_text(text)
    told = aggregator.run("import", "opml", str(tmp_path / "list.opml"))
    assert told.returncode == 1
    assert re.fullmatch(r"aggregator: \S+list\.opml: it is not (OPML|XML)\n", told.stderr)


def test_a_list_that_is_cut_off_is_refused_whole(aggregator: Program, tmp_path: Path) -> None:
    before = aggregator.config.read_bytes()
    (tmp_path / "list.opml").write_text(OPML.partition("</body>")[0], encoding="utf-8")
    told = aggregator.run("import", "opml", str(tmp_path / "list.opml"))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.endswith(
        "list.opml: it is not well-formed: cut off at line 7, without </opml>\n"
    )
    assert aggregator.config.read_bytes() == before


def test_a_list_without_feeds_says_so(aggregator: Program, tmp_path: Path) -> None:
    before = aggregator.config.read_bytes()
    (tmp_path / "list.opml").write_text("<opml version='2.0'><body></body></opml>")
    told = aggregator.run("import", "opml", str(tmp_path / "list.opml"))
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "no outlines that name a feed: nothing to add\n"
    assert aggregator.config.read_bytes() == before


def test_what_is_exported_can_be_imported_and_is_the_same(
    aggregator: Program, tmp_path: Path
) -> None:
    aggregator.configure(
        source_toml(
            "ithome", "https://me:pass@www.ithome.com/rss/?key=s&a=1", 'tags = ["科技", "a/b"]'
        )
        + source_toml("own", "https://own.example/", 'title = "Own, <own>"\nprivate = true')
        + source_toml(
            "plain",
            "https://plain.example/feed",
            'interval = "90m"\nenabled = false\nbackfill = 3\nweight = 0.5\n'
            'site = ["a.example", "b.example"]\nsecret_params = []\ntimezone = "Asia/Shanghai"',
        )
    )
    exported = load(aggregator.config).sources
    backup = tmp_path / "backup.opml"
    told = aggregator.run("export", "opml", str(backup))
    assert (told.returncode, told.stdout) == (0, f"3 sources written to {backup}\n")
    assert told.stderr == ("warning: holds what nobody else should see: the URLs of ithome, own\n")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert aggregator.run("export", "opml").stdout.encode() == backup.read_bytes()

    aggregator.configure("")
    assert aggregator.run("import", "opml", str(backup)).returncode == 0
    imported = load(aggregator.config).sources
    assert imported == exported


def test_an_export_without_secrets_warns_of_nothing(aggregator: Program, tmp_path: Path) -> None:
    aggregator.configure(source_toml("plain", "https://plain.example/feed"))
    backup = tmp_path / "backup.opml"
    backup.touch(0o644)  # which anybody may read
    told = aggregator.run("export", "opml", str(backup))
    assert (told.returncode, told.stderr) == (0, "")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert aggregator.run("export", "opml", str(backup)).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.opml", "config.toml"]


def test_an_export_that_cannot_be_written_says_so(aggregator: Program, tmp_path: Path) -> None:
    told = aggregator.run("export", "opml", str(tmp_path / "nowhere" / "x.opml"))
    assert told.returncode == 1
    assert "cannot be written: No such file or directory" in told.stderr
    assert aggregator.run("export", "opml", "/dev/stdout").stdout.startswith("<?xml")


# --- explain ------------------------------------------------------------------------------------


def test_explain_tells_what_binds_a_source(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated(5))
    aggregator.configure(
        source_toml("a", web.url("/a.xml?key=CANARY"))
        + source_toml("fixed", web.url("/a.xml"), 'interval = "90m"')
        + source_toml("gone", web.url("/404"))
        + source_toml("off", web.url("/off"), "enabled = false")
        + source_toml("solved", web.url("/b.xml"), 'fetch_via = "http://127.0.0.1:1"')
    )
    none_yet = aggregator.run("explain", "source", "a")
    assert (none_yet.returncode, none_yet.stdout) == (69, "")
    assert aggregator.run("poll").returncode == 1

    told = aggregator.run("explain", "source", "a")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"a (站点)\n  {web.url('/a.xml?key=')}\nstate: well\n")
    assert re.search(rf"last poll: {LOCAL_TIME}; last success: {LOCAL_TIME}", told.stdout)
    for profile in ("weekday", "weekend"):
        rows = re.findall(rf"{profile} .*: (.*)", told.stdout)
        assert [len(row.split()) for row in rows] == [12, 12]
    assert "price: " in told.stdout
    assert "no gap found" in told.stdout
    polls = told.stdout.partition("next polls")[2].splitlines()[1:]
    assert len(polls) == 5

    fixed = aggregator.run("explain", "source", "fixed").stdout
    assert fixed.count("fixed interval") == 5
    gone = aggregator.run("explain", "source", "gone").stdout
    assert re.search(rf"state: failing since {LOCAL_TIME} \(1 time\): http-status: ", gone)
    assert re.search(r"next poll:\n  .*  failed 1 time\n$", gone)
    solved = aggregator.run("explain", "source", "solved").stdout
    assert f"\n  {web.url('/b.xml')}\nasked by the solver at http://127.0.0.1:1\n" in solved
    assert "connect: the solver 127.0.0.1:1 cannot be reached" in solved
    off = aggregator.run("explain", "source", "off").stdout
    assert "state: disabled" in off
    assert "next polls" not in off


def test_explain_fits_a_terminal_and_breaks_no_word(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated(5))
    url = web.url(f"/404/{'long' * 30}")
    aggregator.configure(source_toml("a", web.url("/a.xml")) + source_toml("gone", url))
    aggregator.run("poll")
    for name in ("a", "gone"):
        words = ("explain", "source", name, "--config", aggregator.config)
        status, shown = on_terminal(*words, width=80)
        assert status == 0, shown
        lines = shown.replace("\r\n", "\n").splitlines()
        assert [text for text in lines if len(text) > 80] == (
            [f"  {url}"] if name == "gone" else []
        )
        whole = aggregator.run("explain", "source", name).stdout
        assert " ".join(shown.split()) == " ".join(whole.split())


def test_explain_tells_what_a_publisher_asked_for(aggregator: Program, web: Publisher) -> None:
    web.route("/busy", status=429, headers={"Retry-After": "86400"})
    aggregator.configure(source_toml("busy", web.url("/busy")))
    assert aggregator.run("poll").returncode == 1
    told = aggregator.run("explain", "source", "busy").stdout
    assert re.search(
        r"\nnot asked before \d{4}-.*: its publisher, or its host, asked to wait", told
    )
    assert re.search(r"next poll:\n  .*  Retry-After\n$", told)


def test_explain_tells_our_own_network_from_a_failure(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")))
    assert aggregator.run("poll").returncode == 0
    problem = problem_to_text(Problem(ProblemKind.DNS, "no answer from DNS for a.example"))
    with contextlib.closing(sqlite3.connect(aggregator.database)) as database:
        database.execute("UPDATE sources SET problem = ?", (problem,))
        database.commit()
    told = aggregator.run("explain", "source", "a").stdout
    assert (
        "state: not reached, our own network was down: dns: no answer from DNS for a.example\n"
    ) in told
    assert "times" not in told


def test_explain_of_an_unknown_and_of_a_new_source(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")))
    assert aggregator.run("poll").returncode == 0
    aggregator.configure(source_toml("a", web.url("/a.xml")) + source_toml("b", web.url("/b.xml")))
    told = aggregator.run("explain", "source", "b")
    assert told.returncode == 1
    assert "source b is new: the daemon has not seen it yet" in told.stderr
    told = aggregator.run("explain", "source", "c")
    assert told.returncode == 1
    assert "no source is named c" in told.stderr


# --- check and status ---------------------------------------------------------------------------


def test_check_lists_every_url_that_is_asked(aggregator: Program) -> None:
    urls = '["https://a.example/f?key=CANARY", "rsshub://x/y", "https://b.example/f"]'
    top = '[rsshub]\ninstances = ["https://hub.example", "https://hub2.example"]\n'
    aggregator.configure(f'[[sources]]\nname = "m"\nurl = {urls}\n', top=top)
    told = aggregator.run("check").stdout
    assert (
        "https://a.example/f?key= https://hub.example/x/y https://hub2.example/x/y "
        "https://b.example/f\n"
    ) in told


def test_status_names_a_mirror_that_fails(aggregator: Program, web: Publisher) -> None:
    web.route("/b.xml", body=undated())
    urls = f'["{web.url("/404?key=CANARY")}", "{web.url("/b.xml")}"]'
    aggregator.configure(f'[[sources]]\nname = "m"\nurl = {urls}\n')
    assert aggregator.run("poll").returncode == 0
    told = aggregator.run("status").stdout
    assert (
        f"\nmirror m: {web.url('/404?key=')} failed 1 time, another answers: http-status: "
    ) in told
    assert "CANARY" not in told
    status, shown = on_terminal("status", "--config", aggregator.config, width=80)
    assert status == 0
    assert max(map(len, shown.splitlines())) <= 80


def test_what_is_wrong_with_each_of_several_instances_is_told(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/one/x/y", status=403)
    web.route("/two/x/y", status=404)
    one, two = web.url("/one"), web.url("/two")
    aggregator.configure(
        '[[sources]]\nname = "m"\nurl = "rsshub://x/y"\n',
        top=f'[rsshub]\ninstances = ["{one}", "{two}"]\n',
    )
    assert aggregator.run("poll").returncode == 1
    told = aggregator.run("status").stdout
    assert re.search(
        rf"\nmirror m: {re.escape(one)}/x/y failed 1 time: [a-z-]+: .*403.*; "
        rf"{re.escape(two)}/x/y failed 1 time: [a-z-]+: .*404",
        told,
    ), told
    told = aggregator.run("explain", "source", "m").stdout
    for url, status in ((one, 403), (two, 404)):
        pattern = rf"  {re.escape(url)}/x/y, resting until .*, failed 1 time: [a-z-]+: .*{status}"
        assert re.search(pattern, told), told
