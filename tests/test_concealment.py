"""A source's words as readers may see them: what is secret is in none, however it is repeated."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import rules
from aggregator.model import (
    Access,
    Category,
    Condition,
    Enclosure,
    Episode,
    Generator,
    Particulars,
    Person,
    Podcast,
    Provenance,
    Replacement,
    Rules,
    Source,
    SourceParticulars,
    Tagging,
)
from aggregator.rules.held_secrets import secrets_of
from aggregator.rules.secrets import NO_SECRETS
from aggregator.stories.concealment import (
    SourceWords,
    origin_of_entry,
    public_base_url,
    public_feed,
    public_id,
    public_origin,
    public_poll_url,
    public_site,
    public_story,
    public_title,
)
from aggregator.stories.for_readers import StoredStory, as_archived, as_read, in_order, raw_html
from tests.making import (
    HOUR,
    START,
    by,
    feed,
)
from tests.publishing import ITHOME, story

CANARY = "c4n4ry77"
URL = f"https://club.example/{CANARY}/feed.xml?member=7"
OPEN = Source("club", URL)
PRIVATE = Source("club", URL, private=True)
#: A private source whose mirrors are as secret as its URL.
MIRRORED = Source(
    "club", "rsshub://club/7", private=True, mirrors=(URL, f"https://two.example/{CANARY}/feed.xml")
)

SECRETS = secrets_of((PRIVATE, MIRRORED))

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
SAID = ("id", "title", "site_url", "rights", "description", "icon_url")


def words(source: Source, text: str) -> SourceWords:
    """Return a source of which every word is `text`."""
    said = dict.fromkeys(SAID, text)
    return SourceWords(
        source,
        f"urn:x-test:{source.name}",
        START,
        particulars=SourceParticulars(
            authors=(Person(text, text, text, text),),
            generator=Generator(text, text, text),
            logo_url=text,
            podcast=Podcast(((text, text),), image_url=text),
        ),
        **said,
    )


def stored(own: Source, number: int = 1, **fields: object) -> StoredStory:
    plain = StoredStory(
        source=words(own, "a word"),
        entry_id=f"tag:x.example,2026:entry-{number}",
        story_id=f"tag:x.example,2026:story-{number}",
        order_key=number,
        url=f"https://x.example/{number}",
        title=f"Story {number}",
        content_html="",
        summary="",
        particulars=Particulars(),
        published_at=START,
        updated_at=START + HOUR,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("source", [PRIVATE, MIRRORED], ids=["private", "mirrored"])
def test_nothing_of_a_private_source_holds_its_url(source: Source, spelling: str) -> None:
    origin = public_origin(words(source, f"see {spelling} there"), SECRETS)
    assert CANARY not in repr(origin).lower()
    assert (origin.url, origin.site_url, origin.icon_url) == (None,) * 3
    assert origin.particulars == SourceParticulars(podcast=Podcast())
    assert origin.id == words(source, "").minted_id
    first = Provenance(title="First", id=spelling, url=spelling, site_url="https://x.example/")
    told = stored(
        source,
        source=replace(words(source, "a word"), site_url=None),
        provenance=first,
        url=spelling,
        title=spelling,
        content_html=f"<p>{spelling}</p>".replace("&", "&amp;"),
        summary=spelling,
        particulars=Particulars(
            authors=(Person(f"By {spelling}", spelling, spelling, spelling),),
            rights=spelling,
            episode=Episode(7, image_url=spelling),
        ),
        categories=(Category("a", spelling), Category(spelling, None, spelling)),
        enclosures=(Enclosure(spelling), Enclosure("https://x.example/a.mp3")),
        others=(words(replace(source, name="other"), spelling),),
    )
    (shown,) = as_read([told], feed(), SECRETS)
    assert CANARY not in repr(shown).lower()
    assert shown.origin == public_origin(told.source, SECRETS)
    assert (shown.url, shown.categories) == (None, (Category("a"),))
    assert shown.enclosures == (Enclosure("https://x.example/a.mp3"),)
    assert public_id(spelling, SECRETS) is None
    assert CANARY not in public_base_url(source)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_open_source_says_what_it_says(spelling: str) -> None:
    origin = public_origin(words(OPEN, spelling), NO_SECRETS)
    assert (origin.url, origin.particulars.author, origin.title) == (URL, spelling, spelling)
    told = story(url=spelling, summary=spelling)
    assert public_story(told, OPEN, NO_SECRETS) is told
    assert public_story(told, OPEN, secrets_of((Source("x", "https://x.example/?key=zz"),))) is told
    assert public_base_url(OPEN) == URL


@pytest.mark.parametrize(
    "link",
    [
        URL,
        f"https://club.example/{CANARY}/feed.xml/2026/11/an-article",
        f"https://club.example/{CANARY}/an-article",
        f"/{CANARY}/an-article",
    ],
)
def test_a_private_link_is_its_sites_own_page_or_none(link: str) -> None:
    html = f'<p><a href="{link}" rel="x">go</a> <img src="{link}" alt="A &amp; B" width="1">.</p>'
    told = stored(PRIVATE, url=link, content_html=html)
    with_page = replace(told.source, site_url="https://club.example/")
    (shown,) = as_read([replace(told, source=with_page)], feed(), SECRETS)
    assert shown.url == "https://club.example/"
    assert shown.content_html == (
        '<p><a href="https://club.example/" rel="x">go</a> A &amp; B.</p>'
    )
    without = replace(told.source, site_url=None)
    (shown,) = as_read([replace(told, source=without)], feed(), SECRETS)
    assert shown.url is None
    assert shown.content_html == '<p><a rel="x">go</a> A &amp; B.</p>'


def test_other_links_of_a_private_source_stay() -> None:
    link = "https://club.example/2026/11/an-article?code=1&auth=x"
    (shown,) = as_read([stored(PRIVATE, url=link)], feed(), SECRETS)
    assert shown.url == link


def test_another_source_that_tells_a_secret_is_concealed_and_keeps_its_own_parameters() -> None:
    secrets = secrets_of((Source("a", f"https://a.example/?feed_token={CANARY}"), PRIVATE))
    link = f"https://x.example/view.php?code=101&t={CANARY}"
    told = stored(
        replace(OPEN, name="planet", url="https://planet.example/feed"),
        url=link,
        title=f"on {CANARY}",
        content_html=f'<p><a href="{link.replace("&", "&amp;")}">x</a><a href="{URL}">y</a></p>',
        enclosures=(Enclosure(link), Enclosure("https://x.example/pod.mp3?token=77")),
    )
    (shown,) = as_read([told], feed(), secrets)
    assert shown.url == "https://x.example/view.php?code=101&t="
    assert shown.title == "on "
    assert shown.content_html == (
        '<p><a href="https://x.example/view.php?code=101&amp;t=">x</a><a>y</a></p>'
    )
    assert [one.url for one in shown.enclosures] == [
        shown.url,
        "https://x.example/pod.mp3?token=77",
    ]


def test_an_id_that_was_given_before_its_secret_was_known_is_another_one() -> None:
    guids = [f"https://x.example/{number}?k={CANARY}" for number in (1, 2)]
    told = [stored(OPEN, entry_id=guid, story_id=guid) for guid in guids]
    ids = [one.id for one in as_read(told, feed(), SECRETS)]
    assert len(set(ids)) == 2
    assert all(one.startswith("urn:uuid:") for one in ids)
    assert ids == [one.id for one in as_read(told, feed(), SECRETS)]


def test_no_rule_puts_a_secret_together() -> None:
    source = replace(OPEN, rules=Rules(replace=(Replacement("-", "", ("title", "text")),)))
    halves = f"{CANARY[:4]}-{CANARY[4:]}"
    (shown,) = as_read([stored(source, title=halves, summary=halves)], feed(), SECRETS)
    assert (shown.title, shown.summary) == ("", "")


def test_a_feed_says_nothing_secret_of_itself() -> None:
    told = feed(title=f"All of {URL}", description=f"{CANARY} here", author=f"me {CANARY}")
    shown = public_feed(told, SECRETS)
    assert (shown.title, shown.description, shown.author) == ("All of ", " here", "me ")
    assert public_feed(told, NO_SECRETS) is told


@pytest.mark.parametrize(
    ("guid", "shown"),
    [
        (None, None),
        ("item-1", None),
        ("yt:video:x", None),
        ("https://x.example/a b", None),
        ("https://x.example", None),
        ("https://x.example/?token=1", "https://x.example/?token=1"),
        (f"https://x.example/?k={CANARY}", None),
        ("https://x.example/1", "https://x.example/1"),
        ("tag:x.example,2026:1", "tag:x.example,2026:1"),
    ],
)
def test_an_id_is_published_as_it_is_or_not_at_all(guid: str | None, shown: str | None) -> None:
    assert public_id(guid, SECRETS) == shown


def test_a_title_is_the_configured_one_then_the_documents_then_the_name() -> None:
    assert public_title(replace(PRIVATE, title="Mine"), "Theirs", SECRETS) == "Mine"
    assert public_title(PRIVATE, f"The club {URL}", SECRETS) == "The club"
    assert public_title(PRIVATE, f" {URL} ", SECRETS) == "club"
    assert public_title(OPEN, None, SECRETS) == "club"


def test_a_site_that_tells_a_secret_is_none() -> None:
    own = "https://me:secret@other.example/?token=x"
    assert public_site(own, SECRETS) == own
    assert public_site(URL, SECRETS) is None
    assert public_site(None, SECRETS) is None


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (f"q={CANARY}&page=2", "q=&page=2"),
        (f"page=2&q={CANARY.upper()}", "page=2&q="),
        (f"q=%63{CANARY[1:]}#top", "q=#top"),
        ("token=abc&q=open", "token=&q=open"),
        ("keyword=linux&author=li", "keyword=linux&author=li"),
        (f"q={CANARY[:-1]}", f"q={CANARY[:-1]}"),
    ],
)
def test_a_polled_url_shows_no_value_that_is_secret_by_whatever_means(
    query: str, shown: str
) -> None:
    own = Source("own", f"https://own.example/feed?{query}")
    keyed = Source("keyed", "https://x.example/", access=Access(headers=(("X-Key", CANARY),)))
    secrets = secrets_of((own, keyed))
    assert public_poll_url(own, own.url, secrets) == f"https://own.example/feed?{shown}"
    assert public_origin(words(own, "a word"), secrets).url == f"https://own.example/feed?{shown}"
    below = Source("below", f"https://own.example/{CANARY}/feed?{query}")
    assert public_poll_url(below, below.url, secrets) is None


def test_relative_references_resolve_against_a_url_without_its_secrets() -> None:
    source = Source("a", "https://me:pw@a.example/b/feed?feed_token=x&page=2")
    assert public_base_url(source) == "https://a.example/b/feed?feed_token=&page=2"


def test_an_entry_that_first_stood_elsewhere_says_so() -> None:
    first = Provenance(title="First", url="https://first.example/feed")
    origin = origin_of_entry(ITHOME, first, SECRETS)
    assert (origin.title, origin.url, origin.name) == ("First", first.url, ITHOME.name)
    assert origin.id == "https://first.example/feed"
    assert origin_of_entry(ITHOME, Provenance(title="Only a title"), SECRETS) == ITHOME
    assert origin_of_entry(ITHOME, None, SECRETS) == ITHOME


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
    (shown,) = as_read([told], feed(rules=Rules(tag=(tagging,))), SECRETS)
    assert shown.title.split() == ["The", "society"]
    assert shown.summary == "a society"
    assert [category.term for category in shown.categories] == ["kept", "theirs", "news"]


def test_a_story_names_the_others_that_tell_it_and_a_copy_of_its_own_none() -> None:
    other = words(replace(OPEN, name="other"), "a word")
    told = stored(OPEN, others=(other,))
    (once,) = as_read([told], feed(), SECRETS)
    assert (once.id, [origin.name for origin in once.also]) == (told.story_id, ["other"])
    (copy,) = as_read([told], feed(dedupe="off"), SECRETS)
    assert (copy.id, copy.also) == (told.entry_id, ())


def test_an_archived_story_is_as_old_as_itself() -> None:
    told = stored(OPEN, others=(words(replace(OPEN, name="other"), "a word"),))
    (shown,) = map(as_archived, as_read([told], feed(), SECRETS))
    assert shown.origin.updated_at == shown.also[0].updated_at == shown.updated_at


def test_a_window_is_in_the_order_that_its_feed_has() -> None:
    arrived = as_read(
        [stored(OPEN, key, published_at=START - key * HOUR) for key in (3, 1, 2)], feed(), SECRETS
    )
    same = as_read([stored(OPEN, key) for key in (2, 1)], feed(), SECRETS)
    by_date = feed(order="published")
    assert in_order(arrived, feed()) == arrived
    assert [story.order_key for story in in_order(arrived, by_date)] == [1, 2, 3]
    assert in_order(same, by_date) == same  # of one moment, the later arrival first


def test_a_publishers_own_html_is_shown_without_a_private_url() -> None:
    assert raw_html("{}", SECRETS) is None
    assert raw_html('{"raw_summary": "a < b", "raw_summary_is_html": false}', SECRETS) == "a &lt; b"
    assert raw_html(f'{{"raw_content": "<p>{URL}</p>", "raw_summary": "s"}}', SECRETS) == "<p></p>"


@given(st.lists(st.sampled_from((*SPELLINGS, "text", " ", "/", "<b>", "&amp;")), max_size=6))
def test_concealing_twice_is_concealing_once(pieces: list[str]) -> None:
    told = story(
        title="".join(pieces), content_html=" ".join(pieces), particulars=by("".join(pieces))
    )
    once = public_story(told, PRIVATE, SECRETS)
    assert public_story(once, PRIVATE, SECRETS) == once


def test_no_word_of_a_source_is_forgotten() -> None:
    plain = {"source", "minted_id", "changed_at", "language", "particulars"}
    assert {one.name for one in fields(SourceWords)} == plain.union(SAID)
