# ruff: noqa: E501 - markup reads best on one line
"""Pictures of a text: lazy ones, their twins, emoji, Media RSS in the text, and captions."""

from __future__ import annotations

import re

import pytest

from aggregator.model import Entry
from aggregator.refine import normalise
from aggregator.refine.sanitise import clean
from tests.feed_documents import read, rss_text

BASE = "https://example.com/posts/1"
MEDIA = ' xmlns:media="http://search.yahoo.com/mrss/"'


def shown(raw: str) -> list[str]:
    cleaned = clean(raw, BASE)
    assert clean(cleaned, BASE) == cleaned
    return re.findall(r'<img src="https://example.com/([^"]*)"', cleaned)


@pytest.mark.parametrize(
    ("attributes", "picture"),
    [
        ('data-original-src="/a.jpg" data-original-width="800"', "a.jpg"),
        ('data-litespeed-src="/a.jpg" src="data:image/gif;base64,R0lGOD"', "a.jpg"),
        ('src="/s/none.gif" zoomfile="/z.jpg" file="/f.jpg"', "f.jpg"),
        ('src="/real.jpg" file="/f.jpg"', "real.jpg"),
        ('src="/real.jpg" data-url="https://example.com/share"', "real.jpg"),
        ('src="/loading.gif" data-url="https://example.com/share"', "loading.gif"),
        ('src="/loading.gif"', "loading.gif"),
        ('data-croporisrc="/c.png"', "c.png"),
        ('_src="/u.jpg" src="/blank.gif"', "u.jpg"),
        ('src="about:blank" data-cfsrc="/a.jpg"', "a.jpg"),
    ],
)
def test_a_lazy_loaders_picture_is_shown(attributes: str, picture: str) -> None:
    assert shown(f"<p>x</p><img {attributes}>") == [picture]


@pytest.mark.parametrize(
    ("raw", "pictures"),
    [
        ('<img data-src="/a-300x200.jpg"></span><noscript><img src="/a.jpg"></noscript>', ["a-300x200.jpg"]),
        ('<img data-src="/a_z.jpg" src="x.gif"><noscript><img src="/a_b.jpg"></noscript>', ["a_z.jpg"]),
        ('<noscript><img src="/a.jpg"></noscript><img data-src="/a-9x16.jpg"><noscript><img src="/b.jpg"></noscript>', ["a.jpg", "a-9x16.jpg", "b.jpg"]),
        ('<img data-src="/1" alt="cat"><noscript><img src="/2" alt="cat"></noscript>', ["1"]),
        ("".join(f'<img src="blank.gif"><noscript><img src="/photo_{one}.jpg"></noscript>' for one in "abc"), ["photo_a.jpg", "photo_b.jpg", "photo_c.jpg"]),
        ("".join(f'<img data-src="/photo_{one}.jpg"><noscript><img src="/photo_{one}.jpg"></noscript>' for one in "abc"), ["photo_a.jpg", "photo_b.jpg", "photo_c.jpg"]),
        ('<img src="/photo_a.jpg"><noscript><img src="/photo_b.jpg"></noscript>', ["photo_a.jpg", "photo_b.jpg"]),
    ],
)  # fmt: skip
def test_a_noscripts_picture_is_the_one_beside_it_and_no_other(
    raw: str, pictures: list[str]
) -> None:
    assert shown(raw) == pictures


