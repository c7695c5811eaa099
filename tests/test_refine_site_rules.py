# ruff: noqa: E501 - markup and expectations read best on one line
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import (
    Enclosure,
    Entry,
    ImageRewrite,
    RawEntry,
    SiteRule,
)
from aggregator.refine.html_limits import MAX_NESTING
from aggregator.refine.sanitise import clean
from aggregator.refine.site_rules import REFERRER_POLICIES, rules_for
from tests.hostile_html import PAYLOADS
from tests.raw_entries import refine
from tests.sanitised_html import Check

PAGE = "https://www.example.com/2026/a-post.html"
ADS = SiteRule("example.com", remove=("p.ad", "div#related > *", "a[href*=promo]"))


def refined(
    *rules: SiteRule, site_url: str | None = None, url: str | None = PAGE, **raw: Any
) -> Entry:
    entry = RawEntry(raw_title="t", raw_link=url, **raw)
    (found,) = refine(entry, site_url=site_url, rules=rules)
    return found


def pictured(*rules: SiteRule, src: str, page: str = PAGE) -> str:
    return clean(f'<p><img src="{src}"></p>', page, rules=rules_for(rules, page))


def image(src: str, referrer: str = "no-referrer") -> str:
    return f'<p><img src="{src}" alt="" loading="lazy" referrerpolicy="{referrer}"></p>'


# --- elements -----------------------------------------------------------------------------------


def test_what_selectors_find_is_no_part_of_content_or_summary() -> None:
    markup = '<p>One</p><p class="big ad">Buy</p><div id="related"><p>More</p></div><p>Two <a href="/promo/1">!</a></p>'
    entry = refined(ADS, raw_content=markup, raw_summary='<p class="ad">Buy</p>Short')
    assert entry.content_html == "<p>One</p><div></div><p>Two </p>"
    assert entry.summary == "Short"


@pytest.mark.parametrize(
    ("url", "site_url"),
    [
        (PAGE, None), ("https://example.com/1", None), ("http://A.B.EXAMPLE.COM:8080/1", None),
        (None, "https://blog.example.com/"),
    ],
)  # fmt: skip
def test_a_rule_holds_for_pages_of_its_host_and_below(
    url: str | None, site_url: str | None
) -> None:
    entry = refined(ADS, url=url, site_url=site_url, raw_content='<p class="ad">Buy</p><p>One</p>')
    assert entry.content_html == "<p>One</p>"


@pytest.mark.parametrize(
    ("url", "site_url"),
    [
        ("https://example.com.tw/1", None), ("https://notexample.com/1", None), ("https://e.com/example.com", None),
        (None, None), ("https://other.example/1", "https://example.com/"),
    ],
)  # fmt: skip
def test_a_rule_holds_for_no_other_page(url: str | None, site_url: str | None) -> None:
    entry = refined(ADS, url=url, site_url=site_url, raw_content='<p class="ad">Buy</p><p>One</p>')
    assert "Buy" in entry.content_html


def test_a_host_of_other_letters_is_the_same_in_both_spellings() -> None:
    for host, url in (
        ("例子.中国", "https://www.xn--fsqu00a.xn--fiqs8s/1"),
        ("xn--fsqu00a.xn--fiqs8s", "https://例子.中国/1"),
    ):
        entry = refined(
            SiteRule(host, remove=(".ad",)), url=url, raw_content="<p>1<b class=ad>x</b></p>"
        )
        assert entry.content_html == "<p>1</p>"


def test_built_in_rules_and_the_operators_hold_both() -> None:
    rule = SiteRule("ithome.com", remove=(".vote",))
    markup = '<p>正文</p><p class="ad-tips">广告声明</p><p class="vote">投票</p>'
    assert (
        refined(rule, url="https://www.ithome.com/0/1/002.htm", raw_content=markup).content_html
        == "<p>正文</p>"
    )
    elsewhere = refined(rule, url="https://www.ithome.com.tw/news/1", raw_content=markup)
    assert "投票" in elsewhere.content_html
    assert "广告声明" in elsewhere.content_html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_left_is_cleaned_like_anything_else(payload: str) -> None:
    reader = Check()
    reader.feed(clean(f'<p class="ad">x</p>{payload}', PAGE, rules=rules_for((ADS,), PAGE)))
    reader.close()


