"""Secrets of files and tokens: what is read of them, and that nothing prints or logs one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aggregator import config
from aggregator.daemon.further_secrets import all_secrets, further_secrets
from aggregator.daemon.log import LineFormatter
from aggregator.rules.secrets import Secrets

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[network]
proxy = "http://me:pr0xy-p4ss@proxy.example:8080"
[rsshub]
instances = ["https://rss.example/hub"]
access_key_file = "rsshub.key"
[publish]
status_token = "the-token-of-the-status"
[[sources]]
name = "a"
url = "https://a.example/feed?api_key=k3yk3yk3y"
username = "reader"
password_file = "a.password"
[[sources]]
name = "b"
url = "https://b.example/feed"
token_file = "b.token"
[[sources]]
name = "c"
url = "https://c.example/feed"
cookie_file = "c.cookies"
[[sources]]
name = "d"
url = "rsshub://ithome/ranking"
[[sources]]
name = "e"
url = "https://e.example/feed"
token_file = "is.missing"
[[feeds]]
name = "mine"
title = "Mine"
token = "the-token-of-the-feed"
"""

FILES = {
    "a.password": "p4ssw0rd-of-a\n",
    "b.token": "t0ken-of-b\n",
    "c.cookies": ".c.example\tTRUE\t/\tTRUE\t0\tsid\ts3ss1on-of-c\n"
    ".c.example\tTRUE\t/\tTRUE\t0\ttheme\tdarkmode\n",
    "rsshub.key": "hub-k3y-of-all\n",
}


def configured(folder: Path) -> config.Config:
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return config.load(folder / "config.toml")


def test_files_tokens_and_logins_are_secret_and_a_missing_file_is_none(tmp_path: Path) -> None:
    found = further_secrets(configured(tmp_path), {})
    assert {
        "p4ssw0rd-of-a",
        "t0ken-of-b",
        "s3ss1on-of-c",
        "hub-k3y-of-all",
        "pr0xy-p4ss",
        "the-token-of-the-status",
        "the-token-of-the-feed",
    } < set(found)
    assert "darkmode" not in found
    # What is sent in place of an RSSHub's key: the MD5 of route and key.
    assert "f82c267dc7fd2ead1f749043fd66f47e" in found


def test_files_are_read_where_systemd_puts_them(tmp_path: Path) -> None:
    elsewhere = tmp_path / "credentials"
    elsewhere.mkdir()
    (elsewhere / "b.token").write_text("t0ken-of-systemd", encoding="utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(elsewhere)}
    found = further_secrets(configured(tmp_path), environ)
    assert "t0ken-of-systemd" in found
    assert "t0ken-of-b" not in found


def test_all_that_is_secret_is_known_together(tmp_path: Path) -> None:
    secrets = all_secrets(configured(tmp_path), {})
    assert secrets.conceal("k3yk3yk3y t0ken-of-b the-token-of-the-feed darkmode") == "   darkmode"


def test_no_line_of_the_log_holds_a_secret() -> None:
    formatter = LineFormatter(journal=True)
    record = logging.LogRecord("x", logging.INFO, "", 0, "asked %s", ("t%30ken-of-b, t0ken",), None)
    assert formatter.format(record) == "<6>asked t%30ken-of-b, t0ken"
    formatter.secrets = Secrets(frozenset({"t0ken-of-b"}))
    assert formatter.format(record) == "<6>asked , t0ken"
