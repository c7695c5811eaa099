from __future__ import annotations

import pytest

from aggregator.model import Entry, RawEntry
from aggregator.refine.known_sites import UNKNOWN_SITE, article_number, picture_url, site_of
from tests.raw_entries import refine

RSSHUB = "https://rsshub.example/ithome/it"
TEXT = "这是一段足够长的正文，用来区分不同的条目。" * 20
AD = '<p class="ad-tips">广告声明</p>'


def one(**fields: str) -> Entry:
    raw = RawEntry(**({"raw_title": "标题"} | fields))  # type: ignore[arg-type]  # all given are texts
    (entry,) = refine(raw, source=RSSHUB)
    return entry


@pytest.mark.parametrize(
    "url",
    ["https://ithome.com/", "https://www.ithome.com/x", "HTTP://IMG.ITHOME.COM:80/", "https://a.b.ithome.com./"],
)  # fmt: skip
def test_a_site_is_its_host_and_the_hosts_below_it(url: str) -> None:
    assert site_of(url) is not UNKNOWN_SITE


@pytest.mark.parametrize(
    "url",
    [
        "https://www.ithome.com.tw/news/1", "https://ithome.com.tw/", "https://notithome.com/", "https://ithome.com@e.com/",
        "https://e.com/ithome.com", "https://ithome.comm/", "http://[", "ithome.com", "", None,
    ],
)  # fmt: skip
def test_another_site_of_a_similar_name_is_another_site(url: str | None) -> None:
    assert site_of(url) is UNKNOWN_SITE
    assert article_number(url) is None


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://www.ithome.com/0/630/999.htm", "ithome.com:630999"),
        ("https://m.ithome.com/html/630999.htm", "ithome.com:630999"),
        ("http://ithome.com/html/it/323641.htm?x=1#y", "ithome.com:323641"),
        ("https://it.ithome.com/html/323641.html", "ithome.com:323641"),
        ("https://www.ithome.com/1/001/052.htm", "ithome.com:1001052"),
        ("https://quan.ithome.com/0/630/999.htm", None),
        ("https://lapin.ithome.com/html/digi/630999.htm", None),
        ("https://www.ithome.com/tags/0/630/999.htm", None),
        ("https://www.ithome.com/zt/xijiayi", None),
        ("https://www.ithome.com.tw/0/630/999.htm", None),
        ("https://www.ithome.com/0/６３０/999.htm", None),
    ],
)
def test_an_articles_number_is_the_same_in_every_shape_of_its_url(
    url: str, number: str | None
) -> None:
    assert article_number(url) == number


def test_an_article_on_a_phone_shares_a_key_with_itself_on_the_desk() -> None:
    desk = one(raw_link="https://www.ithome.com/0/630/999.htm", raw_guid="1")
    phone = one(raw_link="https://m.ithome.com/html/630999.htm", raw_guid="2")
    shared = set(desk.keys) & set(phone.keys)
    assert "site:ithome.com:630999" in shared
    assert {key.partition(":")[0] for key in shared} == {"site", "brief"}
    assert [key.partition(":")[0] for key in desk.keys] == ["guid", "url", "site", "path", "brief"]
    assert "site:ithome.com:630999" in one(raw_guid="https://www.ithome.com/0/630/999.htm").keys


def test_a_number_that_a_document_repeats_is_no_key() -> None:
    entries = refine(
        RawEntry(raw_title="a", raw_guid="1", raw_link="https://www.ithome.com/0/630/999.htm"),
        RawEntry(raw_title="b", raw_guid="2", raw_link="https://m.ithome.com/html/630999.htm"),
    )
    assert not [key for entry in entries for key in entry.keys if key.startswith("site:")]


def test_how_every_text_begins_tells_nothing() -> None:
    def text_keys(lead: str, link: str = "https://www.ithome.com/0/1/1.htm") -> set[str]:
        entry = one(raw_link=link, raw_summary=f"<p>{lead}{TEXT}</p>")
        return {key for key in entry.keys if key.startswith("text:")}

    plain = text_keys("")
    assert len(plain) == 1
    thanks = "感谢IT之家网友 某人 的线索投递！"
    date = "IT之家 1 月 1 日消息，"
    for lead in ("IT之家 9 月 11 日消息，", "IT之家11月2日消息 ", thanks + date):
        assert text_keys(lead) == plain
    assert text_keys("某某 9 月 11 日消息，") != plain
    taiwan = "https://www.ithome.com.tw/news/1"
    assert text_keys("IT之家 9 月 11 日消息，", taiwan) != text_keys("", taiwan)


def test_advertisements_go_from_the_site_that_marks_them_and_stay_elsewhere() -> None:
    shown = {
        link: one(raw_link=link, raw_summary=f"<p>正文</p>{AD}").content_html
        for link in ("https://www.ithome.com/0/630/999.htm", "https://www.ithome.com.tw/news/1")
    }
    assert list(shown.values()) == ["<p>正文</p>", "<p>正文</p><p>广告声明</p>"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://img.ithome.com/a.png?x-bce-process=image/format,f_auto", "https://img.ithome.com/a.png"),
        ("https://img.ithome.com/a.png?r=5&v=2&x-bce-process=x", "https://img.ithome.com/a.png?v=2"),
        ("https://img.ithome.com/a.png", "https://img.ithome.com/a.png"),
        ("https://img.ithome.com.tw/a.png?r=5", "https://img.ithome.com.tw/a.png?r=5"),
        ("http://[?r=5", "http://[?r=5"),
    ],
)  # fmt: skip
def test_a_pictures_address_loses_what_its_server_only_takes_as_a_wish(
    url: str, expected: str
) -> None:
    assert picture_url(url) == expected


@pytest.mark.parametrize(
    ("link", "is_kept"),
    [("https://letters.substack.com/p/one", False), ("https://letters.example/p/one", True)],
)
def test_a_makers_box_to_subscribe_is_left_out_on_its_own_site_alone(
    link: str, is_kept: bool
) -> None:
    box = '<div class="subscription-widget-wrap-editor"><div><p>Subscribe now</p></div></div>'
    content = one(raw_link=link, raw_content=f"<p>a</p>{box}<p>b</p>").content_html
    assert ("Subscribe now" in content) is is_kept
    assert content.startswith("<p>a</p>")
    assert content.endswith("<p>b</p>")
