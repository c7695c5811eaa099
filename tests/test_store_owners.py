"""Nobody takes another's article: neither its place, nor its id, nor its title, text and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from aggregator.model import Entry, Feed, Source, Story
    from aggregator.store import Store

MINUTE = timedelta(minutes=1)
NEXT = "https://blog.victim.example/next"

VICTIM = source("victim", url="https://www.victim.example/feed.xml")
THIEF = source("thief", url="https://thief.example/feed.xml")
PLANET = source("planet", url="https://planet.example/atom.xml")
ALL = feed()
FEEDS = (
    ALL,
    feed("off", dedupe="off"),
    feed("theirs", sources=("thief", "planet")),
    feed("owners", sources=("victim",)),
)


def told(by: str, *, url: str = NEXT, guid: str | None = None, **fields: object) -> Entry:
    """Return an article as a source tells it."""
    made = entry(by, guid=guid or f"urn:x-{by}:1", url=url, title=f"as {by} has it")
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's shorthand


def numbered(by: str, url: str) -> Entry:
    """Return article 968171 of a site whose articles are known by their numbers."""
    number = "site:ithome.com:968171"
    made = told(by, url=url)
    return replace(made, keys=(*made.keys, number), shared_keys=(f"url:{url}", number))


@pytest.fixture
def store(store: Store) -> Store:
    store.apply((VICTIM, THIEF, PLANET), FEEDS, now=START)
    return store


def stories(store: Store, of: Feed = ALL) -> tuple[Story, ...]:
    return store.select(of).stories


def seen(store: Store, of: Feed = ALL) -> dict[str, str]:
    """Return the titles that a reader of the feed sees, by ids."""
    return {story.id: story.title for story in stories(store, of)}


def also(store: Store, of: Feed = ALL) -> dict[str, list[str]]:
    return {story.title: [origin.name for origin in story.also] for story in stories(store, of)}


# --- attacks ------------------------------------------------------------------------------------


def test_a_source_that_publishes_anothers_next_link_first_does_not_lead_its_article(
    store: Store,
) -> None:
    absorb(store, document(told("thief", guid=NEXT)), START, name="thief")
    before = seen(store)
    absorb(store, document(told("victim", guid=NEXT)), START + HOUR, name="victim")
    assert seen(store) == before | {NEXT: "as victim has it"}
    assert also(store) == {"as victim has it": ["thief"], "as thief has it": []}


@pytest.mark.parametrize(
    "guid",
    [
        NEXT,
        "http://victim.example/?p=123",
        "tag:victim.example,2026:next",
        "tag:editor@www.victim.example,2026-11:next",
    ],
)
def test_an_id_of_anothers_domain_is_not_taken_before_its_owner_comes(
    store: Store, guid: str
) -> None:
    elsewhere = told("thief", guid=guid, url="https://thief.example/1")
    absorb(store, document(elsewhere), START, name="thief")
    (stolen,) = seen(store)
    assert stolen.startswith("urn:uuid:")
    absorb(store, document(told("victim", guid=guid)), START + HOUR, name="victim")
    assert seen(store)[guid] == "as victim has it"


def test_the_number_of_anothers_article_in_a_guid_does_not_lead_it(store: Store) -> None:
    ithome = source("ithome", url="https://www.ithome.com/rss/")
    store.apply((ithome, THIEF), FEEDS, now=START)
    stolen = numbered("thief", "https://thief.example/1")
    absorb(store, document(stolen), START, name="thief")
    original = numbered("ithome", "https://www.ithome.com/0/968/171.htm")
    absorb(store, document(original), START + HOUR, name="ithome")
    assert also(store) == {"as ithome has it": ["thief"], "as thief has it": []}


def test_an_entry_that_names_articles_of_two_publishers_does_not_bring_them_together(
    store: Store,
) -> None:
    ithome = source("ithome", url="https://www.ithome.com/rss/")
    store.apply((ithome, VICTIM, THIEF), FEEDS, now=START)
    absorb(store, document(numbered("thief", NEXT)), START, name="thief")
    absorb(store, document(told("victim")), START + HOUR, name="victim")
    original = numbered("ithome", "https://www.ithome.com/0/968/171.htm")
    absorb(store, document(original), START + 2 * HOUR, name="ithome")
    assert len(seen(store)) == 3
    assert also(store)["as ithome has it"] == []


def test_a_feed_without_the_owner_shows_a_copy_under_an_id_of_its_own(store: Store) -> None:
    absorb(store, document(told("victim", guid=NEXT)), START, name="victim")
    absorb(store, document(told("thief", guid=NEXT)), START + HOUR, name="thief")
    ((copied, title),) = seen(store, FEEDS[2]).items()
    assert title == "as thief has it"
    assert copied != NEXT
    assert seen(store) == {NEXT: "as victim has it"}


@pytest.mark.parametrize("site_url", ["https://blog.victim.example/", NEXT])
def test_what_a_document_says_of_its_own_site_proves_nothing(store: Store, site_url: str) -> None:
    stolen = document(told("thief", guid=NEXT), site_url=site_url)
    absorb(store, stolen, START, name="thief")
    absorb(store, document(told("victim", guid=NEXT)), START + HOUR, name="victim")
    assert seen(store)[NEXT] == "as victim has it"


def test_neighbours_below_a_domain_where_anybody_has_a_name_are_strangers(store: Store) -> None:
    one = source("victim", url="https://victim.github.io/feed.xml")
    other = source("thief", url="https://thief.github.io/feed.xml")
    store.apply((one, other), FEEDS, now=START)
    url = "https://victim.github.io/next"
    absorb(store, document(told("thief", url=url, guid=url)), START, name="thief")
    absorb(store, document(told("victim", url=url, guid=url)), START + HOUR, name="victim")
    assert seen(store)[url] == "as victim has it"


def test_a_copy_changes_nothing_of_the_original(store: Store) -> None:
    absorb(store, document(told("victim")), START, name="victim")
    (before,) = stories(store)
    lie = told("thief", published_at=START + 30 * DAY, updated_at=START + 30 * DAY)
    absorb(store, document(lie), START + HOUR, name="thief")
    edited = replace(
        lie, content_hash=b"other", content_html="<p>buy</p>", visible_text="buy", title="buy"
    )
    absorb(store, document(edited), START + 2 * HOUR, name="thief")
    (after,) = stories(store)
    assert replace(after, also=()) == before


# --- neighbours ---------------------------------------------------------------------------------


def test_what_a_planet_republishes_stands_once_under_its_author(store: Store) -> None:
    absorb(store, document(told("victim")), START, name="victim")
    absorb(store, document(told("planet")), START + HOUR, name="planet")
    absorb(store, document(told("thief")), START + 2 * HOUR, name="thief")
    assert also(store) == {"as victim has it": ["planet", "thief"]}
    assert also(store, FEEDS[2]) == {"as planet has it": ["thief"]}


def test_where_no_own_source_exists_the_first_leads_under_the_publishers_id(store: Store) -> None:
    store.apply((THIEF, PLANET), FEEDS, now=START)
    guid = "https://elsewhere.example/?p=1"
    url = "https://elsewhere.example/1"
    absorb(store, document(told("planet", url=url, guid=guid)), START, name="planet")
    absorb(store, document(told("thief", url=url, guid=guid)), START + HOUR, name="thief")
    assert seen(store) == {guid: "as planet has it"}
    assert also(store) == {"as planet has it": ["thief"]}


def test_two_own_sources_are_one_story_that_the_first_tells(store: Store) -> None:
    second = source("second", url="http://m.victim.example/rss")
    store.apply((VICTIM, second), FEEDS, now=START)
    absorb(store, document(told("second")), START, name="second")
    absorb(store, document(told("victim")), START + HOUR, name="victim")
    assert also(store) == {"as second has it": ["victim"]}


@pytest.mark.parametrize(
    ("own", "site_url"),
    [
        # A host that publishes feeds for others, with what the operator says whose it is.
        (
            source("victim", url="https://feeds.feedburner.com/x", site=("victim.example",)),
            None,
        ),
        (
            source("victim", url="https://feedpress.me/x", site=("a.example", "victim.example")),
            None,
        ),
        # A list of mirrors is one document, whoever serves it.
        (
            source(
                "victim",
                url="https://mirror.example/x",
                mirrors=("https://mirror.example/x", "https://victim.example/x"),
            ),
            None,
        ),
        # Of an RSSHub its route names the site.
        (
            source(
                "victim",
                url="rsshub://victim/news",
                mirrors=("http://rsshub:1200/victim/news", "https://rsshub.example/victim/news"),
            ),
            "https://www.victim.example/",
        ),
    ],
)
def test_a_source_that_is_polled_elsewhere_may_be_the_own_one(
    store: Store, own: Source, site_url: str | None
) -> None:
    store.apply((own, THIEF), FEEDS, now=START)
    absorb(store, document(site_url=site_url), START, name="victim")
    absorb(store, document(told("thief", guid=NEXT)), START, name="thief")
    absorb(
        store, document(told("victim", guid=NEXT), site_url=site_url), START + HOUR, name="victim"
    )
    assert seen(store)[NEXT] == "as victim has it"
    assert len(seen(store)) == 2


def test_an_rsshub_that_names_no_site_for_once_is_of_the_one_that_it_named(store: Store) -> None:
    route = source("victim", url="rsshub://x/y", mirrors=("http://rsshub:1200/x/y",))
    store.apply((route, THIEF), FEEDS, now=START)
    absorb(store, document(site_url="https://victim.example/"), START, name="victim")
    absorb(store, document(told("thief")), START, name="thief")
    absorb(store, document(told("victim", guid=NEXT)), START + HOUR, name="victim")
    assert seen(store)[NEXT] == "as victim has it"


def test_a_source_that_is_polled_elsewhere_is_a_copy_until_the_operator_says_whose_it_is(
    store: Store,
) -> None:
    burnt = source("burnt", url="https://feeds.feedburner.com/x")
    store.apply((burnt, VICTIM), FEEDS, now=START)
    absorb(store, document(told("victim")), START, name="victim")
    absorb(store, document(told("burnt")), START + HOUR, name="burnt")
    assert also(store) == {"as victim has it": ["burnt"]}
    store.apply((replace(burnt, site=("victim.example",)), VICTIM), FEEDS, now=START + 2 * HOUR)
    absorb(store, document(told("burnt2", url=f"{NEXT}2")), START + 3 * HOUR, name="burnt")
    absorb(store, document(told("victim2", url=f"{NEXT}2")), START + 4 * HOUR, name="victim")
    assert also(store)["as burnt2 has it"] == ["victim"]


# --- what subscribers have seen -----------------------------------------------------------------


def test_an_original_that_comes_after_its_copy_has_left_the_window_is_new(store: Store) -> None:
    small = feed(window=DAY, min_entries=1)
    store.apply((VICTIM, THIEF), (small,), now=START)
    absorb(store, document(told("thief")), START, name="thief")
    absorb(
        store, document(entry("later", url="https://thief.example/2")), START + HOUR, name="thief"
    )
    store.advance(START + 3 * DAY)
    assert list(also(store)) == ["Entry later"]
    absorb(store, document(told("victim")), START + 3 * DAY, name="victim")
    assert list(also(store)) == ["as victim has it"]


def test_a_copy_of_an_original_that_has_left_the_window_is_no_news(store: Store) -> None:
    small = feed(window=DAY, min_entries=1)
    store.apply((VICTIM, THIEF), (small,), now=START)
    absorb(store, document(told("victim")), START, name="victim")
    later = entry("later", url="https://victim.example/2")
    absorb(store, document(later), START + HOUR, name="victim")
    store.advance(START + 3 * DAY)
    absorb(store, document(told("thief")), START + 3 * DAY, name="thief")
    assert list(also(store)) == ["Entry later"]
    store.advance(START + 40 * DAY)
    store.prune(START + 40 * DAY, retention=39 * DAY, keep_raw=DAY)
    store.apply((VICTIM, replace(THIEF, title="x")), (small,), now=START + 40 * DAY)
    assert list(also(store)) == ["Entry later"]


def test_when_the_owner_goes_no_copy_comes_in_its_place_under_another_id(store: Store) -> None:
    absorb(store, document(told("thief")), START, name="thief")
    absorb(store, document(told("victim")), START + MINUTE, name="victim")
    absorb(store, document(told("planet")), START + HOUR, name="planet")
    absorb(store, document(told("victim2", url=f"{NEXT}2")), START + 2 * HOUR, name="victim")
    absorb(store, document(told("planet2", url=f"{NEXT}2")), START + 3 * HOUR, name="planet")
    before = seen(store)
    store.apply((THIEF, PLANET), FEEDS, now=START + 4 * HOUR)
    assert seen(store).items() < before.items()
    assert list(also(store)) == ["as thief has it"]
    assert set(also(store, FEEDS[2])) == {"as thief has it", "as planet2 has it"}
    store.apply((VICTIM, THIEF, PLANET), FEEDS, now=START + 5 * HOUR)
    assert seen(store) == before


def test_an_owner_that_is_added_later_tells_what_is_there_under_its_own_ids(store: Store) -> None:
    store.apply((THIEF,), FEEDS, now=START)
    absorb(store, document(told("thief", guid=NEXT)), START, name="thief")
    before = seen(store)
    store.apply((VICTIM, THIEF), FEEDS, now=START + DAY)
    absorb(store, document(told("victim", guid=NEXT)), START + DAY, name="victim")
    assert before.items() < seen(store).items()
    assert also(store)["as victim has it"] == ["thief"]
    assert [*also(store, FEEDS[3]).items()] == [("as victim has it", [])]


def test_an_owner_that_joins_a_feed_comes_beside_what_that_has_shown(store: Store) -> None:
    absorb(store, document(told("victim")), START, name="victim")
    absorb(store, document(told("thief")), START + HOUR, name="thief")
    before = seen(store, FEEDS[2])
    wide = replace(FEEDS[2], sources=("thief", "victim"))
    store.apply((VICTIM, THIEF), (ALL, wide), now=START + DAY)
    assert before.items() < seen(store, wide).items()
    assert also(store, wide)["as victim has it"] == ["thief"]


def test_an_id_of_a_removed_owners_domain_stays_its_own(store: Store) -> None:
    store.apply((THIEF,), FEEDS, now=START)
    absorb(store, document(told("thief", guid=NEXT)), START, name="thief")
    assert all(one.startswith("urn:uuid:") for one in seen(store))


def test_a_feed_that_shows_every_copy_shows_once_again_what_came_after_the_original(
    store: Store,
) -> None:
    absorb(store, document(told("thief")), START, name="thief")
    absorb(store, document(told("victim")), START + HOUR, name="victim")
    absorb(store, document(told("planet")), START + 2 * HOUR, name="planet")
    assert len(seen(store, FEEDS[1])) == 3
    once = replace(FEEDS[1], dedupe="exact")
    store.apply((VICTIM, THIEF, PLANET), (once,), now=START + DAY)
    assert list(also(store, once)) == ["as victim has it", "as thief has it"]


def test_a_renamed_owner_and_a_renamed_thief_stay_what_they_were(store: Store) -> None:
    absorb(store, document(told("thief")), START, name="thief")
    absorb(store, document(told("victim")), START + HOUR, name="victim")
    before = seen(store)
    renamed = (replace(VICTIM, name="v"), replace(THIEF, name="t"))
    store.apply(renamed, (ALL,), now=START + DAY)
    assert seen(store) == before
    assert also(store)["as victim has it"] == ["t"]


def test_items_that_share_an_address_are_copied_one_by_one(store: Store) -> None:
    live = "https://victim.example/live"

    def items(by: str, *numbers: int) -> tuple[Entry, ...]:
        made = (entry(f"{by} {n}", guid=f"urn:x-{by}:{n}", url=live) for n in numbers)
        shared = (f"url:{live}",)
        return tuple(replace(one, keys=one.keys[:1], shared_keys=shared) for one in made)

    absorb(store, document(*items("planet", 1)), START, name="planet")
    absorb(store, document(*items("victim", 1, 2)), START + HOUR, name="victim")
    absorb(store, document(*items("planet", 1, 2)), START + 2 * HOUR, name="planet")
    absorb(store, document(*items("thief", 1, 2)), START + 3 * HOUR, name="thief")
    assert {title: sorted(names) for title, names in also(store).items()} == {
        "Entry victim 1": ["planet", "thief"],
        "Entry victim 2": ["planet", "thief"],
        "Entry planet 1": ["thief"],
    }


# --- explained ----------------------------------------------------------------------------------


def test_it_is_known_why_an_entry_leads_or_is_a_copy(store: Store) -> None:
    absorb(store, document(told("victim", guid=NEXT)), START, name="victim")
    absorb(store, document(told("thief", guid="urn:x-thief:1")), START + HOUR, name="thief")
    (original,) = store.facts(f"guid:{NEXT}", FEEDS)
    (copied,) = store.facts("guid:urn:x-thief:1", FEEDS)
    assert (original.assigned, original.original, original.foreign_to) == (None, None, ())
    assert original.also == ("thief",)
    assert copied.assigned == "same url as the original"
    assert copied.original == NEXT
    assert copied.foreign_to == ("victim.example",)
    assert copied.also == ("victim",)
    assert [(one.feed, one.reason.value) for one in copied.placements] == [
        ("all", "original-in-window"),
        ("off", "in-window"),
        ("theirs", "in-window"),
        ("owners", "not-selected"),
    ]
