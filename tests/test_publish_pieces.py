"""A document put together from pieces is, byte by byte, the one that the writers make."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Feed, Selection, Story
from aggregator.publish import Format, render
from aggregator.serve.kept_pieces import KeptPieces
from tests.any_stories import instants, stories, unicode_text
from tests.golden import selections
from tests.published import ADDRESSES
from tests.publishing import bare_story, selection, story

if TYPE_CHECKING:
    from aggregator.publish.pieces import Key, Piece

any_text = unicode_text()
any_moment = instants(datetime(1970, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, tzinfo=UTC))
any_story = stories(any_text, any_moment, ids=st.integers(0, 5).map("urn:x:{}".format), told=True)

#: Feeds that make different things of one story.
FEEDS = st.builds(
    Feed,
    st.just("all"),
    st.just("All"),
    content=st.sampled_from(["full", "summary", "link"]),
    title_template=st.sampled_from(["{title}", "{source}: {title}"]),
    language=st.sampled_from([None, "zh-CN", "en"]),
    emails=st.booleans(),
    dedupe=st.sampled_from(["exact", "story"]),
    show_also=st.sampled_from([None, True, False]),
    entry_size=st.sampled_from([40, 256 * 1024]),
)


class Counting(KeptPieces):
    """Pieces that count what was laid out anew."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh = 0

    def keep(self, key: Key, piece: Piece) -> None:
        self.fresh += 1
        super().keep(key, piece)


KEPT = KeptPieces(300_000)  # those of former examples are there, and some are forgotten


@settings(max_examples=50, deadline=None)
@given(st.lists(any_story, max_size=5), st.lists(FEEDS, min_size=1, max_size=3), st.data())
def test_whatever_is_stored_the_whole_is_its_pieces(
    some: list[Story], feeds: list[Feed], data: st.DataObject
) -> None:
    for feed in feeds:
        chosen = data.draw(st.permutations(some))[: data.draw(st.integers(0, 5))]
        selected = replace(selection(*chosen), feed=feed)
        for form in Format:
            pieces = render(selected, form, ADDRESSES, pieces=KEPT)
            assert pieces == render(selected, form, ADDRESSES)


@pytest.mark.parametrize("form", Format)
def test_every_kind_of_document_is_its_pieces(form: Format) -> None:
    kept = KeptPieces()
    for selected in (*selections().values(), *selections().values()):
        assert render(selected, form, ADDRESSES, pieces=kept) == render(selected, form, ADDRESSES)


@pytest.mark.parametrize("form", Format)
def test_only_what_is_new_is_laid_out(form: Format) -> None:
    def shown(*changed: Story) -> Selection:
        others = (bare_story(id=f"urn:x:{number}", order_key=number) for number in range(2, 20))
        # Else it says the language that all its items have, and an item of that one need not.
        return replace(selection(*changed, *others), feed=Feed("all", "All", language="en"))

    kept = Counting()
    for selected, expected in (
        (shown(), 18),
        (shown(story()), 19),
        (shown(story()), 19),
        (shown(story(title="edited")), 20),
        (shown(), 20),
    ):
        body = render(selected, form, ADDRESSES, pieces=kept)
        assert body == render(selected, form, ADDRESSES)
        assert kept.fresh == expected


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    some = [story(id=f"urn:x:{number}", order_key=number) for number in range(40)]
    one = KeptPieces()
    render(selection(some[0]), Format.ATOM, ADDRESSES, pieces=one)
    kept = KeptPieces(10 * one.bytes_held)
    render(selection(*some[:8]), Format.ATOM, ADDRESSES, pieces=kept)
    render(selection(*some[:2]), Format.ATOM, ADDRESSES, pieces=kept)
    render(selection(*some[8:14]), Format.ATOM, ADDRESSES, pieces=kept)
    assert 9 * one.bytes_held <= kept.bytes_held <= 10 * one.bytes_held
    counting = Counting()
    counting._kept, counting.bytes_held = kept._kept, kept.bytes_held
    render(selection(*some[:2]), Format.ATOM, ADDRESSES, pieces=counting)
    assert counting.fresh == 0
    render(selection(some[2]), Format.ATOM, ADDRESSES, pieces=counting)
    assert counting.fresh == 1
