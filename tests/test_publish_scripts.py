"""Feeds in one script: what is shown of Chinese is converted, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Category, Enclosure, Feed, Particulars, Person
from aggregator.publish import Format, render
from aggregator.publish.items import Taste, item_of
from aggregator.publish.scripts import in_script
from aggregator.refine.sanitise import clean
from aggregator.web.visible_text import clean_parts
from tests.published import ADDRESSES, ATOM, as_atom, as_json
from tests.publishing import ITHOME, PRIVATE, also, bare_story, selection, story

if TYPE_CHECKING:
    from aggregator.model import Story

TAIWAN = replace(
    ITHOME, name="tw", title="臺灣科技報", description="頭條新聞", language="zh-TW", tags=("軟體",)
)
ENGLISH = replace(ITHOME, title="News", language="en")


def html_of(text: str, script: str = "hans", **fields: Any) -> str:
    return in_script(story(content_html=text, **fields), script).content_html


def test_all_that_is_shown_is_converted_and_no_address_or_id() -> None:
    one = story(
        id="https://tw.example/頭髮",
        url="https://tw.example/頭髮",
        origin=replace(TAIWAN, url="https://tw.example/頭條", site_url="https://tw.example/網站"),
        title="頭髮與發展",
        summary="皇后在後面，見 https://zh.wikipedia.org/wiki/開放 這裡",
        content_html='<p><a href="https://tw.example/頭髮">乾淨</a></p>',
        particulars=Particulars(
            (Person("張開", "https://tw.example/張開"),), (Person("葉"),), "版權"
        ),
        categories=(Category("開發", "https://tw.example/類別", "開發者"),),
        enclosures=(Enclosure("https://tw.example/音樂.mp3", "audio/mpeg", title="音樂"),),
        also_told=(also(TAIWAN, title="發佈會", url="https://tw.example/發佈"),),
    )
    shown = in_script(one, "hans")
    assert (shown.title, shown.summary) == (
        "头发与发展",
        "皇后在后面，见 https://zh.wikipedia.org/wiki/開放 这里",
    )
    assert shown.content_html == '<p><a href="https://tw.example/頭髮">干净</a></p>'
    assert shown.particulars.authors == (Person("张开", "https://tw.example/張開"),)
    assert (shown.particulars.contributors[0].name, shown.particulars.rights) == ("叶", "版权")
    assert shown.categories == (Category("开发", "https://tw.example/類別", "开发者"),)
    assert shown.enclosures[0].title == "音乐"
    assert (shown.origin.title, shown.origin.description) == ("台湾科技报", "头条新闻")
    assert (shown.origin.tags, shown.origin.language) == (("软体",), "zh-Hans")
    assert [(told.title, told.origin.title) for told in shown.also_told] == [
        ("发布会", "台湾科技报")
    ]
    kept = ("id", "url", "order_key", "published_at", "updated_at")
    assert [getattr(shown, name) for name in kept] == [getattr(one, name) for name in kept]
    for name in ("url", "site_url", "id", "updated_at"):
        assert getattr(shown.origin, name) == getattr(one.origin, name)
    for mine, theirs in zip(
        shown.enclosures + shown.also_told, one.enclosures + one.also_told, strict=True
    ):
        assert mine.url == theirs.url


def test_into_traditional_characters_phrase_by_phrase() -> None:
    shown = in_script(story(title="头发发展", content_html="<p>皇后在后面</p>"), "hant")
    assert (shown.title, shown.content_html) == ("頭髮發展", "<p>皇后在後面</p>")
    assert shown.language == "zh-Hant"


def test_what_is_traditional_already_stays_letter_by_letter() -> None:
    one = story(origin=TAIWAN, title="台灣的里長與皇后", content_html="<p>軟體開發者在台北</p>")
    assert in_script(one, "hant") == one


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            "<p>開發</p><pre>開發 <b>開</b></pre><p>開</p>",
            "<p>开发</p><pre>開發 <b>開</b></pre><p>开</p>",
        ),
        ("<p>見 <code>開</code> 發</p>", "<p>见 <code>開</code> 发</p>"),
        (
            '<p>開 <span lang="ja">開発の話</span> 發</p>',
            '<p>开 <span lang="ja">開発の話</span> 发</p>',
        ),
        (
            '<blockquote lang="ja">開 <i lang="zh-TW">開</i> 開</blockquote>開',
            '<blockquote lang="ja">開 <i lang="zh-Hans">开</i> 開</blockquote>开',
        ),
        (
            '<img src="https://x.example/開.png" alt="開">發',
            '<img src="https://x.example/開.png" alt="开">发',
        ),
        ("開 &amp; 發 &lt;開&gt;<br>發", "开 &amp; 发 &lt;开&gt;<br>发"),
        ("<p>看 https://x.example/wiki/開 吧開</p>", "<p>看 https://x.example/wiki/開 吧开</p>"),
        ("開\x01開<br>發", "开\x01开<br>发"),
        ('<p lang="ja">開</p>', '<p lang="ja">開</p>'),
        ('<img src="https://x/1.png" alt="開" lang="zh-TW">', None),
    ],
)
def test_code_and_other_languages_within_a_text_stay(given: str, shown: str | None) -> None:
    expected = shown or given.replace("開", "开").replace("zh-TW", "zh-Hans")
    assert html_of(given, origin=TAIWAN) == expected
    if ' lang="' in given:
        one = html_of(given, title="An English title", summary="", origin=ENGLISH)
        assert (one == given) is ("zh-TW" not in given)


@pytest.mark.parametrize(
    ("language", "title", "shown"),
    [
        ("ja", "開発者の発表", "開発者の発表"),
        ("ja", "開發", "開發"),
        ("ko", "開發", "開發"),
        ("en", "The name 開發 in an English text", "The name 開發 in an English text"),
        ("en-US", "科技網站開發與發佈", "科技网站开发与发布"),
        (None, "開發與發佈", "开发与发布"),
        (None, "OpenAI 發佈 GPT-6，開發者可用", "OpenAI 发布 GPT-6，开发者可用"),
        (None, "東京の開発者", "東京の開発者"),
        (None, "What 開 means, in so many words of English", None),
        ("zh-HK", "OpenAI 開", "OpenAI 开"),
    ],
)
def test_a_text_is_chinese_by_its_language_or_its_characters(
    language: str | None, title: str, shown: str | None
) -> None:
    one = bare_story(title=title, language=language)
    assert in_script(one, "hans").title == (shown or title)


def test_chinese_within_a_text_in_another_language_says_where_it_is() -> None:
    one = bare_story(
        title="English", content_html='<p>開 <q lang="zh-TW">開</q></p>', language="en"
    )
    shown = in_script(one, "hans")
    assert shown.content_html == '<p>開 <q lang="zh-Hans">开</q></p>'
    assert replace(shown, content_html=one.content_html) == one


@given(
    st.text("開发頭发 <>&'\"=/apbrecodlngzhj-TW;", max_size=80), st.sampled_from(["hans", "hant"])
)
def test_nothing_but_characters_of_chinese_changes(text: str, script: str) -> None:
    before = clean(text, "https://example.com/page")
    after = html_of(before, script)
    signs = re.compile(r"[開发頭發头开髮]|zh-\w+")
    assert signs.sub("", after) == signs.sub("", before)
    assert [part[:20] for part in clean_parts(after)[2::4]] == [
        part[:20] for part in clean_parts(before)[2::4]
    ]
    assert html_of(after, script) == after


def shown_in(script: str | None, one: Story, **fields: Any) -> Any:
    return replace(selection(one), feed=Feed("all", "All", script=script, **fields))


@pytest.mark.parametrize("form", Format)
def test_a_feed_is_in_its_script_under_the_same_ids_and_dates(form: Format) -> None:
    one = story(origin=TAIWAN, title="頭髮", content_html="<p>開發</p>", language="zh-TW")
    plain, converted = shown_in(None, one), shown_in("hans", one)
    assert "头发".encode() in render(converted, form, ADDRESSES)
    assert "頭髮".encode() in render(plain, form, ADDRESSES)
    was, now = as_atom(plain), as_atom(converted)
    for name in ("id", "updated", "published"):
        path = f"{ATOM}entry/{ATOM}{name}"
        assert was.findtext(path) == now.findtext(path)
    assert as_json(converted)["items"][0]["language"] == "zh-Hans"


def test_the_heading_of_others_is_in_the_script_too() -> None:
    one = story(also_told=(also(PRIVATE, title="x", url="https://x.example/"),))
    for script, language, words in (
        ("hant", None, "另有報導 · "),
        ("hant", "zh-CN", "另有報導"),
        ("hans", "zh-TW", "另有报道"),
        ("hans", "en", ">Also reported by"),
    ):
        feed = Feed("all", "All", dedupe="story", script=script, language=language)
        item = item_of(one, Taste.of(feed, 10_000))
        assert words in item.content_html