@pytest.mark.parametrize(
    ("attributes", "sizes"),
    [
        ('alt="😀" class="wp-smiley" style="height: 1em; max-height: 1em;"', ("16", "16")),
        ('alt="[doge]" style="width:1.5em; height:1.5em"', ("24", "24")),
        (
            'alt="x" style="margin:1px; width: 20px; height: 20px; vertical-align: bottom"',
            ("20", "20"),
        ),
        ('alt="🇩🇪" class="emoji"', ("16", "16")),
        ('alt="x" style="height:1.2em"', (None, "19")),
        ('alt="x" style="line-height:20px; width:100%"', (None, None)),
        ('alt="x" style="width:600px;height:400px"', (None, None)),
        ('alt="x" class="emoji"', (None, None)),
        ('alt="😀" class="photo"', (None, None)),
        ('alt="x" width="40" height="30px"', ("40", "30")),
    ],
)
def test_a_picture_in_a_line_keeps_its_size(
    attributes: str, sizes: tuple[str | None, str | None]
) -> None:
    cleaned = clean(f'<p>Hi <img src="/72x72/1.png" {attributes}> there</p>', BASE)
    found = dict(re.findall(r' (width|height)="(\d+)"', cleaned))
    assert (found.get("width"), found.get("height")) == sizes
    assert clean(cleaned, BASE) == cleaned


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('<media:content type="image/jpeg" url="/1.jpg"><media:copyright>Ph</media:copyright></media:content>', '<img src="https://example.com/1.jpg"'),
        ('<media:content url="/1" medium="image"/>', '<img src="https://example.com/1"'),
        ('<media:thumbnail url="/1"></media:thumbnail>', '<img src="https://example.com/1"'),
        ('<media:content url="/f.mp4" type="video/mp4"></media:content>', '<a href="https://example.com/f.mp4"'),
    ],
)  # fmt: skip
def test_media_rss_between_paragraphs_is_what_stands_there(raw: str, expected: str) -> None:
    cleaned = clean(f"<p>one</p>{raw}<p>two</p>", BASE)
    assert cleaned.index("one") < cleaned.index(expected) < cleaned.index("two")
    assert "media:" not in cleaned
    assert clean(cleaned, BASE) == cleaned


def test_media_rss_without_an_address_is_nothing() -> None:
    assert clean('<media:content url="javascript:x" medium="image"></media:content>a', BASE) == "a"


def entry(*content: str) -> Entry:
    item = f"<item><title>t</title><link>https://e.org/1</link>{''.join(content)}</item>"
    (found,) = normalise(read(rss_text(item, namespaces=MEDIA))).entries
    return found


def told(found: Entry) -> list[tuple[str, str | None]]:
    return [(file.url.rpartition("/")[2], file.title) for file in found.enclosures]


def content(name: str, inside: str = "", **attributes: str) -> str:
    told = "".join(f' {key}="{value}"' for key, value in attributes.items())
    url = name if "//" in name else f"https://pic.example.org/{name}"
    return f'<media:content url="{url}" medium="image"{told}>{inside}</media:content>'


def caption(text: str) -> str:
    return f"<media:description>{text}</media:description>"


def group(*members: str) -> str:
    return f"<media:group>{''.join(members)}</media:group>"


def test_pictures_that_look_alike_stay_apart_in_and_beside_the_text() -> None:
    beside = entry("<description>x</description>", *map(content, ("a_a.jpg", "a_b.jpg", "a_c.jpg")))
    assert [name for name, _ in told(beside)] == ["a_a.jpg", "a_b.jpg", "a_c.jpg"]
    text = "<description>&lt;img src='https://pic.example.org/f_a.png'&gt;</description>"
    assert told(entry(text, content("f_b.png"))) == [("f_b.png", None)]
    assert told(entry(text, content("f_a.png"))) == []


def test_a_picture_that_an_element_of_the_text_names_is_shown_already() -> None:
    sizes = "https://pic.example.org/s.jpg 300w, https://pic.example.org/x/large 900w"
    text = f"<description>&lt;p&gt;&lt;img src='https://pic.example.org/m.jpg' srcset='{sizes}'&gt;</description>"
    assert told(entry(text, content("x/large"))) == []
    assert told(entry(text, content("x/larg"))) == [("larg", None)]


