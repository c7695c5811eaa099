"""What is inside a browser's page, and a solver's answer: each form, and pages that are none."""

from __future__ import annotations

import codecs
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import parse
from aggregator.model import Body, Problem, ProblemKind, Solution
from aggregator.model.errors import UnreadableError
from aggregator.parse.page_sources import document_of
from aggregator.parse.solutions import read_solution
from tests.making import START
from tests.solvers import viewed_as_text, viewed_as_xml

ITEM = (
    "<item><title>One &amp; two</title><link>http://a.example/1</link>"
    "<description><![CDATA[<p>a < b &amp; c</p><div>x</div>]]></description>"
    "<pubDate>Mon, 30 Nov 2026 01:02:03 GMT</pubDate></item>"
)
CHANNEL = f"<channel><title>T</title><link>http://a.example/</link>{ITEM}</channel>"
RSS = f'<?xml version="1.0" encoding="gb2312"?>\n<rss version="2.0">{CHANNEL}</rss>'
ELEMENTS = f'<rss xmlns="" version="2.0">{CHANNEL}</rss>'
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id><title>新</title>'
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>hi</p></div></content>'
    '<link href="http://a.example/1"/></entry></feed>'
)
JSON = '{"version": "https://jsonfeed.org/version/1.1", "title": "<b>&nbsp;", "items": []}'

#: What Chromium's parser makes of the same document when it claims to be HTML.
AS_HTML = (
    '<!--?xml version="1.0"?--><html><head></head><body><rss version="2.0"><channel>'
    "<title>&lt;![CDATA[T]]&gt;</title><link>http://a.example/"
    '<atom:link href="http://a.example/feed" rel="self">'
    "<item><title>One &amp; two</title><link>http://a.example/1<description>"
    "<!--[CDATA[<p-->a &lt; b &amp; c<p></p><div>x</div>]]&gt;</description>"
    "<category><!--[CDATA[plain]]--></category>"
    "<pubdate>Mon, 30 Nov 2026 01:02:03 GMT</pubdate></item></atom:link></channel></rss></body>"
    "</html>"
)


def read(document: str) -> Any:
    whole = codecs.BOM_UTF8 + document.encode()
    return parse.read(Body(whole, None, "http://a.example/feed", timezone="UTC", seen_at=START))


@pytest.mark.parametrize(
    ("page", "document"),
    [
        (viewed_as_text(RSS), RSS),
        (viewed_as_text("\n" + ATOM + "\n"), "\n" + ATOM + "\n"),
        (viewed_as_text(JSON, after='<div class="json-formatter-container"></div>'), JSON),
        (viewed_as_text("<a>\xa0&amp;lt;</a>"), "<a>\xa0&amp;lt;</a>"),
        (viewed_as_xml(ELEMENTS), ELEMENTS),
        (viewed_as_xml(f"<?a b?><!-- </rss> -->{ELEMENTS}"), f"<?a b?><!-- </rss> -->{ELEMENTS}"),
        (viewed_as_xml(ATOM), ATOM),
    ],
    ids=["rss as text", "atom as text", "json", "twice escaped", "rss", "with comments", "atom"],
)  # fmt: skip
def test_a_document_comes_out_of_its_page_as_it_was(page: str, document: str) -> None:
    assert document_of(page) == document


@pytest.mark.parametrize(
    "page", [viewed_as_text(RSS), viewed_as_xml(f'<rss version="2.0">{CHANNEL}</rss>')]
)
def test_what_comes_out_is_read_as_the_document_itself(page: str) -> None:
    assert read(document_of(page)).entries == read(RSS).entries


def test_what_html_has_made_of_a_feed_is_undone_as_far_as_it_goes() -> None:
    document = read(document_of(AS_HTML))
    (entry,) = document.entries
    assert document.head.title == "T"
    assert (entry.raw_title, entry.raw_link) == ("One & two", "http://a.example/1")
    assert entry.raw_summary == "<p>a &lt; b &amp; c<p></p><div>x</div>"
    assert entry.raw_published == "Mon, 30 Nov 2026 01:02:03 GMT"
    assert [one.term for one in entry.raw_categories] == ["plain"]
    # Attributes are an element of Atom's link, which HTML leaves open.
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id><title>x</title><link rel="alternate" href="http://a.example/1"></entry></feed>'  # noqa: E501
    page = f"<html><head></head><body>{atom}</body></html>"
    assert read(document_of(page)).entries[0].raw_link == "http://a.example/1"


