# ruff: noqa: E501 - markup reads best on one line
"""Passes over a text that are left out change nothing: what is skipped is what would find nothing.

Cleaning what has been cleaned always runs a pass in full, so that it tells of one that was left out
too early.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine.content_hash import content_hash
from aggregator.refine.html_limits import guarded
from aggregator.refine.meanings import told
from aggregator.refine.sanitise import clean
from aggregator.refine.settled import is_settled
from aggregator.refine.signs import Signs, signs
from tests.hostile_html import PAYLOADS

BASE = "https://example.com/posts/1.html"
EVERY_SIGN = Signs(*[True] * len(Signs._fields))

_SIGNS = (
    "<math>|</math>|<mml:math>|</mml:math>|MathJax|class='MathJax_Preview'|<span |<td |<li>|<input |"
    "type=checkbox disabled checked>|class=chcklst-box>|checkbox-on|class='checkbox checkbox-on'>|"
    "style='text-align: right'>|class=text-right>|style='text-decoration: line-through'>|<svg |<svg>|"
    "aria-label=x>|</svg>|<title>t</title>|>|</span>|</td>|<script type='math/tex'>|</script>|x|<s>|"
    "\u0130|\u0131|\u017f|\u212a|ma|th|cla|ss=|\u017ftyle=|li\u0131ne-|MATH/TEX|<SVG>|<mjx-math>|好"
)
_NAMES = (
    "a|b|i|em|code|span|p|div|ul|ol|li|dl|dd|dt|h2|h3|pre|table|tbody|tr|td|th|blockquote|details|"
    "summary|figure|figcaption|center|s|strike|tt|u|small|q|del|section|address|ruby|rt|caption|font"
)
_ATTRIBUTES = (
    "||||| href='/x?utm_a=1&b=2'| href='http://1.2.3.999/'| href='//xn--a/'| href='https://a.example:99999/'|"
    " href='http://a..b/'| title='&lt;p&gt;'| title='&quot;'| lang=zh| align=right| align=top| cite='/y'|"
    " value=1| start=2| rel=x| title=''| href='http://-a-.com/'| href='http://%41.com'| href='http://a_b.com'"
)
_TEXTS = (
    "x| |\n|\r|好|&amp;|&|&nbsp;|\u00a0|&quot;|>|&lt;b&gt;|&copy|&#13;|&#1;|<br>|<hr>|<wbr>|<img src=/a.png>|"
    "<img src=/a.png width=1>|<img src=/a.png width=1 height=50%>|<img data-src=/b.png alt='a'>|"
    "<img src=/c.png style='width:20px' height=20>|<iframe src=//youtube.com/embed/dQw4w9WgXcQ></iframe>|"
    "<picture><source srcset='/d.png 2x'><img src=/e.png></picture>|<img alt=z>|<img src=http://1.2.3/a.png>|"
    "<media:content url=http://e.com/f.jpg medium=image>"
)
_elements = st.recursive(
    st.sampled_from(_TEXTS.split("|")),
    lambda inner: st.builds(
        lambda name, attributes, parts, end: (
            f"<{name}{attributes}>{''.join(parts)}{end and f'</{name}>'}"
        ),
        st.sampled_from(_NAMES.split("|")),
        st.sampled_from(_ATTRIBUTES.split("|")),
        st.lists(inner, max_size=3),
        st.sampled_from(("/", "/", "/", "")),
    ),
    max_leaves=12,
)
_markup = st.lists(_elements, max_size=4).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_SIGNS.split("|")), max_size=15).map("".join))
def test_a_text_without_a_sign_has_nothing_to_tell(text: str) -> None:
    assert told(text, signs(text)) == told(text, EVERY_SIGN)


@pytest.mark.parametrize("field", Signs._fields)
def test_each_sign_is_absent_from_plain_markup(field: str) -> None:
    assert getattr(signs("<p><b>words</b></p>"), field) is False


@settings(max_examples=400, deadline=None)
@given(_markup)
def test_what_is_settled_is_its_own_cleaning(raw: str) -> None:
    cleaned = clean(raw, BASE)
    assert clean(cleaned, BASE) == cleaned


def test_hostile_markup_within_blocks_is_its_own_cleaning() -> None:
    for payload in PAYLOADS:
        cleaned = clean(f"<div><ul><li>{payload}</li></ul><p>after</p></div>", BASE)
        assert clean(cleaned, BASE) == cleaned


@settings(deadline=None)
@given(_markup)
def test_what_is_within_bounds_stays_within_them(raw: str) -> None:
    assert guarded(guarded(raw)) == guarded(raw)
    deep = "<div>" * 300 + raw
    assert guarded(guarded(deep)) == guarded(deep)


def _as_it_is(_name: str, _key: str, value: str) -> str:
    return value


@pytest.mark.parametrize(
    "text",
    [
        "<p>a <b>b</b><br>c &amp; d&nbsp;</p><hr><ul><li>e</li></ul>",
        '<p><a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">a</a></p>',
        '<img src="https://example.com/a.png" alt="&quot;" width="9" loading="lazy" referrerpolicy="no-referrer">',
        "<table><tbody><tr><td>a</td>\n</tr></tbody></table>",
    ],
)
def test_what_most_articles_are_made_of_is_settled(text: str) -> None:
    assert is_settled(text, _as_it_is)


@pytest.mark.parametrize(
    "text",
    [
        "<p>a<div>b</div></p>",
        "<li>a<li>b</li></li>",
        "<pre>\na</pre>",
        "<table><tr><td>a</td></tr></table>",
        "<table>a<tbody></tbody></table>",
        "<b><p>a</p></b>",
        "<p>a",
        "a</p>",
        "&copy; a",
        "a > b",
        "a\u00a0b",
        "&quot;a&quot;",
        "<table><tbody></tbody></b></table>",
        '<p title="a" title="b">c</p>',
        '<p class="a">c</p>',
        '<td align="right">c</td>',
        '<a href="https://1.2.3.999/" rel="noopener noreferrer nofollow">a</a>',
        '<a href="https://example.com/">a</a>',
        "<math><mi>a</mi></math>",
        '<img src="https://example.com/a.png" alt="" width="1" loading="lazy" referrerpolicy="no-referrer">',
    ],
)
def test_what_a_parser_may_change_is_left_to_it(text: str) -> None:
    assert not is_settled(text, _as_it_is)


_COUNTED = (
    "comment|Comments|replies|REPLY|views|v\u0131ew|li\u212ae|\u017fhares|points|votes|"
    "评论|条评论|次阅读|浏览|点击|人点赞"
)
_AROUND = st.text(st.sampled_from("a b,.1 \u00a0浏览器条次人点赞view:："), max_size=12)


def _hash(text: str) -> bytes:
    return content_hash(
        title="", text=text, content_html="", summary="", author=None, enclosure_urls=()
    )


@given(
    _AROUND,
    st.sampled_from((("12", "13"), ("1,024", "2,048"), ("3.5万", "4.5万"), ("9 k", "8 k"))),
    st.sampled_from(("", " ")),
    st.sampled_from(_COUNTED.split("|")),
    _AROUND,
)
def test_a_counter_is_no_edit_whatever_is_around_it(
    before: str, numbers: tuple[str, str], blank: str, word: str, after: str
) -> None:
    one, other = (f"{before} {number}{blank}{word} {after}" for number in numbers)
    assert _hash(one) == _hash(other)


@given(_AROUND, st.sampled_from(("", " ", ":", "：", " ( ")), _AROUND)
def test_a_counter_after_its_name_is_no_edit(before: str, sign: str, after: str) -> None:
    one, other = (f"{before}阅读{sign}{number}字{after}" for number in ("7", "8,012"))
    assert _hash(one) == _hash(other)


@pytest.mark.parametrize(
    "address",
    [
        "https://s.w.org/images/core/emoji/15/svg/1f600.svg",
        "https://H5.SINAIMG.cn/m/emoticon/icon/default/d.png",
        "https://face.t.sinajs.cn/a.png",
        "https://e.com/EMOJI/a/72x72/1f600.png",
        "https://e.com/emoj\u0131/72x72/1f600.png",
    ],
)
def test_a_picture_from_where_nothing_but_emoji_lies_stands_in_its_line(address: str) -> None:
    assert 'width="16" height="16"' in clean(f'<p>a <img src="{address}" alt="">', BASE)