def test_markup_too_deep_to_parse_is_flattened_before_and_after() -> None:
    rules = rules_for((SiteRule("example.com", remove=("p.ad",)),), PAGE)
    assert clean("<div>" * (MAX_NESTING * 100) + "text", PAGE, rules=rules).strip() == "text"
    formatting = "".join(f'<b title="{number}">' for number in range(200))
    assert "end" in clean(
        f"<p class=ad></p>{formatting}" + "<p>x</p>" * 50 + "end", PAGE, rules=rules
    )


def test_one_element_found_by_several_selectors_goes_once() -> None:
    rule = SiteRule("example.com", remove=("div.a", ".a .b", ".b", "div"))
    markup = "<p>1</p>" + '<div class="a"><div class="b"><i class="b">x</i></div></div>' * 50
    assert refined(rule, raw_content=markup).content_html == "<p>1</p>"


# --- pictures -----------------------------------------------------------------------------------

LARGE = ImageRewrite(r"/-\d+x\d+(\.jpg)$/", r"\1")
PROXY = ImageRewrite(r"/^(https:\/\/.*)$/", r"https://images.example.net/?url=\1")
BARE_PROXY = ImageRewrite(r"/^https:\/\/(.*)$/", r"https://i0.example.net/\1")


@pytest.mark.parametrize(
    ("rewrite", "src", "taken_from"),
    [
        (LARGE, "/up/a-300x200.jpg", "https://www.example.com/up/a.jpg"),
        (LARGE, "/up/a.jpg", "https://www.example.com/up/a.jpg"),
        (ImageRewrite("http://", "https://"), "http://example.com/a.jpg", "https://example.com/a.jpg"),
        (PROXY, "https://cdn.example.org/a.jpg", "https://images.example.net/?url=https://cdn.example.org/a.jpg"),
        (BARE_PROXY, "https://cdn.example.org/b/a.jpg", "https://i0.example.net/cdn.example.org/b/a.jpg"),
        # What comes of it is a web address, or the picture stays where it was.
        (ImageRewrite("a.jpg", "b.jpg?token=1"), "/a.jpg", "https://www.example.com/b.jpg?token=1"),
        (ImageRewrite("https", "javascript"), "/a.jpg", "https://www.example.com/a.jpg"),
        (ImageRewrite("https://www.example.com", "https://["), "/a.jpg", "https://www.example.com/a.jpg"),
        (ImageRewrite("/.*/", ""), "/a.jpg", "https://www.example.com/a.jpg"),
        (ImageRewrite("a.jpg", '"onerror="1'), "/a.jpg", "https://www.example.com/%22onerror=%221"),
        # It would grow with every cleaning.
        (ImageRewrite(".jpg", ".jpg.jpg"), "/a.jpg", "https://www.example.com/a.jpg"),
    ],
)  # fmt: skip
def test_pictures_are_taken_from_where_a_rule_says(
    rewrite: ImageRewrite, src: str, taken_from: str
) -> None:
    rule = SiteRule("example.com", images=(rewrite,))
    once = pictured(rule, src=src)
    assert once == image(taken_from)
    assert clean(once, PAGE, rules=rules_for((rule,), PAGE)) == once


def test_rewrites_follow_one_another() -> None:
    rule = SiteRule("example.com", images=(LARGE, ImageRewrite(".jpg", ".webp")))
    assert pictured(rule, src="/a-30x20.jpg") == image("https://www.example.com/a.webp")


def test_a_rule_holds_for_its_pictures_on_any_page() -> None:
    rule = SiteRule("cdn.example.org", images=(LARGE,), referrer="origin")
    assert pictured(rule, src="https://a.cdn.example.org/a-3x2.jpg") == image(
        "https://a.cdn.example.org/a.jpg", "origin"
    )
    assert pictured(rule, src="https://example.org/a-300x200.jpg") == image(
        "https://example.org/a-300x200.jpg"
    )


def test_a_lazy_pictures_real_address_is_rewritten_and_inline_ones_stay() -> None:
    rules = rules_for((SiteRule("example.com", images=(LARGE, PROXY), referrer="origin"),), PAGE)
    lazy = clean('<img src="/images/blank.gif" data-original="/a-300x200.jpg">', PAGE, rules=rules)
    assert 'src="https://images.example.net/?url=https://www.example.com/a.jpg"' in lazy
    inline = f'<img src="data:image/png;base64,{"A" * 400}">'
    assert 'referrerpolicy="no-referrer"' in clean(inline, PAGE, rules=rules)
    assert "images.example.net" not in clean(inline, PAGE, rules=rules)


