"""`aggregator lint` as people run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import FIXTURES
from tests.program import Program, run_in
from tests.web import Publisher

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = FIXTURES / "lint"
ATOM = "application/atom+xml; charset=utf-8"
GOOD = (FOLDER / "base.atom").read_bytes()
BAD = GOOD.replace(b'href="https://example.org/1"', b'href="https://example.org/a b"')


@pytest.fixture
def aggregator(aggregator: Program) -> Program:
    aggregator.configure("")
    return aggregator


def at(url: str) -> bytes:
    return GOOD.replace(b"https://example.org/feed.atom", url.encode())


def test_a_document_without_fault_ends_with_0(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_bytes(GOOD)
    told = run_in("lint", "feed.atom", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "feed.atom: nothing to say against it\n"
    assert [path.name for path in tmp_path.iterdir()] == ["feed.atom"]


def test_a_fault_is_told_with_file_line_rule_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_bytes(BAD)
    told = run_in("lint", "feed.atom", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout == (
        "feed.atom:14: error InvalidUriChar: href of <link>: “https://example.org/a b” holds a "
        "space; percent-encode it\n"
        "feed.atom: 1 error\n"
    )


def test_notes_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_bytes(GOOD.replace(b' xml:lang="en"', b""))
    told = run_in("lint", "feed.atom", cwd=tmp_path)
    assert told.returncode == 0
    assert told.stdout.endswith("feed.atom: 1 note\n")


def test_the_summary_counts_what_is_not_shown(tmp_path: Path) -> None:
    item = "<item><title>T</title></item>"
    text = (FOLDER / "base.rss").read_text("utf-8").replace("</channel>", item * 9 + "</channel>")
    (tmp_path / "feed.rss").write_text(text, encoding="utf-8")
    told = run_in("lint", "feed.rss", cwd=tmp_path)
    lines = told.stdout.splitlines()
    assert len(lines) == 7
    assert lines[-2:] == [
        "feed.rss: warning MissingGuid: 4 more; add a guid that never changes",
        "feed.rss: 9 warnings",
    ]


def test_standard_input_is_read(tmp_path: Path) -> None:
    told = run_in("lint", "-", cwd=tmp_path, text=GOOD.decode())
    assert (told.returncode, told.stdout) == (0, "-: nothing to say against it\n")


def test_several_documents_are_checked_and_the_unreadable_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.atom").write_bytes(BAD)
    (tmp_path / "folder").mkdir()
    told = run_in("lint", "none.atom", "bad.atom", "folder", cwd=tmp_path)
    assert told.returncode == 66
    assert told.stderr.splitlines() == [
        "aggregator: none.atom: cannot be read: No such file or directory",
        "aggregator: folder: cannot be read: Is a directory",
    ]
    assert told.stdout.endswith("bad.atom: 1 error\n")


def test_json_has_an_object_for_each_finding(tmp_path: Path) -> None:
    (tmp_path / "bad.atom").write_bytes(BAD)
    told = run_in("lint", "--json", "bad.atom", cwd=tmp_path)
    assert told.returncode == 1
    assert json.loads(told.stdout) == [
        {
            "document": "bad.atom",
            "level": "error",
            "rule": "InvalidUriChar",
            "line": 14,
            "what": "href of <link>: “https://example.org/a b” holds a space",
            "remedy": "percent-encode it",
            "count": 1,
        }
    ]


def test_nothing_in_a_document_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    text = "<feed xmlns='http://www.w3.org/2005/Atom'><id>\u202e\u009b31m x</id></feed>"
    (tmp_path / "feed.atom").write_text(text, encoding="utf-8")
    told = run_in("lint", "feed.atom", cwd=tmp_path)
    assert told.returncode == 1
    assert all(char.isprintable() or char == "\n" for char in told.stdout)


def test_a_url_is_fetched_and_its_header_and_address_compared(
    aggregator: Program, web: Publisher
) -> None:
    url = web.url("/feed.atom")
    web.route("/feed.atom", body=at(url), headers={"Content-Type": ATOM})
    told = aggregator.run("lint", url)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"{url}: nothing to say against it\n"
    web.route("/other.atom", body=at(url), headers={"Content-Type": "text/html"})
    told = aggregator.run("lint", "--json", web.url("/other.atom"))
    assert told.returncode == 1
    assert {row["rule"] for row in json.loads(told.stdout)} == {
        "UnexpectedContentType",
        "SelfDoesntMatchLocation",
    }
    assert not aggregator.database.exists()


@pytest.mark.parametrize("own", ["/old.atom", "/new.atom"])
def test_the_address_asked_and_the_one_that_answers_are_both_right(
    aggregator: Program, web: Publisher, own: str
) -> None:
    web.route("/old.atom", status=302, headers={"Location": "/new.atom"})
    web.route("/new.atom", body=at(web.url(own)), headers={"Content-Type": ATOM})
    assert aggregator.run("lint", web.url("/old.atom")).returncode == 0


def test_what_cannot_be_fetched_is_named_with_the_reason(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/gone", status=404)
    told = aggregator.run("lint", web.url("/gone"))
    assert (told.returncode, told.stdout) == (66, "")
    assert told.stderr.startswith(f"aggregator: {web.url('/gone')}: http-status: ")


def test_a_url_needs_no_configuration_and_is_guarded_without_one(
    tmp_path: Path, web: Publisher
) -> None:
    told = run_in("lint", web.url("/feed.atom"), cwd=tmp_path)
    assert told.returncode == 66
    assert ": blocked: " in told.stderr
    assert web.requests == []


def test_a_command_line_without_documents_is_wrong(tmp_path: Path) -> None:
    assert run_in("lint", cwd=tmp_path).returncode == 2
