"""What of an entry is compared: tokens, their weights, the bytes that are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.bare_titles import is_digest
from aggregator.stories.centroids import MOST, centroid_of, pack_centroid, unpack_centroid
from aggregator.stories.signatures import (
    FULL,
    MOST_OF_LEAD,
    MOST_OF_TITLE,
    Frequencies,
    Text,
    asked_tokens,
    pack,
    rare_tokens,
    read,
    signature,
    unpack,
)
from aggregator.stories.tokens import Kind, as_said, token_of
from tests.story_texts import NOON, TITLES, seen, signed


def spelt(title: str) -> dict[str, Kind]:
    tokens = read(Text(title, "", NOON))
    return {tokens.spellings[token]: kind for token, kind in tokens.title.items()}


def test_what_a_chinese_title_is_made_of() -> None:
    assert spelt("奥比斯以6亿元收购Harbour") == {
        "奥": Kind.CHAR, "奥比": Kind.GRAM, "比": Kind.CHAR, "比斯": Kind.GRAM, "斯": Kind.CHAR,
        "#6e8": Kind.NUMBER, "元": Kind.CHAR, "元收": Kind.GRAM, "收": Kind.CHAR, "收购": Kind.GRAM,
        "购": Kind.CHAR, "harbour": Kind.NAME,
    }  # fmt: skip


def test_what_an_english_title_is_made_of() -> None:
    assert spelt("Companies of Jane Doe's sold 2.5 million bridges") == {
        "compani": Kind.WORD, "jane": Kind.NAME, "doe": Kind.NAME, "sold": Kind.WORD,
        "#25e5": Kind.NUMBER, "bridg": Kind.WORD,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("600 亿", "60 billion"),
        ("1,200 km", "1200 km"),
        ("Orbis M7", "orbis M-7"),
        ("人工智能", "AI"),
        ("谷歌", "Google"),
        ("马斯克", "Musk"),
    ],
)
def test_two_spellings_share_a_token(one: str, other: str) -> None:
    assert read(Text(one, "", NOON)).title.keys() & read(Text(other, "", NOON)).title.keys()


def test_a_versions_figure_is_no_amount() -> None:
    assert spelt("GPT-9") == {"gpt": Kind.WORD, "gpt 9": Kind.VERSION}


@pytest.mark.parametrize(
    ("spelling", "said"),
    [
        ("#508e1", "5080"),
        ("#51e-1", "5.1"),
        ("#6e8", "600000000"),
        ("rtx 5080", "rtx 5080"),
        ("#5e-2", "0.05"),
        ("#0", "0"),
    ],
)
def test_a_reason_names_figures_by_their_digits(spelling: str, said: str) -> None:
    assert as_said(spelling) == said


def test_days_and_years_are_no_amounts() -> None:
    assert Kind.NUMBER not in spelt("2026年5月4日，12:30 开放").values()


@pytest.mark.parametrize(
    ("title", "figures"),
    [
        ("小米15，4499元起售", {"xiaomi 15", "#15e0", "#4499e0"}),
        ("港湾15，4499元起售", {"#15e0", "#4499e0"}),
        ("港湾15,4499元起售", {"#15e0", "#4499e0"}),
        ("RTX 5090：2199美元", {"rtx 5090", "#509e1", "#2199e0"}),
        ("RTX 5090:2199美元", {"rtx 5090", "#509e1", "#2199e0"}),
        ("GPT-5，100万", {"gpt 5", "#1e6"}),
        ("售价１，９９９元", {"#1e0", "#999e0"}),
        ("1,999 of 1,00,000 by 12:30", {"#1999e0", "#1e5"}),
        ("5,10 and 1,9999", {"#5e0", "#1e1", "#1e0", "#9999e0"}),
    ],
)
def test_only_groups_of_digits_times_and_scores_are_joined(title: str, figures: set[str]) -> None:
    kinds = spelt(title).items()
    assert {text for text, kind in kinds if kind in (Kind.NUMBER, Kind.VERSION)} == figures


def test_times_and_scores_are_words() -> None:
    assert {"12:30", "3:2"} <= spelt("12:30 Northlake 3:2 Orbis").keys()


@given(st.integers(0, 99_999), st.integers(0, 99_999), st.sampled_from("，："))
def test_what_is_parted_by_full_width_is_two_figures(one: int, other: int, mark: str) -> None:
    parted = spelt(f"售价{one}{mark}{other}元").keys()
    assert parted == spelt(f"售价{one}{mark} {other}元").keys()


@pytest.mark.parametrize(
    ("title", "several"),
    [
        ("Johnson &amp; Sons &#8212; a history of &nbsp;a shop", False),
        ("Bridge opens; airport closes", True),
        ("Tate &amp; Lyle opens a mill; airport closes", True),
    ],
)
def test_what_ends_a_reference_parts_nothing(title: str, several: bool) -> None:
    assert is_digest(title) is several


def test_tokens_are_the_same_everywhere() -> None:
    assert [token_of(one) for one in ("收购", "bridg")] == [3530957478, 1882921344]


def test_what_is_rare_weighs_more() -> None:
    frequencies = seen(["bridge opens", "bridge closes", "bridge burns"] * 100)
    common, rare = (frequencies.weight(token_of(stem)) for stem in ("bridg", "airport"))
    assert common < rare == FULL
    of = signed("bridge airport", frequencies=frequencies)
    assert rare_tokens(of, 1) == (token_of("airport"),)


def test_a_lead_helps_where_a_title_is_short() -> None:
    of = signed("Bridge", "The harbour of Northlake was shut")
    assert rare_tokens(of)[0] == token_of("bridg")
    assert token_of("harbour") in rare_tokens(of)


def test_names_are_among_what_an_entry_is_found_by() -> None:
    title = "奥比斯公司今天宣布开放北湖市的一座大桥供所有居民免费通行 Harbour M7 60亿"
    found = rare_tokens(signed(title), 9)
    assert {token_of("harbour"), token_of("m 7"), token_of("#6e9")} <= set(found)
    assert len(set(found)) == 9


def test_what_nobody_has_written_is_not_asked_for() -> None:
    of = signed("Bridge airport", "A harbour", frequencies=seen(["bridge opens", "the harbour"]))
    assert asked_tokens(of) == (token_of("bridg"), token_of("harbour"))
    assert asked_tokens(signed("Bridge airport")) == ()


def test_a_digest_is_looked_for_by_nobody() -> None:
    digest = signed("大桥开放；机场今天关闭", frequencies=seen(["大桥开放"]))
    assert rare_tokens(digest) == asked_tokens(digest) == ()


@given(TITLES, TITLES, st.floats(-1e5, 1e5))
def test_what_is_packed_is_unpacked(title: str, lead: str, hours: float) -> None:
    of = signed(title, lead, hours)
    assert unpack(pack(of)) == of
    assert pack(signed(title, lead, hours)) == pack(of)


@given(st.lists(TITLES, max_size=8))
def test_a_centroid_is_unpacked_as_it_was(titles: list[str]) -> None:
    centroid = centroid_of(*map(signed, titles))
    assert unpack_centroid(pack_centroid(centroid)) == centroid
    assert len(centroid.weights) <= MOST


def test_what_another_scheme_made_is_not_read() -> None:
    assert unpack(b"") is None
    assert unpack(b"\xff" + pack(signed("Bridge"))[1:]) is None
    assert unpack_centroid(b"") is None
    assert unpack_centroid(b"\xff\x00") is None


@pytest.mark.parametrize(
    "title",
    [
        "桥" * 1_000_000,
        "".join(map(chr, range(0x4E00, 0x9FA5))),
        " ".join(f"Word{n} {n}m" for n in range(10_000)),
        "a" * 1_000_000,
        "e" + "\u0301" * 1_000_000,
        "9" * 1_000_000,
        "9." * 500_000,
    ],
)  # fmt: skip
def test_no_title_makes_more_than_a_bounded_signature(title: str) -> None:
    of = signature(read(Text(title, title, NOON)), Frequencies())
    assert len(of.title) + len(of.chars) <= sum(MOST_OF_TITLE.values())
    assert len(of.lead) <= MOST_OF_LEAD
    assert len(pack(of)) <= 1000
