"""The console script, run as a process: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import aggregator
from aggregator.store.operator_password import KeptPassword
from tests import PATIENCE, ROOT
from tests.config_texts import source_toml
from tests.program import PROGRAM, run_in

#: Every command, with as many words as it needs.
CALLS = {
    "run": (),
    "init": (),
    "reload": (),
    "check": (),
    "poll": (),
    "status": (),
    "add": ("https://one.example/",),
    "remove": ("a",),
    "disable": ("a",),
    "enable": ("a",),
    "rename": ("a", "b"),
    "tag": ("a", "--add", "b"),
    "import": ("opml", os.devnull),
    "export": ("opml",),
    "explain": ("source", "a"),
    "lint": ("https://one.example/",),
    "compact": (),
    "backup": ("copy.db",),
    "restore": ("copy.db",),
    "doctor": (),
}
COMMANDS = tuple(CALLS)

CONFIG = """\
[store]
path = "data/a.db"
[[sources]]
name = "ithome"
url = "https://me:CANARY@www.ithome.com/rss/?key=CANARY&a=b"
title = "IT之家\\u202e"
interval = "10m"
timezone = "Asia/Shanghai"
tags = ["科技"]
[[sources]]
name = "old"
url = "https://old.example/rss"
enabled = false
[[feeds]]
name = "all"
title = "全部"
[[feeds]]
name = "zh"
tags = ["科技"]
window = "36h"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_the_version_is_the_package_s(tmp_path: Path) -> None:
    assert run_in("--version", cwd=tmp_path).stdout == f"aggregator {aggregator.__version__}\n"


