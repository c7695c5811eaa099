"""What the documentation shows is true: configurations are valid, and commands run as written."""

from __future__ import annotations

import re
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from aggregator.config import load
from aggregator.model import ProblemKind
from tests import ROOT
from tests.doc_blocks import OPML, USUAL, Block, Sandbox, blocks, completed
from tests.feed_documents import item, rss
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from pathlib import Path

#: Blocks of commands that no test runs as they stand, by the page and their first words; and why.
NOT_RUN = {
    ("README.md", "make run"): "runs the tests from within",
    ("docs/five-minutes.md", "sudo apt install"): "asks the network; test_packaging.py installs",
    ("docs/install.md", "docker compose"): "wants a container engine; make verify-container",
    ("docs/install.md", "docker build"): "wants a container engine; make verify-container",
    ("docs/install.md", "make deb"): "asks the network; make verify-deb",
    ("docs/install.md", "pipx install"): "asks the network; test_packaging.py installs",
    ("docs/install.md", "sudo apt install"): "changes the system; test_packaging.py installs",
    ("docs/install.md", "sudo install"): "changes the system; make verify-systemd, test_docs.py",
    ("docs/install.md", "sudoedit"): "wants an editor and a person",
    ("docs/install.md", "systemctl status"): "wants systemd; make verify-systemd",
    ("docs/install.md", "sudo usermod"): "changes the system",
    ("docs/install.md", "sudo -u aggregator aggregator backup"): "run by test_docs.py",
    ("docs/install.md", "sudo systemctl stop"): "run by test_docs.py",
    ("docs/install.md", "sudo git"): "changes the system; make verify-deb upgrades",
    ("docs/install.md", "sudo systemctl disable"): "changes the system; make verify-deb removes",
    ("docs/exports.md", "sudo install"): "changes the system; make verify-systemd",
    ("docs/performance.md", "make bench"): "takes hours",
    ("docs/fleet.md", "pip install"): "asks the network; test_fleet.py",
    ("docs/fleet.md", "psql feeds"): "wants that server; test_fleet.py has one",
    ("docs/fleet.md", "sudo install"): "changes the system; test_systemd.py",
    ("docs/fleet.md", "sudo systemctl disable"): "changes the system; make verify-deb",
    ("docs/postgres.md", "pip install"): "asks the network and a server; test_postgres.py",
    ("docs/postgres.md", "systemctl stop"): "wants systemd; test_cli_migrate_store.py moves",
    ("docs/releases.md", "make release"): "takes minutes and tags; test_release.py",
    ("docs/trouble.md", "sudo fuser"): "asks for other people's processes",
    ("docs/trouble.md", "systemctl status"): "wants systemd; make verify-systemd",
}
#: Pages whose commands speak to a daemon that runs already.
WITH_DAEMON = {
    "README.md", "docs/api.md", "docs/cli.md", "docs/observing.md", "docs/recipes.md",
    "docs/trouble.md",
}  # fmt: skip

TOML = list(blocks("toml"))
SHELL = list(blocks("sh", "console"))


def said(block: Block) -> str:
    """Return the commands of a block without comments."""
    return re.sub(r" +#.*| *$", "", block.commands, flags=re.MULTILINE)


def original(page: str) -> str | None:
    """Return the English page of a Chinese one, or `None`."""
    if page == "README.zh-CN.md":
        return "README.md"
    return page.replace("/zh/", "/") if page.startswith("docs/zh/") else None


def reason(block: Block) -> str | None:
    """Return why a block is not run, or `None`."""
    english = original(block.page)
    if english is not None and any(said(block) == said(b) for b in SHELL if b.page == english):
        return "run, or not, as the English page's"
    for (page, words), why in NOT_RUN.items():
        if block.page == page and block.commands.startswith(words):
            return why
    return None


RUN = sorted({block.page for block in SHELL if reason(block) is None})


