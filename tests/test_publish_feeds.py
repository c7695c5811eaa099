"""What an operator says of a feed, its archive, its files and its place, in every format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.lint import lint
from aggregator.model import (
    Category,
    Enclosure,
    Feed,
    FeedKind,
    Particulars,
    Person,
    Selection,
    Source,
    SourceParticulars,
    Story,
)
from aggregator.publish import Format, render, render_feeds, render_sources
from aggregator.publish.xml_safety import clean_url
from aggregator.rules.secrets import NO_SECRETS
from tests.golden import DRESSED, FEEDS, STORIES
from tests.making import by
from tests.published import ADDRESSES, ATOM, CONTENT, LANG, as_atom, as_json, as_rss, texts
from tests.publishing import (
    ARCHIVE,
    ITHOME,
    MOMENT,
    archived,
    bare_story,
    selection,
    status,
    story,
)

MEDIA = "{http://search.yahoo.com/mrss/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"

FULL = "<p>First <b>wo</b>rds.</p><p>" + "其余的话，" * 200 + "</p>"


def of(feed: Feed, *stories: Story) -> Selection:
    return replace(selection(*stories), feed=feed)


def hrefs(element: etree._Element) -> dict[str, str]:
    found = [
        (link.get("rel", ""), link.get("href", "")) for link in element.iterfind(f"{ATOM}link")
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def titles(selected: Selection) -> set[str]:
    """Return what the only story is called; one title, or the formats disagree."""
    (item,) = as_json(selected)["items"]
    return {
        *texts(as_atom(selected), f"{ATOM}entry/{ATOM}title"),
        *texts(as_rss(selected), "item/title"),
        item["title"],
    }


def test_every_word_that_is_said_of_a_feed_stands_in_every_format() -> None:
    selected = of(DRESSED, story())
    feed, channel, document = as_atom(selected), as_rss(selected), as_json(selected)
    assert feed.findtext(f"{ATOM}subtitle") == DRESSED.description
    assert feed.findtext(f"{ATOM}icon") == DRESSED.icon
    assert feed.find(f"{ATOM}logo") is None  # RFC 4287 §4.2.8: twice as wide as high
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == DRESSED.author
    assert feed.get(LANG) == DRESSED.language
    assert channel.findtext("description") == DRESSED.description
    assert channel.findtext("language") == DRESSED.language
    assert channel.findtext(f"{DC}creator") == DRESSED.author
    assert channel.find("managingEditor") is None
    assert channel.findtext("image/url") == DRESSED.icon
    assert channel.findtext("image/title") == channel.findtext("title") == DRESSED.title
    assert channel.findtext("image/link") == channel.findtext("link")
    assert document["description"] == DRESSED.description
    assert document["icon"] == document["favicon"] == DRESSED.icon
    assert document["authors"] == [{"name": DRESSED.author}]
    assert document["language"] == DRESSED.language


def test_a_feed_of_which_nothing_is_said_has_its_title_for_a_description() -> None:
    assert as_rss(selection()).findtext("description") == "全部 · All"
    assert as_rss(selection()).find("image") is None
    assert as_atom(selection()).find(f"{ATOM}subtitle") is None
    assert not {"description", "icon", "favicon", "authors"} & as_json(selection()).keys()


def test_an_image_that_rss_does_not_allow_is_shown_in_the_other_formats_only() -> None:
    selected = of(replace(DRESSED, icon="https://feeds.example.org/icon.svg"), story())
    assert as_rss(selected).find("image") is None
    assert as_atom(selected).findtext(f"{ATOM}icon") == "https://feeds.example.org/icon.svg"


def test_an_entry_without_an_author_is_its_sources_not_the_feeds() -> None:
    selected = of(DRESSED, story(particulars=Particulars()))
    assert texts(as_atom(selected), f"{ATOM}entry/{ATOM}author/{ATOM}name") == ["IT之家"]


@pytest.mark.parametrize(
    ("template", "title", "made"),
    [
        ("{source}: {title}", "新闻", "IT之家: 新闻"),
        ("{tag} | {title}", "新闻", "科技 | 新闻"),
        ("{title} {title}", "x", "x x"),
        ("{title}", "{source} {0} {tag!r} {title.__class__}", None),
        (
            "[{source}] {title}",
            "{source} {} {{tag}} {title}",
            "[IT之家] {source} {} {{tag}} {title}",
        ),
        ("{title} {other} {}", "x", "x {other} {}"),
        ("{title}", "R&amp;D", None),
        ("{source} {title}", "R&amp;D", "IT之家 R&amp;D"),
        ("&amp; {title}", "x", "&amp; x"),
    ],
)
def test_a_template_makes_titles_and_leaves_braces_and_entities_alone(
    template: str, title: str, made: str | None
) -> None:
    feed = Feed("all", "All", title_template=template)
    one = story(title=title, origin=replace(ITHOME, tags=("科技", "second")))
    shown = {text.replace("&amp;amp;", "&amp;") for text in titles(of(feed, one))}
    assert shown == {made or title}


def test_a_template_without_a_tag_or_a_title_has_what_there_is() -> None:
    feed = Feed("all", "All", title_template="{tag}{title}")
    assert titles(of(feed, story(title="", summary="The summary"))) == {"The summary"}
    assert titles(of(replace(feed, title_template="{tag}"), story(title="x"))) == {"x"}


def test_a_feed_of_summaries_holds_the_summary_or_the_beginning_and_no_html() -> None:
    feed = Feed("all", "All", content="summary")
    told = story(summary="What it says", content_html=FULL)
    untold = story(id="urn:x:2", summary="", content_html=FULL)
    selected = of(feed, told, untold)
    first, second = (item["content_text"] for item in as_json(selected)["items"])
    assert first == "What it says"
    assert second.startswith("First words. 其余的话")
    assert second.endswith("…")
    assert len(second) <= 500
    assert texts(as_rss(selected), "item/description") == [first, second]
    assert texts(as_atom(selected), f"{ATOM}entry/{ATOM}summary") == [first, second]
    assert texts(as_atom(selected), f"{ATOM}entry/{ATOM}content") == []
    assert texts(as_rss(selected), f"item/{CONTENT}") == []
    assert all("attachments" in item for item in as_json(selected)["items"])


def test_a_feed_of_links_holds_title_and_link_only() -> None:
    feed = Feed("all", "All", content="link")
    selected = of(feed, story(content_html=FULL), bare_story(content_html="<p>No title</p>"))
    for form in Format:
        document = render(selected, form, ADDRESSES).decode()
        assert "其余的话" not in document
        assert "摘要" not in document
        assert "one.mp3" not in document
    entries = as_atom(selected).findall(f"{ATOM}entry")
    # An entry has a text in Atom, and where there is none it is the title.
    assert [entry.findtext(f"{ATOM}content") for entry in entries] == [
        "小米 &lt;SU7&gt; &amp; 77.26% 增长",
        "No title",
    ]
    for item in as_rss(selected).findall("item"):
        assert item.findtext("title")
        assert item.find("description") is None
    assert [item["content_text"] for item in as_json(selected)["items"]] == ["", ""]


def test_of_a_long_text_a_feed_has_the_beginning_and_the_way_to_the_rest() -> None:
    """An entry of a megabyte in each of fourteen makes a document that nobody can read."""
    feed = Feed("all", "All", entry_size=4096)
    paragraph = "<ul><li>中文 &amp; <em>words</em> <br><code>x</code></li></ul>"
    long = story(content_html=f"<div>{paragraph * 1000}</div>", url="https://x.example/?a=1&b=2")
    near = story(id="urn:x:2", content_html=f"<p>{'x' * 4089}</p>")
    cut, whole = (item["content_html"] for item in as_json(of(feed, long, near))["items"])
    assert whole == near.content_html
    kept = cut.removesuffix(
        '<p><a href="https://x.example/?a=1&amp;b=2">'
        "Read on at the source · 在来源网站继续阅读</a></p>"
    )
    assert kept != cut
    assert len(kept.removesuffix("</div>").encode()) <= 4096 + len("</li></ul>")
    assert [len(re.findall(f"<{name}>", kept)) for name in ("div", "ul", "li", "em", "code")] == [
        len(re.findall(f"</{name}>", kept)) for name in ("div", "ul", "li", "em", "code")
    ]
    for form in Format:
        document = render(of(feed, long), form, ADDRESSES).decode()
        assert "继续阅读" in document
        assert len(document) < 16_000


def test_a_subscription_document_leads_into_the_archive() -> None:
    selected = replace(selection(story()), previous=ARCHIVE[-1])
    newest = "https://feeds.example.org/feeds/all/archive/2026-11.{}?until=2026-11-20"
    assert hrefs(as_atom(selected))["prev-archive"] == newest.format("atom")
    assert hrefs(as_rss(selected))["prev-archive"] == newest.format("rss")
    assert as_json(selected)["next_url"] == newest.format("json")
    assert "current" not in hrefs(as_atom(selected))
    assert as_atom(selected).find(f"{HISTORY}archive") is None
    assert b"syndication/history" not in render(selected, Format.RSS, ADDRESSES)


@pytest.mark.parametrize("number", range(len(ARCHIVE)))
def test_an_archive_document_says_that_it_is_one_and_where_the_others_are(number: int) -> None:
    selected = archived(story(), number=number)

    def expected(form: Format) -> dict[str, str]:
        places = {
            "self": ADDRESSES.archive(selected.feed, ARCHIVE[number], form),
            "current": ADDRESSES.feed(selected.feed, form),
        }
        if number > 0:
            places["prev-archive"] = ADDRESSES.archive(selected.feed, ARCHIVE[number - 1], form)
        if number + 1 < len(ARCHIVE):
            places["next-archive"] = ADDRESSES.archive(selected.feed, ARCHIVE[number + 1], form)
        return places

    feed, channel, document = as_atom(selected), as_rss(selected), as_json(selected)
    assert hrefs(feed) == expected(Format.ATOM) | {"alternate": "https://feeds.example.org/"}
    assert hrefs(channel) == expected(Format.RSS)
    assert len(feed.findall(f"{HISTORY}archive")) == len(channel.findall(f"{HISTORY}archive")) == 1
    assert document.get("next_url") == expected(Format.JSON).get("prev-archive")
    assert document["feed_url"] == ADDRESSES.feed(selected.feed, Format.JSON)
    assert feed.findtext(f"{ATOM}id") == selected.id
    assert channel.find("ttl") is None
    shown = {feed.findtext(f"{ATOM}title"), channel.findtext("title"), document["title"]}
    assert shown == {
        ("全部 · All (2026-10)", "全部 · All (2026-10, 2)", "全部 · All (2026-11)")[number]
    }


def test_the_only_document_of_an_archive_does_not_call_itself_one_without_links() -> None:
    alone = replace(selection(story()), archive=ARCHIVE[-1])
    for form in (Format.ATOM, Format.RSS):
        document = render(alone, form, ADDRESSES)
        assert b"syndication/history" not in document
        assert not [one for one in lint(document) if one.level != "info"]
    assert hrefs(as_atom(alone))["current"] == ADDRESSES.feed(alone.feed, Format.ATOM)


def test_a_document_of_a_month_is_the_same_whatever_comes_after_it() -> None:
    older = archived(story(), number=1)
    later = replace(older, version=7, changed_at=MOMENT + timedelta(days=60))
    for form in Format:
        assert render(older, form, ADDRESSES) == render(later, form, ADDRESSES)


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(300, "5"), (3600, "60"), (90, "1"), (1, "1"), (0, "1")]
)
def test_ttl_is_max_age_in_minutes(seconds: int, minutes: str) -> None:
    max_age = timedelta(seconds=seconds)
    document = render(selection(), Format.RSS, ADDRESSES, max_age=max_age)
    assert etree.fromstring(document).findtext("channel/ttl") == minutes


SOUND = Enclosure("https://cdn.example.org/one.mp3?a[]=1", "audio/mpeg", 1234)
PICTURE = Enclosure("https://cdn.example.org/one.jpg", "image/jpeg", 99)
SECOND = Enclosure("https://cdn.example.org/two.png", "image/png", 98)
BOOK = Enclosure("https://cdn.example.org/one.pdf", "application/pdf")


@pytest.mark.parametrize(
    ("files", "enclosure", "thumbnail", "others"),
    [
        ((SOUND,), SOUND, None, []),
        ((PICTURE,), PICTURE, PICTURE, []),
        ((PICTURE, SOUND), SOUND, PICTURE, []),
        ((SOUND, PICTURE, SECOND, BOOK), SOUND, PICTURE, [SECOND, BOOK]),
        ((BOOK, PICTURE), BOOK, PICTURE, []),
    ],
)
def test_media_rss_shows_the_picture_and_every_file_beside_the_enclosure(
    files: tuple[Enclosure, ...],
    enclosure: Enclosure,
    thumbnail: Enclosure | None,
    others: list[Enclosure],
) -> None:
    (item,) = as_rss(selection(story(enclosures=files))).findall("item")
    (played,) = item.findall("enclosure")
    assert dict(played.items()) == {
        "url": (enclosure.url).replace("[]", "%5B%5D"),
        "type": enclosure.media_type,
        "length": str(enclosure.length_bytes),
    }
    thumbnails = [one.get("url") for one in item.findall(f"{MEDIA}thumbnail")]
    assert thumbnails == ([thumbnail.url] if thumbnail is not None else [])
    contents = item.findall(f"{MEDIA}content")
    assert [(one.get("url"), one.get("type")) for one in contents] == [
        (one.url, one.media_type) for one in others
    ]
    assert [one.get("fileSize") for one in contents] == [
        str(one.length_bytes) if one.length_bytes else None for one in others
    ]
    assert item.find(f"{MEDIA}group") is None


def test_media_rss_is_declared_only_where_it_is_used() -> None:
    plain = selection(story(enclosures=(SOUND,)))
    assert b"mrss" not in render(plain, Format.RSS, ADDRESSES)
    assert b"mrss" not in render(selection(story(enclosures=(PICTURE,))), Format.ATOM, ADDRESSES)


def test_categories_keep_scheme_and_label() -> None:
    about = (
        Category("talk", "https://example.com/topics", "Talk & more"),
        Category("talk", "no IRI", None),
        Category("talk", None, None),
        Category(" ", "https://example.com/topics", None),
    )
    selected = selection(story(categories=about))
    found = as_atom(selected).findall(f"{ATOM}entry/{ATOM}category")
    assert [dict(one.items()) for one in found] == [
        {"term": "talk", "scheme": "https://example.com/topics", "label": "Talk & more"},
        {"term": "talk"},
    ]
    channel = as_rss(selected).findall("item/category")
    assert [(one.text, one.get("domain")) for one in channel] == [
        ("talk", "https://example.com/topics"),
        ("talk", None),
    ]
    assert as_json(selected)["items"][0]["tags"] == ["talk"]


def test_every_fact_of_a_source_reaches_the_reader() -> None:
    origin = replace(
        ITHOME,
        particulars=SourceParticulars((Person("编辑部", email="webmaster@ithome.com"),)),
        rights="© <2026>",
        description="科技 & 数码",
        icon_url="https://www.ithome.com/icon.png",
        tags=("科技", "c/c++", " "),
    )
    selected = selection(story(origin=origin))
    (source,) = as_atom(selected).findall(f"{ATOM}entry/{ATOM}source")
    assert [child.tag.removeprefix(ATOM) for child in source] == [
        "id", "title", "updated", "link", "link", "subtitle", "author", "rights", "icon",
        "category", "category",
    ]  # fmt: skip
    assert [one.get("term") for one in source.iterfind(f"{ATOM}category")] == ["科技", "c/c++"]
    assert source.findtext(f"{ATOM}author/{ATOM}name") == "编辑部"
    assert as_json(selected)["items"][0]["_source"] == {
        "id": ITHOME.id,
        "title": "IT之家",
        "feed_url": ITHOME.url,
        "home_page_url": ITHOME.site_url,
        "date_modified": "2026-11-20T08:30:15Z",
        "language": "zh-CN",
        "description": "科技 & 数码",
        "author": "编辑部",
        "rights": "© <2026>",
        "icon": "https://www.ithome.com/icon.png",
    }


@pytest.mark.parametrize("tag", ["c/c++", "node.js", "科技", "a b", "?x#y", "100%", "a&b", ".atom"])
def test_whatever_a_tag_holds_its_feed_has_one_address(tag: str) -> None:
    feed = Feed(f"tags/{tag}", tag, tags=(tag,), kind=FeedKind.TAG)
    for form in Format:
        url = ADDRESSES.feed(feed, form)
        path = urlsplit(url).path
        assert url == f"https://feeds.example.org{path}"
        first, second = path.removeprefix("/").split("/")
        assert (first, unquote(second)) == ("tags", f"{tag}.{form.value}")
        archive = ADDRESSES.archive(feed, ARCHIVE[0], form)
        assert archive == f"{url.rpartition('.')[0]}/archive/2026-10.{form.value}"
        assert clean_url(url) == url


def test_places_of_feeds() -> None:
    places = [ADDRESSES.feed(feed, Format.RSS).removeprefix(ADDRESSES.home) for feed in FEEDS]
    assert places == [
        "feeds/dressed.rss",
        "feeds/c%2Fc%2B%2B%20%26%20.net.rss",
        "feeds/0123456789abcdef/secret.rss",
        "feeds/all.rss",
        "tags/%E7%A7%91%E6%8A%80.rss",
        "sources/ithome.rss",
    ]


def test_the_list_of_feeds_tells_of_no_token_and_no_single_source() -> None:
    document = render_feeds("Feeds", FEEDS, ADDRESSES, NO_SECRETS)
    listed = etree.fromstring(document).findall("body/outline")
    assert [one.get("text") for one in listed] == [
        "Dressed & ready",
        "A name that is no path",
        "All",
        "科技",
    ]
    assert all(one.get("type") == "rss" for one in listed)
    assert all((one.get("xmlUrl") or "").endswith(".atom") for one in listed)
    assert b"0123456789abcdef" not in document


def test_a_route_without_an_address_is_listed_by_its_first_mirror() -> None:
    mirrors = ("https://one.example/route", "https://two.example/route")
    source = Source("route", "rsshub://route", mirrors=mirrors)
    document = render_sources("Sources", (source,), {"route": status("route")}, NO_SECRETS)
    (outline,) = etree.fromstring(document).findall("body/outline")
    assert outline.get("xmlUrl") == "https://one.example/route"


def test_a_tag_is_one_category_in_a_list_of_sources() -> None:
    source = Source("one", "https://one.example/feed", tags=("c/c++", "a, b", "/", "科技"))
    folder, outline = etree.fromstring(render_sources("Sources", (source,), {}, NO_SECRETS)).iter(
        "outline"
    )
    assert dict(folder.items()) == {"text": "c/c++", "title": "c/c++"}
    assert outline.get("category") == "c c++,a b,科技"
    bare = Source("one", "https://one.example/feed", tags=("/",))
    _, outline = etree.fromstring(render_sources("Sources", (bare,), {}, NO_SECRETS)).iter(
        "outline"
    )
    assert outline.get("category") is None


@pytest.mark.parametrize(
    ("url", "published"),
    [
        ("https://example.com/a[1].html?b[]=2", "https://example.com/a%5B1%5D.html?b%5B%5D=2"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        (
            "https://例子.测试/路?问=答",
            "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF?%E9%97%AE=%E7%AD%94",
        ),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://example.com/%e4%b8%ad%20x", "https://example.com/%e4%b8%ad%20x"),
        ("HTTPS://Example.com?x={1}|2", "HTTPS://Example.com?x=%7B1%7D%7C2"),
        (
            "https://example.com/77.26%?100%#a#b%zz",
            "https://example.com/77.26%25?100%25#a%23b%25zz",
        ),
    ],
)
def test_an_address_is_published_as_a_uri(url: str, published: str) -> None:
    assert clean_url(url) == published
    assert clean_url(published) == published


def test_no_text_holds_what_validators_take_for_broken() -> None:
    one = story(
        title="a\x85b\x9fc\ufdd0\U0001fffe",
        content_html="<p>中\ufffd文\x80</p>",
        summary="\ufffe\ufffd",
        particulars=by("A\x81"),
    )
    for form in Format:
        document = render(selection(one), form, ADDRESSES).decode()
        assert not set(document) & set("\x80\x81\x85\x9f\ufdd0\ufffd\ufffe\U0001fffe")
        assert "中□文" in document


def test_two_stories_that_were_updated_in_the_same_second_say_different_moments() -> None:
    keys = [10**15 + n for n in range(50)] + [10**15 + n * 10**6 for n in range(1, 50)]
    told = [story(id=f"urn:x:{key}", order_key=key) for key in keys]
    moments = texts(as_atom(selection(*told)), f"{ATOM}entry/{ATOM}updated")
    assert len(set(moments)) == len(keys)
    # Whatever else a document holds, a story says the same.
    assert texts(as_atom(selection(told[7])), f"{ATOM}entry/{ATOM}updated") == [moments[7]]


any_text = st.text(st.characters(codec=None, exclude_categories=()))


@settings(max_examples=100, deadline=None)
@given(
    template=st.sampled_from(["{title}", "{source}{tag}: {title}"]) | any_text,
    content=st.sampled_from(["full", "summary", "link"]),
    words=st.tuples(any_text, any_text, any_text, any_text, any_text),
    form=st.sampled_from(list(Format)),
)
def test_whatever_an_operator_says_of_a_feed_its_documents_are_well_formed(
    template: str, content: str, words: tuple[str, ...], form: Format
) -> None:
    title, description, author, language, icon = words
    feed = Feed(
        "all",
        title,
        title_template=template,
        content=content,
        description=description,
        author=author,
        language=language,
        icon=f"https://example.com/{icon}",
    )
    selected = replace(archived(*STORIES), feed=feed)
    document = render(selected, form, ADDRESSES)
    if form is Format.JSON:
        items = json.loads(document)["items"]
        assert all(item["title"] for item in items if template != "{title}")
    else:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False))
        name = f"{ATOM}entry" if form is Format.ATOM else "item"
        assert len(list(root.iter(name))) == len(STORIES) - 1
