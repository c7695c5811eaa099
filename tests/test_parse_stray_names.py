"""Elements that are named as feedparser names its results: a document is read as without them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.feed_documents import read

_NAMES = (
    *("authors", "author_detail", "content_detail", "contributors", "enclosures", "entries"),
    *("generator_detail", "href", "house_base", "house_permalink", "image_detail", "info_detail"),
    *("itunes_summary_detail", "license", "links", "media_content", "media_credit", "media_rating"),
    *("media_restriction", "media_title_detail", "publisher_detail", "newlocation"),
    *(
        "published_parsed",
        "psc_chapters",
        "rights_detail",
        "scheme",
        "source_detail",
        "stray",
        "rel",
    ),
    *("subtitle_detail", "summary_detail", "textinput", "title_detail", "updated_parsed"),
    *("value", "where", "width"),
)

_RSS = """<rss version="2.0"><channel>{head}<title>T</title><link>https://a.example/</link>
<generator>G</generator>{head}
<item>{item}<title>One</title><link>https://a.example/1</link><guid>https://a.example/1</guid>
<author>a@a.example (A)</author><category>c</category>
<description>d &lt;b&gt;e&lt;/b&gt;</description>
<enclosure url="https://a.example/1.mp3" length="1" type="audio/mpeg"/>
<pubDate>Fri, 20 Nov 2026 07:00:00 GMT</pubDate>{item}</item></channel></rss>"""
_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom">{head}<title>T</title><id>urn:x:t</id>
<generator>G</generator><updated>2026-11-20T07:00:00Z</updated><author><name>A</name></author>{head}
<entry>{item}<title>One</title><id>urn:x:1</id><link href="https://a.example/1"/>
<category term="c"/><updated>2026-11-20T07:00:00Z</updated>
<content type="html">d &lt;b&gt;e&lt;/b&gt;</content>{item}</entry></feed>"""


@pytest.mark.parametrize("document", [_RSS, _ATOM], ids=["rss", "atom"])
@pytest.mark.parametrize("place", ["head", "item"])
@pytest.mark.parametrize("written", ["<{0}>q</{0}>", '<{0} href="q">q</{0}>', "<{0}/>"])
@pytest.mark.parametrize("name", _NAMES)
def test_what_is_named_as_a_result_is_none(
    name: str, written: str, place: str, document: str
) -> None:
    empty = {"head": "", "item": ""}
    plain = read(document.format(**empty))
    found = read(document.format(**{**empty, place: written.format(name)}))
    assert found.entries == plain.entries
    assert replace(found.head, notes=()) == replace(plain.head, notes=())