@pytest.mark.parametrize("block", TOML, ids=[block.name for block in TOML])
def test_every_configuration_shown_is_valid(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(completed(block.body), encoding="utf-8")
    load(path)


@pytest.mark.parametrize("page", RUN)
def test_every_command_shown_runs(page: str, tmp_path: Path) -> None:
    with ThreadedPublisher() as web:
        box = Sandbox(tmp_path, web)
        try:
            shown = [one for one in blocks(page=page) if one.file or one in SHELL]
            if not any(one.file == "config.toml" for one in shown):
                box.write("config.toml", USUAL)
            (tmp_path / "feeds.opml").write_text(OPML, encoding="utf-8")
            if page in WITH_DAEMON:
                box.run("aggregator poll")
                box.start()
            for block in shown:
                if block.file:
                    box.write(block.file, block.body)
                elif reason(block) is None:
                    box.run(block.commands)
        finally:
            box.end()


def test_every_kind_of_problem_has_a_row_among_the_troubles() -> None:
    text = (ROOT / "docs" / "trouble.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^## What status calls(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    told = re.findall(r"^\|(.*?)\|", table, re.MULTILINE)
    kinds = {kind for cell in told for kind in re.findall(r"`([a-z-]+)[:`]", cell)}
    assert kinds == set(ProblemKind)


def test_no_reason_is_left_over() -> None:
    used = {(b.page, w) for b in SHELL for p, w in NOT_RUN if b.page == p and b.first.startswith(w)}
    assert used == NOT_RUN.keys()


@pytest.mark.parametrize("block", SHELL, ids=[block.name for block in SHELL])
def test_every_command_shown_is_a_command(block: Block) -> None:
    told = subprocess.run(
        ["bash", "-n"], input=block.commands, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr


# --- recipes do what they promise -----------------------------------------------------------------


def recipe(words: str) -> str:
    """Return the only configuration among the recipes that has these words."""
    (one,) = (block for block in TOML if block.page == "docs/recipes.md" and words in block.body)
    return one.body


def answered(box: Sandbox, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{box.port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_private_feed_is_at_its_secret_address_alone(tmp_path: Path) -> None:
    text = recipe("token =")
    (token,) = re.findall(r'^token = "(\w+)"$', text, re.MULTILINE)
    with ThreadedPublisher() as web:
        box = Sandbox(tmp_path, web)
        own = text.replace("https://school.example/news.xml", web.url("/blog.xml"))
        assert own != text
        box.write("config.toml", own)
        try:
            box.run("aggregator poll")
            box.start()
            status, document = answered(box, f"/feeds/{token}/family.atom")
            assert (status, "Entry 1" in document) == (200, True)
            assert "0123456789abcdef" not in document
            assert answered(box, "/feeds/family.atom")[0] == 404
            assert "Entry 1" not in answered(box, "/feeds/all.atom")[1]
            assert answered(box, "/sources/school.atom")[0] == 404
            assert token not in answered(box, "/feeds.opml")[1]
        finally:
            box.end()


def test_what_was_configured_for_rss_funnel_is_a_feed(tmp_path: Path) -> None:
    with ThreadedPublisher() as web:
        box = Sandbox(tmp_path, web)
        items = [item(n, title=f"{'Sponsored' if n == 3 else 'Story'} {n}") for n in range(30)]
        web.route("/blog.xml", body=rss(*items))
        box.write("config.toml", recipe('block = ["Sponsored"]') + '\n[publish]\ndirectory = "out"')
        box.run("aggregator poll\naggregator export static")
        document = (tmp_path / "out" / "feeds" / "tech.atom").read_text(encoding="utf-8")
    assert document.count("<entry>") == 20
    assert "Sponsored" not in document


def test_posts_for_hexo_are_written(tmp_path: Path) -> None:
    with ThreadedPublisher() as web:
        box = Sandbox(tmp_path, web)
        source = '\n[[sources]]\nname = "blog"\nurl = "https://blog.example/feed.xml"\n'
        box.write("config.toml", recipe("[[exports]]").replace("/srv", str(tmp_path)) + source)
        box.run("aggregator poll\naggregator export posts")
    folder = tmp_path / "blog" / "source" / "_posts" / "news" / "News"
    assert sorted(path.name for path in folder.iterdir()) == ["Entry 1.md", "Entry 2.md"]


def test_an_opml_and_a_planet_ini_become_sources(tmp_path: Path) -> None:
    with ThreadedPublisher() as web:
        box = Sandbox(tmp_path, web)
        box.write("config.toml", "")
        (tmp_path / "feeds.opml").write_text(OPML, encoding="utf-8")
        shown = list(blocks(page="docs/recipes.md"))
        (ini,) = (block for block in shown if block.file == "planet.ini")
        box.write("planet.ini", ini.body)
        for words in ("import opml feeds.opml", "planet.ini | aggregator add"):
            box.run(next(b.body for b in shown if b.language == "sh" and words in b.body))
        told = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert 'url = "https://another.example/feed.xml"' in told
    assert f'url = "{web.url("/blog.xml")}"' in told
    assert 'tags = ["planet"]' in told
