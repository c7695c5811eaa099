"""Replacements change text and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import message
from aggregator.model import Replacement
from aggregator.refine.sanitise import clean
from aggregator.rules import (
    mistake_in,
    mistake_in_replacement,
    replaced,
    replaced_html,
    replaced_text,
)
from aggregator.rules.replacements import MAX_GROWTH_CHARS, MAX_MATCHES

BASE = "https://example.org/"


@pytest.mark.parametrize(
    ("find", "by", "text", "expected"),
    [
        ("/【.*?】/", "", "【快讯】 小米【图】发布", "小米发布"),
        ("IT 之家", "IT之家", "ＩＴ　之家 说", "IT之家 说"),
        ("/(\\d+)元/", "¥\\1", "９９元和100元", "¥９９和¥100"),
        ("/(a)|(b)/", "[\\1\\2]", "ab", "[a][b]"),
        ("a.b", "\\n", "A.B acb", "\\n acb"),
        ("（", "[", "(x（y", "[x[y"),
        ("AI", "人工智能", "said AI", "said 人工智能"),
        ("/x?/", "y", "ax", "ay"),
        ("/.+/", "", "all of it", "all of it"),
        ("nothing", "x", "  as it is  ", "  as it is  "),
    ],
)
def test_a_title_is_replaced_in_place_and_never_empty(
    find: str, by: str, text: str, expected: str
) -> None:
    assert replaced_text((Replacement(find, by),), text, "title") == expected


def test_rules_follow_each_other_and_keep_to_their_fields() -> None:
    rules = (
        Replacement("a", "b", ("title",)),
        Replacement("b", "c", ("text",)),
        Replacement("/b$/", "d"),
    )
    assert replaced_text(rules, "a", "title") == "d"
    assert replaced_text(rules, "a b", "text") == "a c"
    assert replaced_html(rules, "<p>a b</p>") == "<p>a c</p>"
    assert replaced_html(rules[:1], "<p>a</p>") == "<p>a</p>"


def test_only_what_stands_between_tags_is_replaced() -> None:
    html = '<p title="b">b <b>b</b><img src="https://b.example/b" alt="b"></p>'
    assert replaced_html((Replacement("/b/", "<i>&"),), html) == (
        '<p title="b">&lt;i&gt;&amp; <b>&lt;i&gt;&amp;</b>'
        '<img src="https://b.example/b" alt="b"></p>'
    )


def test_references_are_what_they_mean() -> None:
    assert replaced_html((Replacement("a < b", "x"),), "<p>a &lt; b &amp;lt;</p>") == (
        "<p>x &amp;lt;</p>"
    )
    assert replaced_html((Replacement("lt", "x"),), "<p>&lt;</p>") == "<p>&lt;</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<table> <tbody> <tr> <td>a</td> </tr> </tbody> </table>",
        "<pre>a\n\nb</pre>",
        "<p>a</p>\n<p>b</p>",
        "a\u00a0b",
        "https://example.org/a",
        "<p>&amp;lt;script&amp;gt;a&lt;script&gt;</p>",
    ],
)
@pytest.mark.parametrize(
    ("find", "by"),
    [("a", ""), ("/\\s/", "x"), ("a", " "), ("/[a/]+/", "<script>"), ("/a|://", "://u:p@h/")],
)
def test_cleaning_again_changes_nothing_where_it_is_hard(html: str, find: str, by: str) -> None:
    cleaned = clean(html, BASE)
    result = replaced_html((Replacement(find, by),), cleaned)
    assert clean(result, BASE) == result


TAGS = """\
<p> </p> <b> </b> <a/href='x'> </a> <pre> </pre> <table> <tr> <td> </td> </tr> </table> <ul> <li>
</ul> <br> <img/src='a.png'/alt='a'> <script> </script> <ruby> <rt> </ruby> <math> <mi> </mi>
</math> <div> </div> &amp; &lt; &nbsp; &#60; &copy; <!-- --> <blockquote> </blockquote> <h2> </h2>
<details> <summary> </details>"""
markup = st.lists(
    st.one_of(
        st.sampled_from(TAGS.split()),
        st.text(st.sampled_from("ab <>&\"'\u00a0\n　（）ＡＩ用"), max_size=6),
        st.text(max_size=6),
    ),
    max_size=25,
).map("".join)
finds = st.one_of(
    st.sampled_from(
        ["a", "b", "/a|b/", "/./", "/\\s+/", "/(.)(.)/", "/[^x]+/", "&", "<", "（", "/\\n/", "/^./"]
    ),
    st.text(min_size=1, max_size=3),
)
replacements = st.builds(
    Replacement,
    find=finds.filter(lambda find: mistake_in(find) is None),
    by=st.one_of(
        st.sampled_from(
            ["", " ", "<b>", "&amp;", "</p>", "\\1", "\\2\\1", "<script>", "&#60;", "x"]
        ),
        st.text(max_size=4),
    ),
).filter(lambda rule: mistake_in_replacement(rule.find, rule.by) is None)


@given(markup, st.lists(replacements, min_size=1, max_size=3).map(tuple))
def test_replaced_html_is_its_own_cleaning(raw: str, rules: tuple[Replacement, ...]) -> None:
    cleaned = clean(clean(raw, BASE), BASE)
    result = replaced_html(rules, cleaned)
    assert clean(result, BASE) == result
    tags = re.compile(r"<[^<>]*>")
    assert tags.findall(result) == tags.findall(cleaned)


@given(st.text(max_size=30), st.lists(replacements, max_size=3).map(tuple))
def test_replaced_text_is_one_line_or_what_it_was(
    title: str, rules: tuple[Replacement, ...]
) -> None:
    result = replaced_text(rules, title, "title")
    assert result == title or result == " ".join(result.split()) != ""


def test_a_text_grows_within_bounds_and_the_rest_stays() -> None:
    rule = Replacement("/./", "<" * 500)
    grown = replaced_html((rule,), f"<p>{'a' * 5000}</p>")
    assert len(grown) <= 5010 + MAX_GROWTH_CHARS
    assert grown.endswith("aaa</p>")
    shortened = replaced("/a/", "b", "a" * (MAX_MATCHES + 5))
    assert shortened == "b" * MAX_MATCHES + "a" * 5


def test_an_address_can_be_replaced_too() -> None:
    url = "https://img.example.com/1.jpg?w=600"
    assert replaced(r"/\?w=\d+$/", "", url) == "https://img.example.com/1.jpg"


@pytest.mark.parametrize(
    ("find", "by", "told"),
    [
        ("a", "\\1", "\\1 is not there: the pattern has fewer groups in ( )"),
        ("/(a)/", "\\2", "\\2 is not there: the pattern has fewer groups in ( )"),
        ("/(a)/", "\\1\\0", None),
        ("a", "\x1b[31m", "must not hold control characters"),
        ("a", "\ufeff", "must not hold control characters"),
        ("a", "x" * 501, "must have at most 500 characters"),
        ("a", "\u3000👍", None),
    ],
)
def test_a_replacement_that_cannot_be_used_is_explained(
    find: str, by: str, told: str | None
) -> None:
    mistake = mistake_in_replacement(find, by)
    assert (None if mistake is None else message(mistake)) == told
