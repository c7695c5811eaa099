"""Golden documents: what we publish for a few stories, byte for byte.

`python -m tests.golden` writes them anew and prints what changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aggregator.model import (
    Category,
    Enclosure,
    Feed,
    FeedKind,
    Origin,
    Particulars,
    Person,
    Sameness,
    Selection,
    Source,
    SourceParticulars,
)
from aggregator.publish import Addresses, Format, render, render_feeds, render_sources
from aggregator.rules.secrets import NO_SECRETS
from tests.making import by
from tests.publishing import (
    ITHOME,
    MOMENT,
    PRIVATE,
    also,
    archived,
    bare_story,
    selection,
    status,
    story,
)

FOLDER = Path(__file__).parent

_ADDRESSES = Addresses("https://feeds.example.org/news")

_PODCAST = Origin(
    name="talk",
    title="Talk",
    id="tag:talk.example.com,2024:feed",
    url="https://talk.example.com/feed?token=&page=1",
    site_url="https://talk.example.com/",
    updated_at=MOMENT - timedelta(days=1),
    language="en",
    tags=("audio",),
    particulars=SourceParticulars((Person("Ann (ann@talk.example.com)"),)),
    rights="© Talk & friends, all rights </reserved>",
    description="Talk about everything",
    icon_url="https://talk.example.com/封面.png",
)

_STORIES = (
    story(),
    story(
        id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b002",
        url="https://www.ithome.com/搜索?q=a b",
        title="A guid that is no address, and an address that is no URI",
        summary="",
        particulars=by("editor@ithome.com (编辑部)"),
        enclosures=(),
    ),
    story(
        id="https://talk.example.com/?p=7",
        origin=_PODCAST,
        url="https://talk.example.com/seven",
        title="An id that is an address, but not the entry's",
        content_html='<p><a href="https://cdn.example.com/?key=abc&amp;n=1">get it</a></p>',
        particulars=Particulars(),
        categories=(Category("talk", "https://talk.example.com/topics", "Talk & more"),),
        enclosures=(
            Enclosure("https://cdn.example.com/7.mp3?auth=abc", "audio/mpeg", 7_000_000),
            Enclosure("magnet:?xt=urn:btih:0", "application/x-bittorrent"),
            Enclosure("https://cdn.example.com/7.jpg?auth=abc", "image/jpeg"),
        ),
        language="en-GB",
        also=(ITHOME, PRIVATE),
    ),
    bare_story(content_html="<p>Neither title nor link.</p>"),
    bare_story(
        id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b003",
        summary="Only a summary, and one that is longer than the line which stands in for a title.",
        enclosures=(Enclosure("https://cdn.example.com/封面.webp", "image/webp", 99),),
    ),
    bare_story(id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b004", title="Only a \x00title\ud800"),
    story(
        id="https://www.ithome.com/0/900/005.htm",
        url="https://www.ithome.com/0/900/005.htm",
        title="When to write </b> & when &lt;b&gt;",
        content_html="",
        enclosures=(),
    ),
    story(id="https://www.ithome.com/0/900/001.htm", title="The first story's id once more"),
)

#: Other entries of a story, with all that their publishers may have written.
_TOLD = (
    also(
        ITHOME,
        title='</li></ul><script>alert("1")</script> & "小米" \x00\u202e',
        url='https://www.ithome.com/搜索?q=a b&c="d"',
        published_at=MOMENT - timedelta(minutes=3),
    ),
    also(_PODCAST, title="Seven cars", url="https://talk.example.com/7"),
    also(_PODCAST, title="", url="javascript:alert(1)"),
    also(PRIVATE, title="No way there", because=Sameness.EXACT),
)

#: Stories that other entries tell, too: in HTML, in text alone, without any, and too many.
_TOLD_STORIES = (
    story(also_told=_TOLD),
    story(id="https://www.ithome.com/0/900/006.htm", content_html="", also_told=_TOLD[:1]),
    bare_story(title="Only a title", also_told=_TOLD[1:2], language="en"),
    bare_story(
        id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b005",
        content_html="<p>Everybody tells this.</p>",
        also_told=tuple(
            also(PRIVATE, title=f"Number {one}", url=f"https://club.example.com/{one}")
            for one in range(1, 23)
        ),
    ),
)
TOLD_STORIES = tuple(
    replace(one, order_key=number) for number, one in enumerate(_TOLD_STORIES, start=1)
)

#: One story for each thing that a format has to get right.
STORIES = tuple(replace(one, order_key=number) for number, one in enumerate(_STORIES, start=1))

_SOURCES = (
    Source("ithome", "https://www.ithome.com/rss/", title="IT之家", tags=("科技", "a,b")),
    Source("talk", "https://user:hunter2@talk.example.com/feed?token=hunter2&page=1"),
    Source("club", "https://club.example.com/members/hunter2", private=True),
    Source(
        "ranking",
        "rsshub://ithome/ranking/7days",
        mirrors=("https://rsshub.example.com/ithome/ranking/7days",),
    ),
    Source("hidden", "https://hidden.example.com/feed", title=PRIVATE.title, private=True),
)
_STATUSES = {
    "ithome": status("ithome", title="RSS IT之家", site_url=ITHOME.site_url),
    "talk": status("talk", title="Talk", site_url="https://talk.example.com/"),
    "club": status("club", title="The club", site_url="https://club.example.com/"),
}


#: A feed with every word that an operator may say of it.
DRESSED = Feed(
    "dressed",
    "Dressed & ready",
    content="summary",
    title_template="[{tag}] {source}: {title}",
    language="zh-Hans",
    description="What <we> publish & why",
    icon="https://feeds.example.org/icon.png",
    author="The desk",
)

#: Feeds whose stories name the other entries that tell them.
TOLD = Feed("told", "一事一文 · Told once", dedupe="story")
TOLD_IN_CHINESE = Feed("told-zh", "一事一文", dedupe="story", language="zh-Hant", content="summary")
TOLD_IN_ENGLISH = Feed("told-en", "Told once", show_also=True, language="en", content="link")

#: Feeds as a configuration makes them, the automatic ones last.
FEEDS = (
    DRESSED,
    Feed("c/c++ & .net", "A name that is no path"),
    Feed("secret", "Never listed", token="0123456789abcdef"),
    Feed("all", "All", kind=FeedKind.EVERYTHING),
    Feed("tags/科技", "科技", tags=("科技",), kind=FeedKind.TAG),
    Feed("sources/ithome", "IT之家", sources=("ithome",), kind=FeedKind.SOURCE),
)


def selections() -> dict[str, Selection]:
    """Return what the golden feed documents show, by their names."""
    return {
        "filled": selection(*STORIES),
        "empty": selection(name="quiet", title="Quiet"),
        "dressed": replace(selection(*STORIES), feed=DRESSED),
        "archive": archived(*STORIES[:2]),
        "told": replace(selection(*TOLD_STORIES), feed=TOLD),
        "told-zh": replace(selection(*TOLD_STORIES), feed=TOLD_IN_CHINESE),
        "told-en": replace(selection(*TOLD_STORIES), feed=TOLD_IN_ENGLISH),
    }


def documents() -> dict[str, bytes]:
    """Return every golden document by its file name, as it is rendered now."""
    rendered = {
        f"{name}.{form.value}": render(selected, form, _ADDRESSES)
        for name, selected in selections().items()
        for form in Format
    }
    return rendered | {
        "sources.opml": render_sources("Sources", _SOURCES, _STATUSES, NO_SECRETS),
        "feeds.opml": render_feeds("Feeds", FEEDS, _ADDRESSES, NO_SECRETS),
    }
