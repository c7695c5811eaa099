"""`explain entry` and `preview`: each decision about an entry, told by the program itself."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from aggregator.cli.explain_entry import placed
from aggregator.model import Placement, PlacementReason
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.program import PROGRAM, Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web import Publisher

DOCUMENT = """<?xml version="1.0" encoding="gb2312"?>
<rss version="2.0"><channel><title>某站</title><link>https://site.example/</link>
<description>d</description>
<item><title>手机发布</title><link>https://site.example/1?utm_source=rss</link>
<guid isPermaLink="false">one</guid><pubDate>2026/11/20 16:00</pubDate>
<description>&lt;p&gt;正文&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</description></item>
<item><title>广告：便宜</title><link>https://site.example/2</link>
<guid isPermaLink="false">two</guid></item>
</channel></rss>""".encode("gbk")

RULES = """block = [{ title = "广告" }]
tag = [{ title = "手机", tags = ["phones"] }]
timezone = "Asia/Shanghai"
"""


@pytest.mark.parametrize("reason", PlacementReason)
def test_each_reason_for_an_entrys_place_has_its_words(reason: PlacementReason) -> None:
    told = placed(Placement("all", reason, "2026-11"))
    assert told.startswith(("shown in all: ", "not in all: "))


def test_what_gave_way_is_said_to_be_in_the_archive() -> None:
    assert placed(Placement("all", PlacementReason.GAVE_WAY, "2026-11")) == (
        "not in all: its source brought more than its share (per_source), and it gave way to "
        "others; it is in the archive of 2026-11"
    )


@pytest.fixture
def aggregator(aggregator: Program, web: Publisher) -> Program:
    web.route("/feed", body=DOCUMENT)
    aggregator.configure(
        source_toml("site", web.url("/feed"), RULES),
        '[[feeds]]\nname = "all"\n[[feeds]]\nname = "phones"\ntags = ["phones"]\n',
    )
    return aggregator


def test_each_decision_about_an_entry_is_told_with_its_reason(aggregator: Program) -> None:
    assert aggregator.run("poll").returncode == 0
    told = aggregator.run("explain", "entry", "https://site.example/1")
    assert told.returncode == 0, told.stderr
    for words in (
        "手机发布",
        "source: site",
        "decoded: gb",
        "parsed: rss20",
        "1 script",
        'from "2026/11/20 16:00"',
        "its publisher's id: one",
        "tagged by rules: phones",
        "shown in all: older than its window, and one of the newest that min_entries keeps",
        "shown in phones: older than its window, and one of the newest",
    ):
        assert words in told.stdout
    blocked = aggregator.run("explain", "entry", "two").stdout
    assert 'blocked by title "广告"' in blocked
    assert "not in all: " in blocked
    assert "not dated" in blocked or "no date" in blocked


def test_a_date_that_is_not_read_is_told_with_the_reason(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/feed", body=DOCUMENT.replace(b"2026/11/20 16:00", b"04/05/2026"))
    assert aggregator.run("poll").returncode == 0
    told = aggregator.run("explain", "entry", "https://site.example/1").stdout
    assert '  not read: "04/05/2026": its day and month may be either' in told
    assert 'of its newest document: not read, the date "04/05/2026"' in told


def test_of_a_copy_it_is_told_whose_article_it_is_and_which_the_original(
    aggregator: Program, web: Publisher
) -> None:
    copied = DOCUMENT.replace(b">one<", b">copied<")
    web.route("/planet", body=copied)
    aggregator.configure(
        source_toml("site", web.url("/feed"), 'site = "site.example"\n')
        + source_toml("planet", web.url("/planet")),
        '[[feeds]]\nname = "all"\n',
    )
    aggregator.run("poll", "site")
    aggregator.run("poll", "planet")
    told = aggregator.run("explain", "entry", "copied").stdout
    original = aggregator.run("explain", "entry", "one").stdout
    (story,) = (one for one in original.splitlines() if one.startswith("story: "))
    assert story.endswith("; also told by planet")
    assert "not its source's own article" not in original
    for words in (
        "(same url as the original); also told by site",
        "  not its source's own article, but of site.example",
        f"  a copy of {story.removeprefix('story: ').partition(';')[0]}",
        "shown in all: as the article of its own site",
    ):
        assert words in told


def test_an_entry_that_is_not_stored_is_named_with_a_remedy(aggregator: Program) -> None:
    aggregator.run("poll")
    told = aggregator.run("explain", "entry", "https://site.example/none")
    assert told.returncode == 1
    assert "no entry that is stored" in told.stderr
    assert "https://site.example/none" in told.stderr


def test_explaining_before_the_first_poll_names_the_missing_database(aggregator: Program) -> None:
    assert aggregator.run("explain", "entry", "x").returncode == 69


def test_a_preview_of_a_url_uses_the_settings_of_the_source_that_has_it(
    aggregator: Program, web: Publisher
) -> None:
    told = aggregator.run("preview", web.url("/feed"))
    assert told.returncode == 0, told.stderr
    assert "2 entries, 1 would be published" in told.stdout
    assert "广告：便宜" in told.stdout
    assert 'blocked by title "广告"' in told.stdout
    assert not aggregator.database.exists()


def test_a_preview_of_a_file_needs_neither_network_nor_configuration(
    aggregator: Program, tmp_path: Path
) -> None:
    (tmp_path / "saved.xml").write_bytes(DOCUMENT)
    plain = aggregator.run("preview", str(tmp_path / "saved.xml"))
    assert "2 entries, 2 would be published" in plain.stdout
    ruled = aggregator.run("preview", str(tmp_path / "saved.xml"), "--source", "site")
    assert "2 entries, 1 would be published" in ruled.stdout
    empty = tmp_path / "empty"
    empty.mkdir()
    alone = subprocess.run(
        [PROGRAM, "preview", tmp_path / "saved.xml"],
        cwd=empty,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert "2 entries, 2 would be published" in alone.stdout
    assert not list(empty.iterdir())


def test_a_preview_prints_the_document_that_would_be_published(
    aggregator: Program, tmp_path: Path
) -> None:
    (tmp_path / "saved.xml").write_bytes(DOCUMENT)
    printed = aggregator.run(
        "preview", str(tmp_path / "saved.xml"), "--source", "site", "--format", "json"
    )
    (item,) = json.loads(printed.stdout)["items"]
    assert item["title"] == "手机发布"
    assert "script" not in item["content_html"]
    assert "phones" in item["tags"]


def test_a_preview_of_what_is_no_feed_says_so(aggregator: Program, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><title>x</title>")
    told = aggregator.run("preview", str(tmp_path / "page.html"))
    assert told.returncode == 1
    assert "not-a-feed" in told.stderr
    for wrong in (("--source", "none"), ("--feed", "none")):
        assert aggregator.run("preview", str(tmp_path / "page.html"), *wrong).returncode == 2
