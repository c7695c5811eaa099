"""The page of a story: its players and its files are named as what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from aggregator.model import Enclosure
from aggregator.publish.pages.look import Language, Look
from aggregator.publish.pages.players import with_named_players
from aggregator.refine.sanitise import clean
from tests.making import DAY, START
from tests.page_world import World, make_world, story_of, told
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.store import Store


@pytest.mark.parametrize(
    ("player", "expected"),
    [
        (
            '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>',
            "▶ Video: www.youtube.com",
        ),
        ('<video src="https://a.example/film.MP4"></video>', "▶ Video: a.example"),
        ('<audio src="https://a.example/one.mp3"></audio>', "▶ Audio: a.example"),
        (
            '<iframe src="https://open.spotify.com/embed/track/4uLU6hMCjMI75M1A2tKUQC"></iframe>',
            "▶ Audio: open.spotify.com",
        ),
        ('<iframe src="https://maps.example/embed?x=1"></iframe>', "▶ Embedded: maps.example"),
    ],
)
def test_a_player_is_named_by_what_it_plays(player: str, expected: str) -> None:
    cleaned = clean(f"<p>Before</p>{player}<p>After</p>", "https://a.example/")
    for language in Language:
        look = Look(language=language)
        page: Any = html.fromstring(f"<div>{with_named_players(cleaned, look)}</div>")
        (link,) = page.xpath(".//a")
        said = expected.replace("Video: ", "视频：").replace("Audio: ", "音频：")
        said = said.replace("Embedded: ", "嵌入内容：")
        assert link.text_content() == (said if language is Language.CHINESE else expected)
        assert link.get("lang") == language.tag
        assert link.get("rel") == "noopener noreferrer nofollow"


def test_what_a_publisher_writes_is_no_player() -> None:
    written = '<p><a href="https://a.example/x" title="t">▶ play</a> ▶ <a href="/">x</a></p>'
    assert with_named_players(written, Look()) == written


async def test_no_size_is_told_that_is_none(store: Store) -> None:
    world = make_world(store)
    files = tuple(
        Enclosure(f"https://letters.example/{size}.mp3", "audio/mpeg", size, f"of {size}")
        for size in (0, 1, 49_999, 50_000, 1_500_000)
    )
    one = replace(story_of("letters", 900, "Files", START + DAY), enclosures=files)
    told(store, "letters", "Letters", START + DAY, (one,))
    async with running(World(store, world.config).site) as server:
        river: Any = html.document_fromstring((await server.get("/sources/letters")).body)
        (way,) = river.xpath("//h3/a[text()='Files']/@href")
        page: Any = html.document_fromstring((await server.get(f"/{str(way).lstrip('./')}")).body)
    said = [" ".join(one.text_content().split()) for one in page.xpath("//ul[@class='plain']/li")]
    assert said == [
        "Listen: of 0", "Listen: of 1", "Listen: of 49999", "Listen: of 50000 (0.1 MB)",
        "Listen: of 1500000 (1.5 MB)",
    ]  # fmt: skip


async def test_a_river_says_so_of_a_text_that_is_a_player_alone(store: Store) -> None:
    world = make_world(store)
    film = clean('<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>', "")
    one = replace(story_of("letters", 900, "A film", START + DAY, text=film), content_html=film)
    told(store, "letters", "Letters", START + DAY, (one,))
    async with running(World(store, world.config).site) as server:
        for spoken, said in (("en", "▶ Video: www.youtube.com"), ("zh", "▶ 视频：www.youtube.com")):
            answer = await server.get("/sources/letters", accept_language=spoken)
            river: Any = html.document_fromstring(answer.body)
            assert river.xpath("//p[@class='summary']/text()")[0] == said
