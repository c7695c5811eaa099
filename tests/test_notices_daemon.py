"""A daemon that notifies: what breaks is told once it is there to be told, across kills."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.config_texts import source_toml
from tests.feed_documents import undated
from tests.receivers import ReceivingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.program import Program
    from tests.web import Publisher

#: What opens the receiver to whoever knows it.
CANARY = "canary77Xq9"
HERE = "http://x.example/"


@pytest.fixture
def receiver(aggregator: Program) -> Iterator[ReceivingServer]:
    made = ReceivingServer()
    aggregator.allow_private.append(f"127.0.0.1:{made.port}")
    with made:
        yield made


def notify_toml(url: str, more: str = "") -> str:
    # What the tests wait for happens within moments, so nothing waits to be gathered for long.
    return f'[[notify]]\nname = "phone"\nurl = "{url}"\nbundle = "1s"\n{more}\n'


def configure(aggregator: Program, web: Publisher, *tables: str) -> None:
    aggregator.configure(
        '[publish]\nalert_after = "1s"\n' + source_toml("a", web.url("/a.xml")) + "".join(tables)
    )


def test_what_breaks_and_recovers_is_told_once(
    aggregator: Program, web: Publisher, receiver: ReceivingServer
) -> None:
    web.route("/a.xml", status=500)
    configure(aggregator, web, notify_toml(receiver.url(f"/hook/{CANARY}?topic=x")))
    aggregator.start(brisk=True)
    aggregator.wait(lambda: receiver.received, "a message")
    web.route("/a.xml", body=undated())
    assert aggregator.run("poll", "a").returncode == 0
    aggregator.wait(lambda: len(receiver.received) > 1, "the message that it works again")
    broken, well = receiver.received
    assert broken.path == f"/hook/{CANARY}?topic=x"
    assert broken.headers["content-type"] == "application/json"
    assert broken.headers["user-agent"].startswith("aggregator/")
    assert (broken.told["title"], broken.told["events"][0]["event"]) == ("a is broken", "broken")
    assert "http-status" in broken.told["text"]
    assert (well.told["title"], well.told["events"][0]["event"]) == ("a works again", "recovered")
    assert aggregator.stop() == 0
    assert len(receiver.received) == 2
    assert CANARY not in aggregator.log.read_text()


def test_a_message_survives_a_kill_and_comes_when_its_receiver_is_back(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/a.xml", status=500)
    receiver = ReceivingServer()
    aggregator.allow_private.append(f"127.0.0.1:{receiver.port}")
    configure(aggregator, web, notify_toml(receiver.url()))
    aggregator.start(brisk=True)
    aggregator.wait(lambda: "not notified" in aggregator.log.read_text(), "a message that fails")
    aggregator.stop(signal.SIGKILL)
    with receiver:
        aggregator.start(brisk=True)
        aggregator.wait(lambda: receiver.received, "the message after the kill")
        assert [one["event"] for one in receiver.received[0].told["events"]] == ["broken"]
        assert aggregator.stop() == 0
        aggregator.start(brisk=True)
        aggregator.wait(lambda: "started" in aggregator.log.read_text(), "another start")
        assert aggregator.stop() == 0
    assert len(receiver.received) == 1


def test_what_was_told_before_it_was_turned_on_is_told_to_nobody(
    aggregator: Program, web: Publisher, receiver: ReceivingServer
) -> None:
    web.route("/a.xml", status=500)
    configure(aggregator, web)
    aggregator.start(brisk=True)
    aggregator.wait(lambda: "is broken" in aggregator.log.read_text(), "an entry of the feed")
    configure(aggregator, web, notify_toml(receiver.url()))
    assert aggregator.run("reload").returncode == 0
    # What happens afterwards is told, and it alone.
    aggregator.config.write_text(aggregator.config.read_text() + "\nwrong = \n")
    assert aggregator.run("reload").returncode == 78
    aggregator.wait(lambda: receiver.received, "a message")
    assert [one["event"] for one in receiver.received[0].told["events"]] == ["config"]
    configure(aggregator, web, notify_toml(receiver.url()))
    assert aggregator.run("reload").returncode == 0
    aggregator.wait(lambda: len(receiver.received) > 1, "the message that it is mended")
    mended = receiver.received[1].told
    assert (mended["title"], mended["events"][0]["event"]) == (
        "The configuration is in effect again",
        "recovered",
    )


def test_only_what_is_wanted_is_told_in_the_form_and_language_that_is_wanted(
    aggregator: Program, web: Publisher, receiver: ReceivingServer
) -> None:
    web.route("/a.xml", status=500)
    (aggregator.folder / "token").write_text(f"{CANARY}\n")
    (aggregator.folder / "bot").write_text(receiver.url(f"/bot/{CANARY}") + "\n")
    configure(
        aggregator,
        web,
        notify_toml(
            receiver.url("/broken"),
            'events = ["broken"]\ntemplate = "ntfy"\nlanguage = "zh"\ntoken_file = "token"\n'
            'headers = { Priority = "4" }\n',
        ),
        '[[notify]]\nname = "gaps"\nurl_file = "bot"\nevents = ["gap"]\nbundle = "1s"\n',
    )
    aggregator.start(brisk=True)
    aggregator.wait(lambda: receiver.received, "a message")
    (message,) = receiver.received
    assert (message.path, message.headers["priority"]) == ("/broken", "4")
    assert message.headers["authorization"] == f"Bearer {CANARY}"
    assert message.body.decode().startswith("来源 a 出了故障\n")
    sent = aggregator.run("notify", "test", "gaps")
    assert (sent.returncode, sent.stdout) == (0, "gaps: sent\n")
    assert receiver.received[-1].path == f"/bot/{CANARY}"
    assert receiver.received[-1].told["events"][0]["event"] == "test"


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ((404, b""), "404"),
        ((302, b""), "it is somewhere else"),
        ((200, b'{"errcode": 310000, "errmsg": "keyword"}'), "did not take it: 310000 keyword"),
    ],
)
def test_a_receiver_that_refuses_is_told_with_its_words_and_no_secret(
    aggregator: Program,
    web: Publisher,
    receiver: ReceivingServer,
    answered: tuple[int, bytes],
    said: str,
) -> None:
    (receiver.status, receiver.answer), receiver.location = answered, "/elsewhere"
    configure(aggregator, web, notify_toml(receiver.url(f"/{CANARY}")))
    told = aggregator.run("notify", "test", "phone")
    assert told.returncode == 1
    assert said in told.stderr
    assert CANARY not in told.stderr
    assert receiver.asked == 1


def test_a_message_goes_nowhere_that_a_poll_may_not(
    aggregator: Program, web: Publisher, receiver: ReceivingServer
) -> None:
    aggregator.allow_private.remove(f"127.0.0.1:{receiver.port}")
    configure(aggregator, web, notify_toml(receiver.url()))
    told = aggregator.run("notify", "test", "phone")
    assert told.returncode == 1
    assert "allow_private" in told.stderr
    assert receiver.asked == 0
    assert aggregator.run("notify", "test", "none").returncode == 1


def test_one_that_never_takes_anything_is_named_by_status(
    aggregator: Program, web: Publisher, receiver: ReceivingServer
) -> None:
    web.route("/a.xml", status=500)
    configure(aggregator, web, notify_toml(receiver.url(f"/{CANARY}"), 'template = "none.j2"\n'))
    check = aggregator.run("check")
    assert check.returncode == 78
    assert "none.j2: no such file" in check.stderr
    template = aggregator.folder / "none.j2"
    template.write_text("{{ nothing }}")
    told = aggregator.run("notify", "test", "phone")
    assert "'nothing' is undefined" in told.stderr
    template.write_text("{{ title }}")
    assert aggregator.run("check").returncode == 0
    assert aggregator.run("notify", "test", "phone").returncode == 0
    assert receiver.received[-1].body == b"This is a test"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('name = "a"\n', "where to? url, or url_file, says it"),
        (f'name = "a"\nurl = "{HERE}"\nurl_file = "x"\n', "a message goes to one address"),
        (f'name = "a"\nurl = "{HERE}"\nevents = ["brokn"]\n', "broken"),
        (f'name = "a"\nurl = "{HERE}"\nevents = []\n', "events"),
        (f'name = "a"\nurl = "{HERE}"\nusername = "x"\n', "password_file"),
        (f'url = "{HERE}"\n', "name"),
        (f'name = "a"\nurl = "{HERE}"\n[[notify]]\nname = "a"\nurl = "{HERE}"\n', "notify[0]"),
    ],
)
def test_a_mistake_is_named(aggregator: Program, web: Publisher, table: str, said: str) -> None:
    configure(aggregator, web, f"[[notify]]\n{table}")
    told = aggregator.run("check")
    assert told.returncode == 78
    assert said in told.stderr


def test_what_check_would_change_names_the_table(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    configure(aggregator, web)
    aggregator.start(brisk=True)
    configure(aggregator, web, notify_toml("https://ntfy.example/x"))
    assert "+ [[notify]] phone" in aggregator.run("check").stdout
    assert "+ [[notify]] phone" in aggregator.run("reload").stdout
