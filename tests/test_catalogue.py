"""Every message is translated, and what no message is stays as it was."""

from __future__ import annotations

import re
import string
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.language.catalogue import messages
from aggregator.language.choice import chosen
from aggregator.language.retelling import Retelling
from tests import PATIENCE, ROOT
from tests.catalogue import first, stored, template
from tests.english import english_in

if TYPE_CHECKING:
    from collections.abc import Iterable

HELP = """
import click
from aggregator.cli import commands
from aggregator.cli.speech import speak_in_help
from aggregator.language.spoken import speak
speak("zh")
speak_in_help(commands)
def tell(command, name, above):
    context = click.Context(command, info_name=name, parent=above, terminal_width=80)
    print(command.get_help(context), "\\n")
    for name, inner in getattr(command, "commands", {}).items():
        tell(inner, name, context)
tell(commands, "aggregator", None)
"""


def test_every_message_is_translated_and_no_other() -> None:
    """`make catalogue` adds what is new and lists what has no translation yet."""
    wanted = {first(one.id): one.id for one in template() if one.id}
    found = {first(one.id): one for one in stored() if one.id}
    assert sorted(wanted.keys() - found.keys()) == []
    assert sorted(found.keys() - wanted.keys()) == []
    assert not stored().obsolete
    for english, one in found.items():
        assert one.id == wanted[english]
        assert first(one.string), english
        assert not one.fuzzy, english


def test_a_translation_has_the_fields_of_its_message() -> None:
    for one in stored():
        if one.id:
            forms = (one.id,) if isinstance(one.id, str) else one.id
            assert fields(first(one.string)) == fields(forms[-1]), one.id


def fields(text: str) -> set[tuple[str, str | None, str | None]]:
    return {
        (name, spec, conversion)
        for _, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    }


def test_a_translation_is_written_as_chinese_is() -> None:
    for one in stored():
        told = first(one.string)
        told = re.sub(r"`[^`]*`|\{[^}]*\}", "", told)
        assert not re.search(r"[\u4e00-\u9fff][,;:?!](?!\w)", told), told


def test_the_compiled_catalogue_is_that_of_its_source() -> None:
    assert messages("zh") == {
        form: first(one.string)
        for one in stored()
        if one.id
        for form in ((one.id,) if isinstance(one.id, str) else one.id)
    }


def test_no_help_is_in_english() -> None:
    told = subprocess.run(
        [sys.executable, "-c", HELP], capture_output=True, check=True, text=True,
        encoding="utf-8", timeout=PATIENCE,
    ).stdout  # fmt: skip
    assert told.count("用法：") > 30
    assert english_in(told) == []
    assert all(len(line) <= 100 for line in told.splitlines())


SPOKEN = Retelling(
    {
        "{host} answered {status}: {meaning}": "{host} 答 {status}：{meaning}",
        "not found": "找不到",
        "check the url": "请检查 url",
        "must be one of {choices:or}": "必须是 {choices:or} 之一",
        "{n} entries are new{more}": "新 {n}{more}",
        "{held} of them held": "扣下 {held}",
        "wrong: {{ title }}": "错：{{ title }}",
        "{left} minutes": "{left} 分钟",
        "wait {time}": "等 {time}",
    }
)


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("a.example answered 404: not found", "a.example 答 404：找不到"),
        ("a.example answered 404: whatever", "a.example 答 404：whatever"),
        ("http-status: not found; check the url", "http-status：找不到；请检查 url"),
        ('  must be one of "a", "b" or "c"', '  必须是 "a", "b" 或 "c" 之一'),
        ("3 entries are new", "新 3"),
        ("3 entries are new, 2 of them held", "新 3，扣下 2"),
        ("wrong: { title }", "错：{ title }"),
        ("wait 2 minutes", "等 2 分钟"),
        ("config.toml:3: x: not found", "config.toml:3: x: 找不到"),
        ("not found\n\nsomething else", "找不到\n\nsomething else"),
        ("what a publisher wrote", "what a publisher wrote"),
    ],
)
def test_a_line_is_retold_by_its_message(english: str, told: str) -> None:
    assert SPOKEN(english) == told


