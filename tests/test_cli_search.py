"""`search` and `entries`, told by the program itself, with and without a daemon."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.config_texts import source_toml
from tests.program import Program

if TYPE_CHECKING:
    from tests.web import Publisher

DOCUMENT = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>某站</title><link>https://site.example/</link>
<description>d</description>
<item><title>小米汽车发布</title><link>https://site.example/1</link><guid>https://site.example/1</guid>
<description>&lt;p&gt;正文里有 electric car 和别的。&lt;/p&gt;</description></item>
<item><title>Other</title><link>https://site.example/2</link><guid>https://site.example/2</guid>
<description>Nothing of it.</description></item>
</channel></rss>""".encode()


@pytest.fixture
def polled(aggregator: Program, web: Publisher) -> Program:
    web.route("/feed", body=DOCUMENT)
    aggregator.configure(source_toml("site", web.url("/feed")), '[[feeds]]\nname = "news"\n')
    return aggregator


def test_what_was_polled_once_is_searched(polled: Program) -> None:
    early = polled.run("search", "小米")
    assert early.returncode == 69
    assert polled.run("poll").returncode == 0
    told = polled.run("search", "汽车", '"electric car"')
    assert told.returncode == 0, told.stderr
    first, second, third = told.stdout.splitlines()
    assert first == "小米汽车发布"
    assert second.endswith("某站  https://site.example/1")
    assert "electric car" in third
    (found,) = json.loads(polled.run("search", "小米", "--json", "--feed", "news").stdout)
    assert (found["title"], found["feed"]) == ("小米汽车发布", "news")
    assert polled.run("search", '"*(').returncode == 1
    assert polled.run("search", "x", "--feed", "none").stderr.startswith("aggregator: no feed is")
    assert not polled.run("search", "nowhere").stdout
    (size,) = [one for one in polled.run("status").stdout.splitlines() if "index" in one]
    assert re.fullmatch(r"search index: [\d.]+ MiB in \S+\.db\.search", size)


def test_entries_are_listed(polled: Program) -> None:
    polled.run("poll")
    lines = polled.run("entries").stdout.splitlines()
    assert len(lines) == 2
    assert sum("site  Other  https://site.example/2" in line for line in lines) == 1
    found = json.loads(polled.run("entries", "--grep", "/electric c.r/", "--json").stdout)
    assert [one["title"] for one in found] == ["小米汽车发布"]
    assert len(polled.run("entries", "--since", "1d", "--source", "site").stdout.splitlines()) == 2
    for wrong in (["--since", "soon"], ["--grep", "/(/"], ["--source", "none"]):
        assert polled.run("entries", *wrong).returncode == 1
    assert len(polled.run("entries", "--most", "1").stdout.splitlines()) == 1
