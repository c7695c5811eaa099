"""Feeds that pages name: link elements, Link headers, and what only looks like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.preview.discover import Page, feed_links
from aggregator.preview.html_links import MAX_LINKS, MAX_PAGE_BYTES

RSS = 'type="application/rss+xml"'


def found(
    html: str | bytes = b"",
    *headers: str,
    url: str = "https://site.example/blog/",
    content_type: str | None = "text/html; charset=utf-8",
) -> list[tuple[str, str | None]]:
    body = html.encode() if isinstance(html, str) else html
    page = Page(body, content_type, url, headers)
    return [(link.url, link.title) for link in feed_links(page)[0]]


def test_the_feeds_of_a_page_in_its_order_each_once() -> None:
    html = f"""<!doctype html><html><head><title>t</title>
        <link rel="alternate" {RSS} title="全部 &amp; more" href="/feed?a=1&amp;b=2">
        <link rel='alternate' type='application/atom+xml' href='comments.atom'>
        <LINK REL=ALTERNATE TYPE=application/feed+json HREF=//cdn.example/feed.json#top>
        <link rel="alternate" {RSS} href="https://site.example/feed?a=1&b=2" title="again">
        </head>"""
    assert found(html) == [
        ("https://site.example/feed?a=1&b=2", "全部 & more"),
        ("https://site.example/blog/comments.atom", None),
        ("https://cdn.example/feed.json", None),
    ]


@pytest.mark.parametrize(
    "element",
    [
        f'<a rel="alternate" {RSS} href="/feed">',
        f'<area rel="home alternate" {RSS} href="/feed">',
        '<link rel="Alternate feed" type="application/rss+xml; charset=utf-8" href=" /feed ">',
        '<link rel="alternate" type="application/rdf+xml" href="feed:https://site.example/feed">',
        f'<p><link rel="alternate" {RSS} href="/feed" href="/other">',
    ],
)
def test_ways_to_name_a_feed(element: str) -> None:
    assert [url for url, _ in found(element)] == ["https://site.example/feed"]


@pytest.mark.parametrize(
    "element",
    [
        f'<link rel="stylesheet" {RSS} href="/feed">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        '<link rel="alternate" type="text/xml+oembed" href="/oembed?format=xml">',
        '<link rel="alternate" hreflang="en" href="/en/">',
        f'<link rel="alternate" {RSS}>',
        f'<link rel="alternate" {RSS} href="javascript:alert(1)">',
        f'<link rel="alternate" {RSS} href="file:///etc/passwd">',
        f'<link rel="alternate" {RSS} href="http://[::1/feed">',
        f'<link rel="alternate" {RSS} href="/{"x" * 5000}">',
        f'<!-- <link rel="alternate" {RSS} href="/feed"> -->',
        f'<script>"<link rel=alternate {RSS} href=/feed>"</script>',
        '<a href="/rss.xml">RSS</a>',
    ],
)
def test_what_names_no_feed(element: str) -> None:
    assert found(element) == []


@pytest.mark.parametrize("scheme", ["feed", "FEED"])
def test_a_feed_address_without_a_scheme_of_its_own_means_http(scheme: str) -> None:
    element = f'<link rel="alternate" {RSS} href="{scheme}://other.example/feed">'
    assert [url for url, _ in found(element)] == ["http://other.example/feed"]


def test_a_base_element_moves_the_links_after_it_once() -> None:
    html = (
        '<base href="https://cdn.example/x/"><base href="/no/">'
        f'<link rel="alternate" {RSS} href="feed">'
    )
    assert found(html) == [("https://cdn.example/x/feed", None)]


def test_link_headers_come_first() -> None:
    html = f'<link rel="alternate" {RSS} href="/html">'
    headers = (
        '</w>; rel="w", </a,b;c>; rel=alternate; type="application/rss+xml"; title="1, \\"2\\"; 3"',
        "<../up>;rel=alternate;type=application/atom+xml",
    )
    assert found(html, *headers) == [
        ("https://site.example/a,b;c", '1, "2"; 3'),
        ("https://site.example/up", None),
        ("https://site.example/html", None),
    ]


@pytest.mark.parametrize(
    "header",
    [
        '</feed>; rel="next"; type="application/rss+xml"',
        '</feed>; rel="alternate"',
        '</feed>; rel="alternate"; type="application/rss+xml"; anchor="https://other.example/"',
        '</feed; rel="alternate"; type="application/rss+xml"',
        "",
    ],
)
def test_headers_that_name_no_feed(header: str) -> None:
    assert found(b"", header) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("科技".encode("gbk"), "text/html; charset=gb2312"),
        ("科技".encode("big5"), 'text/html; charset="big5"'),
        ('<meta charset="gbk">科技'.encode("gbk"), "text/html"),
        (b"\xef\xbb\xbf" + "科技".encode(), "text/html; charset=latin-1"),
        ("科技".encode(), "text/html; charset=unheard-of"),
        ("科技".encode(), "text/html; charset=base64"),
    ],
)
def test_titles_are_read_in_the_encoding_of_the_page(body: bytes, content_type: str) -> None:
    marker = "科技"
    for encoding in ("utf-8", "gbk", "big5"):
        encoded = marker.encode(encoding)
        if body.endswith(encoded):
            link = b'<link rel=alternate type=application/rss+xml href=/f title="' + encoded + b'">'
            html = body.removesuffix(encoded) + link
    assert found(html, content_type=content_type) == [("https://site.example/f", "科技")]


def test_a_utf_16_page_is_read() -> None:
    html = f'<link rel="alternate" {RSS} href="/f" title="科技">'.encode("utf-16")
    assert found(html, content_type=None) == [("https://site.example/f", "科技")]


def test_a_title_cannot_trick_a_terminal() -> None:
    html = f'<link rel="alternate" {RSS} href="/f" title="a\x1b[2J\u202eb\n  c">'
    assert found(html) == [("https://site.example/f", "a [2J b c")]


def test_a_page_of_links_and_a_page_without_end_are_bounded() -> None:
    link = f'<link rel="alternate" {RSS} href="/{{}}">'
    assert len(found("".join(link.format(number) for number in range(500)))) == MAX_LINKS
    for count in (MAX_LINKS, MAX_LINKS + 1):
        body = "".join(link.format(number) * 2 for number in range(count)).encode()
        links, more = feed_links(Page(body, "text/html", "https://site.example/"))
        assert (len(links), more) == (MAX_LINKS, count > MAX_LINKS)
    late = " " * MAX_PAGE_BYTES + link.format("late")
    assert found(late) == []


PIECES = (
    "<link ", "<base ", "<a ", "rel=alternate ", f"{RSS} ", "href=", '"', "'", "/f", ">", "<![",
    "<!--", "-->", "<script>", "</", "\x00", "&#x110000;", "http://[", "科",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.text(max_size=60))
def test_no_page_makes_it_fail(pieces: list[str], header: str) -> None:
    for url, _ in found("".join(pieces), header):
        assert url.startswith(("http://", "https://"))