@given(st.text(max_size=200))
def test_what_is_no_message_stays_as_it_is(text: str) -> None:
    known = [word for english in ("answered", "found", "check", "must", "entries", "held", "wrong",
             "minutes", "wait") for word in (english,)]  # fmt: skip
    if not any(word in text for word in known):
        assert SPOKEN(text) == text


@given(st.text(alphabet="nofud: ;,.{}()ab\n 1", max_size=80))
def test_any_text_is_retold_without_trouble(text: str) -> None:
    SPOKEN(text)


CHINESE = Retelling(messages("zh"))


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("planet: lists 3 feeds", "planet：列出 3 个订阅源"),
        ("config.toml: 8 sources, 3 feeds", "config.toml：8 个来源，3 个订阅源"),
        (
            "config.toml:1: site: unknown key; there are words, title, tags",
            "config.toml:1: site: 不认识的键；可用的有 words、title、tags",
        ),
        (
            "warning: config.toml:3: tags: no source carries this tag",
            "警告：config.toml:3: tags: 没有来源带这个标签",
        ),
        (
            "config.toml:7: sources[0].tag[0].tags: missing: every table in tag needs it",
            "config.toml:7: sources[0].tag[0].tags: 缺少：tag 里的每个表都需要它",
        ),
        (
            "2 script, 1 iframe → link, 1 tracking pixel",
            "2 script，1 个 iframe → 链接，1 个跟踪像素",
        ),
        (
            "postgresql://db.example/feeds: damaged (bad page); restore a backup",
            "postgresql://db.example/feeds：已损坏（bad page）；请恢复备份",
        ),
    ],
)
def test_places_and_keys_stay_where_what_is_wrong_is_told(english: str, told: str) -> None:
    assert CHINESE(english) == told


@pytest.mark.parametrize("how", ["is not a public address", "leads to no public address",
                                 "uses a port that feeds do not live on"])  # fmt: skip
@pytest.mark.parametrize(
    "form", ["10.0.0.6:9014 {}", "a.example redirects to 10.0.0.6:9014, which {}"]
)
def test_what_the_guard_refuses_is_told_in_chinese_alone(form: str, how: str) -> None:
    line = form.format(how)
    remedy = 'add "10.0.0.6:9014" to allow_private in [network]'
    for whole in (line, f"blocked: {line}", f"blocked: {line}; {remedy}"):
        told = CHINESE(whole)
        known = ("a.example", "10.0.0.6:9014", "allow_private", "blocked", "[network]")
        for word in known:
            told = told.replace(word, "")
        assert not re.search("[A-Za-z]", told), told


def test_a_sentence_whose_end_is_not_known_stays_english() -> None:
    line = "a.example redirects around the corner, which nobody knows"
    assert CHINESE(line) == line


@given(st.sampled_from([one for one in messages("zh") if "{" in one]), st.data())
def test_what_stands_in_a_field_is_in_the_translation(english: str, data: st.DataObject) -> None:
    """Addresses, names and figures come through letter by letter."""
    names = {name for name, _, _ in fields(english)}
    values = {name: f"x{data.draw(st.integers(100, 999))}-{name}.example" for name in names}
    line = english
    for name, value in values.items():
        line = re.sub(r"\{" + name + r"(![rs])?(:\w+)?\}", value, line)
    line = line.replace("{{", "{").replace("}}", "}")
    told = CHINESE(line)
    for value in values.values():
        assert value in told


@pytest.mark.parametrize(
    ("words", "environ", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_TW"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        (["--lang", "zh", "status"], {}, "zh"),
        (["status", "--lang=zh"], {}, "zh"),
        (["status", "--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["status", "--lang", "xx"], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["add", "--", "--lang", "zh"], {}, "en"),
    ],
)
def test_the_language_is_that_of_the_option_else_of_the_locale(
    words: Iterable[str], environ: dict[str, str], language: str
) -> None:
    assert chosen([*words], environ) == language


def test_commands_print_by_what_retells() -> None:
    """`echo` for messages, `pass_on` for what others wrote."""
    for path in (ROOT / "aggregator" / "cli").glob("*.py"):
        if path.stem != "speech":
            assert "click.echo(" not in path.read_text(encoding="utf-8"), path.name
