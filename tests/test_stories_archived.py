"""What is told at an entry's place in an archive, as a decision on values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.stories.archived import Told, is_archived, told_at
from aggregator.stories.windows import Candidate, Membership

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN, CLOSED = (Membership(0, None),), (Membership(0, 500),)

LEAD = Candidate(
    entry_id=1,
    story_id=1,
    source_id=1,
    order_key=100,
    held_back=False,
    blocked=None,
    excluded=None,
    memberships=OPEN,
    place=(202611, 1),
)
GONE = replace(LEAD, memberships=CLOSED)
#: Of another story, of the same article by another source, and of it under an id of its own.
MEMBER = replace(LEAD, entry_id=2, story_id=2, source_id=2, place=None)
OTHER = replace(MEMBER, entry_id=3, story_id=3, source_id=3)
COPY = replace(MEMBER, entry_id=4, story_id=1)
FOREIGN = replace(MEMBER, entry_id=5, story_id=5, original_id=1)


@pytest.mark.parametrize(
    ("entries", "named", "told"),
    [
        ((LEAD,), (), Told(1)),
        ((LEAD, MEMBER, OTHER), (2, 3), Told(1, (2, 3))),
        ((LEAD, COPY), (), Told(1)),
        ((LEAD, COPY, FOREIGN), (4, 5), Told(1, (4, 5))),
        ((LEAD, replace(MEMBER, blocked="x")), (2,), Told(1)),
        # What is shown by itself since then was named all the same.
        ((LEAD, replace(MEMBER, place=(202611, 2))), (2,), Told(1, (2,))),
        ((GONE,), (), None),
        ((GONE, MEMBER, OTHER), (2, 3), Told(2, (3,))),
        ((GONE, MEMBER, OTHER, COPY), (2, 3), Told(4, (2, 3))),
        ((GONE, replace(MEMBER, blocked="x"), OTHER), (2, 3), Told(3)),
        ((GONE, replace(MEMBER, place=(202611, 2))), (2,), None),
        ((GONE, replace(COPY, place=(202611, 2))), (), None),
        ((GONE, FOREIGN), (5,), None),
        ((GONE, FOREIGN, MEMBER), (2, 5), Told(2, (5,))),
        # A later entry of a story that was named tells it where that one has gone, too.
        (
            (GONE, replace(MEMBER, memberships=CLOSED), replace(MEMBER, entry_id=6)),
            (2,),
            Told(6),
        ),
        ((replace(LEAD, blocked="x"), MEMBER), (2,), Told(2)),
        ((replace(LEAD, excluded="x"), MEMBER), (2,), Told(2)),
    ],
)
def test_a_place_tells_its_entry_or_what_stands_for_it(
    entries: Sequence[Candidate], named: tuple[int, ...], told: Told | None
) -> None:
    assert told_at(entries[0], named, entries) == told


def test_what_a_rule_or_the_configuration_takes_back_is_not_archived() -> None:
    assert is_archived(LEAD)
    assert is_archived(replace(LEAD, memberships=(Membership(0, 50), Membership(200, None))))
    assert not is_archived(MEMBER)
    assert not is_archived(GONE)
    assert not is_archived(replace(LEAD, blocked="x"))
