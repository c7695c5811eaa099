"""Commands with a database, and with a daemon that runs: what they print and how they end."""

from __future__ import annotations

import json
import re
import resource
import signal
import socket
import threading

import pytest
import wcwidth

from aggregator.daemon.control import socket_path
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.feed_documents import undated
from tests.program import Program
from tests.terminals import LOCAL_TIME, OFFSET, on_terminal
from tests.web import Publisher

LOCAL_TIME_EXACT = rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d{OFFSET}"
UTC_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def columns(text: str, header: str) -> set[int]:
    """Return where, on a terminal, the words under a left-aligned header begin."""
    lines = text.splitlines()
    before = wcwidth.width(lines[0][: lines[0].index(header)])
    found = set()
    for row in lines[1:]:
        cut = next(at for at in range(len(row)) if wcwidth.width(row[:at]) >= before)
        found.add(wcwidth.width(row[:cut]) if row[cut - 1] == " " and row[cut] != " " else -1)
    return found


def test_poll_tells_a_line_a_source_and_fails_if_one_did(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", body=undated(2))
    aggregator.configure(source_toml("a", web.url("/a.xml")) + source_toml("gone", web.url("/404")))
    told = aggregator.run("poll")
    assert told.returncode == 1
    assert sorted(line.partition(":")[0] for line in told.stdout.splitlines()) == ["a", "gone"]
    assert "a: 2 new" in told.stdout
    assert told.stderr == ""
    assert aggregator.database.stat().st_mode & 0o777 == 0o600


def test_poll_says_when_the_next_is_due(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")))
    told = aggregator.run("poll")
    assert told.returncode == 0
    assert re.fullmatch(rf"a: 1 new, 0 updated; next poll {LOCAL_TIME_EXACT} \(.*\)\n", told.stdout)
    told = aggregator.run("poll")
    assert told.returncode == 0
    assert re.fullmatch(rf"nothing is due; next: a at {LOCAL_TIME_EXACT}\n", told.stdout)
    assert len(web.asked("/a.xml")) == 1


def test_poll_without_sources_says_so(aggregator: Program) -> None:
    aggregator.configure("")
    told = aggregator.run("poll")
    assert (told.returncode, told.stdout) == (0, "nothing is due: no source is enabled\n")


def test_on_a_terminal_poll_shows_a_bar_and_what_failed(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")) + source_toml("gone", web.url("/404")))
    status, shown = on_terminal("poll", "--config", aggregator.config)
    assert status == 1
    assert "2/2" in shown
    last = shown.rstrip().splitlines()[-2:]
    assert last[0].startswith("gone: http-status")
    assert last[1] == "2 polled, 1 failed"
    assert "a: 1 new" not in shown


def test_status_is_a_table_that_stays_straight_with_chinese(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", body=undated(3, "站点&#27;[31m\u202e"))
    aggregator.configure(
        source_toml("a", web.url("/a.xml"))
        + source_toml("gone", web.url("/404"), 'title = "少数派"')
        + source_toml("off", web.url("/off"), "enabled = false")
    )
    aggregator.run("poll")
    told = aggregator.run("status")
    assert (told.returncode, told.stderr) == (0, "")
    header, first, second, third, *notes = told.stdout.splitlines()
    assert notes[:2] == ["", "daemon: not running"]
    assert [one.partition(":")[0] for one in notes[2:]] == ["search index"]
    assert header.split() == ["source", "last", "success", "next", "poll", "entries", "problem"]
    assert re.match(rf"a \(站点.*\)  +{LOCAL_TIME}  +{LOCAL_TIME}  +3$", first)
    assert re.match(rf"gone \(少数派\)  +never  +{LOCAL_TIME}  +0  http-status: .*404", second)
    assert re.match(r"off  +never  +disabled  +0$", third)
    assert len(columns(told.stdout.partition("\n\n")[0], "last success")) == 1
    assert told.stdout.replace("\n", "").isprintable()


def test_on_a_terminal_the_problem_is_wrapped_to_the_width(
    aggregator: Program, web: Publisher
) -> None:
    aggregator.configure(source_toml("gone", web.url(f"/{'x' * 300}")))
    aggregator.run("poll")
    _, shown = on_terminal("status", "--config", aggregator.config, width=110)
    assert all(wcwidth.width(line) <= 110 for line in shown.splitlines())


def test_status_for_programs_is_a_list_of_objects_in_utc(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", body=undated())
    secret = web.url("/a.xml").replace("http://", "http://me:CANARY@") + "?key=CANARY&page=1"
    aggregator.configure(source_toml("a", secret) + source_toml("gone", web.url("/404")))
    aggregator.run("poll")
    told = aggregator.run("status", "--json")
    assert told.returncode == 0
    assert "CANARY" not in told.stdout
    fine, gone = json.loads(told.stdout)
    assert (fine["name"], fine["entries"], fine["problem"]) == ("a", 1, None)
    assert fine["url"] == web.url("/a.xml") + "?key=&page=1"
    assert re.fullmatch(UTC_TIME, fine["last_success_at"])
    assert re.fullmatch(UTC_TIME, fine["next_poll_at"])
    assert (gone["name"], gone["entries"], gone["last_success_at"]) == ("gone", 0, None)
    assert gone["problem"].startswith("http-status: ")


def test_a_log_of_objects_is_nothing_but_objects(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml").replace("//", "//me:CANARY@", 1)))
    text = aggregator.config.read_text().replace("[log]\n", '[log]\nformat = "json"\n')
    aggregator.config.write_text(text)
    aggregator.start({"LANG": "zh_CN.UTF-8"})
    aggregator.wait(lambda: '"polled"' in aggregator.log.read_text(), "a poll in the log")
    assert aggregator.stop() == 0
    lines = aggregator.log.read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert all(list(one)[:3] == ["time", "level", "event"] for one in told)
    (polled,) = (one for one in told if one["event"] == "polled")
    assert (polled["source"], polled["outcome"], polled["new"]) == ("a", "parsed", 1)
    assert told[-1]["event"] == "stopped"
    assert "CANARY" not in "".join(lines)
    # What is printed besides are the addresses, on standard output.
    others = [line for line in lines if not line.startswith("{")]
    assert not [line for line in others if "=" in line or "Traceback" in line]


def test_the_last_polls_of_a_source_are_listed_newest_first(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", body=undated())
    secret = web.url("/a.xml").replace("http://", "http://me:CANARY@")
    aggregator.configure(source_toml("a", secret))
    aggregator.run("poll")
    web.route("/a.xml", status=404)
    aggregator.run("poll", "a")
    told = aggregator.run("logs", "a")
    assert (told.returncode, "CANARY" in told.stdout) == (0, False)
    head, failed, parsed = told.stdout.splitlines()
    assert head.split()[:2] == ["polled", "outcome"]
    assert "http-status" in failed
    assert "1 new, 0 updated" in parsed
    newest, oldest = json.loads(aggregator.run("logs", "a", "--json").stdout)
    assert (newest["outcome"], oldest["outcome"], oldest["new"]) == ("failed", "parsed", 1)
    assert newest["problem"].startswith("http-status: ")
    assert oldest["problem"] is None
    assert re.fullmatch(UTC_TIME, newest["polled_at"])
    assert newest["because"]
    assert len(json.loads(aggregator.run("logs", "a", "--json", "--most", "1").stdout)) == 1
    unknown = aggregator.run("logs", "b")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "no source is named b" in unknown.stderr


def test_a_source_that_was_never_seen_has_no_entries(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    first = source_toml("a", web.url("/a.xml"))
    aggregator.configure(first)
    aggregator.run("poll")
    aggregator.configure(source_toml("new", "https://user:CANARY@new.example/") + first)
    told = aggregator.run("status", "--json")
    new, seen = json.loads(told.stdout)
    assert (new["name"], new["url"]) == ("new", "https://new.example/")
    assert (new["entries"], new["last_success_at"], new["next_poll_at"]) == (0, None, None)
    assert (seen["name"], seen["entries"]) == ("a", 1)


@pytest.mark.parametrize("broken", ["intervall = 1\n", "interval = \n", '[[feeds]]\nname = "'])
def test_a_broken_edit_hides_neither_the_daemon_nor_its_sources(
    aggregator: Program, web: Publisher, broken: str
) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")))
    aggregator.start()
    aggregator.wait(lambda: aggregator.status()["a"]["entries"] == 1, "an entry")
    with aggregator.config.open("a", encoding="utf-8") as file:
        file.write(broken)

    told = aggregator.run("reload")
    assert told.returncode == 78
    assert re.match(rf"{re.escape(str(aggregator.config))}:\d+: ", told.stderr)
    assert "the daemon keeps the configuration it has" in told.stderr

    told = aggregator.run("status")
    assert told.returncode == 78
    assert re.match(rf"{re.escape(str(aggregator.config))}:\d+: ", told.stderr)
    assert re.search(rf"^a \(站点\)  +{LOCAL_TIME}", told.stdout, re.MULTILINE)
    assert re.search(r"^config: not reloaded: .*config\.toml:\d+: ", told.stdout, re.MULTILINE)


def test_reload_says_what_changed_and_what_is_odd(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    web.route("/b.xml", body=undated())
    first = source_toml("a", web.url("/a.xml"))
    aggregator.configure(first)
    aggregator.start()
    aggregator.configure(
        first + source_toml("b", web.url("/b.xml")),
        '[[feeds]]\nname = "all"\n[[feeds]]\nname = "none"\ntags = ["nobody"]\n',
    )
    told = aggregator.run("reload")
    assert told.returncode == 0
    assert told.stdout.startswith("reloaded: ")
    assert "  + b\n" in told.stdout
    assert re.search(r"^warning: .*:\d+: feeds\[1\]\.tags\[0\]: ", told.stderr, re.MULTILINE)
    told = aggregator.run("reload")
    assert told.stdout == "reloaded: 0 changes\n"


def test_poll_asks_the_daemon_and_tells_the_same(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")) + source_toml("gone", web.url("/404")))
    aggregator.start()
    aggregator.wait(lambda: all(row["next_poll_at"] for row in aggregator.status().values()), "all")
    told = aggregator.run("poll", "gone")
    assert told.returncode == 1
    assert told.stdout.startswith("gone: http-status")
    told = aggregator.run("poll", "a")
    assert told.returncode == 0
    assert told.stdout.startswith("a: unchanged")
    told = aggregator.run("poll", "nobody")
    assert told.returncode == 1
    assert told.stderr.startswith("aggregator: ")
    assert "nobody" in told.stderr
    status, shown = on_terminal("poll", "--force", "--config", aggregator.config)
    assert status == 1
    assert shown.rstrip().splitlines()[-1] == "2 polled, 1 failed"


def test_status_says_nothing_of_a_daemon_that_is_well(aggregator: Program) -> None:
    aggregator.configure("")
    aggregator.start()
    told = aggregator.run("status")
    assert (told.returncode, told.stdout) == (0, "no sources\n")
    aggregator.stop()
    told = aggregator.run("status")
    assert (told.returncode, told.stdout) == (0, "no sources\n\ndaemon: not running\n")


def test_status_says_of_a_daemon_that_hangs_that_it_does_not_answer(aggregator: Program) -> None:
    aggregator.configure("")
    aggregator.start()
    aggregator.send(signal.SIGSTOP)
    told = aggregator.run("status")
    assert (told.returncode, told.stdout) == (
        0,
        "no sources\n\ndaemon: runs but does not answer\n",
    )
    aggregator.send(signal.SIGCONT)


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ('{"event": "done", "ok": true, "text": "1 source"}', None),
        (
            '{"event": "done", "ok": false, "text": "database or disk is full"}',
            "database or disk is full",
        ),
        (
            '{"event": "error", "text": "not a request", "exit_status": 1}',
            "cannot say how it is: not a request",
        ),
        ("", "ended before it had answered"),
    ],
)
def test_status_prints_what_the_daemon_says_of_itself(
    aggregator: Program, answer: str, note: str | None
) -> None:
    aggregator.configure("")
    aggregator.run("poll")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(aggregator.database)))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("r") as requests:
                assert json.loads(requests.readline()) == {"do": "health"}
                connection.sendall(answer.encode() + b"\n" if answer else b"")

        serving = threading.Thread(target=serve)
        serving.start()
        told = aggregator.run("status")
        serving.join(PATIENCE)
    expected = "no sources\n" + (f"\ndaemon: {note}\n" if note else "")
    # The index that the poll has begun is told below it.
    assert (told.returncode, told.stdout.partition("\nsearch index")[0].rstrip()) == (
        0, expected.rstrip(),
    )  # fmt: skip


def test_status_says_that_the_disk_of_the_daemon_is_full(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml"), 'interval = "1s"'))
    aggregator.start(brisk=True)
    aggregator.wait(lambda: aggregator.status()["a"]["entries"] == 1, "an entry")
    assert aggregator.process is not None
    # Its files cannot grow from now on, as on a full disk.
    resource.prlimit(aggregator.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    web.route("/a.xml", body=undated(50))
    aggregator.wait(lambda: "\ndaemon: " in aggregator.run("status").stdout, "the daemon's trouble")
    told = aggregator.run("status")
    assert told.returncode == 0
    assert re.search(r"^daemon: .*(full|I/O error)", told.stdout, re.MULTILINE)
