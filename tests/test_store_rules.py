"""Rules over stored entries: what they leave out, tag and replace, and what they never touch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Condition, PlacementReason, Replacement, Rules, Tagging
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from aggregator.model import Feed
    from aggregator.store import Store

ADS = Rules(block=(Condition(title=("广告",)),))


pytestmark = pytest.mark.usefixtures("one_source")


def news() -> tuple[str, ...]:
    return ("手机发布", "广告：手机", "AI 芯片", "【快讯】said")


def poll(store: Store, now: timedelta = timedelta(0)) -> None:
    entries = (entry(n, title=title) for n, title in enumerate(news()))
    absorb(store, document(*entries), START + now)


def titles(store: Store, name: str = "all", **fields: object) -> set[str]:
    return {story.title for story in store.select(feed(name, **fields)).stories}


def test_a_sources_rules_hold_in_every_feed(store: Store) -> None:
    store.apply((source(rules=ADS),), (feed(), feed("b")), now=START)
    poll(store)
    for name in ("all", "b"):
        assert titles(store, name) == set(news()) - {"广告：手机"}


def test_rules_look_at_a_text_as_a_reader_sees_it_on_one_line(store: Store) -> None:
    rules = Rules(block=(Condition(text=("sold by us & others",)),))
    store.apply((source(rules=rules),), (feed(),), now=START)
    parted = "Sold</p>\n<p>by  <b>us</b> &amp;\nothers"
    absorb(store, document(entry("kept"), entry("left out", text=parted)), START)
    assert titles(store) == {"Entry kept"}


def test_a_feeds_rules_hold_in_that_feed_alone(store: Store) -> None:
    phones = feed("phones", rules=Rules(keep=(Condition(title=("手机",)),), block=ADS.block))
    store.apply((source(),), (feed(), phones), now=START)
    poll(store)
    assert titles(store) == set(news())
    assert titles(store, "phones") == {"手机发布"}


def test_rules_that_come_later_hold_for_what_the_window_holds_and_change_no_id(
    store: Store,
) -> None:
    poll(store)
    before = {story.title: (story.id, story.updated_at) for story in store.select(feed()).stories}
    store.apply((source(rules=ADS),), (feed(),), now=START + HOUR)
    assert titles(store) == set(news()) - {"广告：手机"}
    store.apply((source(),), (feed(),), now=START + 2 * HOUR)
    after = {story.title: (story.id, story.updated_at) for story in store.select(feed()).stories}
    assert after == before


def test_what_left_the_window_while_it_was_blocked_does_not_enter_later(store: Store) -> None:
    tight = feed(window=DAY, min_entries=1)
    store.apply((source(rules=ADS),), (tight,), now=START)
    poll(store)
    absorb(store, document(entry("later")), START + 3 * DAY)
    store.apply((source(),), (tight,), now=START + 3 * DAY)
    assert titles(store, window=DAY, min_entries=1) == {"Entry later"}


def test_a_tag_that_a_rule_gives_selects_single_entries(store: Store) -> None:
    tagging = Rules(tag=(Tagging(Condition(title=("AI",)), ("ai",)),))
    tagged = feed("ai", tags=("ai",))
    without = feed("rest", exclude_tags=("ai",))
    store.apply((source(rules=tagging),), (feed(), tagged, without), now=START)
    poll(store)
    assert titles(store, "ai", tags=("ai",)) == {"AI 芯片"}
    assert titles(store, "rest", exclude_tags=("ai",)) == set(news()) - {"AI 芯片"}
    (story,) = store.select(tagged).stories
    assert [category.term for category in story.categories] == ["ai"]


def test_a_source_that_carries_the_tag_itself_brings_all(store: Store) -> None:
    tagging = Rules(tag=(Tagging(Condition(title=("AI",)), ("ai",)),))
    tagged = feed("ai", tags=("ai",))
    store.apply((source(tags=("ai",), rules=tagging),), (tagged,), now=START)
    poll(store)
    assert titles(store, "ai", tags=("ai",)) == set(news())


def test_replacements_change_what_is_shown_and_nothing_that_is_stored(store: Store) -> None:
    tidy = Rules(replace=(Replacement("/【.*?】/", "", ("title",)),))
    store.apply((source(rules=tidy),), (feed(),), now=START)
    poll(store)
    before = store.select(feed()).stories
    assert "said" in {story.title for story in before}
    (facts,) = store.facts("https://one.example/3", (feed(),))
    assert facts.title == "【快讯】said"
    store.apply((source(),), (feed(),), now=START + HOUR)
    after = store.select(feed()).stories
    assert [story.id for story in after] == [story.id for story in before]
    assert [story.updated_at for story in after] == [story.updated_at for story in before]


def test_an_edit_is_judged_anew(store: Store) -> None:
    store.apply((source(rules=ADS),), (feed(),), now=START)
    poll(store)
    absorb(store, document(entry(1, title="No longer an advertisement")), START + HOUR)
    assert "No longer an advertisement" in titles(store)


def test_facts_say_which_rule_keeps_an_entry_out_and_where_it_stands(store: Store) -> None:
    phones = feed("phones", rules=Rules(keep=(Condition(title=("手机",)),)))
    store.apply((source(),), (feed(), phones), now=START)
    poll(store)
    (facts,) = store.facts("https://one.example/2", (feed(), phones))
    places = {place.feed: place for place in facts.placements}
    assert places["all"].shown
    assert places["all"].reason is PlacementReason.IN_WINDOW
    assert not places["phones"].shown
    assert places["phones"].reason is PlacementReason.EXCLUDED
    assert "keep" in places["phones"].detail


def test_age_is_how_old_an_entry_was_when_it_was_first_seen(store: Store) -> None:
    old = Rules(block=(Condition(older_than=2 * DAY),))
    store.apply((source(rules=old),), (feed(),), now=START)
    absorb(
        store,
        document(
            entry("old", published_at=START - 3 * DAY), entry("new", published_at=START - DAY)
        ),
        START,
    )
    assert titles(store) == {"Entry new"}
    store.apply((source(rules=old), source("two")), (feed(),), now=START + 9 * DAY)
    assert titles(store) == {"Entry new"}


def tight(rules: Rules = Rules()) -> Feed:  # noqa: B008 -- frozen
    """Return a feed whose window soon drops all but one entry."""
    return feed(window=DAY, min_entries=1, rules=rules)


@pytest.mark.parametrize("of", ["source", "feed"])
def test_what_a_rule_left_out_is_in_the_archive_again_once_the_rule_is_gone(
    store: Store, of: str
) -> None:
    of_source, of_feed = (ADS, Rules()) if of == "source" else (Rules(), ADS)
    store.apply((source(),), (tight(),), now=START)
    poll(store)
    store.apply((source(rules=of_source),), (tight(rules=of_feed),), now=START + HOUR)
    absorb(store, document(entry("later")), START + 3 * DAY)
    store.advance(START + 3 * DAY)
    store.apply((source(),), (tight(),), now=START + 4 * DAY)
    assert titles(store) == {"Entry later"}
    (part,) = store.archive_parts(tight())
    archived = store.select_archive(tight(), part.name)
    assert archived is not None
    assert {story.title for story in archived.stories} == {*news(), "Entry later"}


def test_another_rule_lets_go_what_the_one_before_left_out_below_the_window(
    store: Store,
) -> None:
    chips = Rules(block=(Condition(title=("芯片",)),))
    store.apply((source(),), (tight(rules=ADS),), now=START)
    poll(store)
    store.apply((source(),), (tight(),), now=START + HOUR)
    store.apply((source(),), (tight(rules=ADS),), now=START + 2 * HOUR)
    absorb(store, document(entry("later")), START + 3 * DAY)
    store.advance(START + 3 * DAY)
    store.apply((source(),), (tight(rules=chips),), now=START + 4 * DAY)
    archived = store.select_archive(tight(), "2026-11")
    assert archived is not None
    assert {story.title for story in archived.stories} == {*news(), "Entry later"}
