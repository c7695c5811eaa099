"""Golden documents: what we publish for a few stories, byte for byte.

`python -m tests.golden` writes them anew and prints what changed.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from aggregator.model import Enclosure, Origin, Source
from aggregator.publish import Addresses, Format, render, render_sources
from tests.publishing import ITHOME, MOMENT, PRIVATE, bare_story, selection, status, story

FOLDER = Path(__file__).parent

_ADDRESSES = Addresses("https://feeds.example.org/news")

_PODCAST = Origin(
    name="talk",
    title="Talk",
    id="tag:talk.example.com,2024:feed",
    url="https://user:hunter2@talk.example.com/feed?token=hunter2&page=1",
    site_url="https://talk.example.com/",
    updated_at=MOMENT - timedelta(days=1),
    language="en",
)

#: One story for each thing that a format has to get right.
STORIES = (
    story(),
    story(
        id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b002",
        url="https://www.ithome.com/搜索?q=a b",
        title="A guid that is no address, and an address that is no URI",
        summary="",
        author="editor@ithome.com (编辑部)",
        enclosures=(),
    ),
    story(
        id="https://talk.example.com/?p=7",
        origin=_PODCAST,
        url="https://talk.example.com/seven",
        title="An id that is an address, but not the entry's",
        content_html='<p><a href="https://u:p@cdn.example.com/?key=abc&amp;n=1">get it</a></p>',
        author=None,
        categories=(),
        enclosures=(
            Enclosure("https://u:p@cdn.example.com/7.mp3?auth=abc", "audio/mpeg", 7_000_000),
            Enclosure("magnet:?xt=urn:btih:0", "application/x-bittorrent"),
            Enclosure("https://u:p@cdn.example.com/7.jpg?auth=abc", "image/jpeg"),
        ),
        language="en-GB",
    ),
    bare_story(content_html="<p>Neither title nor link.</p>"),
    bare_story(
        id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b003",
        summary="Only a summary, and one that is longer than the line which stands in for a title.",
        enclosures=(Enclosure("https://cdn.example.com/封面.webp", "image/webp", 99),),
    ),
    bare_story(id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b004", title="Only a \x00title\ud800"),
    story(id="https://www.ithome.com/0/900/001.htm", title="The first story's id once more"),
)

_SOURCES = (
    Source("ithome", "https://www.ithome.com/rss/", title="IT之家", tags=("科技", "a,b")),
    Source("talk", "https://user:hunter2@talk.example.com/feed?token=hunter2&page=1"),
    Source("club", "https://club.example.com/members/hunter2", private=True),
    Source("hidden", "https://hidden.example.com/feed", title=PRIVATE.title, private=True),
)
_STATUSES = {
    "ithome": status("ithome", title="RSS IT之家", site_url=ITHOME.site_url),
    "talk": status("talk", title="Talk", site_url="https://talk.example.com/"),
    "club": status("club", title="The club", site_url="https://club.example.com/"),
}


def documents() -> dict[str, bytes]:
    """Return every golden document by its file name, as it is rendered now."""
    filled, empty = selection(*STORIES), selection(name="quiet", title="Quiet")
    rendered = {
        f"{name}.{form.value}": render(selected, form, _ADDRESSES)
        for name, selected in (("filled", filled), ("empty", empty))
        for form in Format
    }
    return rendered | {"sources.opml": render_sources("Sources", _SOURCES, _STATUSES)}