@pytest.mark.parametrize(
    ("members", "kept"),
    [
        ([content("A37.jpg", caption("view 1")), content("A74.jpg", caption("view 2"))], ["A37.jpg", "A74.jpg"]),
        ([content("A37.jpg"), content("A74.jpg"), content("A8.jpg")], ["A37.jpg", "A74.jpg", "A8.jpg"]),
        ([content("b-1.jpg", width="600", height="449"), content("b-2.jpg", width="600", height="448")], ["b-1.jpg", "b-2.jpg"]),
        ([content("b-30058.jpg", width="600", height="288"), content("b-14186.jpg", width="500", height="144")], ["b-30058.jpg", "b-14186.jpg"]),
        ([content("x1", width="320", height="180"), content("x2", width="1280", height="720")], ["x2"]),
        ([content("x1", width="320", isDefault="true"), content("x2", width="1280")], ["x1"]),
        ([content("s-tease-super-169.jpg", width="1100", height="619"), content("s-tease-large-11.jpg", width="300", height="300"), content("s-tease-vertical-gallery.jpg", width="270", height="360")], ["s-tease-super-169.jpg"]),
        ([content("640/320/a.jpg", width="640", height="320"), content("931/523/a.jpg", width="931", height="523")], ["a.jpg"]),
        ([content("https://wx1.sinaimg.cn/thumb150/q.jpg"), content("https://wx1.sinaimg.cn/large/q.jpg")], ["q.jpg"]),
    ],
)  # fmt: skip
def test_a_group_is_one_picture_only_where_it_says_so(members: list[str], kept: list[str]) -> None:
    found = entry("<description>text</description>", group(*members))
    assert [name for name, _ in told(found)] == kept


def test_captions_go_with_their_pictures() -> None:
    found = entry(
        "<description>hello</description>",
        content("0.png", caption("A cat on a red mat")),
        content("1.png", '<media:title type="html">1</media:title>'),
        content("2.png", '<media:description type="html">&lt;b&gt;Two&lt;/b&gt; &amp;amp; more</media:description>'),
    )  # fmt: skip
    assert told(found) == [
        ("0.png", "A cat on a red mat"),
        ("1.png", None),
        ("2.png", "Two & more"),
    ]


def test_an_items_caption_is_its_first_pictures_unless_the_text_says_it() -> None:
    text = "<description>The article says more.</description>"
    assert told(entry(text, content("0.png"), content("1.png"), caption("A cat"))) == [
        ("0.png", "A cat"),
        ("1.png", None),
    ]
    assert told(entry(text, content("0.png"), caption("says more"))) == [("0.png", None)]
    small = '<media:thumbnail url="https://pic.example.org/t.jpg"/>'
    assert told(entry(text, group(small, caption("A film")))) == [("t.jpg", "A film")]


def test_the_caption_of_a_picture_in_the_text_is_its_alt_or_its_title() -> None:
    bare = "<description>&lt;img src='https://pic.example.org/0.png'&gt;</description>"
    found = entry(bare, content("0.png", caption('A "cat"')))
    assert 'alt="A &quot;cat&quot;"' in found.content_html
    named = bare.replace("src=", "alt='cat' src=")
    found = entry(named, content("0.png", caption("On a mat")))
    assert 'alt="cat" title="On a mat"' in found.content_html
    assert found.enclosures == ()


def test_an_items_own_image_is_its_picture_and_nothing_else() -> None:
    image = "<image><url>https://pic.example.org/i.png</url><title>A view</title><link>https://e.org/else</link></image>"
    for around in (image, image.replace("<title>A view</title>", "")):
        found = entry("<description>x</description>", around)
        assert (found.title, found.url) == ("t", "https://e.org/1")
        assert told(found) == [("i.png", "A view" if "A view" in around else None)]
    plain = entry("<image>https://pic.example.org/j.png</image><description>x</description>")
    assert told(plain) == [("j.png", None)]


def test_a_channels_image_stays_the_channels() -> None:
    image = "<image><url>https://e.org/logo.png</url><title>Logo</title><link>https://e.org/</link></image>"
    item = "<item><title>t</title><image><url>https://e.org/i.png</url></image></item>"
    document = read(rss_text(image, item))
    assert document.head.icon_url == "https://e.org/logo.png"
    assert document.head.title == "Site"
    assert [one.url for one in document.entries[0].raw_images] == ["https://e.org/i.png"]


def test_the_face_of_who_did_something_is_no_picture_of_it() -> None:
    face = '<media:thumbnail height="30" width="30" url="https://avatars.githubusercontent.com/u/0?s=30&amp;v=4"/>'
    assert told(entry("<description>Fix</description>", face)) == []
    shot = face.replace("avatars.githubusercontent.com/u/0", "shots.example.org/0")
    assert len(told(entry("<description>Fix</description>", shot))) == 1
