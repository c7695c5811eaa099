# ruff: noqa: E501 - addresses read best on one line
"""A player's page for people, in every spelling of the address; and players that load lazily."""

from __future__ import annotations

import html
import re

import pytest

from aggregator.refine.players import watch_page
from aggregator.refine.sanitise import clean

BASE = "https://example.com/posts/1"
WATCH = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("player", "page"),
    [
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0", WATCH),
        ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", WATCH),
        ("https://youtu.be/dQw4w9WgXcQ?t=1m30s", f"{WATCH}&t=90s"),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=share", WATCH),
        ("https://music.youtube.com/embed/dQw4w9WgXcQ", WATCH),
        ("https://www.youtube.com/shorts/dQw4w9WgXcQ", WATCH),
        ("https://www.youtube.com/live/dQw4w9WgXcQ?si=x", WATCH),
        ("https://www.youtube.com/v/dQw4w9WgXcQ&hl=en&fs=1", WATCH),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0?start=30", f"{WATCH}&t=30s"),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?list=PL12345&index=2&start=5", f"{WATCH}&list=PL12345&index=2&t=5s"),
        ("https://www.youtube.com/embed/videoseries?list=PL12345", "https://www.youtube.com/playlist?list=PL12345"),
        (f"https://www.youtube.com/embed/live_stream?channel=UC{'a' * 22}", f"https://www.youtube.com/channel/UC{'a' * 22}/live"),
        ("https://player.vimeo.com/video/1234?h=0a1b2c3d4e#t=30s", "https://vimeo.com/1234/0a1b2c3d4e#t=30s"),
        ("https://player.vimeo.com/video/1234?badge=0", "https://vimeo.com/1234"),
        ("https://vimeo.com/event/12/embed", "https://vimeo.com/event/12"),
        ("https://vimeo.com/moogaloop.swf?clip_id=77", "https://vimeo.com/77"),
        ("https://player.bilibili.com/player.html?aid=1&bvid=BV1xx411c7mD&p=2", "https://www.bilibili.com/video/BV1xx411c7mD?p=2"),
        ("https://player.bilibili.com/player.html?aid=170001&page=1", "https://www.bilibili.com/video/av170001"),
        ("https://www.bilibili.com/blackboard/html5mobileplayer.html?aid=9&cid=&bvid=BV1xx411c7mD", "https://www.bilibili.com/video/BV1xx411c7mD"),
        ("https://www.bilibili.com/blackboard/player.html?bvid=1xx411c7mD&t=65", "https://www.bilibili.com/video/BV1xx411c7mD?t=65"),
        ("https://static.hdslb.com/miniloader.swf?aid=170001&page=3", "https://www.bilibili.com/video/av170001?p=3"),
        ("https://cdn.embedly.com/widgets/media.html?src=x&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ", WATCH),
        ("https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fp%2Fvideos%2F1", "https://www.facebook.com/p/videos/1"),
        ("https://open.spotify.com/embed/episode/abc123?utm_source=x", "https://open.spotify.com/episode/abc123"),
        ("https://geo.dailymotion.com/player/x1.html?video=x8abc", "https://www.dailymotion.com/video/x8abc"),
    ],
)  # fmt: skip
def test_players_lead_to_the_page_for_people(player: str, page: str) -> None:
    assert watch_page(player) == page
    assert watch_page(page) == page


@pytest.mark.parametrize(
    "url",
    [
        "https://player.example.net/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/@somebody",
        f"https://www.youtube.com/channel/UC{'a' * 22}",
        "https://www.youtube.com.evil.example/embed/dQw4w9WgXcQ",
        "https://vimeo.com/channels/staffpicks",
        "https://space.bilibili.com/123",
        "https://www.bilibili.com/video/BV1xx411c7mD?p=2",
        "https://www.facebook.com/plugins/like.php?href=https%3A%2F%2Fe.com",
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1",
        "https://player.bilibili.com/player.html",
        "https://[",
    ],
)
def test_other_addresses_stay(url: str) -> None:
    assert watch_page(url) == url


@pytest.mark.parametrize(
    ("raw", "links"),
    [
        ('<iframe class="lazyload" src="about:blank" data-src="//www.youtube.com/embed/dQw4w9WgXcQ"></iframe>', [WATCH]),
        ('<iframe data-lazy-src="https://a.example/1" src="data:text/html,x"></iframe>', ["https://a.example/1"]),
        ('<iframe data-litespeed-src="https://a.example/1"></iframe>', ["https://a.example/1"]),
        ('<video class="lazy" data-src="/a.mp4"></video>', ["https://example.com/a.mp4"]),
        ('<video><source data-src="/a.mp4"><source data-src="/a.webm"></video>', ["https://example.com/a.mp4"]),
        ('<audio src="/a.mp3" data-url="/page"></audio>', ["https://example.com/a.mp3"]),
        ('<iframe data-src="/a"></iframe><noscript><iframe src="/a"></iframe></noscript>', ["https://example.com/a"]),
        ('<noscript><iframe src="/a"></iframe></noscript><iframe data-src="/a"></iframe>', ["https://example.com/a"]),
        ('<iframe src="about:blank"></iframe>', []),
        ('<iframe data-src="javascript:alert(1)"></iframe>', []),
        ('<iframe data-src="{{ url }}"></iframe>', []),
    ],
)  # fmt: skip
def test_lazy_players_are_links_once(raw: str, links: list[str]) -> None:
    cleaned = clean(f"<p>x</p>{raw}", BASE)
    found = [part.partition('"')[0] for part in cleaned.split('href="')[1:]]
    assert found == [link.replace("&", "&amp;") for link in links]
    assert clean(cleaned, BASE) == cleaned


