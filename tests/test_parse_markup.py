# ruff: noqa: E501 - a document reads best on one line
"""What stands inside of a text: markup that nobody escaped, and CDATA that went wrong."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.parse.cdata import unwrapped, whole
from aggregator.parse.feed_reader import _Strict
from tests.feed_documents import item, read, rss_text

ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><id>i</id>{}</feed>"


def text_of(document: str) -> str:
    """Return the text of a document's first entry; the second one must have stayed whole."""
    first, second = read(document).entries
    assert (second.raw_title, second.raw_summary) == ("Entry 2", "Text 2")
    return first.raw_content or first.raw_summary or ""


def in_rss(markup: str, *, end: str = "") -> str:
    """Return a text as a description, followed by another entry; `end` makes it tag soup."""
    return rss_text(item(1, text=markup), item(2)) + end


@pytest.mark.parametrize("soup", ["", "<x>"])
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a<br/>b</p>", "<p>a<br/>b</p>"),
        ("<p>a<br></br>b</p>", "<p>a<br/>b</p>"),
        ("<img src='/a.png'/>a<hr/>", '<img src="/a.png"></img>a<hr></hr>'),
        ("<p>a</p><details><summary>b</summary><p>c</p></details><p>d</p>", "<p>a</p><details><summary>b</summary><p>c</p></details><p>d</p>"),
        ("<p>a <width>3</width> <height>no</height> b</p>", "<p>a <width>3</width> <height>no</height> b</p>"),
        ("<body><p>a</p></body> b", "<body><p>a</p></body> b"),
        ("<p>a</p><title>b</title><p>c</p>", "<p>a</p>b<p>c</p>"),
        ("<html><head><title>b</title></head><p>c</p></html>", "<html><head><title>b</title></head><p>c</p></html>"),
        ("<p>a</p><rights>b</rights><content>c</content><updated>d</updated>", "<p>a</p><rights>b</rights><content>c</content><updated>d</updated>"),
        ("<p>a</p><author>b</author><category>c</category><link>d</link>", "<p>a</p><author>b</author><category>c</category><link>d</link>"),
        ("<div>a</div><div>b</div>", "a<div>b</div>"),
        ("<div>&lt;p&gt;a&lt;/p&gt;</div>", "<p>a</p>"),
        ("&lt;p&gt;a&lt;/p&gt;<br/>&lt;p&gt;b&lt;/p&gt;", "<p>a</p><br/><p>b</p>"),
        ("<p>use &lt;b&gt;</p>", "<p>use &lt;b&gt;</p>"),
    ],
)  # fmt: skip
def test_raw_markup_in_a_description_is_the_descriptions(markup: str, text: str, soup: str) -> None:
    assert text_of(in_rss(markup, end=soup)) == text


def test_a_text_in_tag_soup_that_nobody_ends_ends_with_its_item() -> None:
    first, second = read(
        "<rss version='2.0'><channel><item><title>a</title><description>b <p>c</item>"
        "<item><title>d</title><description>e</description></item></channel></rss>"
    ).entries
    assert (first.raw_title, first.raw_summary) == ("a", "b <p>c")
    assert (second.raw_title, second.raw_summary) == ("d", "e")


def test_many_texts_in_frames_take_no_depth() -> None:
    entries = read(rss_text(*(item(n, text="<div><p>a</p></div>") for n in range(400)))).entries
    assert {entry.raw_summary for entry in entries} == {"<p>a</p>"}


@pytest.mark.parametrize("unit", ["<p>", "<br>", "</br>", "<p><title>", "<b></i>", "<p></div>"])
def test_tag_soup_in_a_text_takes_time_linear_in_it(unit: str) -> None:
    began = time.process_time()
    read(in_rss(unit * (200_000 // len(unit)), end="<x>"))
    assert time.process_time() - began < 10


def test_markup_of_other_vocabularies_keeps_its_names() -> None:
    namespaces = (
        " xmlns:media='http://search.yahoo.com/mrss/' xmlns:m='http://www.w3.org/1998/Math/MathML'"
    )
    text = "<p>a <m:math><m:mi>x</m:mi></m:math></p><media:content url='/a.png'/>"
    entry = read(rss_text(item(1, text=text), namespaces=namespaces)).entries[0]
    assert "<mi>x</mi></math></p>" in str(entry.raw_summary)
    assert '<media:content url="/a.png">' in str(entry.raw_summary)
    assert entry.raw_images == ()


def test_atoms_xhtml_is_what_is_inside_of_its_div() -> None:
    entry = (
        "<entry><title>t</title><id>1</id><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
        "<div>a<br/></div><div>b</div></div></content></entry>"
        "<entry><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x &lt; <b>y</b></div></title><id>2</id></entry>"
    )
    first, second = read(ATOM.format(entry)).entries
    assert first.raw_content == "<div>a<br/></div><div>b</div>"
    assert second.raw_title == "x &lt; <b>y</b>"


def test_text_before_the_first_element_of_a_plain_text_stays_text() -> None:
    entry = read(rss_text(item(1, title="use &lt;b&gt; &amp; <i>c</i>"))).entries[0]
    assert entry.raw_title == "use &lt;b&gt; &amp; <i>c</i>"
    assert entry.raw_title_is_html


_NAMES = sorted(
    {
        name.partition("_")[2].removeprefix("start_")
        for name in dir(_Strict)
        if name.startswith("_start_")
    }
    - {"item", "entry", "channel", "feed", "rss"}
)
_NODES = st.recursive(
    st.sampled_from(["", "x", "300", "&lt;p&gt;"]),
    lambda inner: st.builds(
        lambda name, children: (
            f"<{name.replace('_', ':', 1)}>{''.join(children)}</{name.replace('_', ':', 1)}>"
        ),
        st.sampled_from([name.removeprefix("start_") for name in _NAMES]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)
_PREFIXES = (
    " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:media='http://search.yahoo.com/mrss/'"
    " xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    " xmlns:cc='http://web.resource.org/cc/' xmlns:georss='http://www.georss.org/georss' xmlns:gml='http://www.opengis.net/gml'"
    " xmlns:psc='http://podlove.org/simple-chapters' xmlns:xhtml='http://www.w3.org/1999/xhtml'"
    " xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0' xmlns:geo='http://www.w3.org/2003/01/geo/wgs84_pos#'"
    " xmlns:creativecommons='http://backend.userland.com/creativeCommonsRssModule' xmlns:where='w' xmlns:admin='http://webns.net/mvcb/'"
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_NODES, max_size=4), st.booleans())
def test_no_element_of_an_item_costs_the_one_after_it(nodes: list[str], is_soup: bool) -> None:
    body = rss_text(f"<item><title>a</title>{''.join(nodes)}</item>", item(2), namespaces=_PREFIXES)
    entries = read(body + "<x>" * is_soup).entries
    assert len(entries) == 2
    assert (entries[1].raw_title, entries[1].raw_summary) == ("Entry 2", "Text 2")


# --- CDATA --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "<p>a[b[0]]> 1</p><p>c</p>",
        "<pre>a[b[0]]></pre> & c",
        "a[b[0]]> and c[d[0]]> e",
    ],
)
def test_a_section_that_ends_inside_of_its_text_goes_on(text: str) -> None:
    document = read(in_rss(f"<![CDATA[{text}]]>"))
    assert [entry.raw_summary for entry in document.entries] == [text, "Text 2"]
    assert any("CDATA" in note for note in document.head.notes)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<![CDATA[a]]>", "a"),
        ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
        ("<![CDATA[a]]> b <![CDATA[c]]>", "a b c"),
    ],
)
def test_sections_that_are_right_stay(written: str, text: str) -> None:
    assert text_of(in_rss(written)) == text
    assert text_of(in_rss(written, end="<x>")) == text