ARTICLE = "<html><head><title>How to write a feed</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    "page",
    [
        RSS,
        ATOM,
        JSON,
        "",
        "no page at all",
        "<html><body>",
        ARTICLE.format("<p>Hello</p>"),
        ARTICLE.format("<pre>&lt;rss&gt;&lt;/rss&gt;</pre>"),
        ARTICLE.format("<rss><channel><item></item></channel></rss>"),
        ARTICLE.format(f'<div id="webkit-xml-viewer-source-xml">{ATOM}</div>'),
        f"<html><head></head><body><p>See:</p><pre>{RSS}</pre></body></html>",
        f"<html><head></head><body><article>{ATOM}</article></body></html>",
        "<html><head></head><body><pre>&lt;rss&gt;&lt;/rss&gt;</pre><p>is a feed</p></body></html>",
        "<html><head></head><body><pre>a log\nof lines</pre></body></html>",
        '<html><head></head><body><div id="webkit-xml-viewer-source-xml">text</div></body></html>',
        '<html><head></head><body><div id="webkit-xml-viewer-source-xml"><rss></div></body></html>',
        "<html><head></head><body><rss>cut o",
    ],
)
def test_a_page_stays_a_page_and_a_document_a_document(page: str) -> None:
    assert document_of(page) == page


def test_a_page_is_still_told_to_be_one() -> None:
    page = ARTICLE.format(f"<pre>{RSS.replace('<', '&lt;')}</pre>")
    with pytest.raises(UnreadableError, match='an HTML page titled "How to write a feed"'):
        read(document_of(page))


@given(st.text())
def test_any_text_comes_out_of_the_text_viewer_whole(text: str) -> None:
    document = "{" + text.replace("\r", "")
    assert document_of(viewed_as_text(document)) == document


@given(st.text(alphabet="<>/!-[]&;? linkrsfebodyCDATA\n\"'="))
def test_any_page_is_read_without_an_error(text: str) -> None:
    for page in (
        text,
        f"<body>{text}",
        f"<html><head></head><body><rss>{text}</rss></body></html>",
    ):
        assert isinstance(document_of(page), str)


# --- the answer ---------------------------------------------------------------------------------


def answer(**solution: Any) -> bytes:
    whole = {"url": "http://a.example/", "status": 200, "response": RSS, "headers": {}, **solution}
    return json.dumps({"status": "ok", "message": "", "solution": whole}).encode()


def test_a_solution_is_the_document_in_utf_8_with_its_hash() -> None:
    found = read_solution(
        answer(response=viewed_as_text(RSS), headers={"Retry-After": "7", "n": 1})
    )
    body = codecs.BOM_UTF8 + RSS.encode()
    digest = hashlib.sha256(body).digest()
    assert found == Solution("http://a.example/", 200, body, digest, ((b"retry-after", b"7"),))
    empty = read_solution(answer(response=" \n", headers=None))
    assert isinstance(empty, Solution)
    assert empty.body == b""
    assert isinstance(read_solution(answer(response="\ud800")), Solution)


@pytest.mark.parametrize(
    ("said", "kind", "detail"),
    [
        (b"", ProblemKind.PROTOCOL, "answered with what is not JSON"),
        (b"<html>", ProblemKind.PROTOCOL, "answered with what is not JSON"),
        (b"[" * 100_000, ProblemKind.PROTOCOL, "answered with what is not JSON"),
        (b"\xff\xfe\xfd", ProblemKind.PROTOCOL, "answered with what is not JSON"),
        (b"[]", ProblemKind.PROTOCOL, "answered with what is no solution of FlareSolverr's API"),
        (answer(status=True), ProblemKind.PROTOCOL, "answered with what is no solution"),
        (answer(status="200"), ProblemKind.PROTOCOL, "answered with what is no solution"),
        (answer(url=None), ProblemKind.PROTOCOL, "answered with what is no solution"),
        (answer(response=None), ProblemKind.PROTOCOL, "answered with what is no solution"),
        (b'{"status": "ok"}', ProblemKind.PROTOCOL, "answered with what is no solution"),
        (b"{}", ProblemKind.CONNECT, "does not get the page: it does not say why"),
        (
            b'{"status": "error", "message": "Error solving the challenge. Timeout after 60.0 s"}',
            ProblemKind.TIMEOUT,
            "does not get the page: Error solving the challenge. Timeout after 60.0 s",
        ),
        (
            b'{"status": "error", "message": "Cloudflare has blocked this request."}',
            ProblemKind.CHALLENGE,
            "does not get the page: Cloudflare has blocked this request.",
        ),
        (
            b'{"status": "error", "message": "net::ERR at http://u:canary@a/?token=canary\\u001b[2J"}',
            ProblemKind.CONNECT,
            "does not get the page: net::ERR at",
        ),
    ],
)
def test_what_is_no_solution_is_told(said: bytes, kind: ProblemKind, detail: str) -> None:
    found = read_solution(said)
    assert isinstance(found, Problem)
    assert found.kind is kind
    assert found.detail.startswith(detail)
    assert "canary" not in found.detail
    assert found.detail.isprintable()
