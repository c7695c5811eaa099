"""CSS selectors: which can be used, and what is left of a text without what they find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import message
from aggregator.rules import mistake_in_selector, remove


@pytest.mark.parametrize(
    "selector",
    ["p.ad", "#x", "div > p + a", "a[href*='taobao.com' i]", "p:not(.x)", "p, a",
     "li:nth-child(2n)", "p:has(img)", "图"],
)  # fmt: skip
def test_a_selector_can_be_used(selector: str) -> None:
    assert mistake_in_selector(selector) is None


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ("", "must not be empty"),
        (" ", "must not be empty"),
        ("p" * 201, "must have at most 200 characters"),
        ("p\x00", "must not hold control characters"),
        *(
            (wrong, 'is no CSS selector; write one such as "p.ad" or "div[id^=promo]"')
            for wrong in ("p..x", "p[", "p,,a", "p{}", ":unknown", "p::before", "//p", "p >")
        ),
    ],
)
def test_a_selector_that_cannot_be_used_is_explained(selector: str, told: str) -> None:
    mistake = mistake_in_selector(selector)
    assert mistake is not None
    assert message(mistake) == told


@pytest.mark.parametrize(
    ("html", "selectors", "left"),
    [
        ("<p class='ad x'>a</p>b", ("p.ad",), "b"),
        ("a<div><p>b</p><p>c</p></div>", ("p:nth-child(2)",), "a<div><p>b</p></div>"),
        ("<p class=ad>a<b>b</b></p><b>c</b>", (".ad", ".ad b", "p"), "<b>c</b>"),
        ("<b>a</b>", ("p.ad",), "<b>a</b>"),
        ("a <b>unclosed & <p>untouched", ("i",), "a <b>unclosed & <p>untouched"),
        ("<p class=ad>a</p>", ("p",), ""),
        (
            "<noscript><i>a</i><img src=x></noscript>b",
            ("i",),
            '<noscript><img src="x"></noscript>b',
        ),
        ("", ("p",), ""),
    ],
)
def test_elements_go_with_all_that_they_hold(
    html: str, selectors: tuple[str, ...], left: str
) -> None:
    assert remove(html, selectors) == left


@given(
    st.lists(st.sampled_from(["<p class=ad>", "<b>", "<div id=x>", "</p>", "</b>", "</div>", "t",
                              "<svg>", "<table>", "<td>", "<template>", "<!--", "-->"]),
             max_size=30).map("".join),
    st.lists(st.sampled_from([".ad", "b", "div", "*", "p b", "div > *", ":has(b)", "svg"]),
             min_size=1, max_size=3).map(tuple),
)  # fmt: skip
def test_nothing_that_a_selector_finds_is_left(html: str, selectors: tuple[str, ...]) -> None:
    once = remove(html, selectors)
    assert "class=ad" not in once or ".ad" not in selectors or "<!--" in html or "template" in html
    assert remove(once, ("nothing",)) == once
