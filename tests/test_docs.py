"""What the documents say is true: links lead somewhere, commands exist, backups restore."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

import aggregator
from tests import ROOT
from tests.install_page import INSTALL, command_marked, made_local
from tests.program import PROGRAM
from tests.proxied_paths import (
    EVENTS_PATHS,
    OPEN_PATHS,
    OPERATORS_PATHS,
    SECRET_PATHS,
    TOKEN,
)

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(read(path)) if name == language]


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def anchors(path: Path) -> set[str]:
    """Return the headings of a page as the anchors that forges make of them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", read(path)), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", h)) for h in headings]
    return {heading.strip().lower().replace(" ", "-") for heading in plain}


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, capture_output=True, check=False, text=True, env=os.environ | environment
    )


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", read(page))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", read(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_command_named_exists(page: Path) -> None:
    spoken = [*blocks(page, "sh"), *re.findall(r"`([^`\n]+)`", read(page))]
    call = re.compile(
        r"(?:^|/bin/|-u aggregator )aggregator ([a-z][a-z-]*)\b([^#\n|]*)", re.MULTILINE
    )
    used: dict[tuple[str, ...], set[str]] = {}
    for command, rest in call.findall("\n".join(spoken)):
        groups = ("export", "import", "explain", "notify", "rules", "stories")
        part = re.match(r" ([a-z]+)\b", rest) if command in groups else None
        words = (command,) if part is None else (command, part[1])
        used.setdefault(words, set()).update(re.findall(r"--[a-z-]+", rest))
    for command, options in used.items():
        told = run(PROGRAM, *command, "--help")
        assert told.returncode == 0, f"aggregator {command}: {told.stderr}"
        assert not [option for option in options if option not in told.stdout], command


def in_english(text: str) -> str:
    """Return a page with the links that it would have in English."""
    text = re.sub(r"（\[\w+\]\(docs/zh/glossary\.md\)）", "", text)
    return re.sub(r"\(docs/(?:zh/)?(\w+\.md)(?:#[^)]*)?\)", r"(docs/\1)", text)


def test_both_languages_say_the_same() -> None:
    english, chinese = READMES
    for pattern in (
        r"^(\.venv/bin/\S+ [^#\n]*?|make \w+) +#",  # commands
        r"\]\(((?!README|config\.zh-CN)[^)]+)\)",  # links
        r"^(#+) ",  # headings
        r"^\| (`[^`]+`) \|",  # addresses
        r"^([a-z_]+ = \S+|\[\[\w+\]\])",  # settings
    ):
        found = [re.findall(pattern, in_english(read(page)), re.MULTILINE) for page in READMES]
        assert found[0] == found[1], f"{english.name} and {chinese.name} differ in {pattern}"


@pytest.mark.parametrize("page", READMES, ids=names(list(READMES)))
def test_the_configuration_shown_is_valid(page: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("\n".join(blocks(page, "toml")), encoding="utf-8")
    told = run(PROGRAM, "check", "--config", config)
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_changelog_has_this_version() -> None:
    assert f"\n## {aggregator.__version__} " in read(ROOT / "CHANGELOG.md")


# --- web servers in front -----------------------------------------------------------------------


def nginx_map(text: str, variable: str, value: str) -> str:
    """Return what nginx's `map` makes of a value: the first pattern that fits, else the default."""
    found = re.search(
        rf"^map (\S+|\"[^\"]*\") \${variable} \{{(.*?)\}}$", text, re.MULTILINE | re.DOTALL
    )
    assert found, variable
    lines = re.sub(r"#.*", "", found[2])
    rules = re.findall(r"(\"[^\"]*\"|\S+)\s+(\"[^\"]*\"|[^\s;]+);", lines)
    for key, result in rules:
        pattern = key.strip('"')
        if pattern == value or (pattern[0] == "~" and re.search(pattern[1:], value)):
            return str(result.strip('"'))
    return str(dict(rules)["default"].strip('"'))


def test_nginx_passes_what_is_for_readers_and_logs_no_token() -> None:
    (text,) = (one for one in blocks(INSTALL, "nginx") if "proxy_pass" in one)
    places = re.findall(r"location ~ (\S+) +\{ proxy_pass", text)
    for path in (*OPEN_PATHS, *SECRET_PATHS, *EVENTS_PATHS, *OPERATORS_PATHS):
        passes = any(re.search(place, path) for place in places)
        assert passes == (path not in OPERATORS_PATHS), path
        assert nginx_map(text, "feed_logged", path) == ("0" if TOKEN in path else "1"), path


def test_caddy_passes_what_is_for_readers_and_logs_no_token() -> None:
    (text,) = blocks(INSTALL, "caddyfile")
    (places,) = re.findall(r"@public path (.*)", text)
    secret, spared = re.findall(r"path_regexp (\S+)", text)
    assert "log_skip @secret" in text
    for path in (*OPEN_PATHS, *SECRET_PATHS, *EVENTS_PATHS, *OPERATORS_PATHS):
        passes = any(
            path.startswith(place[:-1]) if place.endswith("*") else path == place
            for place in places.split()
        )
        assert passes == (path not in OPERATORS_PATHS), path
        skipped = re.search(secret, path) and not re.search(spared, path)
        assert bool(skipped) == (TOKEN in path), path


def test_nginx_before_files_keeps_tokens_from_caches_robots_and_logs() -> None:
    (text,) = blocks(ROOT / "docs" / "publishing.md", "nginx")
    for path in (*OPEN_PATHS, *SECRET_PATHS):
        secret = nginx_map(text, "feed_secret", path)
        assert secret == ("1" if TOKEN in path else "0"), path
        assert nginx_map(text, "feed_logged", secret) == ("0" if TOKEN in path else "1")
        assert nginx_map(text, "feed_robots", secret) == ("none" if TOKEN in path else "")
        for now, archived in (("2026-11-20T", "max-age=300"), ("2027-01-15T", "immutable")):
            told = nginx_map(text, "feed_cache_control", f"{secret} {path} {now}08:00:00+00:00")
            assert told.startswith("private, no-transform" if TOKEN in path else "public"), path
            if TOKEN not in path:
                assert told.endswith(archived if "2026-11" in path else "max-age=300"), path


# --- docs/install.md ----------------------------------------------------------------------------


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """Make `sudo` run what it is given and `systemctl` write its words down."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sudo").write_text('#!/bin/sh\n[ "$1" = -u ] && shift 2\nexec "$@"\n')
    (tools / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {tools}/asked\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "TOOLS": str(tools)}


def database(home: Path) -> Path:
    """Make a database the way people do: by a first poll (of a port where nobody listens)."""
    config = home / "config.toml"
    config.write_text(
        '[store]\npath = "aggregator.db"\n'
        '[network]\nallow_private = ["127.0.0.1:9"]\n'
        '[[sources]]\nname = "silent"\nurl = "http://127.0.0.1:9/"\n'
        '[[feeds]]\nname = "all"\ntitle = "All"\n',
        encoding="utf-8",
    )
    told = run(PROGRAM, "poll", "--config", config)
    assert told.returncode == 1, told.stdout + told.stderr
    return home / "aggregator.db"


def test_the_backup_is_complete_while_the_daemon_writes_and_the_restore_brings_it_back(
    tmp_path: Path, shell: dict[str, str]
) -> None:
    live = database(tmp_path)
    writer = sqlite3.connect(live)
    writer.execute("CREATE TABLE proof (said TEXT)")
    writer.execute("INSERT INTO proof VALUES ('before')")
    writer.commit()
    identity = writer.execute("PRAGMA application_id").fetchone()

    done = run("sh", "-c", made_local(command_marked("backup"), tmp_path), **shell)
    assert done.returncode == 0, done.stderr
    (copy,) = tmp_path.glob("backups/aggregator-*.db")
    assert copy.stat().st_mode & 0o777 == 0o600

    writer.execute("INSERT INTO proof VALUES ('after')")
    writer.commit()
    left_over = {path: path.read_bytes() for path in tmp_path.glob("aggregator.db-*")}
    writer.close()
    for path, content in left_over.items():  # as after a crash
        path.write_bytes(content)
    assert left_over, "the test is meant to meet a write-ahead log"

    command = made_local(command_marked("restore"), tmp_path)
    command = re.sub(r"aggregator-[\d-]+\.db", copy.name, command)
    done = run("sh", "-c", command, **shell)
    assert done.returncode == 0, done.stderr
    asked = Path(shell["TOOLS"], "asked").read_text().splitlines()
    assert asked == ["stop aggregator", "start aggregator"]

    assert live.stat().st_mode & 0o777 == 0o600
    restored = sqlite3.connect(live)
    assert restored.execute("SELECT said FROM proof").fetchall() == [("before",)]
    assert restored.execute("PRAGMA application_id").fetchone() == identity
    assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    restored.close()
    told = run(PROGRAM, "status", "--config", tmp_path / "config.toml")
    assert told.returncode == 0, told.stderr


def test_the_installed_command_means_the_services_configuration_in_every_folder(
    tmp_path: Path,
) -> None:
    installing = re.compile(r"^sudo (install .* /usr/local/bin/aggregator)$", re.MULTILINE)
    command, again = installing.findall(read(INSTALL))
    assert command == again, "an upgrade installs what the installation did"
    script = tmp_path / "bin" / "aggregator"
    script.parent.mkdir()
    made = made_local(command, tmp_path).replace("/usr/local/bin/aggregator", str(script))
    assert run("sh", "-c", made).returncode == 0
    assert script.stat().st_mode & 0o777 == 0o755
    text = made_local(
        read(script).replace("/opt/aggregator/.venv/bin", str(PROGRAM.parent)), tmp_path
    )
    script.write_text(text, encoding="utf-8")
    (tmp_path / "config.toml").write_text("[log]\n", encoding="utf-8")
    (tmp_path / "bin" / "config.toml").write_text("mistake = 1\n", encoding="utf-8")

    told = run("sh", "-c", f"cd {script.parent} && unset AGGREGATOR_CONFIG && {script} check")
    assert told.stdout.startswith(f"{tmp_path}/config.toml: 0 sources")
    named = f"cd {script.parent} && {script} check --config config.toml"
    assert run("sh", "-c", named).stderr.startswith("config.toml:1: mistake: ")


def test_the_database_of_the_installed_configuration_is_where_the_service_may_write(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_bytes((ROOT / "config.toml").read_bytes())
    (command,) = re.findall(r"^sudo (sed .*)$", read(INSTALL), re.MULTILINE)
    command = command.replace("/etc/aggregator", str(tmp_path))
    assert run("sh", "-c", command).returncode == 0
    lines = read(tmp_path / "config.toml").splitlines()
    assert (
        len([line for line in lines if line == 'path = "/var/lib/aggregator/aggregator.db"']) == 1
    )
    told = run(PROGRAM, "check", "--config", tmp_path / "config.toml")
    assert told.returncode == 0, told.stdout + told.stderr
