"""Every kind of mistake arises from some text, at its key and line, and is said in its words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from aggregator.config import message
from aggregator.config.mistake_messages import ENGLISH, lines
from aggregator.model.errors import ConfigError
from aggregator.model.mistakes import Mistake, MistakeKind
from tests.config_texts import SOURCE, parsed

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "fixtures" / "config" / "mistakes.toml").read_text(encoding="utf-8")
)["mistake"]

#: Of the file as a whole, or of what it names: tests of these read files (`test_config_include`,
#: too). Or of a machine that lacks a library (`test_without_libraries`).
OF_FILES = {
    MistakeKind.NO_CONFIGURATION,
    MistakeKind.NO_FILE,
    MistakeKind.NOT_READABLE,
    MistakeKind.NOT_A_FILE_NAME,
    MistakeKind.FILE_TOO_LARGE,
    MistakeKind.NOT_UTF8,
    MistakeKind.NESTED_TOO_DEEPLY,
    MistakeKind.INLINE_SOURCES,
    MistakeKind.NOT_A_FOLDER,
    MistakeKind.NOT_INCLUDED,
    MistakeKind.NOTHING_INCLUDED,
    MistakeKind.TOO_MANY_FILES,
    MistakeKind.TEMPLATE,
    MistakeKind.FAILS_NOW,
    MistakeKind.NO_LIBRARY,
}


def found(text: str) -> tuple[Mistake, ...]:
    """Return the mistakes of a configuration, or the cautions of a valid one."""
    try:
        config = parsed(text)
    except ConfigError as error:
        mistakes, told = error.mistakes, error.lines
    else:
        mistakes, told = config.cautions, config.warnings
    assert told == lines("config.toml", mistakes)
    return mistakes


@pytest.mark.parametrize("case", CASES, ids=[case["kind"] for case in CASES])
def test_a_mistake_is_a_value_with_a_place_and_words(case: dict[str, Any]) -> None:
    (mistake,) = found(case["toml"])
    assert (mistake.kind, mistake.path) == (case["kind"], tuple(case["path"]))
    assert (mistake.line, message(mistake)) == (case["line"], case["words"])


def test_no_kind_of_mistake_is_without_a_case_and_none_without_words() -> None:
    assert {case["kind"] for case in CASES} | OF_FILES == set(MistakeKind) == ENGLISH.keys()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SOURCE + 'intervall = "1h"\n', 'unknown key, did you mean "interval"?'),
        (SOURCE + 'level = "info"\n', "unknown key; it belongs in [log]"),
        (SOURCE + "window = 1\n", "unknown key; it belongs in [[feeds]]"),
        (SOURCE + "kind = 1\n", "unknown key; it belongs in [[exports]]"),
        (SOURCE + "keep = { nonsense = 1 }\n", "unknown key; there are words, title, "),
        (SOURCE + 'timezone = "+8"\n', 'unknown time zone; write one such as "Asia/Shanghai"'),
        ("[[sources]]\n[sources]\n", "column 9: [sources] was given before; write [[sources]] "),
    ],
)
def test_a_sentence_is_chosen_by_what_is_known(text: str, words: str) -> None:
    (mistake,) = found(text)
    assert message(mistake).startswith(words)


def test_what_an_operator_wrote_is_cut_and_made_safe_to_print() -> None:
    wrote = Mistake(MistakeKind.UNKNOWN_FEED, data={"written": "\x1b[31m" + "x" * 100})
    assert message(wrote) == f'unknown feed "\\x1b[31m{"x" * 58}…"'
