"""What the operator says of a document stands above what it says itself: encoding, entries."""

from __future__ import annotations

import codecs
import json

import pytest

from aggregator.model.errors import UnreadableError
from aggregator.parse.non_feeds import rsshub_error
from tests.feed_documents import atom_text, read, rss, rss_text

WORDS = "IT之家消息，新品发布"


def declared_as(encoding: str, title: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{rss_text(title=title)}'


@pytest.mark.parametrize(
    ("true", "declared", "configured"),
    [
        ("gb18030", "big5", "gb18030"),
        ("gb18030", "iso-8859-1", "GB2312"),
        ("big5", "gb18030", "big5"),
        ("utf-8", "utf-8", "utf-8"),
        ("utf-16-le", "utf-8", "utf-16le"),
        ("utf-16-be", "utf-8", "utf-16be"),
    ],
)
def test_a_configured_encoding_stands_above_the_declared_one(
    true: str, declared: str, configured: str
) -> None:
    words = WORDS if true != "big5" else "新聞發布"
    found = read(declared_as(declared, words).encode(true), encoding=configured)
    assert found.head.title == words
    assert found.head.notes[0] == f"read as {found.head.encoding}, as configured"


def test_what_is_neither_declared_nor_guessed_right_is_read_when_it_is_configured() -> None:
    # Cyrillic in windows-1251 that claims to be windows-1252, which reads every one of its bytes.
    body = declared_as("windows-1252", "Новости").encode("cp1251")
    assert read(body).head.title == "Íîâîñòè"
    assert read(body, encoding="windows-1251").head.title == "Новости"


def test_a_byte_order_mark_stands_above_all() -> None:
    body = codecs.BOM_UTF8 + declared_as("utf-8", WORDS).encode()
    assert read(body, encoding="gb18030").head.title == WORDS


def test_bytes_that_a_configured_encoding_cannot_read_are_replaced_and_counted() -> None:
    body = declared_as("utf-8", "x").encode().replace(b"<title>x", b"<title>a\xffb")
    found = read(body, encoding="utf-8")
    assert found.head.title == "a\ufffdb"
    assert found.head.notes == ("read as utf-8, as configured", "1 bad bytes replaced")


def documents(count: int) -> dict[str, bytes]:
    items = "".join(f"<item><guid>{n}</guid><title>{n}</title></item>" for n in range(count))
    entries = "".join(f"<entry><id>{n}</id><title>{n}</title></entry>" for n in range(count))
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": str(n), "title": str(n)} for n in range(count)],
    }
    return {
        "rss": rss(items),
        "atom": atom_text(entries).encode(),
        "json": json.dumps(feed).encode(),
        "loose": rss("&nbsp<b>", items),
    }


@pytest.mark.parametrize("kind", list(documents(0)))
def test_only_the_first_entries_are_kept_and_it_is_said(kind: str) -> None:
    body = documents(30)[kind]
    few = read(body, most=7)
    assert [entry.raw_guid for entry in few.entries] == [str(n) for n in range(7)]
    assert "only the first 7 entries were read" in few.head.notes
    assert few.head.truncated
    for most in (30, 5000, None):
        whole = read(body, most=most)
        assert len(whole.entries) == 30
        assert not whole.head.truncated
        assert not any("only the first" in note for note in whole.head.notes)


def test_the_parsers_own_bound_holds_whatever_is_configured() -> None:
    assert len(read(documents(2100)["rss"], most=5000).entries) == 2000


# --- RSSHub's pages -----------------------------------------------------------------------------

PAGE = '<html><head><title>{title}</title></head><body><img alt="RSSHub"/>{body}</body></html>'


EMPTY = (
    '<p class="message">Error Message:<br/><code class="mt-2 block">Error: this route is empty, '
    "please check the original site or &lt;a href=&quot;x&quot;&gt;create an issue&lt;/a&gt;"
    "</code></p>"
)


@pytest.mark.parametrize(
    ("title", "body", "said", "remedy"),
    [
        (
            "Welcome to RSSHub!",
            EMPTY,
            "Error: this route is empty, please check the original site",
            "the page behind the route has nothing, or has changed",
        ),
        (
            "Welcome to RSSHub!",
            '<p class="message">Error Message:<br/><code>ConfigNotFoundError: X</code></p>',
            "ConfigNotFoundError: X",
            "this route needs settings in RSSHub itself",
        ),
        (
            "Error in RSSHub!",
            '<h1>Looks like something went wrong</h1><pre class="message">Error: timed out</pre>',
            "Error: timed out",
            "check the route and its parameters",
        ),
        ("Welcome to RSSHub!", "<h1>Welcome to RSSHub!</h1>", "", "check the route"),
    ],
    ids=["an empty route", "without settings", "before 2024", "its front page"],
)
def test_rsshubs_pages_are_failures_in_its_own_words(
    title: str, body: str, said: str, remedy: str
) -> None:
    page = PAGE.format(title=title, body=body)
    told = rsshub_error(page)
    assert told is not None
    assert told.startswith(said)
    with pytest.raises(UnreadableError) as caught:
        read(page.encode())
    assert said in caught.value.problem.detail
    assert remedy in (caught.value.problem.remedy or "")


def test_other_pages_are_not_rsshubs() -> None:
    assert rsshub_error("<html><title>Just a moment...</title></html>") is None
