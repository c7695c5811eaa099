"""What podcast programs ask of a merged feed, and that other feeds have none of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.lint import lint
from aggregator.model import Enclosure, Episode, Particulars, Podcast, SourceParticulars, Story
from aggregator.publish import Format, render
from tests.published import ADDRESSES, ATOM, as_atom, as_json, as_rss
from tests.publishing import ITHOME, MOMENT, selection, story

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
MEDIA = "{http://search.yahoo.com/mrss/}"
SOUND = Enclosure("https://cdn.example.org/1.mp3", "audio/mpeg", 7)
NEWS = Podcast((("News", ""), ("News", "Daily News")), False, "https://one.example/show.jpg")
SPORT = Podcast((("Sports", ""),), None, "https://two.example/show.png")


def episode(
    show: Podcast | None, said: Episode | None, file: Enclosure = SOUND, number: int = 1
) -> Story:
    particulars = SourceParticulars(podcast=show, logo_url="https://one.example/logo.png")
    return story(
        id=f"urn:x-test:{number}",
        order_key=number,
        origin=replace(ITHOME, particulars=particulars),
        particulars=Particulars(episode=said),
        enclosures=(file,),
    )


def test_a_merged_podcast_has_picture_category_and_whether_it_is_explicit() -> None:
    full = Episode(3723, None, 2, 4, "bonus", "https://one.example/4.jpg")
    selected = selection(episode(NEWS, full), episode(SPORT, Episode(explicit=True), number=2))
    channel = as_rss(selected)
    (image,) = channel.findall(f"{ITUNES}image")
    assert image.get("href") == "https://one.example/show.jpg"
    assert [
        (one.get("text"), [below.get("text") for below in one])
        for one in channel.findall(f"{ITUNES}category")
    ] == [("News", ["Daily News"]), ("Sports", [])]
    assert channel.findtext(f"{ITUNES}explicit") == "true"
    item = channel.find("item")
    assert item is not None
    facts = {one.tag: one.text or one.get("href") for one in item if one.tag.startswith(ITUNES)}
    assert facts == {
        f"{ITUNES}duration": "3723",
        f"{ITUNES}season": "2",
        f"{ITUNES}episode": "4",
        f"{ITUNES}episodeType": "bonus",
        f"{ITUNES}image": "https://one.example/4.jpg",
    }
    entry = as_atom(selected).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ITUNES}duration") == "3723"
    (attachment,) = as_json(selected)["items"][0]["attachments"]
    assert attachment["duration_in_seconds"] == 3723
    for form in Format:
        found = lint(render(selected, form, ADDRESSES), now=MOMENT)
        assert [one for one in found if one.level == "error"] == []


def test_a_feeds_own_icon_goes_before_its_sources_pictures() -> None:
    selected = selection(episode(NEWS, None))
    selected = replace(selected, feed=replace(selected.feed, icon="https://f.example/i.png"))
    (image,) = as_rss(selected).findall(f"{ITUNES}image")
    assert image.get("href") == "https://f.example/i.png"
    assert as_rss(selected).findtext(f"{ITUNES}explicit") == "false"


@pytest.mark.parametrize(
    "one",
    [
        episode(None, None),
        episode(NEWS, Episode(7), Enclosure("https://cdn.example.org/1.jpg", "image/jpeg")),
        story(),
    ],
)
def test_what_is_no_podcast_has_nothing_of_one(one: Story) -> None:
    for form in Format:
        assert b"itunes" not in render(selection(one), form, ADDRESSES)


def test_files_keep_their_titles() -> None:
    files = (
        replace(SOUND, title="Part <1>"),
        Enclosure("https://cdn.example.org/2.mp3", "audio/mpeg", 0, "Part 2", 63),
    )
    selected = selection(story(enclosures=files))
    links = as_atom(selected).findall(f"{ATOM}entry/{ATOM}link[@rel='enclosure']")
    assert [link.get("title") for link in links] == ["Part <1>", "Part 2"]
    attachments = as_json(selected)["items"][0]["attachments"]
    assert [one["title"] for one in attachments] == ["Part <1>", "Part 2"]
    assert [one.get("duration_in_seconds") for one in attachments] == [None, 63]
    contents = as_rss(selected).findall(f"item/{MEDIA}content")
    assert [(one.findtext(f"{MEDIA}title"), one.get("duration")) for one in contents] == [
        ("Part <1>", None),
        ("Part 2", "63"),
    ]
