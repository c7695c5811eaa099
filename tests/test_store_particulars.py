"""Who made an entry, from the document to the reader, also where it is learnt later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.model import (
    Enclosure,
    Episode,
    Generator,
    Particulars,
    Person,
    Podcast,
    SourceParticulars,
)
from tests.making import HOUR, START, absorb, by, document, entry, feed

if TYPE_CHECKING:
    from aggregator.model import Story
    from aggregator.store import Store


pytestmark = pytest.mark.usefixtures("one_source")

ALL = Particulars(
    (Person("Ann", "https://ann.example/", "ann@x.org", "https://ann.example/a.png"),),
    (Person("Tom"),),
    "\u00a9 Ann",
    Episode(63, True, 1, 2, "full", "https://one.example/2.jpg"),
)


def only(store: Store) -> Story:
    (story,) = store.select(feed()).stories
    return story


@pytest.mark.parametrize("said", [Particulars(), by("Ann"), by("Ann", "Tom"), ALL])
def test_what_is_said_of_makers_comes_out_as_it_went_in(store: Store, said: Particulars) -> None:
    absorb(store, document(replace(entry(1), particulars=said)), START)
    assert only(store).particulars == said


def test_more_about_makers_and_files_is_taken_over_without_a_new_date(store: Store) -> None:
    file = Enclosure("https://one.example/1.mp3", "audio/mpeg", 7)
    first = replace(entry(1), particulars=by("Ann"), enclosures=(file,))
    absorb(store, document(first), START)
    before = only(store)
    titled = (replace(file, title="Part one", duration_seconds=63),)
    told = absorb(store, document(replace(first, particulars=ALL, enclosures=titled)), START + HOUR)
    after = only(store)
    assert told.tally.updated == 0
    assert (after.particulars, after.enclosures) == (ALL, titled)
    assert (after.id, after.order_key, after.updated_at) == (
        before.id,
        before.order_key,
        before.updated_at,
    )


def test_what_a_document_says_of_its_makers_is_the_sources(store: Store) -> None:
    said = SourceParticulars(
        (Person("Ann", email="ann@x.org"),),
        Generator("Maker", "https://maker.example/", "2"),
        "https://one.example/logo.png",
        Podcast((("News", ""),), explicit=False),
    )
    absorb(store, document(entry(1), particulars=said), START)
    assert only(store).origin.particulars == said