def linked(raw: str) -> str:
    """Return cleaned markup with its links and pictures as (address)."""
    cleaned = clean(raw, BASE)
    assert clean(cleaned, BASE) == cleaned
    text = re.sub(r'<a href="([^"]*)"[^>]*>', r"(\1)", cleaned).replace("</a>", "")
    return html.unescape(re.sub(r'<img src="([^"]*)"[^>]*>', r"[\1]", text))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ('<lite-youtube videoid="dQw4w9WgXcQ" playlabel="A song"></lite-youtube>', f"({WATCH})▶ www.youtube.com"),
        ('<LITE-YouTube video-id="dQw4w9WgXcQ" params="rel=0&amp;start=30"/>', f"({WATCH}&t=30s)▶ www.youtube.com"),
        ('<lite-youtube videoid="dQw4w9WgXcQ" playlistid="PL12345" videostartat="5"></lite-youtube>', f"({WATCH}&list=PL12345&t=5s)▶ www.youtube.com"),
        ('<lite-youtube playlistid="PL12345"></lite-youtube>', "(https://www.youtube.com/playlist?list=PL12345)▶ www.youtube.com"),
        ('<lite-youtube videoid="dQw4w9WgXcQ"><button>Play: A song</button></lite-youtube>', f"({WATCH})▶ www.youtube.com Play: A song"),
        (f'<lite-youtube videoid="dQw4w9WgXcQ"><a href="{WATCH}">A song</a></lite-youtube>', f"({WATCH})A song"),
        (f'<youtube-video controls src="{WATCH}"></youtube-video>', f"({WATCH})▶ www.youtube.com"),
        ('<lite-vimeo videoid="1234"></lite-vimeo>', "(https://vimeo.com/1234)▶ vimeo.com"),
        ('<vimeo-video src="https://player.vimeo.com/video/1234?h=0a1b2c3d4e"></vimeo-video>', "(https://vimeo.com/1234/0a1b2c3d4e)▶ vimeo.com"),
        ('<amp-youtube data-videoid="dQw4w9WgXcQ" layout="responsive"></amp-youtube>', f"({WATCH})▶ www.youtube.com"),
        ('<amp-video src="/v.mp4" poster="/p.jpg"><source src="/w.mp4"></amp-video>', "[https://example.com/p.jpg] (https://example.com/v.mp4)▶ example.com"),
        ('<amp-iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"><p placeholder>wait</p></amp-iframe>', f"({WATCH})▶ www.youtube.com"),
        ('<object data="https://www.youtube.com/v/dQw4w9WgXcQ"><embed src="https://www.youtube.com/v/dQw4w9WgXcQ&hl=en"></object>', f"({WATCH})▶ www.youtube.com"),
        ('<embed src="/a"><p>x</p><iframe src="/b"></iframe>', "(https://example.com/a)▶ example.com <p>x</p> (https://example.com/b)▶ example.com"),
        # None of a host that is known, or none that plays.
        ('a <my-player videoid="dQw4w9WgXcQ">b</my-player>', "a b"),
        ('a <youtube-button>b</youtube-button> <lite-youtube videoid="{{ id }}"></lite-youtube>', "a b"),
        ('<p title="<lite-youtube videoid=dQw4w9WgXcQ>">a</p>', '<p title="<lite-youtube videoid=dQw4w9WgXcQ>">a</p>'),
    ],
)  # fmt: skip
def test_players_that_are_elements_of_their_own_lead_to_the_page(raw: str, shown: str) -> None:
    assert linked(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ('<video poster="/p.jpg" src="/v.mp4"></video>', "[https://example.com/p.jpg] (https://example.com/v.mp4)▶ example.com"),
        ('<video data-poster="/p.jpg"><source src="/v.mp4"></video>', "[https://example.com/p.jpg] (https://example.com/v.mp4)▶ example.com"),
        ('<video poster="/p.jpg" src="blob:https://example.com/1"></video>', "[https://example.com/p.jpg]"),
        ('<video poster="/p.jpg"><p>No film</p></video>', "[https://example.com/p.jpg]<p>No film</p>"),
        ('<video poster="/p.jpg" src="/v.mp4"></video><img src="/p.jpg">', "(https://example.com/v.mp4)▶ example.com [https://example.com/p.jpg]"),
        ('<img data-src="/p.jpg" src="/blank.gif"><video poster="/p.jpg" src="/v.mp4"></video>', "[https://example.com/p.jpg] (https://example.com/v.mp4)▶ example.com"),
        ('<video poster="javascript:x" src="/v.mp4"></video>', "(https://example.com/v.mp4)▶ example.com"),
        ('<video poster="/spacer.gif" src="/v.mp4"></video>', "(https://example.com/v.mp4)▶ example.com"),
        ('<video poster="" src="/v.mp4"></video><iframe poster="/p.jpg" src="/f"></iframe>', "(https://example.com/v.mp4)▶ example.com  (https://example.com/f)▶ example.com"),
    ],
)  # fmt: skip
def test_the_picture_that_stands_for_a_film_is_kept(raw: str, shown: str) -> None:
    assert linked(raw) == shown