@pytest.mark.parametrize(
    "unit", ["<![CDATA[", "]]>", "<d><![CDATA[]]>", "<d ", "<d><![CDATA[x]]>]]></d>"]
)
def test_sections_are_looked_at_in_time_linear_in_the_document(unit: str) -> None:
    began = time.process_time()
    whole(unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize("soup", ["", "<x>"])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("&lt;![CDATA[有]]&gt;", "有"),
        ("&lt;![CDATA[&lt;p&gt;a&lt;/p&gt;]]&gt;", "<p>a</p>"),
        ("&lt;![CDATA[&lt;![CDATA[a]]&gt;]]&gt;", "a"),
        ("&lt;![CDATA[&lt;![CDATA[a]]]]&gt;", "a"),
        ("<![CDATA[<![CDATA[<b>a</b>]]]]>", "<b>a</b>"),
        ("&lt;![CDATA[ begins, and ]] ends", "<![CDATA[ begins, and ]] ends"),
        ("&amp;lt;![CDATA[&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt;]]&amp;gt;", "<p>a</p>"),
        ("<![CDATA[&lt;![CDATA[a]]&gt;]]>", "a"),
        ("&lt;![CDATA[]]&gt;", ""),
        ("&lt;![CDATA[a]]&gt; and &lt;![CDATA[b]]&gt;", "<![CDATA[a]]> and <![CDATA[b]]>"),
        ("Write &lt;![CDATA[a]]&gt; so", "Write <![CDATA[a]]> so"),
        ("&lt;p&gt;&amp;lt;![CDATA[a]]&amp;gt; is XML&lt;/p&gt;", "<p>&lt;![CDATA[a]]&gt; is XML</p>"),
    ],
)  # fmt: skip
def test_an_escaped_section_is_what_is_inside_and_a_mention_stays(
    written: str, text: str, soup: str
) -> None:
    assert text_of(in_rss(written, end=soup)) == text


def test_a_section_around_another_is_none() -> None:
    assert text_of(in_rss("<![CDATA[<![CDATA[a]]>]]>")) == "a"


@pytest.mark.parametrize("soup", ["", "<x>"])
def test_every_field_is_unwrapped(soup: str) -> None:
    fields = {
        "title": "标题", "link": "https://site.example/4?a=1", "guid": "g-4", "author": "Ann Example", "category": "Tools",
        "pubDate": "Fri, 22 Nov 2024 15:30:00 +0800",
    }  # fmt: skip
    written = "".join(
        f"<{name}>&lt;![CDATA[{value}]]&gt;</{name}>" for name, value in fields.items()
    )
    document = read(rss_text(f"<item>{written}</item>", title="&lt;![CDATA[Site]]&gt;") + soup)
    (entry,) = document.entries
    assert document.head.title == "Site"
    assert (entry.raw_title, entry.raw_link) == (fields["title"], fields["link"])
    assert (entry.raw_guid, entry.raw_particulars.author) == ("g-4", fields["author"])
    assert [one.term for one in entry.raw_categories] == ["Tools"]
    assert entry.published_at is not None


def test_json_feeds_fields_are_unwrapped() -> None:
    feed = (
        '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1",'
        ' "title": "<![CDATA[a]]>", "content_html": "<![CDATA[<p>b</p>]]>"}]}'
    )
    (entry,) = read(feed).entries
    assert (entry.raw_title, entry.raw_content) == ("a", "<p>b</p>")


@given(st.text(alphabet="<>[]!CDATA&lt;gt;amp; x", max_size=60))
def test_unwrapping_ends_and_adds_nothing(text: str) -> None:
    assert len(unwrapped(text)) <= len(text)
