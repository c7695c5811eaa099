"""The operations feed in the database: what a look sees of real polls, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from aggregator.lint import lint
from aggregator.model import FeedKind, Gone, Problem, ProblemKind
from aggregator.model.notes import NotReloaded
from aggregator.publish import Addresses, Format, render
from tests.making import (
    DAY,
    HOUR,
    START,
    document,
    entry,
    fail,
    failed,
    feed,
    fetched,
    finish,
    said,
    source,
)

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store
    from tests.engines import Database

MINUTE = timedelta(minutes=1)
GONE = Gone(Problem(ProblemKind.GONE, "one.example says that it is gone for good"))


pytestmark = pytest.mark.usefixtures("one_source")


# --- what a look sees ---------------------------------------------------------------------------


def test_a_fresh_database_has_an_empty_feed_and_nothing_to_tell(store: Store) -> None:
    assert store.watch(START, DAY) == ()
    selection = store.operations()
    assert (selection.stories, selection.version, selection.changed_at) == ((), 0, START)
    assert selection.feed.name == "_status"
    assert UUID(selection.id).version == 4


def test_a_source_that_breaks_and_works_again_is_told_twice_with_ids_that_stay(
    store: Store,
) -> None:
    finish(store, fetched(), START, refined=document(entry(1)))
    last = fail(store, START + HOUR, 25)
    assert store.watch(last + MINUTE, DAY) == ("one is broken",)
    assert store.watch(last + 2 * MINUTE, DAY) == ()
    (broken,) = store.operations().stories
    assert "Every poll has failed for 25 hours: timeout: no answer." in broken.content_html
    assert broken.categories[0].term == "broken"
    assert broken.published_at == broken.updated_at == last + MINUTE
    finish(store, fetched(), last + HOUR, refined=document(entry(1)))
    assert store.watch(last + HOUR, DAY) == ("one works again",)
    selection = store.operations()
    assert [story.title for story in selection.stories] == ["one works again", "one is broken"]
    assert selection.stories[1] == replace(broken, origin=selection.stories[0].origin)
    assert len({story.id for story in selection.stories}) == 2
    assert selection.stories[0].origin.id == selection.id
    assert selection.changed_at == last + HOUR


def test_how_long_a_failure_lasts_before_it_is_told_is_for_the_operator_to_say(
    store: Store,
) -> None:
    last = fail(store, START, 20)
    assert store.watch(last + MINUTE, DAY) == ()
    assert store.watch(last + MINUTE, 12 * HOUR) == ("one is broken",)


def test_410_is_told_at_once(store: Store) -> None:
    finish(store, GONE, START)
    assert store.watch(START + MINUTE, DAY) == ("one is gone",)
    finish(store, fetched(), START + HOUR, refined=document(entry(1)))
    assert store.watch(START + HOUR, DAY) == ("one is back",)


def test_silence_counts_from_the_newest_entry_and_ends_with_the_next(store: Store) -> None:
    store.apply((source(expected_every=2 * DAY),), (feed(),), now=START)
    old = entry(1, published_at=START - DAY)
    finish(store, fetched(), START, refined=document(old))
    assert store.watch(START, DAY) == ()
    later = START + DAY + HOUR
    finish(store, fetched(b'"2"', b"2"), later, refined=document(replace(old, title="Edited")))
    assert store.watch(later, DAY) == ("one is silent",)
    assert "Nothing new since 2026-11-19 08:00 UTC" in store.operations().stories[0].content_html
    later += HOUR
    finish(store, fetched(b'"3"', b"3"), later, refined=document(old, entry(2)))
    assert store.watch(later, DAY) == ("one has news again",)


def test_a_source_that_never_had_an_entry_is_silent_since_it_was_added(store: Store) -> None:
    store.apply((source(expected_every=DAY),), (feed(),), now=START)
    for hours, told in ((1, ()), (24, ()), (25, ("one is silent",))):
        finish(store, fetched(), START + hours * HOUR, refined=document())
        assert store.watch(START + hours * HOUR, DAY) == told


def test_a_believed_move_is_told(store: Store) -> None:
    moved = replace(fetched(), permanent_url="https://new.example/feed?key=canary")
    for day in range(3):
        finish(store, moved, START + day * DAY, refined=document(entry(1)))
    assert store.watch(START + 2 * DAY, DAY) == ("one has moved",)
    text = store.operations().stories[0].content_html
    assert 'set url = "https://new.example/feed?key="' in text


def test_a_window_that_is_cut_is_told_of_feeds_that_somebody_chose(store: Store) -> None:
    small = feed(limit=2, min_entries=1)
    by_the_way = replace(small, name="sources/one", kind=FeedKind.SOURCE)
    store.apply((source(),), (small, by_the_way), now=START)
    finish(store, fetched(), START, refined=document(*(entry(n) for n in range(5))))
    store.advance(START)
    assert "feed sources/one" in said(store)
    assert store.watch(START, DAY) == ("The window of feed all is cut",)


def test_notes_on_gaps_and_the_configuration_are_told(store: Store) -> None:
    finish(store, fetched(), START, refined=document(entry(1)), gaps=3)
    store.note(NotReloaded("config.toml:3: must be a number"), now=START)
    assert set(store.watch(START, DAY)) == {
        "one may have lost entries",
        "The configuration is not in effect",
    }


def test_ids_that_change_with_every_poll_are_told(store: Store) -> None:
    for number in range(4):
        entries = [
            replace(
                entry(n, guid=f"{number}-{n}", url=f"https://one.example/{n}"),
                title=f"Entry {n}",
            )
            for n in range(6)
        ]
        now = START + number * HOUR
        finish(store, fetched(body=b"%d" % number), now, refined=document(*entries))
    assert store.status()[0].unstable_ids
    assert store.watch(START + 3 * HOUR, DAY) == ("one changes its ids",)


def test_a_certificate_about_to_end_is_told_of_the_mirror_in_use(store: Store) -> None:
    a, b = "https://a.example/feed", "https://b.example/feed"
    store.apply((source(url=a, mirrors=(a, b)),), (feed(),), now=START)

    def poll(url: str, days: int, now: datetime) -> None:
        until = START + days * DAY
        answer = replace(fetched(), certificate_until_at=until)
        finish(store, answer, now, refined=document(entry(1)), url=url)

    poll(b, 3, START)
    poll(a, 30, START + HOUR)
    assert store.watch(START + HOUR, DAY) == ()
    poll(a, 9, START + 2 * HOUR)
    assert store.watch(START + 2 * HOUR, DAY) == ("The certificate of one ends soon",)
    poll(a, 90, START + 3 * HOUR)
    assert store.watch(START + 3 * HOUR, DAY) == ("The certificate of one was renewed",)


# --- subjects -----------------------------------------------------------------------------------


def test_a_new_name_tells_nothing_again(store: Store) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    store.apply((source("uno", url=source().url),), (feed(),), now=last)
    assert store.watch(last, DAY) == ()
    finish(store, fetched(), last + HOUR, refined=document(entry(1)), name="uno")
    assert store.watch(last + HOUR, DAY) == ("uno works again",)


def test_another_url_is_told_as_working_only_after_a_poll(store: Store) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    store.apply((source(url="https://new.example/"),), (feed(),), now=last)
    assert store.watch(last + MINUTE, DAY) == ()
    finish(store, fetched(), last + HOUR, refined=document(entry(1)))
    assert store.watch(last + HOUR, DAY) == ("one works again",)


@pytest.mark.parametrize("left", [(), (source(enabled=False),)])
def test_a_source_that_is_removed_or_disabled_is_not_told(
    store: Store, left: tuple[object, ...]
) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    store.apply(left, (feed(),), now=last)  # type: ignore[arg-type]  # sources
    assert store.watch(last + HOUR, DAY) == ()
    assert store.watch(last + 30 * HOUR, DAY) == ()


def test_many_that_break_together_are_one_entry(store: Store) -> None:
    names = [f"s{number}" for number in range(9)]
    store.apply(tuple(source(name) for name in names), (feed(),), now=START)
    for name in names:
        last = fail(store, START, 25, name)
    assert store.watch(last + MINUTE, DAY) == ("9 sources are broken",)


def test_many_that_work_again_together_are_one_entry_however_soon(store: Store) -> None:
    names = [f"s{number}" for number in range(6)]
    store.apply(tuple(source(name) for name in names), (feed(),), now=START)
    for name in names:
        last = fail(store, START, 25, name)
    assert store.watch(last + MINUTE, DAY) == ("6 sources are broken",)
    for name in names:
        finish(store, fetched(), last + 2 * MINUTE, refined=document(), name=name)
    assert store.watch(last + 3 * MINUTE, DAY) == ("6 sources work again",)
    assert store.watch(last + 4 * MINUTE, DAY) == ()


def test_nothing_of_a_private_source_is_told_but_its_name(store: Store) -> None:
    private = source(url="https://intranet.example/secret/feed", private=True)
    store.apply((private,), (feed(),), now=START)
    moved = replace(fetched(), permanent_url="https://intranet.example/secret/new")
    for day in range(3):
        finish(store, moved, START + day * DAY, refined=document(entry(1)))
    for day in range(3, 5):
        trouble = failed("intranet.example did not answer https://intranet.example/secret/feed")
        finish(store, trouble, START + day * DAY)
    assert len(store.watch(START + 4 * DAY + 2 * MINUTE, 12 * HOUR)) == 2
    assert "intranet" not in str(store.operations())


# --- what is kept -------------------------------------------------------------------------------


def test_a_restart_tells_nothing(database: Database, store: Store) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    told = store.operations()
    store.close()
    again = database.open()
    assert again.operations() == told
    assert again.watch(last + MINUTE, DAY) == ()
    assert again.operations() == told


def test_every_format_of_it_is_whole_and_the_same_bytes_each_time(store: Store) -> None:
    store.watch(fail(store, START, 25), DAY)
    addresses = Addresses("https://feeds.example")
    for form in Format:
        body = render(store.operations(), form, addresses)
        assert body == render(store.operations(), form, addresses)
        assert lint(body) == ()
        assert b"one is broken" in body
        assert "来源 one 出了故障".encode() in body
