"""Notices: which are wanted, when they are sent, and what messages are made of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import notify_keys
from aggregator.daemon.notifying import message_of
from aggregator.fetch.posting import refusal_in
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.notices import Notice, Receiver, Waiting
from aggregator.operations.alarm_facts import Recovered, Silent
from aggregator.operations.deliveries import (
    EVENTS,
    GIVEN_UP_AFTER,
    LONGEST_PAUSE,
    are_given_up,
    is_due,
    notices_of,
    pause_after,
    wanted_by,
)
from aggregator.operations.event_entries import MOST_TOLD, event
from aggregator.operations.watched import AlarmKind
from aggregator.outputs.notice_templates import TEMPLATES
from aggregator.web.excerpts import within_bytes
from tests.making import DAY, HOUR, START

if TYPE_CHECKING:
    from aggregator.fetch import Message

MINUTE = timedelta(minutes=1)
SILENT = Silent(START, 3 * DAY, DAY)
ONE = Notice("silent", "ithome is silent", "No news for 3 days.", START, "没有新内容", "三天")
RECEIVER = Receiver("phone", "https://ntfy.example/x", events=EVENTS)

texts = st.text(max_size=60)
notices = st.builds(Notice, st.sampled_from(EVENTS), texts, texts, st.just(START), texts, texts)


def told_of(message: Message) -> Any:
    assert message.media_type == "application/json"
    return json.loads(message.body)


# --- what is decided ----------------------------------------------------------------------------


def test_the_file_and_the_decisions_know_the_same_events_and_templates() -> None:
    assert notify_keys.EVENTS == EVENTS
    assert tuple(TEMPLATES) == notify_keys.SHIPPED


def test_an_entry_of_the_operations_feed_is_a_notice_in_both_languages() -> None:
    raised = event(AlarmKind.SILENT, [("ithome", SILENT)], raised=True)
    over = event(AlarmKind.BROKEN, [("a", Recovered(AlarmKind.BROKEN, DAY))] * 12, raised=False)
    one, many = notices_of((raised, over), START)
    assert (one.event, one.title) == ("silent", "ithome is silent")
    assert (one.chinese_title, many.chinese_title) == ("来源 ithome 没有新内容", "12 个来源已恢复")
    assert "<" not in one.text + one.chinese
    assert (many.event, many.title) == ("recovered", "12 sources work again")
    assert len(many.text.splitlines()) == len(many.chinese.splitlines()) == MOST_TOLD + 1
    assert many.text.endswith("\nAnd 2 more.")
    assert wanted_by(replace(RECEIVER, events=("recovered",)), (one, many)) == (many,)


@given(tries=st.integers(1, 10_000), asked=st.none() | st.timedeltas(timedelta(0), 400 * DAY))
def test_pauses_grow_and_are_bounded(tries: int, asked: timedelta | None) -> None:
    assert timedelta(0) < pause_after(tries) <= pause_after(tries + 1) <= LONGEST_PAUSE
    assert pause_after(tries) <= pause_after(tries, asked) <= LONGEST_PAUSE
    if asked is not None:
        assert pause_after(tries, asked) >= min(asked, LONGEST_PAUSE)


def test_what_waits_is_gathered_first_and_then_tried_again() -> None:
    waiting = Waiting(((1, ONE),), START)
    assert not is_due(Waiting(), MINUTE, START)
    assert not is_due(waiting, MINUTE, START + MINUTE / 2)
    assert is_due(waiting, MINUTE, START + MINUTE)
    failing = replace(waiting, tries=1, next_at=START + HOUR)
    assert not is_due(failing, MINUTE, START + 59 * MINUTE)
    assert is_due(failing, MINUTE, START + HOUR)
    # Of a clock that was set back nobody waits for longer than the longest pause.
    assert is_due(replace(waiting, queued_at=START + DAY), MINUTE, START)
    assert is_due(replace(failing, next_at=START + DAY), MINUTE, START + MINUTE)


def test_what_nobody_takes_is_given_up_after_days() -> None:
    failing = Waiting(((1, ONE),), START, tries=9, next_at=START + DAY)
    assert not are_given_up(failing, START + GIVEN_UP_AFTER - MINUTE)
    assert are_given_up(failing, START + GIVEN_UP_AFTER)
    # A daemon that was off for a week tries at least once.
    assert not are_given_up(Waiting(((1, ONE),), START), START + 9 * DAY)


# --- messages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEMPLATES)
@given(some=st.lists(notices, min_size=1, max_size=3))
def test_every_shipped_template_makes_what_its_receiver_reads(
    name: str, some: list[Notice]
) -> None:
    message = message_of(replace(RECEIVER, template=name), some)
    if message.media_type == "application/json":
        assert json.loads(message.body)
    else:
        message.body.decode()
        if name == "telegram":
            assert list(parse_qs(message.body.decode(), strict_parsing=True)) == ["text"]


def test_bots_read_who_speaks_what_happened_and_how() -> None:
    words = "aggregator: ithome is silent\nNo news for 3 days."
    for name, path in (
        ("slack", ("text",)), ("discord", ("content",)), ("feishu", ("content", "text")),
        ("dingtalk", ("text", "content")), ("wecom", ("text", "content")),
    ):  # fmt: skip
        told = told_of(message_of(replace(RECEIVER, template=name), (ONE,)))
        for part in path:
            told = told[part]
        assert told == words, name
    form = message_of(replace(RECEIVER, template="telegram"), (ONE,)).body.decode()
    assert parse_qs(form) == {"text": [words]}
    assert message_of(replace(RECEIVER, template="ntfy"), (ONE,)).body.decode() == (
        "ithome is silent\nNo news for 3 days.\n"
    )
    gotify = told_of(message_of(replace(RECEIVER, template="gotify"), (ONE,)))
    assert (gotify["title"], gotify["priority"]) == ("aggregator: ithome is silent", 6)
    well = replace(ONE, event="recovered")
    apprise = told_of(message_of(replace(RECEIVER, template="apprise"), (well,)))
    assert apprise["type"] == "success"


def test_several_notices_are_one_message_in_the_language_that_is_wanted() -> None:
    told = told_of(message_of(RECEIVER, (ONE, replace(ONE, event="gap", title="two"))))
    assert told["title"] == "2 things happened"
    assert [one["event"] for one in told["events"]] == ["silent", "gap"]
    assert told["events"][0]["at"] == START.strftime("%Y-%m-%dT%H:%M:%SZ")
    chinese = told_of(message_of(replace(RECEIVER, language="zh"), (ONE, ONE)))
    assert chinese["title"] == "2 件事"
    assert chinese["text"] == "没有新内容\n三天\n没有新内容\n三天"


def test_a_message_is_cut_where_its_receiver_would_refuse_it() -> None:
    long = replace(ONE, text="漢" * 20_000)
    told = told_of(message_of(replace(RECEIVER, template="wecom"), (long,)))
    assert len(told["text"]["content"].encode()) <= 2048
    assert told["text"]["content"].endswith("…")


@given(text=st.text(), most=st.integers(3, 50))
def test_a_cut_is_within_bounds_and_of_whole_characters(text: str, most: int) -> None:
    made = within_bytes(text, most)
    assert len(made.encode(errors="replace")) <= most
    assert made == text or text.startswith(made.removesuffix("…"))


def own(folder: Path, text: str, name: str = "own.json.j2") -> Receiver:
    (folder / name).write_text(text, encoding="utf-8")
    return replace(RECEIVER, template=str(folder / name))


def test_an_own_template_is_rendered_and_escapes_by_tojson(tmp_path: Path) -> None:
    text = '{"what": {{ events[0].event|tojson }}, "say": {{ text|tojson }}}'
    told = told_of(message_of(own(tmp_path, text), (replace(ONE, text='"}</script>\n'),)))
    assert told == {"what": "silent", "say": '"}</script>\n'}
    plain = message_of(own(tmp_path, "{{ title }}", "own.txt"), (ONE,))
    assert (plain.media_type, plain.body) == ("text/plain; charset=utf-8", b"ithome is silent")
    named = replace(own(tmp_path, "x", "own.txt"), content_type="text/markdown")
    assert message_of(named, (ONE,)).media_type == "text/markdown"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ title", "own.json.j2:1: "),
        ("{{ tittle }}", "'tittle' is undefined"),
        ('{"a": "{{ text }}"}', "is no JSON"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{% for _ in range(99999) %}{% for _ in range(99999) %}x{% endfor %}{% endfor %}", "own"),
        ("{% include '/etc/passwd' %}", "no loader"),
    ],
)
def test_a_mistake_of_a_template_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        message_of(own(tmp_path, text), (replace(ONE, text='a "quoted" word'),))
    (line,) = caught.value.lines
    assert said in line
    assert "own.json.j2" in line


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match=r"none\.j2: no such file"):
        message_of(replace(RECEIVER, template=str(tmp_path / "none.j2")), (ONE,))


# --- answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"errcode": 310000, "errmsg": "keywords not in content"}', "310000 keywords not in"),
        (b'{"errcode": 0, "errmsg": "ok"}', None),
        (b'{"code": 19024, "msg": "Key Words Not Found", "data": {}}', "19024 Key Words"),
        (b'{"code": 0, "msg": "success"}', None),
        (b'{"ok": false, "error_code": 400, "description": "Bad Request"}', "Bad Request"),
        (b'{"ok": true, "result": {}}', None),
        (b'{"id": "x", "code": 7}', None),
        (b"ok", None),
        (b"[1]", None),
        (b"", None),
        (b"\xff" + b"[" * 9000, None),
    ],
)
def test_a_bot_that_answers_200_may_have_refused(body: bytes, said: str | None) -> None:
    found = refusal_in(body)
    assert (found is None) == (said is None)
    if said is not None:
        assert found is not None
        assert found.startswith(said)
