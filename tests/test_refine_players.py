# ruff: noqa: E501 - addresses read best on one line
"""A player's page for people, in every spelling of the address; and players that load lazily."""

from __future__ import annotations

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
