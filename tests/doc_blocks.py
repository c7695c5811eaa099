"""The blocks of the documentation, and a sandbox in which its commands run as they are written.

A block after `<!-- file: NAME -->` is that file.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import PATIENCE, ROOT
from tests.feed_documents import item, rss
from tests.ports import free_port
from tests.program import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web import Publisher

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^(?P<indent> *)```(?P<language>\w+)\n"
    r"(?P<body>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """One block: of which page (a path in the repository), at which line, what."""

    page: str
    line: int
    language: str
    body: str
    file: str | None

    @property
    def first(self) -> str:
        """The first line, by which tests name a block."""
        return self.body.splitlines()[0]

    @property
    def name(self) -> str:
        """Where it is: `docs/install.md:12`."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> str:
        """What a shell runs: of a console's block the lines after a dollar sign."""
        if self.language == "sh":
            return self.body
        return "".join(f"{line}\n" for line in re.findall(r"^\$ (.*)$", self.body, re.MULTILINE))


def blocks(*languages: str, page: str | None = None) -> Iterator[Block]:
    """Yield the blocks in these languages, of all pages or of one, in their order."""
    for path in PAGES:
        name = path.relative_to(ROOT).as_posix()
        if page not in {None, name}:
            continue
        text = path.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found["language"] in languages or not languages:
                line = text.count("\n", 0, found.start("indent")) + 1
                body = re.sub(f"^{found['indent']}", "", found["body"], flags=re.MULTILINE)
                yield Block(name, line, found["language"], body, found["file"])


def completed(fragment: str) -> str:
    """Return a fragment of a configuration with the sources and feeds that it names."""
    fragment = fragment.replace('"…"', '"0123456789abcdef0123456789abcdef"')
    read = tomllib.loads(fragment)
    if "cookie_file" in read:  # a key of a source
        fragment = f'[[sources]]\nname = "one"\nurl = "https://one.example/feed"\n{fragment}'
        read = tomllib.loads(fragment)
    feeds = read.get("feeds", [])
    there = {one["name"] for one in read.get("sources", [])}
    wanted = {name for feed in feeds for name in feed.get("sources", [])} - there
    shown = {one["feed"] for one in read.get("exports", [])} - {feed["name"] for feed in feeds}
    more = "".join(
        f'\n[[sources]]\nname = "{name}"\nurl = "https://{name}.example/"\n'
        for name in sorted(wanted)
    )
    return fragment + more + "".join(f'\n[[feeds]]\nname = "{name}"\n' for name in sorted(shown))


#: Where addresses of the pages lead in a sandbox: to a path of its publisher, or to its daemon.
ADDRESSES = {
    "https://lwn.net/": "/",
    "https://sspai.com/feed": "/sspai.xml",
    "sspai.com/feed": "/sspai.xml",
    "sspai.com": "/sspai.xml",
    "https://blog.example/feed.xml": "/blog.xml",
    "https://www.ithome.com/rss/": "/ithome.xml",
    "https://ntfy.sh/write-your-own-topic": "/topic",
}
OF_DAEMON = (
    "http://127.0.0.1:8420", "http://127.0.0.1:8000", "https://feeds.example.org",
    "https://example.org",
)  # fmt: skip

#: What a page's commands find where it does not write a config.toml of its own.
USUAL = """
[[sources]]
name = "blog"
url = "https://blog.example/feed.xml"

[[sources]]
name = "ithome"
url = "https://www.ithome.com/rss/"

[[feeds]]
name = "all"

[[feeds]]
name = "news"

[[exports]]
kind = "hexo"
directory = "posts"

[[notify]]
name = "phone"
url = "https://ntfy.sh/write-your-own-topic"
template = "ntfy"
"""
OPML = """<opml version="2.0"><head><title>Mine</title></head><body><outline text="Blogs">
<outline text="Another" type="rss" xmlUrl="https://another.example/feed.xml"/></outline></body></opml>
"""


class Sandbox:
    """A folder in which commands run, with the program and a publisher."""

    def __init__(self, folder: Path, web: Publisher) -> None:
        self.folder = folder
        self.where = folder
        self.web = web
        self.port = free_port()
        self.daemon: subprocess.Popen[bytes] | None = None
        tools = folder / "tools"
        tools.mkdir()
        (tools / "sudo").write_text('#!/bin/sh\n[ "$1" = -u ] && shift 2\nexec "$@"\n')
        (tools / "sudo").chmod(0o755)
        (tools / "aggregator").symlink_to(PROGRAM)
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "aggregator").symlink_to(PROGRAM)
        self.environment = {
            name: value for name, value in os.environ.items() if name != "AGGREGATOR_CONFIG"
        } | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "AGGREGATOR_LISTEN": f"127.0.0.1:{self.port}",
        }
        for path, site in (("/feed.xml", "lwn"), ("/sspai.xml", "sspai"), ("/blog.xml", "blog")):
            links = [item(n).replace("site.example", f"{site}.example") for n in (1, 2)]
            web.route(path, body=rss(*links, title=site))
        told = item(1).replace("https://site.example/1", "https://www.ithome.com/0/968/171.htm")
        web.route("/ithome.xml", body=rss(told, title="ithome"))
        page = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        web.route("/", body=page.encode(), headers={"Content-Type": "text/html"})
        web.route("/topic", body=b"{}")

    def local(self, text: str) -> str:
        """Return a text of a page with its addresses and folders as they are here."""
        for address in OF_DAEMON:
            text = text.replace(address, f"http://127.0.0.1:{self.port}")
        for address, path in ADDRESSES.items():
            text = re.sub(rf"(?<![\w/.]){re.escape(address)}", self.web.url(path), text)
        return text

    def write(self, name: str, text: str) -> None:
        """Write a file of a page into the folder where its commands are."""
        if name == "config.toml":
            text += f'\n[network]\nallow_private = ["127.0.0.1:{self.web.port}"]\n'
        (self.where / name).write_text(self.local(text), encoding="utf-8")

    def run(self, commands: str) -> None:
        """Run commands; a last one that is the daemon goes on behind the others."""
        commands = self.local(commands)
        # Where there is a configuration already, `init` writes another file or none.
        commands = re.sub(r"(aggregator init)(?= )", r"\1 --config fresh.toml", commands)
        if re.fullmatch(r"aggregator run\n", commands):
            self.start()
            return
        script = f"{commands}\npwd > {self.folder}/where\n"
        told = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.where,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert told.returncode == 0, f"{commands}\n{told.stdout}\n{told.stderr}"
        self.where = Path((self.folder / "where").read_text(encoding="utf-8").strip())

    def start(self) -> None:
        """Start the daemon, and wait until it serves."""
        log = self.folder / "daemon.log"
        with log.open("wb") as into:
            self.daemon = subprocess.Popen(
                [PROGRAM, "run"], cwd=self.where, env=self.environment, stdout=into, stderr=into
            )
        while True:
            assert self.daemon.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz"):
                    return
            except OSError:
                continue

    def end(self) -> None:
        """End the daemon, where one runs."""
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait(PATIENCE)
