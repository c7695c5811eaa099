"""What commands print in Chinese holds no English sentence, and what programs read no Chinese."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.config_texts import source_toml
from tests.english import english_in
from tests.feed_documents import undated
from tests.program import run_in
from tests.web import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program import Program
    from tests.web import Publisher

MISTAKEN = """
[[sources]]
name = "One"
url = "ftp://a.example/feed"
interval = "1s"
tags = "news"
edits = "maybe"
timezone = "Asia/Shanghia"
retries = 3

[[sources]]
name = "two"
url = "https://a.example/{feed}"
block = ["/(/", "/(?=a)b/"]
headers = ["Cookie: a=b"]

[[feeds]]
name = "all"
limit = 2
min_entries = 50
sources = ["twoo"]
window = "soon"

[network]
allow_private = ["http://a.example", "10.0.0.1/8"]
proxy = "ftp://p.example"

[store]
retention = 180
"""


def test_mistakes_of_a_configuration_are_told_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(MISTAKEN, encoding="utf-8")
    told = run_in("check", "--lang", "zh", cwd=tmp_path)
    assert told.returncode == 78
    assert len(told.stderr.splitlines()) > 12
    assert english_in(told.stderr) == []


def test_what_lint_and_a_missing_argument_say_is_chinese_to_the_end(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text('<rss version="2.0"><channel/></rss>', encoding="utf-8")
    told = run_in("lint", "feed.xml", "--lang", "zh", cwd=tmp_path).stdout.splitlines()
    assert "feed.xml:1: 错误 MissingTitle：" in "\n".join(told)
    assert told[-1].startswith("feed.xml：")
    told = run_in("--lang", "zh", "rename", "one", cwd=tmp_path).stderr.splitlines()
    assert told[-1] == "错误：缺少参数 'NEW_NAME'。"


def test_each_part_of_a_help_text_stands_below_the_others(tmp_path: Path) -> None:
    told = run_in("--lang", "zh", "tag", "--help", cwd=tmp_path).stdout
    assert "\n\n  退出码：\n    0   " in told
    assert "\b" not in told
    assert (
        run_in("--lang", "zh", "migrate-store", "--help", cwd=tmp_path).stdout.count("[必填]") == 2
    )


@pytest.fixture
def filled(aggregator: Program, web: Publisher) -> Program:
    """A program that has polled: one source that works, and several that do not."""
    web.route("/one.xml", Reply(body=undated()))
    web.route("/page.xml", Reply(body=b"<html><head><title>x</title></head></html>"))
    web.route("/broken.xml", Reply(status=500, body=b"oops"))
    web.route("/late.xml", Reply(status=429, body=b"", headers=(("Retry-After", "90"),)))
    names = ("one", "page", "broken", "late", "gone")
    aggregator.configure(
        "".join(source_toml(name, web.url(f"/{name}.xml")) for name in names)
        + source_toml("nobody", "http://127.0.0.1:9/feed")
    )
    assert aggregator.run("poll").returncode == 1
    return aggregator


FILE = re.compile(r"\.(db|opml|jsonl|xml)$")
COMMANDS = (
    ("poll", "--force"), ("poll", "nosuch"), ("status",), ("check",), ("doctor",), ("logs", "one"),
    ("logs", "broken"), ("explain", "source", "one"), ("explain", "source", "broken"),
    ("explain", "source", "late"), ("explain", "source", "nosuch"), ("explain", "entry", "nosuch"),
    ("entries", "--since", "x"), ("entries", "--source", "nosuch"), ("search", "x"),
    ("preview", "--feed", "all"), ("preview", "nosuch.xml"), ("stories", "list"),
    ("stories", "show", "x"), ("stories", "split", "x"), ("rules", "try", 'block = "e"'),
    ("rules", "try", "blok = 1"), ("rules", "try"), ("reload",), ("compact",),
    ("backup", "copy.db"), ("restore", "nosuch.db"), ("export", "posts"), ("export", "static"),
    ("export", "opml", "out.opml"), ("export", "database", "out.jsonl"),
    ("import", "database", "out.jsonl"), ("import", "opml", "out.opml"), ("init",),
    ("add", "http://127.0.0.1:9/x"), ("add", "not a url"), ("disable", "one"), ("disable", "one"),
    ("enable", "one"), ("rename", "one", "uno"), ("tag", "uno", "--add", "x"), ("tag", "uno"),
    ("remove", "uno"), ("remove", "nosuch"), ("lint", "nosuch.xml"), ("status", "--healthy"),
    ("nosuch",), ("status", "--nosuch"), ("poll", "--force", "--config", "nosuch.toml"),
)  # fmt: skip


def test_no_command_speaks_english(filled: Program) -> None:
    found = {}
    for command in COMMANDS:
        there = [str(filled.folder / word) if FILE.search(word) else word for word in command]
        told = filled.run(*there, "--lang", "zh")
        assert told.returncode != 1 or "Traceback" not in told.stderr
        if left := english_in(told.stdout + told.stderr):
            found[command] = left
    assert found == {}


def test_what_programs_read_is_the_same_in_every_language(filled: Program) -> None:
    for command in (("status", "--json"), ("entries", "--json"), ("logs", "broken", "--json")):
        told = [json.loads(filled.run(*command, "--lang", one).stdout) for one in ("en", "zh")]
        assert told[0] == told[1]


def test_the_locale_chooses_the_language(tmp_path: Path) -> None:
    told = run_in("status", cwd=tmp_path, LANGUAGE="", LC_ALL="zh_CN.UTF-8")
    assert "都不存在" in told.stderr
    assert "no such" not in run_in("status", cwd=tmp_path, LANGUAGE="", LC_ALL="C.UTF-8").stdout
    assert os.environ["LANGUAGE"] == "en"


def test_the_log_tells_people_in_chinese_and_programs_in_english(filled: Program) -> None:
    """Events and keys stay; and a command answers in its own language, whatever the daemon's is."""
    filled.start({"LANGUAGE": "zh"})
    filled.config.write_text(
        filled.config.read_text(encoding="utf-8") + '[[feeds]]\nname = "more"\n', encoding="utf-8"
    )
    told = filled.run("reload")
    assert told.stdout.startswith("reloaded: 1 change\n  + feed more\n")
    assert filled.run("reload", "--lang", "zh").stdout.startswith("已重新加载：0 处变化")
    filled.stop()
    log = filled.log.read_text(encoding="utf-8")
    assert 'configuration change="订阅源 more 已添加"' in log
    assert "configuration applied changes=1" in log
    values = " ".join(re.findall(r'="((?:[^"\\]|\\.)*)"', log))
    assert english_in(values) == []
