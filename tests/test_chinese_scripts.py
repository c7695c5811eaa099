"""Traditional and Simplified Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.chinese_scripts import to_simplified, to_traditional


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("头发发展", "頭髮發展"),
        ("皇后在后面", "皇后在後面"),
        ("干净干部干燥树干", "乾淨幹部乾燥樹幹"),
        ("面条表面", "麵條表面"),
        ("里面公里", "裡面公里"),
        ("内存软件", "內存軟件"),
        ("AI 芯片 5090 发布", "AI 芯片 5090 發佈"),
    ],
)
def test_a_character_is_chosen_by_its_phrase(simplified: str, traditional: str) -> None:
    assert to_traditional(simplified) == traditional
    assert to_simplified(traditional) == simplified


def test_words_stay_the_authors() -> None:
    assert to_simplified("軟體") == "软体"
    assert to_traditional("软件") == "軟件"


@given(st.text(st.characters(codec="utf-8", max_codepoint=0x2E7F), max_size=80))
def test_other_scripts_are_left_alone(text: str) -> None:
    assert to_simplified(text) == text
    assert to_traditional(text) == text


@given(st.text("头发展后皇面里台湾龍門干頭髮後 a1，", max_size=40))
def test_what_is_simplified_is_simplified_already(text: str) -> None:
    once = to_simplified(text)
    assert to_simplified(once) == once