def test_help_names_every_command_and_costs_little(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = run_in("--help", cwd=tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert told.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", told.stdout, re.MULTILINE)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 0.6, "four times what it should be, for a machine under load"


def test_help_imports_nothing_that_only_a_command_needs() -> None:
    heavy = "httpx aiohttp feedparser lxml nh3 sqlite3 sqlite_utils starlette tabulate"
    code = (
        "import sys, aggregator.cli\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command: str, tmp_path: Path) -> None:
    told = run_in(command, "--help", cwd=tmp_path)
    assert told.returncode == 0
    assert "Examples:" in told.stdout
    assert f"  aggregator {command}" in told.stdout
    assert "Exit status:" in told.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_documentation_explains_every_command_and_option(command: str, tmp_path: Path) -> None:
    documentation = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"\n## aggregator {command}\n" in documentation
    for option in re.findall(r"--[a-z-]+", run_in(command, "--help", cwd=tmp_path).stdout):
        assert option in documentation


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command not in {"init", "doctor"}]
)
def test_every_command_names_every_mistake_and_ends_with_78(command: str, tmp_path: Path) -> None:
    broken = '[server]\nlistn = 1\n[[sources]]\nname = "a"\nurl = "x"\nintervall = "10m"\n'
    (tmp_path / "config.toml").write_text(broken, encoding="utf-8")
    told = run_in(command, *CALLS[command], cwd=tmp_path)
    assert told.stderr.splitlines()[:3] == [
        'config.toml:2: server.listn: unknown key, did you mean "listen"?',
        "config.toml:5: sources[0].url: must be an http:// or https:// URL",
        'config.toml:6: sources[0].intervall: unknown key, did you mean "interval"?',
    ]
    assert told.returncode == 78
    assert told.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    if Path("/etc/aggregator/config.toml").exists():
        pytest.skip("this machine has an installed configuration")
    told = run_in("check", cwd=tmp_path)
    assert told.returncode == 78
    assert "neither config.toml nor /etc/aggregator/config.toml" in told.stderr


def test_the_configuration_can_be_named_before_or_after_the_command_or_around_it(
    folder: Path,
) -> None:
    other = folder / "other.toml"
    (folder / "config.toml").rename(other)
    for told in (
        run_in("--config", "other.toml", "check", cwd=folder),
        run_in("check", "--config", "other.toml", cwd=folder),
        run_in("check", cwd=folder, AGGREGATOR_CONFIG="other.toml"),
        run_in("--config", "nowhere", "check", "--config", "other.toml", cwd=folder),
    ):
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout.startswith("other.toml: 2 sources, 2 feeds")


def test_check_prints_what_would_be_polled_and_published(folder: Path) -> None:
    told = run_in("check", cwd=folder)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == (
        "config.toml: 2 sources, 2 feeds and 3 automatic; database data/a.db\n"
        "\n"
        "Polled:\n"
        "\n"
        "source    interval    time zone      tags    url\n"
        "ithome    10m         Asia/Shanghai  科技    https://www.ithome.com/rss/?key=&a=b\n"
        "old       disabled    UTC                    https://old.example/rss\n"
        "\n"
        "Published:\n"
        "\n"
        "all (全部)\n"
        "  http://127.0.0.1:8420/feeds/all.atom\n"
        "  http://127.0.0.1:8420/feeds/all.rss\n"
        "  http://127.0.0.1:8420/feeds/all.json\n"
        "  sources: every source: ithome, old\n"
        "  3d of stories, at least 50, at most 1000\n"
        "\n"
        "zh (zh)\n"
        "  http://127.0.0.1:8420/feeds/zh.atom\n"
        "  http://127.0.0.1:8420/feeds/zh.rss\n"
        "  http://127.0.0.1:8420/feeds/zh.json\n"
        "  sources: ithome\n"
        "  36h of stories, at least 50, at most 1000\n"
        "\n"
        "Published, too, each as .atom, .rss, .json:\n"
        "\n"
        "  http://127.0.0.1:8420/tags/%E7%A7%91%E6%8A%80\n"
        "  http://127.0.0.1:8420/sources/ithome\n"
        "  http://127.0.0.1:8420/sources/old\n"
        "\n"
        "Held secret:\n"
        "\n"
        "  ithome: key\n"
    )
    assert [path.name for path in folder.iterdir()] == ["config.toml"]


EVERYTHING = """\
[publish]
directory = "public"
status_token = "CANARY-of-the-status"
alert_after = "12h"
[[sources]]
name = "a"
url = "https://a.example/rss"
keep = ["x", "y", { title = "z" }]
replace = [{ find = "x" }]
edits = "ignore"
expected_every = "2d"
site = ["a.example.com", "a.example.net"]
[[sources]]
name = "b"
url = "https://b.example/rss"
tags = ["c/c++"]
[[feeds]]
name = "zh"
sources = ["a"]
block = [{ age = "30d" }]
exclude_tags = ["x"]
order = "published"
title_template = "[{source}] {title}"
[[feeds]]
name = "mine"
sources = ["b"]
token = "CANARY-of-the-feed"
[[sites]]
host = "a.example"
remove = ["p.ad", "i"]
images = [{ find = "x", with = "y" }]
referrer = "origin"
[[exports]]
kind = "hexo"
directory = "/srv/posts"
feed = "zh"
template = "hexo-volantis"
"""


def test_check_says_how_a_feed_tells_stories_where_that_is_not_as_usual(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[[sources]]\nname = "a"\nurl = "https://a.example/rss"\n'
        '[[feeds]]\nname = "usual"\ndedupe = "story"\n'
        '[[feeds]]\nname = "own"\ndedupe = "story"\ndedupe_strictness = "strict"\n'
        'dedupe_window = "1d"\nprefer = ["a"]\nshow_also = false\nhold = "5m"\nscript = "hans"\n'
        '[[feeds]]\nname = "exact"\nshow_also = true\n',
        encoding="utf-8",
    )
    told = run_in("check", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert [line for line in told.stdout.splitlines() if "dedupe" in line or "named" in line] == [
        '  dedupe "story"',
        (
            '  dedupe "story", script "hans", others are not named, dedupe_strictness "strict", '
            'dedupe_window "1d", hold "5m", prefer ["a"]'
        ),
        "  others are named",
    ]


def test_check_warns_of_cookies_that_cannot_be_sent(tmp_path: Path) -> None:
    source = '[[sources]]\nname = "a"\nurl = "https://a.example/"\ncookie_file = "jar"\n'
    (tmp_path / "config.toml").write_text(source, encoding="utf-8")
    told = run_in("check", cwd=tmp_path)
    assert told.returncode == 0
    assert told.stderr.startswith(
        "warning: config.toml:4: sources[0].cookie_file: cookie_file jar: cannot be read: No such "
    )
    (tmp_path / "jar").write_text("sid=CANARY\n", encoding="utf-8")
    told = run_in("check", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert "CANARY" not in told.stdout


def test_check_tells_rules_private_feeds_files_and_sites_and_no_token(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(EVERYTHING, encoding="utf-8")
    told = run_in("check", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert "CANARY" not in told.stdout
    wishes = (
        "keep 3, replace 1, edits: ignore, expected every 2d, site: a.example.com a.example.net"
    )
    assert f"  {wishes}  " in told.stdout
    assert '\n  block 1, without x, order "published", title_template "[{source}] {title}"\n' in (
        told.stdout
    )
    assert "/feeds/TOKEN/mine.atom\n" in told.stdout
    assert "  private: TOKEN stands for its token\n" in told.stdout
    assert told.stdout.partition("\nPublished, too, ")[2] == (
        "each as .atom, .rss, .json:\n"
        "\n"
        "  http://127.0.0.1:8420/sources/a\n"
        "\n"
        "Open to nobody without a token:\n"
        "\n"
        "  b is for readers with a token only (feed mine); not in /feeds/all; 404 at /tags/c/c++, "
        "/sources/b\n"
        "\n"
        "Written:\n"
        "\n"
        f"  every feed in {tmp_path}/public\n"
        "  hexo posts of zh in /srv/posts (full, by hexo-volantis)\n"
        "\n"
        "Known of sites:\n"
        "\n"
        "  a.example: removes p.ad i, 1 image rule, referrer origin\n"
        "\n"
        "Told:\n"
        "\n"
        "  sources that are broken for longer than 12h, in the operations feed, to this machine "
        "and to anyone who knows the status_token\n"
    )


def test_check_warns_on_standard_error_and_succeeds(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    told = run_in("check", cwd=tmp_path)
    assert told.returncode == 0
    assert told.stderr == (
        "warning: config.toml:1: sources: there are none, so nothing is polled\n"
    )


@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1", "POSIX"])
def test_a_terminal_without_chinese_is_no_reason_to_fail(folder: Path, locale: str) -> None:
    told = run_in(
        "check", cwd=folder, LC_ALL=locale, PYTHONIOENCODING="latin-1", PYTHONCOERCECLOCALE="0"
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "ithome" in told.stdout


@pytest.mark.parametrize("words", [("nonsense",), ("poll", "--nonsense"), ("status", "extra")])
def test_a_wrong_command_line_ends_with_2(words: tuple[str, ...], folder: Path) -> None:
    told = run_in(*words, cwd=folder)
    assert told.returncode == 2
    assert "Usage: aggregator" in told.stderr
    assert "Traceback" not in told.stderr


def test_status_without_a_database_names_its_path_and_makes_none(folder: Path) -> None:
    told = run_in("status", cwd=folder)
    assert told.returncode == 69
    assert told.stderr.startswith(f"aggregator: {folder}/data/a.db: ")
    assert [path.name for path in folder.iterdir()] == ["config.toml"]


def test_reload_without_a_daemon_says_so_and_that_the_file_is_valid(folder: Path) -> None:
    told = run_in("reload", cwd=folder)
    assert told.returncode == 69
    assert told.stdout == "config.toml is valid.\n"
    assert f"no daemon runs on {folder}/data/a.db" in told.stderr
    assert [path.name for path in folder.iterdir()] == ["config.toml"]


def test_a_closed_pipe_ends_it_quietly(folder: Path) -> None:
    many = "".join(
        f'[[sources]]\nname = "s{number}"\nurl = "https://h{number}.example/"\n'
        for number in range(3000)
    )
    (folder / "config.toml").write_text(many, encoding="utf-8")
    with subprocess.Popen(
        [PROGRAM, "check"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"AGGREGATOR_CONFIG": "config.toml"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read().splitlines()
        assert [line for line in said if not line.startswith(b"warning: expat ")] == []
        assert process.wait(30) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("poll",),
        ("tag", "blog", "--add"),
        ("remove",),
        ("search",),
        ("check", "--config"),
        ("--x",),
    ],
    ids=" ".join,
)
def test_bytes_that_are_no_text_are_a_wrong_command_line(
    folder: Path, words: tuple[str, ...]
) -> None:
    told = run_in(*words, os.fsdecode(b"caf\xff"), cwd=folder)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.splitlines()[-1] == r'Error: "caf\xff" is not UTF-8; write it in UTF-8'


def test_check_tells_of_addresses_that_nothing_allows(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        'include = ["more.toml"]\n[network]\nallow_private = ["10.0.0.2:80", "fd00::/8"]\n'
        + "".join(
            source_toml(f"a{index}", f"http://{host}/")
            for index, host in enumerate(
                ("10.0.0.1", "10.0.0.2", "[fd00::1]", "[::1]:81", "1.1.1.1")
            )
        )
        + '[[notify]]\nname = "me"\nurl = "http://192.168.1.2:8080/hook?key=CANARY"\n'
        + "".join(
            f'[[lists]]\nname = "{name}"\nurl = "http://{host}/l.opml"\n'
            for name, host in (("near", "127.0.0.1:81"), ("mail", "mail.example:25"))
        )
    )
    (tmp_path / "more.toml").write_text(source_toml("local", "https://localhost:8443/feed"))
    told = run_in("check", cwd=tmp_path)
    assert told.returncode == 0, told
    lines = [one for one in told.stderr.splitlines() if "allow_private" in one]
    assert lines == [
        f'warning: {where}.url: {host} {trouble}; add "{host}" to allow_private in [network]'
        for where, host, trouble in (
            ("more.toml:3: sources[0]", "localhost:8443", "leads to no public address"),
            ("config.toml:6: sources[0]", "10.0.0.1:80", "is not a public address"),
            ("config.toml:15: sources[3]", "[::1]:81", "is not a public address"),
            ("config.toml:21: notify[0]", "192.168.1.2:8080", "is not a public address"),
            ("config.toml:24: lists[0]", "127.0.0.1:81", "is not a public address"),
            (
                "config.toml:27: lists[1]",
                "mail.example:25",
                "uses a port that feeds do not live on",
            ),
        )
    ]


def test_a_password_is_text_and_its_file_a_file(folder: Path) -> None:
    told = run_in("passwd", cwd=folder, text="caf\udcff password\n")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "aggregator: the password is not UTF-8; write it in UTF-8\n"
    kept = folder / "data" / "a.db.password"
    kept.parent.mkdir()
    os.mkfifo(kept)
    told = run_in("passwd", cwd=folder, text="a long password\n")
    assert (told.returncode, told.stderr) == (
        1,
        f"aggregator: {kept}: is no regular file; remove it\n",
    )
    assert KeptPassword(lambda: kept.with_name("a.db")).hash() is None


def test_ctrl_c_ends_it_without_a_traceback(folder: Path) -> None:
    os.mkfifo(folder / "waits.xml")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Shells let what they start in the background ignore it, and children inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [PROGRAM, "lint", "waits.xml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # The FIFO can be opened for writing once the program reads it.
    with process, (folder / "waits.xml").open("wb"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in out + err


def test_no_secret_and_no_control_character_is_printed(folder: Path) -> None:
    told = run_in("check", cwd=folder)
    assert "CANARY" not in told.stdout + told.stderr
    assert "\u202e" not in told.stdout
    assert json.dumps(told.stdout).count("\\u001b") == 0
