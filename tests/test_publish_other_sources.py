"""An article that several sources carry names the others, in every format."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.lint import lint
from aggregator.publish import Format, render
from tests.published import ADDRESSES, ATOM, CONTENT, as_atom, as_json, as_rss, only
from tests.publishing import ITHOME, MOMENT, PRIVATE, selection, story

OTHER = replace(
    ITHOME, id="urn:x-test:other", title="A & <B>", site_url="https://other.example/?a=1&b=2"
)
HIDDEN = replace(PRIVATE, title="Club", site_url=None, url=None)


def test_json_feed_names_the_other_sources_in_an_object() -> None:
    (item,) = as_json(selection(story(also=(OTHER, HIDDEN))))["items"]
    assert item["_also"] == {
        "sources": [
            {"id": OTHER.id, "title": OTHER.title, "url": OTHER.site_url},
            {"id": HIDDEN.id, "title": "Club"},
        ]
    }
    assert "_also" not in as_json(selection(story()))["items"][0]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-CN", "<p>另见：{}、Club</p>"),
        ("en", "<p>Also in: {}, Club</p>"),
    ],
)
def test_atom_and_rss_name_them_at_the_end_of_the_text(language: str, line: str) -> None:
    link = '<a href="https://other.example/?a=1&amp;b=2">A &amp; &lt;B&gt;</a>'
    one = story(also=(OTHER, HIDDEN), language=language)
    entry = as_atom(selection(one)).find(f"{ATOM}entry")
    assert entry is not None
    assert only(entry, f"{ATOM}content") == one.content_html + line.format(link)
    (related,) = entry.findall(f"{ATOM}link[@rel='related']")
    assert (related.get("href"), related.get("title")) == (OTHER.site_url, OTHER.title)
    item = as_rss(selection(one)).find("item")
    assert item is not None
    assert only(item, CONTENT).endswith(line.format(link))
    (related,) = item.findall(f"{ATOM}link")
    assert (related.get("rel"), related.get("href")) == ("related", OTHER.site_url)
    for form in Format:
        found = lint(render(selection(one), form, ADDRESSES), now=MOMENT)
        assert [str(one) for one in found if one.level in ("error", "warning")] == []


def test_the_feeds_own_language_goes_before_the_entrys() -> None:
    selected = selection(story(also=(OTHER,), language="en"))
    selected = replace(selected, feed=replace(selected.feed, language="zh-Hans"))
    assert "另见：" in only(as_atom(selected), f"{ATOM}entry/{ATOM}content")


def test_a_summary_names_them_as_text_and_a_link_not_at_all() -> None:
    one = story(also=(OTHER,), language="en", content_html="", summary="Short.")
    (item,) = as_json(selection(one))["items"]
    assert item["content_text"] == "Short. Also in: A & <B>"
    selected = selection(story(also=(OTHER,)))
    bare = replace(selected, feed=replace(selected.feed, content="link"))
    assert "另见" not in render(bare, Format.RSS, ADDRESSES).decode()
