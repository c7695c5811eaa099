"""A private source's words as readers may see them: its URL is in none, however it is repeated."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import rules
from aggregator.model import (
    Category,
    Condition,
    Enclosure,
    Provenance,
    Replacement,
    Rules,
    Source,
    Tagging,
)
from aggregator.stories.concealment import (
    SourceWords,
    origin_of_entry,
    public_base_url,
    public_id,
    public_origin,
    public_site,
    public_story,
    public_text,
    public_title,
)
from aggregator.stories.for_readers import StoredStory, as_archived, as_read, in_order, raw_html
from tests.making import HOUR, START, feed
from tests.publishing import ITHOME, story

CANARY = "c4n4ry"
URL = f"https://club.example/{CANARY}/feed.xml?member=7"
OPEN = Source("club", URL)
PRIVATE = Source("club", URL, private=True)
#: A private source whose mirrors are as secret as its URL.
MIRRORED = Source(
    "club", "rsshub://club/7", private=True, mirrors=(URL, f"https://two.example/{CANARY}/feed.xml")
)

#: The ways in which documents write the URL that they were fetched from.
SPELLINGS = (
    URL,
    URL.upper(),
    URL.replace("https", "http"),
    URL.removeprefix("https:"),
    URL.removeprefix("https://"),
    URL.partition("?")[0],
    f"{URL.partition('?')[0]}/",
    f"{URL}&page=2",
    URL.replace("https://", "https://me:secret@"),
)


#: What of a source is its document's own.
SAID = ("id", "title", "site_url", "author", "rights", "description", "icon_url")


def words(source: Source, text: str) -> SourceWords:
    """Return a source of which every word is `text`."""
    said = dict.fromkeys(SAID, text)
    return SourceWords(source, f"urn:x-test:{source.name}", START, **said)


def stored(source: Source, number: int = 1, **fields: object) -> StoredStory:
    plain = StoredStory(
        source=words(source, "a word"),
        entry_id=f"tag:x.example,2026:entry-{number}",
        story_id=f"tag:x.example,2026:story-{number}",
        order_key=number,
        url=f"https://x.example/{number}",
        title=f"Story {number}",
        content_html="",
        summary="",
        author=None,
        published_at=START,
        updated_at=START + HOUR,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("source", [PRIVATE, MIRRORED], ids=["private", "mirrored"])
def test_nothing_of_a_private_source_holds_its_url(source: Source, spelling: str) -> None:
    origin = public_origin(words(source, f"see {spelling} there"))
    assert CANARY not in repr(origin).lower()
    assert (origin.url, origin.site_url, origin.icon_url, origin.author) == (None,) * 4
    assert origin.id == words(source, "").minted_id
    first = Provenance(title="First", id=spelling, url=spelling, site_url="https://x.example/")
    told = stored(
        source,
        provenance=first,
        url=spelling,
        title=spelling,
        content_html=f"<p>{spelling}</p>".replace("&", "&amp;"),
        summary=spelling,
        author=spelling,
        categories=(Category("a", spelling), Category(spelling, None, spelling)),
        enclosures=(Enclosure(spelling), Enclosure("https://x.example/a.mp3")),
        others=(words(replace(source, name="other"), spelling),),
    )
    (shown,) = as_read([told], feed())
    assert CANARY not in repr(shown).lower()
    assert shown.origin == public_origin(told.source)
    assert (shown.url, len(shown.categories)) == (None, 1)
    assert shown.enclosures == (Enclosure("https://x.example/a.mp3"),)
    assert public_id(source, spelling) is None
    assert CANARY not in public_base_url(source)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_open_source_says_what_it_says(spelling: str) -> None:
    origin = public_origin(words(OPEN, spelling))
    assert (origin.url, origin.author, origin.title) == (URL, spelling, spelling)
    told = story(url=spelling, summary=spelling)
    assert public_story(told, OPEN) is told
    assert public_text(OPEN, spelling) == spelling
    assert public_base_url(OPEN) == URL


def test_what_lies_below_a_private_url_is_an_article_and_no_id() -> None:
    below = f"https://club.example/{CANARY}/feed.xml/2026/11/an-article"
    assert public_text(PRIVATE, below) == below
    assert public_id(PRIVATE, below) is None
    assert public_id(OPEN, below) == below


@pytest.mark.parametrize(
    ("guid", "shown"),
    [
        (None, None),
        ("item-1", None),
        ("yt:video:x", None),
        ("https://x.example/a b", None),
        ("https://x.example", None),
        ("https://x.example/?token=1", None),
        ("https://x.example/1", "https://x.example/1"),
        ("tag:x.example,2026:1", "tag:x.example,2026:1"),
    ],
)
def test_an_id_is_published_as_it_is_or_not_at_all(guid: str | None, shown: str | None) -> None:
    assert public_id(OPEN, guid) == shown


def test_a_title_is_the_configured_one_then_the_documents_then_the_name() -> None:
    assert public_title(replace(PRIVATE, title="Mine"), "Theirs") == "Mine"
    assert public_title(PRIVATE, f"The club {URL}") == "The club"
    assert public_title(PRIVATE, f" {URL} ") == "club"
    assert public_title(OPEN, None) == "club"


def test_a_site_is_shown_without_its_secrets() -> None:
    assert public_site(PRIVATE, "https://me:secret@club.example/") == "https://club.example/"
    assert public_site(PRIVATE, URL) is None
    assert public_site(OPEN, None) is None


def test_an_entry_that_first_stood_elsewhere_says_so() -> None:
    first = Provenance(title="First", url="https://first.example/feed")
    origin = origin_of_entry(ITHOME, OPEN, first)
    assert (origin.title, origin.url, origin.name) == ("First", first.url, ITHOME.name)
    assert origin.id == "https://first.example/feed"
    assert origin_of_entry(ITHOME, OPEN, Provenance(title="Only a title")) == ITHOME
    assert origin_of_entry(ITHOME, OPEN, None) == ITHOME


def test_rules_reword_what_is_left_and_tag_beside_what_the_publisher_said() -> None:
    source = replace(
        PRIVATE, rules=Rules(replace=(Replacement("club", "society", ("title", "text")),))
    )
    tagging = Tagging(Condition(title=("club",)), ("news", "kept"))
    told = stored(
        source,
        title=f"The club {URL}",
        summary="a club",
        categories=(Category("kept"),),
        tags=("theirs",),
        facts=rules.Facts(title="The club", text=""),
    )
    (shown,) = as_read([told], feed(rules=Rules(tag=(tagging,))))
    assert shown.title.split() == ["The", "society"]
    assert shown.summary == "a society"
    assert [category.term for category in shown.categories] == ["kept", "theirs", "news"]


def test_a_story_names_the_others_that_tell_it_and_a_copy_of_its_own_none() -> None:
    other = words(replace(OPEN, name="other"), "a word")
    told = stored(OPEN, others=(other,))
    (once,) = as_read([told], feed())
    assert (once.id, [origin.name for origin in once.also]) == (told.story_id, ["other"])
    (copy,) = as_read([told], feed(dedupe="off"))
    assert (copy.id, copy.also) == (told.entry_id, ())


def test_an_archived_story_is_as_old_as_itself() -> None:
    told = stored(OPEN, others=(words(replace(OPEN, name="other"), "a word"),))
    (shown,) = map(as_archived, as_read([told], feed()))
    assert shown.origin.updated_at == shown.also[0].updated_at == shown.updated_at


def test_a_window_is_in_the_order_that_its_feed_has() -> None:
    arrived = as_read(
        [stored(OPEN, key, published_at=START - key * HOUR) for key in (3, 1, 2)], feed()
    )
    same = as_read([stored(OPEN, key) for key in (2, 1)], feed())
    by_date = feed(order="published")
    assert in_order(arrived, feed()) == arrived
    assert [story.order_key for story in in_order(arrived, by_date)] == [1, 2, 3]
    assert in_order(same, by_date) == same  # of one moment, the later arrival first


def test_a_publishers_own_html_is_shown_without_a_private_url() -> None:
    assert raw_html("{}", OPEN) is None
    assert raw_html('{"raw_summary": "a < b", "raw_summary_is_html": false}', OPEN) == "a &lt; b"
    assert raw_html(f'{{"raw_content": "<p>{URL}</p>", "raw_summary": "s"}}', PRIVATE) == "<p></p>"


@given(st.lists(st.sampled_from((*SPELLINGS, "text", " ", "/", "<b>", "&amp;")), max_size=6))
def test_concealing_twice_is_concealing_once(pieces: list[str]) -> None:
    told = story(title="".join(pieces), content_html=" ".join(pieces), author="".join(pieces))
    once = public_story(told, PRIVATE)
    assert public_story(once, PRIVATE) == once


def test_no_word_of_a_source_is_forgotten() -> None:
    plain = {"source", "minted_id", "changed_at", "language"}
    assert {one.name for one in fields(SourceWords)} == plain.union(SAID)