def test_pictures_beside_the_text_follow_the_same_rules() -> None:
    raw: dict[str, Any] = {
        "raw_content": '<img src="https://www.example.com/a-300x200.jpg">',
        "raw_images": (
            Enclosure("https://www.example.com/a.jpg", "image/jpeg"),
            Enclosure("https://www.example.com/b-3x2.jpg", "image/jpeg"),
        ),
        "raw_enclosures": (Enclosure("https://www.example.com/c-300x200.jpg", "audio/mpeg"),),
    }
    entry = refined(SiteRule("example.com", images=(ImageRewrite(r"/-\d+x\d+/", ""),)), **raw)
    assert [file.url for file in entry.enclosures] == [
        "https://www.example.com/c-300x200.jpg",
        "https://www.example.com/b.jpg",
    ]


# --- referrers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", sorted(REFERRER_POLICIES))
def test_a_pictures_request_tells_what_the_rule_allows(policy: str) -> None:
    assert f'referrerpolicy="{policy}"' in pictured(
        SiteRule("example.com", referrer=policy), src="/a.jpg"
    )


@pytest.mark.parametrize("policy", [None, "", "always", 'origin" onerror="1'])
def test_no_other_word_is_a_policy(policy: str | None) -> None:
    assert pictured(SiteRule("example.com", referrer=policy), src="/a.jpg") == image(
        "https://www.example.com/a.jpg"
    )


def test_the_closest_rule_tells_the_policy() -> None:
    rules = (
        SiteRule("img.example.com", referrer="origin"),
        SiteRule("example.com", referrer="unsafe-url"),
        SiteRule("www.example.com", referrer="same-origin"),
        SiteRule("example.org", referrer="strict-origin"),
        SiteRule("cdn.example.org"),
    )
    for src, policy in (
        ("https://img.example.com/a.jpg", "origin"),
        ("https://example.com/a.jpg", "unsafe-url"),
        ("https://cdn.example.org/a.jpg", "strict-origin"),
        ("https://elsewhere.example/a.jpg", "same-origin"),
    ):
        assert pictured(*rules, src=src) == image(src, policy)


# --- laws ---------------------------------------------------------------------------------------


def test_without_rules_nothing_is_asked() -> None:
    assert rules_for((), PAGE) is None


_PATTERN = st.sampled_from(
    [
        ".jpg",
        "a",
        "/",
        "https://",
        "example",
        "/(.*)/",
        "/^https:(.*)$/",
        r"/\/([^\/]+)$/",
        "/[aeiou]/",
        "cdn",
    ]
)
_BY = st.sampled_from(
    [
        "",
        "a",
        "aa",
        r"\1",
        r"\1\1",
        r"https://p.example/?\1",
        r"https:\1/x",
        "https://q.example/",
        "//",
        '"',
    ]
)
_PICTURES = st.sampled_from(
    [
        "/a.jpg",
        "https://cdn.example.org/a.jpg",
        "//example.com/a/b-3x2.jpg?x=https://e.com/",
        "http://p.example/?x",
        "data:x",
        "",
        "a b",
    ]
)


@settings(deadline=None)
@given(
    st.lists(st.tuples(_PATTERN, _BY), max_size=3), st.lists(_PICTURES, max_size=3), st.booleans()
)
def test_cleaning_with_rules_again_changes_nothing(
    rewrites: list[tuple[str, str]], sources: list[str], on_page: bool
) -> None:
    # Only sound ones reach us: a replacement names no group that its pattern has not.
    sound = tuple(ImageRewrite(find, by) for find, by in rewrites if "\\1" not in by or "(" in find)
    rule = SiteRule("example.com" if on_page else "example.org", (".ad",), sound, "origin")
    rules = rules_for((rule,), PAGE)
    once = clean(
        "".join(f'<img src="{src}"><p class="ad">x</p>' for src in sources), PAGE, rules=rules
    )
    assert clean(once, PAGE, rules=rules) == once
    plain = once.replace('referrerpolicy="origin"', 'referrerpolicy="no-referrer"')
    assert clean(once, PAGE) == plain
