"""What a subscriber may rely on, as laws of the store: ids, order, windows, what an edit means."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Access, Condition, Feed, FeedKind, Replacement, Rules, Source, Tagging
from aggregator.model.changes import ChangedSource, ChangeKind, RenamedSource
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, said, source

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.store import Store
    from tests.engines import Database

MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("one_source")


def titles(store: Store, name: str = "all") -> list[str]:
    return [story.title for story in store.select(feed(name)).stories]


def ids(store: Store, name: str = "all") -> list[str]:
    return [story.id for story in store.select(feed(name)).stories]


# --- ids ----------------------------------------------------------------------------------------


def test_a_publishers_iri_is_the_public_id(store: Store) -> None:
    absorb(store, document(entry(1, guid="tag:one.example,2026:1")), START)
    assert ids(store) == ["tag:one.example,2026:1"]


@pytest.mark.parametrize(
    "guid",
    [
        "12345",
        "not an iri",
        "https://u:p@one.example/1",
        "a:b c",
        "yt:video:abc",
        "https://one.example",
        "https://One.example/1",
        "https://one.example:443/1",
        "https://one.example/a/../b",
        "https://one.example/%7ea",
        "urn:x:1",
        "urn:uuid:1",
        "tag:one.example:1",
    ],
)
def test_a_guid_that_is_no_id_for_a_validator_or_holds_a_secret_becomes_a_urn(
    store: Store, guid: str
) -> None:
    absorb(store, document(entry(1, guid=guid)), START)
    (public_id,) = ids(store)
    assert public_id.startswith("urn:uuid:")


def test_an_id_that_another_source_holds_is_not_taken(store: Store) -> None:
    store.apply((source("one"), source("two")), (feed(),), now=START)
    absorb(store, document(entry(1, guid="tag:x,2026:1")), START)
    absorb(store, document(entry(2, guid="tag:x,2026:1")), START + MINUTE, name="two")
    newest, oldest = ids(store)
    assert oldest == "tag:x,2026:1"
    assert newest.startswith("urn:uuid:")


def test_an_id_that_a_story_has_is_not_taken_while_a_copy_of_the_story_is_kept(
    store: Store,
) -> None:
    short = feed(window=DAY, min_entries=0)
    store.apply((source("one"), source("two"), source("three")), (short,), now=START)
    article, copied = "https://site.example/1", "tag:x,2026:1"
    later = START + 20 * DAY
    absorb(store, document(entry(1, guid=copied, url=article)), START)
    absorb(store, document(entry(2, guid="2", url=article)), later - HOUR, name="two")
    store.advance(later)
    assert store.prune(later, retention=10 * DAY, keep_raw=DAY) == 0
    result = absorb(store, document(entry(3, guid=copied)), later, name="three")
    assert result.tally.new == 1
    assert ids(store)[0].startswith("urn:uuid:")


def test_an_id_stays_when_the_publisher_changes_its_guid_link_title_or_text(
    store: Store,
) -> None:
    absorb(store, document(entry(1, published_at=START - HOUR)), START)
    before = ids(store)
    changed_guid = entry(1, guid="https://new.example/1", published_at=START - HOUR)
    absorb(store, document(changed_guid), START + HOUR)
    changed_text = entry(
        1, guid="https://new.example/1", title="Other", text="edited", url="https://new.example/x"
    )
    absorb(store, document(changed_text), START + 2 * HOUR)
    assert ids(store) == before
    assert titles(store) == ["Other"]


def test_a_feeds_id_is_stored_and_survives_a_restart(database: Database) -> None:
    first = database.open()
    first.apply((source(),), (feed(),), now=START)
    before = first.select(feed()).id
    first.close()
    second = database.open()
    second.apply((source(),), (feed(title="Renamed"),), now=START + DAY)
    assert second.select(feed()).id == before


# --- absorb -------------------------------------------------------------------------------------


def test_absorbing_twice_is_absorbing_once(store: Store) -> None:
    refined = document(entry(2), entry(1))
    first = absorb(store, refined, START)
    version, before = store.feed_version("all"), store.select(feed())
    second = absorb(store, refined, START + HOUR)
    assert (first.tally.new, second.tally.new, second.tally.updated) == (2, 0, 0)
    assert store.feed_version("all") == version
    assert store.select(feed()) == before


def test_an_edit_changes_the_text_and_updated_and_neither_id_nor_order(store: Store) -> None:
    absorb(store, document(entry(2), entry(1)), START)
    before = store.select(feed()).stories
    result = absorb(store, document(entry(2), entry(1, text="edited")), START + HOUR)
    after = store.select(feed()).stories
    assert result.tally.updated == 1
    assert [(s.id, s.order_key, s.published_at) for s in after] == [
        (s.id, s.order_key, s.published_at) for s in before
    ]
    assert after[1].content_html == "<p>edited</p>"
    assert after[1].updated_at == START + HOUR


def test_a_changed_source_title_updates_no_entry(store: Store) -> None:
    absorb(store, document(entry(1)), START)
    before = store.select(feed()).stories[0]
    absorb(store, document(entry(1), title="New name"), START + HOUR)
    after = store.select(feed()).stories[0]
    assert after.origin.title == "New name"
    assert after.updated_at == before.updated_at


def test_items_that_share_a_link_but_not_their_guid_stay_apart(store: Store) -> None:
    front = "https://one.example/"
    absorb(store, document(entry(1, url=front, published_at=START - DAY)), START)
    result = absorb(store, document(entry(2, url=front, published_at=START)), START + HOUR)
    assert result.tally.new == 1
    assert len(ids(store)) == 2


def test_a_missing_date_is_first_seen_once_and_a_future_one_is_clamped(store: Store) -> None:
    refined = document(entry(1), entry(2, published_at=START + 300 * DAY))
    absorb(store, refined, START)
    absorb(store, refined, START + HOUR)
    assert {story.published_at for story in store.select(feed()).stories} == {START}


def test_a_private_sources_url_is_no_id(store: Store) -> None:
    hidden = source(private=True)
    store.apply((hidden,), (feed(),), now=START)
    secret = document(entry(1, guid=hidden.url), entry(2, guid=f"{hidden.url}/2"))
    absorb(store, secret, START)
    assert all(public_id.startswith("urn:uuid:") for public_id in ids(store))


# --- order --------------------------------------------------------------------------------------


def test_a_first_poll_is_ordered_by_date_and_later_arrivals_by_arrival(store: Store) -> None:
    absorb(
        store,
        document(
            entry("old", published_at=START - 2 * DAY), entry("new", published_at=START - HOUR)
        ),
        START,
    )
    absorb(store, document(entry("late", published_at=START - DAY)), START + HOUR)
    assert titles(store) == ["Entry late", "Entry new", "Entry old"]


def test_an_undated_or_future_entry_of_a_first_poll_lifts_no_other(store: Store) -> None:
    old = [entry(age, published_at=START - age * DAY) for age in range(30, 40)]
    undated, future = entry("undated"), entry("future", published_at=START + DAY)
    store.apply((source(),), (feed(window=2 * DAY, min_entries=0),), now=START)
    absorb(store, document(entry("new", published_at=START - HOUR), future, undated, *old), START)
    assert sorted(titles(store)) == ["Entry future", "Entry new", "Entry undated"]


def test_order_keys_grow_even_when_the_clock_is_set_back(store: Store) -> None:
    absorb(store, document(entry(1)), START)
    absorb(store, document(entry(2)), START - DAY)
    absorb(store, document(entry(3)), START - 2 * DAY)
    assert titles(store) == ["Entry 3", "Entry 2", "Entry 1"]


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(-5_000, 5_000), st.integers(0, 4)), min_size=1, max_size=12
    )
)
def test_every_new_entry_sorts_above_all_earlier_arrivals(
    new_database: Callable[[], Database], steps: list[tuple[int, int]]
) -> None:
    with closing(new_database()) as database:
        store = database.open()
        store.apply((source(),), (feed(),), now=START)
        absorb(store, document(entry("first")), START)
        seen: list[str] = ids(store)
        now, number = START, 0
        for minutes, count in steps:
            now += timedelta(minutes=minutes)
            fresh = [entry(number + offset) for offset in range(count)]
            number += count
            absorb(store, document(*fresh), now)
            current = ids(store)
            assert [one for one in current if one in seen] == [
                one for one in seen if one in current
            ]
            assert set(current[:count]).isdisjoint(seen)
            seen = current


# --- windows ------------------------------------------------------------------------------------


def test_a_window_keeps_recent_stories_and_at_least_min_entries(store: Store) -> None:
    small = feed(window=DAY, min_entries=2)
    store.apply((source(),), (small,), now=START)
    absorb(
        store,
        document(*(entry(age, published_at=START - age * HOUR) for age in range(1, 60))),
        START,
    )
    assert len(ids(store)) == 24
    store.advance(START + 10 * DAY)
    assert titles(store) == ["Entry 1", "Entry 2"]


def test_nothing_that_a_window_dropped_enters_again(store: Store) -> None:
    store.apply((source(),), (feed(window=DAY, min_entries=1),), now=START)
    absorb(
        store, document(*(entry(age, published_at=START - age * DAY) for age in range(5))), START
    )
    kept = titles(store)
    wide = feed(window=100 * DAY, min_entries=50)
    store.apply((source(),), (wide,), now=START + MINUTE)
    assert titles(store) == kept


def test_a_removed_sources_entries_leave_and_nothing_takes_their_place(store: Store) -> None:
    two, quiet = (source("one"), source("two")), feed(window=HOUR, min_entries=4)
    store.apply(two, (quiet,), now=START)
    absorb(store, document(*(entry(n) for n in range(6))), START, name="one")
    later = document(*(entry(f"b{n}", guid=f"tag:two,2026:{n}") for n in range(3)))
    absorb(store, later, START + MINUTE, name="two")
    store.advance(START + DAY)
    before = titles(store)
    assert before == ["Entry b0", "Entry b1", "Entry b2", "Entry 0"]
    store.apply((source("one"),), (quiet,), now=START + DAY)
    assert titles(store) == ["Entry 0"]
    store.apply(two, (quiet,), now=START + DAY + MINUTE)
    assert titles(store) == before


def test_an_added_source_brings_at_most_backfill_of_its_newest(store: Store) -> None:
    absorb(store, document(entry("a", published_at=START - HOUR)), START)
    later = START + 2 * HOUR
    store.apply((source("one"), source("two", backfill=3)), (feed(),), now=later)
    many = document(*(entry(n, guid=f"tag:two,2026:{n}", published_at=START) for n in range(30)))
    result = absorb(store, many, later, name="two")
    assert result.tally.new == 30
    assert len(ids(store)) == 4
    absorb(store, document(entry("later", guid="tag:two,2026:x")), later + HOUR, name="two")
    assert len(ids(store)) == 5


def test_within_an_hour_of_a_feeds_creation_sources_bring_everything(store: Store) -> None:
    many = document(*(entry(n, published_at=START) for n in range(30)))
    absorb(store, many, START + 50 * MINUTE)
    assert len(ids(store)) == 30


def test_a_source_that_joins_a_feed_by_its_tags_brings_at_most_backfill(
    store: Store,
) -> None:
    tagged = feed("tech", tags=("tech",))
    store.apply((source("one"), source("two")), (tagged,), now=START)
    absorb(store, document(*(entry(n) for n in range(30))), START, name="one")
    later = START + 2 * HOUR
    store.apply((source("one", tags=("tech",)), source("two")), (tagged,), now=later)
    assert len(ids(store, "tech")) == 10
    shown = ids(store, "tech")
    store.apply((source("one"), source("two")), (tagged,), now=later + HOUR)
    assert ids(store, "tech") == []
    absorb(store, document(*(entry(f"x{n}") for n in range(12))), later + HOUR, name="one")
    store.apply((source("one", tags=("tech",)), source("two")), (tagged,), now=later + 2 * HOUR)
    assert ids(store, "tech")[10:] == shown
    assert len(ids(store, "tech")) == 20


def test_a_flood_of_old_entries_is_stored_and_mostly_kept_out_of_the_feeds(
    store: Store,
) -> None:
    absorb(store, document(entry("a")), START)
    archive = [entry(n, published_at=START - (30 + n) * DAY) for n in range(40)]
    result = absorb(store, document(entry("fresh"), *archive), START + DAY)
    assert result.tally.new == 41
    assert result.tally.held_back == 31
    shown = titles(store)
    assert "Entry fresh" in shown
    assert len(shown) == 2 + 9
    assert store.status()[0].entries == 42
    assert "31 old entries" in said(store)["source one"]


def test_reaching_the_limit_is_named_and_ends_when_it_is_over(store: Store) -> None:
    tight = feed(limit=5, min_entries=1, window=DAY)
    store.apply((source(),), (tight,), now=START)
    absorb(store, document(*(entry(n) for n in range(9))), START)
    assert len(ids(store)) == 5
    assert "limit of 5" in said(store)["feed all"]
    store.advance(START + 2 * DAY)
    assert "feed all" not in said(store)


RULES = Rules(
    keep=(Condition(words=("a",), title=("/b/",), older_than=timedelta(days=1)),),
    block=(Condition(text=("c",), author=("d", "e"), url=("f",), category=("g",)),),
    tag=(Tagging(Condition(title=("x",)), ("y",)),),
    replace=(Replacement("h", "i", ("title",)),),
)


def test_a_sources_configuration_is_stored_whole(store: Store) -> None:
    full = Source(
        "full",
        "rsshub://ithome/ranking/24h",
        title="IT之家",
        tags=("科技", "it"),
        timezone="Asia/Shanghai",
        interval=timedelta(minutes=10),
        enabled=False,
        backfill=3,
        private=True,
        weight=2.5,
        mirrors=("https://a.example/x", "https://b.example/x"),
        access=Access(
            headers=(("X-A", "1"), ("X-B", "2")),
            user_agent="ua",
            username="u",
            password_file="p",
            token_file="t",
            cookie_file="c",
            rsshub_key_file="k",
            rsshub_instances=("https://a.example",),
            proxy="socks5://127.0.0.1:1080",
            tls_verify=False,
            fetch_via="http://solver:8191",
        ),
        encoding="gbk",
        max_entries=7,
        rules=RULES,
        edits="ignore",
        expected_every=timedelta(days=2),
        site=("ithome.com", "ithome.net"),
        secret_params=("member",),
        dedupe=False,
        retention=timedelta(days=90),
    )
    defaults = Source("", "")
    same = [f.name for f in fields(full) if getattr(full, f.name) == getattr(defaults, f.name)]
    assert not same, "give every field another value than its default"
    store.apply((full,), (feed(),), now=START)
    assert [state.source for state in store.states(("full",))] == [full]


# --- what an edit of the configuration means ----------------------------------------------------


def test_a_renamed_source_keeps_its_history_and_ids(store: Store) -> None:
    absorb(store, document(entry(1, guid="7")), START)
    before = ids(store)
    changes = store.apply((source("new", url=source().url),), (feed(),), now=START + DAY)
    assert changes == (RenamedSource("new", former_name="one"),)
    assert ids(store) == before
    (state,) = store.states()
    assert state.mirrors[0].validators.etag == b'"1"'


def test_the_feed_of_a_renamed_source_goes_on_under_its_new_name(store: Store) -> None:
    def own(name: str) -> Feed:
        return Feed(f"sources/{name}", name, sources=(name,), kind=FeedKind.SOURCE)

    store.apply((source(),), (feed(), own("one")), now=START)
    absorb(store, document(entry(1)), START)
    before = store.select(own("one"))
    store.apply((source("new", url=source().url),), (feed(), own("new")), now=START + DAY)
    after = store.select(own("new"))
    assert (after.id, len(after.stories)) == (before.id, 1)
    assert store.renamed_feed("sources/one") == "sources/new"
    assert store.renamed_feed("sources/two") is None


def test_every_change_of_a_feed_moves_its_date_on_even_when_the_clock_goes_back(
    store: Store,
) -> None:
    absorb(store, document(entry(1)), START + DAY)
    before = store.select(feed()).changed_at
    absorb(store, document(entry(2)), START)
    assert store.select(feed()).changed_at >= before + timedelta(seconds=1)


def test_a_burst_of_changes_puts_no_date_into_the_future(store: Store) -> None:
    """Polls end side by side, and are committed in any order."""
    for number in range(250):
        late = timedelta(seconds=0.5) * (number % 3)
        absorb(store, document(entry(number)), START + number * timedelta(seconds=0.06) - late)
    settled = START + timedelta(seconds=15)
    assert settled - timedelta(seconds=1) < store.select(feed()).changed_at <= settled


def test_the_source_of_an_entry_says_when_its_document_changed_and_not_when_we_looked(
    store: Store,
) -> None:
    stated = START - 400 * DAY
    absorb(store, document(entry(1), updated_at=stated), START)
    assert store.select(feed()).stories[0].origin.updated_at == stated
    absorb(store, document(entry(2, published_at=START - 3 * DAY)), START + HOUR)
    assert store.select(feed()).stories[0].origin.updated_at == START - 3 * DAY


def test_two_sources_may_swap_their_names(store: Store) -> None:
    store.apply((source("one"), source("two")), (feed(),), now=START)
    swapped = (source("one", url=source("two").url), source("two", url=source("one").url))
    store.apply(swapped, (feed(),), now=START + DAY)
    assert [state.source.url for state in store.states()] == [one.url for one in swapped]


def test_a_changed_url_keeps_entries_and_drops_what_belonged_to_the_old_one(
    store: Store,
) -> None:
    absorb(store, document(entry(1)), START)
    store.apply((source(url="https://moved.example/rss"),), (feed(),), now=START + MINUTE)
    (state,) = store.states()
    (mirror,) = state.mirrors
    assert not mirror.validators
    assert mirror.body_sha256 is None
    assert state.next_poll_at == START + MINUTE
    assert titles(store) == ["Entry 1"]


def test_untouched_sources_keep_their_next_poll(store: Store) -> None:
    absorb(store, document(entry(1)), START)
    (before,) = store.states()
    store.apply((source(), source("two")), (feed(),), now=START + MINUTE)
    assert store.states(("one",))[0].next_poll_at == before.next_poll_at


def test_a_removed_name_is_free_for_another_url_and_comes_back_with_its_own(
    store: Store,
) -> None:
    absorb(store, document(entry(1)), START)
    store.apply((source("two"),), (feed(),), now=START + DAY)
    changes = store.apply((source("one"), source("two")), (feed(),), now=START + 2 * DAY)
    assert changes == (ChangedSource(ChangeKind.BACK, "one"),)
    assert store.status()[0].entries == 1


def test_a_source_that_is_back_brings_at_most_its_backfill_of_what_it_published_meanwhile(
    store: Store,
) -> None:
    one, two = source("one", backfill=3), source("two")
    store.apply((one, two), (feed(),), now=START)
    absorb(store, document(entry(1)), START)
    absorb(store, document(entry("two")), START, name="two")
    store.apply((two,), (feed(),), now=START + DAY)
    store.apply((one, two), (feed(),), now=START + 6 * DAY)
    away = [entry(n, published_at=START + 2 * DAY + n * HOUR) for n in range(20, 1, -1)]
    absorb(store, document(*away, entry(1)), START + 6 * DAY)
    told = {"Entry 1", "Entry two", "Entry 20", "Entry 19", "Entry 18"}
    assert set(titles(store)) == told
    absorb(store, document(entry(21), *away, entry(1)), START + 7 * DAY)
    assert set(titles(store)) == told | {"Entry 21"}


# --- forgetting ---------------------------------------------------------------------------------


def prune(store: Store, days: int) -> int:
    return store.prune(START + days * DAY, retention=30 * DAY, keep_raw=DAY)


def test_pruned_entries_do_not_come_back_while_the_document_shows_them(store: Store) -> None:
    small = feed(window=DAY, min_entries=1)
    store.apply((source(),), (small,), now=START)
    shown = document(entry(3), entry(2), entry(1))
    absorb(store, shown, START)
    store.advance(START + 40 * DAY)
    assert prune(store, 40) == 2
    result = absorb(store, shown, START + 41 * DAY)
    assert (result.tally.new, result.tally.pruned) == (0, 2)
    for days in (80, 120):
        prune(store, days)
        assert absorb(store, shown, START + (days + 1) * DAY).tally.new == 0


def test_a_tombstone_is_dropped_a_year_after_the_document_last_showed_it(
    store: Store,
) -> None:
    store.apply((source(),), (feed(window=DAY, min_entries=1),), now=START)
    absorb(store, document(entry(2), entry(1)), START)
    store.advance(START + 40 * DAY)
    prune(store, 40)
    absorb(store, document(entry(2)), START + 41 * DAY)
    prune(store, 60)
    assert absorb(store, document(entry(1), truncated=True), START + 60 * DAY).tally.pruned == 1
    absorb(store, document(entry(2)), START + 61 * DAY)
    prune(store, 61 + 364)
    assert absorb(store, document(entry(1), truncated=True), START + 425 * DAY).tally.pruned == 1
    absorb(store, document(entry(2)), START + 426 * DAY)
    prune(store, 426 + 366)
    assert absorb(store, document(entry(1)), START + 793 * DAY).tally.new == 1


def test_what_stands_in_a_window_is_never_pruned(store: Store) -> None:
    absorb(store, document(entry(2), entry(1)), START)
    assert prune(store, 400) == 0
    assert len(ids(store)) == 2


def test_a_feeds_version_follows_its_name_and_goes_with_the_feed(
    store: Store,
) -> None:
    def own(name: str) -> Feed:
        return feed(f"sources/{name}", sources=(name,), kind=FeedKind.SOURCE)

    both = (source("one"), source("two"))
    store.apply(both, (feed(), own("one"), own("two")), now=START)
    absorb(store, document(entry(1)), START)
    version = store.feed_version("sources/one")
    renamed = (source("three", url=source("one").url), source("two"))
    store.apply(renamed, (feed(), own("three"), own("two")), now=START + HOUR)
    assert store.feed_version("sources/one") is None
    moved = store.feed_version("sources/three")
    assert moved is not None
    assert version is not None
    assert moved > version
    store.apply(renamed, (own("three"),), now=START + 2 * HOUR)
    assert store.feed_version("all") is None
    assert store.feed_version("sources/three") == moved
