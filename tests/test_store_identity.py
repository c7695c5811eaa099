"""The same entry under other ids, hosts and texts: what is known stays known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Entry, Refined
from aggregator.refine import normalise
from tests.feed_documents import read, rss
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, said, source

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store


pytestmark = pytest.mark.usefixtures("one_source")


def arrived(*items: str) -> Refined:
    """Return what becomes of a document with these items, each without its `<item>`."""
    return normalise(read(rss(*(f"<item>{item}</item>" for item in items)), source().url))


def item(number: int, *, guid: str, host: str | None = None, text: str = "") -> str:
    link = f"<link>https://{host}/2026/11/article-{number}.html</link>" if host else ""
    return (
        f'<title>Article {number}</title>{link}<guid isPermaLink="false">{guid}</guid>'
        f"<description>{text or f'What article {number} says'}</description>"
    )


def shown(store: Store) -> list[tuple[str, datetime]]:
    return [(story.id, story.updated_at) for story in store.select(feed()).stories]


def test_ids_that_change_on_every_poll_neither_flood_nor_swallow(store: Store) -> None:
    for poll in range(6):
        numbers = range(poll, poll + 8)  # one further article each time
        absorb(
            store,
            arrived(*(item(n, guid=f"{poll}-{n}") for n in numbers)),
            START + poll * HOUR,
        )
    titles = [story.title for story in store.select(feed()).stories]
    assert sorted(titles) == sorted(f"Article {n}" for n in range(13))
    assert "other ids" in said(store)["ids one"]
    assert store.status()[0].unstable_ids


def test_ids_that_changed_once_are_no_habit(store: Store) -> None:
    for poll, prefix in enumerate("abbbb"):
        items = (item(n, guid=f"{prefix}-{n}", text=f"Text {poll // 2}") for n in range(8))
        absorb(store, arrived(*items), START + poll * HOUR)
    assert len(shown(store)) == 8
    assert "ids one" not in said(store)
    assert not store.status()[0].unstable_ids


def test_short_texts_alike_under_other_ids_are_other_entries_while_ids_can_be_trusted(
    store: Store,
) -> None:
    def status(number: int) -> str:
        return f'<title>All is well</title><guid isPermaLink="false">{number}</guid>'

    absorb(store, arrived(status(1)), START)
    absorb(store, arrived(status(2)), START + HOUR)
    assert len(shown(store)) == 2


def test_a_site_that_moves_to_another_host_brings_nothing_back(store: Store) -> None:
    def page(host: str) -> Refined:
        return arrived(
            *(item(n, guid=f"https://{host}/2026/11/article-{n}.html", host=host) for n in range(8))
        )

    absorb(store, page("one.example"), START)
    before = shown(store)
    result = absorb(store, page("news.two.example"), START + DAY)
    assert result.tally.new == 0
    assert [story for story, _ in shown(store)] == [story for story, _ in before]


def test_keys_that_change_for_ever_fill_no_disk(store: Store) -> None:
    for poll in range(30):
        items = (item(n, guid=f"{poll}-{n}", host="one.example") for n in range(3))
        absorb(store, arrived(*items), START + poll * HOUR)
    (facts,) = store.facts("https://one.example/2026/11/article-1.html", (feed(),))
    assert sum(key.startswith("guid:") for key in facts.keys) == 8


def test_an_edit_is_ignored_where_that_is_asked_for(store: Store) -> None:
    store.apply((source(edits="ignore"),), (feed(),), now=START)
    absorb(store, arrived(item(1, guid="1", text="first")), START)
    before = store.select(feed()).stories
    result = absorb(store, arrived(item(1, guid="1", text="second")), START + HOUR)
    assert result.tally.updated == 0
    assert store.select(feed()).stories == before


def test_a_better_reading_of_the_same_words_is_no_edit(store: Store) -> None:
    document_ = arrived(item(1, guid="1"))
    absorb(store, document_, START)
    before = store.feed_version("all")
    better: tuple[Entry, ...] = tuple(
        replace(one, content_html="<p>cleaner</p>", visible_text="cleaner", content_hash=b"other")
        for one in document_.entries
    )
    result = absorb(store, replace(document_, entries=better), START + DAY)
    (story,) = store.select(feed()).stories
    assert result.tally.updated == 0
    assert story.content_html == "<p>cleaner</p>"
    assert story.updated_at == START
    assert store.feed_version("all") != before


def test_what_was_pruned_does_not_keep_away_what_is_merely_like_it(store: Store) -> None:
    def photo(number: int) -> str:
        return (
            f"<title>Photo of the day</title><link>https://one.example/p/{number}</link>"
            f'<guid isPermaLink="false">{number}</guid>'
        )

    absorb(store, arrived(photo(1), *(item(n, guid=f"x{n}") for n in range(60))), START)
    store.advance(START + 40 * DAY)
    store.prune(START + 40 * DAY, retention=30 * DAY, keep_raw=DAY)
    result = absorb(store, arrived(photo(2)), START + 41 * DAY)
    assert result.tally.new == 1
    assert result.tally.pruned == 0


def test_why_an_item_is_a_known_entry_is_remembered(store: Store) -> None:
    absorb(store, document(entry(1)), START)
    (facts,) = store.facts("https://one.example/1", (feed(),))
    assert facts.matched is None
    absorb(store, document(entry(1, guid="another")), START + HOUR)
    (facts,) = store.facts("http://www.one.example/1", (feed(),)) or store.facts(
        "http://one.example/1/", (feed(),)
    )
    assert facts.matched == "same url and title, other guid"


def dated(number: int, *, guid: str, link: str, day: int, text: str = "") -> str:
    return (
        f"<title>Article {number}</title><link>{link}</link>"
        f'<guid isPermaLink="false">{guid}</guid><pubDate>{day} Nov 2026 08:00:00 GMT</pubDate>'
        f"<description>{text or f'What article {number} says'}</description>"
    )


def test_ids_that_number_the_places_of_a_list_swallow_and_rewrite_nothing(
    store: Store,
) -> None:
    for poll in range(6):
        newest = 3 + poll * (1 if poll < 4 else 3)  # at last a document shares nothing
        items = (
            dated(
                newest - place,
                guid=f"item-{place + 1}",
                link=f"https://one.example/articles/{newest - place}",
                day=newest - place,
            )
            for place in range(3)
        )
        absorb(store, arrived(*items), START + poll * HOUR)
    stories = {story.title: story.url for story in store.select(feed()).stories}
    assert len(stories) == 3 + 3 + 9 - 3
    assert all(url and url.endswith(title.split()[1]) for title, url in stories.items())


def test_articles_of_two_blogs_of_a_planet_stay_apart_though_their_paths_are_alike(
    store: Store,
) -> None:
    for day, host in ((10, "ann.example"), (11, "bob.example")):
        link = f"https://{host}/hello-world/"
        absorb(
            store,
            arrived(dated(1, guid=f"https://{host}/?p=1", link=link, day=day, text=f"I am {host}")),
            START + day * HOUR,
        )
    assert {story.url for story in store.select(feed()).stories} == {
        "https://ann.example/hello-world/",
        "https://bob.example/hello-world/",
    }


def test_a_link_that_changes_on_every_poll_is_followed_and_is_no_edit(store: Store) -> None:
    for session in range(3):
        link = f"https://one.example/article?sid={session}"
        absorb(
            store,
            arrived(dated(1, guid=link, link=link, day=10), item(2, guid="2")),
            START + HOUR,
        )
    (one,) = (story for story in store.select(feed()).stories if story.title == "Article 1")
    assert one.url == "https://one.example/article?sid=2"
    assert one.updated_at == one.published_at


def test_other_categories_are_taken_over_without_an_edit(store: Store) -> None:
    for category in ("x", "y"):
        absorb(store, arrived(f"{item(1, guid='1')}<category>{category}</category>"), START + HOUR)
    (story,) = store.select(feed()).stories
    assert [one.term for one in story.categories] == ["y"]
    assert story.updated_at == story.published_at


def test_entries_that_differ_in_picture_and_date_alone_are_all_kept(store: Store) -> None:
    comics = (
        f"<title>Comic</title><link>https://one.example/</link>"
        f"<pubDate>{day} Nov 2026 08:00:00 GMT</pubDate>"
        f'<description>&lt;img src="https://one.example/{day}.png"&gt;</description>'
        for day in range(10, 15)
    )
    document_ = arrived(*comics)
    for poll in range(3):
        absorb(store, document_, START + poll * HOUR)
    assert len(store.select(feed()).stories) == 5


def test_what_was_pruned_stays_away_after_a_move_to_another_host(store: Store) -> None:
    def page(host: str) -> Refined:
        return arrived(
            *(
                item(n, guid=f"https://{host}/2026/11/article-{n}.html", host=host)
                for n in range(60)
            )
        )

    absorb(store, page("one.example"), START)
    absorb(store, arrived(*(item(n, guid=f"x{n}") for n in range(60, 130))), START + 39 * DAY)
    store.advance(START + 40 * DAY)
    assert store.prune(START + 40 * DAY, retention=30 * DAY, keep_raw=DAY) == 60
    result = absorb(store, page("two.example"), START + 41 * DAY)
    assert (result.tally.new, result.tally.pruned) == (0, 60)


@pytest.mark.parametrize("link", ["", "<link>https://one.example/</link>"])
@pytest.mark.parametrize("is_dated", [True, False])
def test_ids_that_number_places_swallow_nothing_without_links_either(
    store: Store, link: str, *, is_dated: bool
) -> None:
    def listed(*numbers: int) -> Refined:
        return arrived(
            *(
                f"<title>Article {number}</title>{link}"
                f'<guid isPermaLink="false">item-{place}</guid>'
                + (f"<pubDate>{number} Nov 2026 08:00:00 GMT</pubDate>" if is_dated else "")
                + f"<description>What article {number} says</description>"
                for place, number in enumerate(numbers, start=1)
            )
        )

    for hour, numbers in enumerate([(3, 2, 1), (4, 3, 2), (7, 6, 5), (7, 6, 5)]):
        absorb(store, listed(*numbers), START + hour * HOUR)
    titles = [story.title for story in store.select(feed()).stories]
    assert sorted(titles) == [f"Article {number}" for number in range(1, 8)]


def test_an_edit_of_everything_under_an_id_of_its_own_is_an_edit(store: Store) -> None:
    for day, words in ((10, "before"), (12, "after")):
        link = f"https://one.example/{words}"
        absorb(
            store,
            arrived(
                dated(day, guid="urn:uuid:3f2504e0-4f89-11d3-9a0c-0305e82c3301", link=link, day=day)
            ),
            START + day * HOUR,
        )
    (story,) = store.select(feed()).stories
    assert story.url == "https://one.example/after"


def test_a_visits_number_in_a_link_is_no_part_of_it(store: Store) -> None:
    for visit in ("a" * 32, "b" * 32):
        items = (
            f"<title>Article {n}</title><link>https://one.example/{n}?PHPSESSID={visit}</link>"
            f'<description>&lt;a href="https://one.example/t;jsessionid={visit}"&gt;t&lt;/a&gt;'
            "</description>"
            for n in range(3)
        )
        result = absorb(store, arrived(*items), START + HOUR)
    assert (result.tally.new, result.tally.updated) == (0, 0)
    assert len(store.select(feed()).stories) == 3


def test_files_that_differ_in_their_query_alone_are_of_different_entries(
    store: Store,
) -> None:
    news = (
        f"<title>Morning news</title><pubDate>{n} Nov 2026 08:00:00 GMT</pubDate>"
        f'<enclosure url="https://one.example/dl?id={n}" type="audio/mpeg" length="1"/>'
        for n in (10, 11)
    )
    absorb(store, arrived(*news), START)
    assert len(store.select(feed()).stories) == 2


def test_an_entry_known_only_by_what_is_other_entries_is_not_new_in_each_document(
    store: Store,
) -> None:
    text = "what both say"
    first = item(3, guid="tag:x,2026:3", host="one.example", text=text)
    second = item(6, guid="item-0", host="one.example")
    absorb(store, arrived(first, second), START)
    # The second one's id is now the first one's, its title and text are the first one's, too.
    mixed = arrived(
        item(3, guid="item-0", host="one.example", text=text).replace("Article 3", "Same"),
        "<title>Same</title><link>https://one.example/2026/11/article-6.html</link>"
        f"<description>{text}</description>",
    )
    new = [absorb(store, mixed, START + hours * HOUR).tally.new for hours in range(1, 6)]
    assert new == [0] * 5


def event(title: str, day: int, *, link: str = "", guid: str = "", text: str = "no answer") -> str:
    return (
        f"<title>{title}</title>"
        + (f"<link>{link}</link>" if link else "")
        + (f'<guid isPermaLink="false">{guid}</guid>' if guid else "")
        + (f"<pubDate>{day} Nov 2026 10:00:00 GMT</pubDate>" if day else "")
        + f"<description>{text}</description>"
    )


#: Long enough to tell one text from others.
LONG = "The committee met for three hours and agreed on the plan that was laid before it. " * 3


def test_a_monitor_says_the_same_words_of_another_event(store: Store) -> None:
    absorb(store, arrived(event("Server DOWN", 2), event("Server DOWN", 3)), START)
    assert len(shown(store)) == 2
    again = arrived(event("Server DOWN", 10), event("Server DOWN", 3))
    assert absorb(store, again, START + HOUR).tally.new == 1
    assert absorb(store, arrived(event("Server DOWN", 17)), START + 2 * HOUR).tally.new == 1
    assert absorb(store, arrived(event("Server DOWN", 17)), START + 3 * HOUR).tally.new == 0


def test_equal_words_without_a_date_are_a_repetition(store: Store) -> None:
    absorb(store, arrived(event("Server DOWN", 0), event("Server DOWN", 0)), START)
    absorb(store, arrived(event("Server DOWN", 0)), START + HOUR)
    assert len(shown(store)) == 1


def test_dates_of_the_moment_make_nothing_new(store: Store) -> None:
    for day in (2, 3, 4):
        items = (event(f"Topic {n}", day) for n in range(5))
        result = absorb(store, arrived(*items), START + day * DAY)
    assert result.tally.new == 0
    assert len(shown(store)) == 5


@pytest.mark.parametrize("text", ["short", LONG])
def test_links_signed_anew_for_each_answer_make_nothing_new_and_are_no_gap(
    store: Store, text: str
) -> None:
    for poll in range(4):
        links = {
            n: f"https://one.example/s?src=11&amp;timestamp={poll}&amp;signature={poll}{n}x"
            for n in range(poll, poll + 5)  # one further article each time
        }
        items = (
            event(f"Article {n}", 0, link=link, guid=link, text=f"{text} {n}")
            for n, link in links.items()
        )
        result = absorb(store, arrived(*items), START + poll * HOUR)
    assert (result.tally.new, result.tally.shared) == (1, 4)
    assert len(shown(store)) == 8


@pytest.mark.parametrize("visits", [("0", "1"), ("0f3a07", "1f3a17")])
def test_a_short_number_of_a_visit_is_no_part_of_a_link_where_the_words_agree(
    store: Store, visits: tuple[str, str]
) -> None:
    for visit in visits:
        link = f"https://one.example/article.php?sid={visit}"
        absorb(store, arrived(event("Topic", 0, link=link, text="short")), START)
    assert len(shown(store)) == 1


def test_articles_that_differ_in_a_number_called_sid_are_two(store: Store) -> None:
    for number in (1, 2):
        link = f"https://one.example/article.php?sid={number}"
        one = event(f"Topic {number}", 0, link=link, text=f"short {number}")
        absorb(store, arrived(one), START + number * HOUR)
    assert len(shown(store)) == 2


def test_a_move_to_another_program_brings_nothing_but_what_is_new(store: Store) -> None:
    old = (
        event(f"On birds, part {n}", n, link=f"https://old.example/?p={n}", guid=f"{n}", text=LONG)
        for n in range(12, 0, -1)
    )
    absorb(store, arrived(*old), START)
    new = (
        event(f"On birds, part {n}", n, link=f"https://new.example/posts/a-{n}", text="The […]")
        for n in range(13, 0, -1)
    )
    assert absorb(store, arrived(*new), START + DAY).tally.new == 1
    assert len(shown(store)) == 13


def test_the_weekly_thread_is_another_one_each_week(store: Store) -> None:
    for week in range(3):
        link = f"https://one.example/{week}/open-thread"
        one = event("Open thread", 3 + 7 * week, link=link, guid=link, text=LONG)
        absorb(store, arrived(one), START + 7 * week * DAY)
    assert len(shown(store)) == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A long text with its title; short words under one link; under the same date.
        (
            event("Plan", 0, link="https://one.example/a", guid="a", text=LONG),
            event("Plan", 0, link="https://one.example/b", guid="b", text=LONG),
        ),
        (
            event("Plann", 0, link="https://one.example/a", guid="a"),
            event("Plan", 0, link="https://one.example/a", guid="b"),
        ),
        (event("Plann", 3), event("Plan", 3)),
        (event("Plan", 3, text="agreeed"), event("Plan", 3, text="agreed")),
        # An id that ends in digits is an id.
        (event("Plan", 0, guid="20261234"), event("Other", 0, guid="20261234", text="other")),
        (event("Plan", 0, guid="7"), event("Other", 0, guid="7", text="other")),
        # A date in the future is as good as any.
        (
            event("Plan", 3, link="https://one.example/a", guid="a", text=LONG).replace("26", "36"),
            event("Plan", 3, link="https://one.example/b", guid="b", text=LONG).replace("26", "36"),
        ),
    ],
)
def test_what_is_left_of_an_entry_names_it(store: Store, before: str, after: str) -> None:
    absorb(store, arrived(before), START)
    result = absorb(store, arrived(after), START + HOUR)
    assert result.tally.new == 0
    assert len(shown(store)) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A price list under its one link, of another day.
        (
            event("Prices of Monday", 2, link="https://one.example/prices", guid="a"),
            event("Prices of Tuesday", 3, link="https://one.example/prices", guid="b"),
        ),
        # A series: the same title, another text.
        (
            event("Photo", 2, link="https://one.example/a", guid="a", text="A cat"),
            event("Photo", 3, link="https://one.example/b", guid="b", text="A dog"),
        ),
        (event("Photo", 0, text="A cat"), event("Photo", 0, text="A dog")),
    ],
)
def test_what_is_alike_is_not_the_same(store: Store, before: str, after: str) -> None:
    absorb(store, arrived(before), START)
    assert absorb(store, arrived(after), START + HOUR).tally.new == 1
    assert len(shown(store)) == 2


def published(store: Store) -> list[int]:
    return [story.published_at.day for story in store.select(feed()).stories]


def test_a_date_that_the_publisher_corrects_within_a_day_is_taken_over(store: Store) -> None:
    for day, at in ((1, START), (15, START + HOUR), (12, START + 30 * HOUR)):
        absorb(store, arrived(event("Plan", day, guid="a"), event("Other", 9, guid="b")), at)
        assert published(store)[-1] == (1 if day == 1 else 15)
    (facts,) = store.facts("a", (feed(),))
    assert facts.updated_at == facts.published_at


def test_a_date_after_we_saw_it_corrects_none(store: Store) -> None:
    for day in (19, 20, 21):
        absorb(store, arrived(event("Plan", day, guid="a"), event("Other", 9, guid="b")), START)
    assert 19 in published(store)


def forget(store: Store, at: datetime) -> None:
    """Let what was seen at START be forgotten, a newer document having come."""
    newer = (event(f"Newer {n}", 0, link=f"https://one.example/n/{n}") for n in range(60))
    absorb(store, arrived(*newer), at - HOUR)
    store.advance(at)
    assert store.prune(at, retention=30 * DAY, keep_raw=DAY) > 0


def old_birds(link: str, *, text: str = "before", extra: tuple[str, ...] = ()) -> Refined:
    items = (
        event(f"On birds, part {n}", n, link=link.format(n), guid=link.format(n), text=text)
        for n in range(12, 0, -1)
    )
    return arrived(*extra, *items)


def test_what_was_pruned_stays_away_after_a_move_to_another_program(store: Store) -> None:
    absorb(store, old_birds("https://one.example/?p={}"), START)
    forget(store, START + 40 * DAY)
    before = shown(store)
    moved = old_birds("https://two.example/posts/{}", text="after")
    result = absorb(store, moved, START + 41 * DAY)
    assert shown(store) == before
    assert absorb(store, moved, START + 42 * DAY).tally.new == 0
    assert result.tally.new == result.tally.held_back


def test_what_returns_among_known_entries_is_stored_and_not_shown(store: Store) -> None:
    absorb(store, old_birds("https://one.example/?p={}"), START)
    forget(store, START + 40 * DAY)
    before = shown(store)
    known = [event(f"Newer {n}", 0, link=f"https://one.example/n/{n}") for n in range(60)]
    again = event("On birds, part 3", 3, link="https://two.example/3", guid="x", text="after")
    comic = event("Comic of an old day", 2, link="https://one.example/c", guid="c", text="new")
    result = absorb(store, arrived(*known, again, comic), START + 41 * DAY)
    assert (result.tally.new, result.tally.held_back) == (2, 1)
    assert len(shown(store)) == len(before) + 1


def test_what_a_document_lists_again_is_known_for_a_year(store: Store) -> None:
    absorb(store, old_birds("https://one.example/?p={}"), START)
    forget(store, START + 40 * DAY)
    for days in (41, 300):
        store.prune(START + days * DAY, retention=900 * DAY, keep_raw=DAY)
    again = absorb(store, old_birds("https://one.example/?p={}"), START + 301 * DAY)
    assert (again.tally.new, again.tally.pruned) == (0, 12)
    absorb(store, arrived(event("Newer 1", 0, link="https://one.example/n/1")), START + 302 * DAY)
    store.prune(START + 400 * DAY, retention=900 * DAY, keep_raw=DAY, forget_after=90 * DAY)
    again = absorb(store, old_birds("https://one.example/?p={}"), START + 401 * DAY)
    assert again.tally.new == 12


def test_a_short_document_of_old_entries_brings_no_more_than_backfill(store: Store) -> None:
    absorb(store, old_birds("https://one.example/?p={}"), START)
    archive = arrived(
        *(
            event(f"Archive {n}", n, link=f"https://one.example/a/{n}").replace("2026", "2019")
            for n in range(15, 0, -1)
        )
    )
    result = absorb(store, archive, START + HOUR)
    assert (result.tally.new, result.tally.held_back) == (15, 5)


def test_laws_and_comics_dated_by_the_document_are_new(store: Store) -> None:
    absorb(store, old_birds("https://one.example/?p={}"), START)
    laws = (
        event(f"Law {n}", n, link=f"https://one.example/law/{n}").replace("2026", "1985")
        for n in (4, 5)
    )
    result = absorb(store, old_birds("https://one.example/?p={}", extra=tuple(laws)), START + HOUR)
    assert (result.tally.new, result.tally.held_back) == (2, 0)


def test_a_pruned_place_of_a_list_keeps_no_later_article_away(store: Store) -> None:
    def listed(*numbers: int) -> Refined:
        return arrived(*(item(n, guid=f"item-{at}") for at, n in enumerate(numbers, 1)))

    absorb(store, listed(3, 2, 1), START)
    forget(store, START + 40 * DAY)
    assert absorb(store, listed(9, 8, 7), START + 41 * DAY).tally.new == 3


def test_dates_that_moved_once_are_those_that_count(store: Store) -> None:
    def dated_anew(days: int, *edited: str) -> Refined:
        links = [f"https://one.example/articles/{n}" for n in range(4)]
        items = [
            event(f"Article {n}", n + days, link=links[n], guid=f"item-{n}", text=f"says {n}")
            for n in range(len(edited), 4)
        ]
        return arrived(*edited, *items)

    for hour, days in enumerate((1, 8)):
        absorb(store, dated_anew(days), START + hour * HOUR)
    edit = event("Edited", 8, link="https://one.example/articles/0", guid="item-9", text="other")
    assert absorb(store, dated_anew(8, edit), START + DAY).tally.new == 0


def test_dates_that_move_for_ever_are_not_written_for_ever(store: Store) -> None:
    for day in range(1, 16):
        items = (event(f"Topic {n}", day, guid=f"g{n}x") for n in range(5))
        absorb(store, arrived(*items), START + day * DAY)
    (facts,) = store.facts("g1x", (feed(),))
    assert sum(key.startswith("dated:") for key in facts.keys) == 8


@pytest.mark.parametrize("day", [1, 0])
def test_an_article_at_the_top_of_a_list_that_loses_one_below_is_new(
    store: Store, day: int
) -> None:
    def listed(*numbers: int) -> Refined:
        return arrived(
            *(
                dated(n, guid=f"item-{at}", link=f"https://one.example/{n}", day=n * day or 9)
                for at, n in enumerate(numbers, 1)
            )
        )

    absorb(store, listed(4, 3, 2, 1), START)
    assert absorb(store, listed(8, 4, 2, 1), START + HOUR).tally.new == 1
    assert absorb(store, listed(9, 8, 4, 2, 1), START + 2 * HOUR).tally.new == 1


@pytest.mark.parametrize(
    ("link", "former"),
    [
        ("<link>/2026/1.html</link>", "https://one.example/2026/1.html"),
        ("<link>1.html</link>", "https://one.example/1.html"),
    ],
)
def test_what_was_stored_by_a_link_that_was_read_wrongly_stays_known(
    store: Store, link: str, former: str
) -> None:
    text = "<description>What it says</description>"
    channel = rss(f"<item><title>Article</title>{link}{text}</item>").decode()
    (found,) = normalise(read(channel, source().url)).entries
    assert found.url != former
    stored = replace(found, keys=(f"url:{former}", found.keys[-1]), url=former, raw=None)
    absorb(store, document(stored), START)
    before = shown(store)
    result = absorb(store, document(found), START + HOUR)
    assert (result.tally.new, result.tally.updated) == (0, 0)
    assert shown(store) == before
    assert store.select(feed()).stories[0].url == found.url


def places(*numbers: int) -> Refined:
    """Return a list whose ids number its places, of dated and linked articles."""
    return arrived(
        *(
            dated(number, guid=f"item-{place}", link=f"https://one.example/a/{number}", day=number)
            for place, number in enumerate(numbers, start=1)
        )
    )


def test_what_comes_to_a_place_of_which_the_article_was_deleted_is_new(store: Store) -> None:
    # Only the second document shows that ids are places; the third shares no other sign of it.
    tallies = [
        absorb(store, places(*numbers), START + hour * HOUR).tally
        for hour, numbers in enumerate([(5, 4), (4,), (7, 4), (4,), (7, 4)])
    ]
    assert [one.new for one in tallies] == [2, 0, 1, 0, 0]
    titles = [story.title for story in store.select(feed()).stories]
    assert sorted(titles) == ["Article 4", "Article 5", "Article 7"]


def test_one_id_that_is_wrong_once_leaves_every_article_what_it_is(store: Store) -> None:
    def numbered(guids: dict[int, int]) -> Refined:
        return arrived(
            *(
                dated(number, guid=f"{guid}", link=f"https://one.example/a/{number}", day=number)
                for number, guid in guids.items()
            )
        )

    for hour, guids in enumerate([{5: 5, 4: 4, 3: 3}, {4: 5, 3: 3}, {5: 5, 4: 4, 3: 3}]):
        result = absorb(store, numbered(guids), START + hour * HOUR)
        assert (result.tally.new, result.tally.updated) == (3 if hour == 0 else 0, 0)


def broken_off(document: Refined) -> Refined:
    return replace(document, head=replace(document.head, truncated=True))


def test_of_a_list_that_breaks_off_its_first_place_is_no_edit(store: Store) -> None:
    absorb(store, places(5, 4), START)
    assert absorb(store, broken_off(places(7)), START + HOUR).tally.updated == 0
    assert absorb(store, places(7, 5, 4), START + 2 * HOUR).tally.new == 1
    titles = [story.title for story in store.select(feed()).stories]
    assert sorted(titles) == ["Article 4", "Article 5", "Article 7"]


def test_an_edit_in_a_document_that_breaks_off_is_an_edit(store: Store) -> None:
    def numbered(words: str, day: int) -> Refined:
        link = f"https://one.example/{words}"
        first = dated(1, guid="17", link=link, day=day, text=words).replace("Article 1", words)
        return arrived(first, item(2, guid="16", host="one.example"))

    absorb(store, numbered("before", 10), START)
    result = absorb(store, broken_off(numbered("after", 12)), START + HOUR)
    assert (result.tally.new, result.tally.updated) == (0, 1)


def test_an_edit_of_every_entry_under_short_numbers_is_an_edit(store: Store) -> None:
    def numbered(words: str) -> Refined:
        return arrived(
            *(
                f'<title>{words} {number}</title><guid isPermaLink="false">{number}</guid>'
                f"<description>What {words} {number} says</description>"
                for number in (12, 11, 10)
            )
        )

    absorb(store, numbered("before"), START)
    result = absorb(store, numbered("after"), START + HOUR)
    assert (result.tally.new, result.tally.updated) == (0, 3)


def issue(name: str, day: int, text: str) -> str:
    """Return an item of what has one page and one title, and an id for each of its issues."""
    return (
        f"<title>{name}</title><link>https://daily.example/{name}</link>"
        f'<guid isPermaLink="false">{name}-nov-{day:02}-x</guid>'
        f"<pubDate>{day:02} Nov 2026 06:00:00 GMT</pubDate><description>{text}</description>"
    )


@pytest.mark.parametrize("names", [("weather",), ("daily", "weekly")])
@pytest.mark.parametrize("text", ["Rain until {day} o'clock.", "Backup OK"])
def test_each_issue_of_what_has_one_page_and_one_title_is_new(
    store: Store, names: tuple[str, ...], text: str
) -> None:
    for day in (20, 21, 22):
        items = (issue(name, day, text.format(day=day)) for name in names)
        absorb(store, arrived(*items), START + day * DAY)
    expected = 3 * len(names) if "day" in text or len(names) == 1 else len(names)
    assert len(shown(store)) == expected


def test_an_issue_that_is_corrected_is_an_edit(store: Store) -> None:
    absorb(store, arrived(issue("weather", 20, "Rain.")), START)
    again = issue("weather", 20, "No rain.").replace("-x</guid>", "-y</guid>")
    absorb(store, arrived(again), START + HOUR)
    assert len(shown(store)) == 1


def test_what_had_no_id_of_its_own_stays_known_when_it_gets_one(store: Store) -> None:
    shared = '<guid isPermaLink="false">same</guid>'
    one, two = (f"<title>{name}</title>{shared}<description>{name}</description>" for name in "ab")
    absorb(store, arrived(one, two), START)
    absorb(store, arrived(two), START + HOUR)
    assert len(shown(store)) == 2
    absorb(store, arrived(one, two), START + DAY)
    assert len(shown(store)) == 2
