"""What a publisher has changed throughout a document, and what each sign needs beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.matching import AGREE, OTHER, SIGNS, SILENT, accepted, match
from aggregator.stories.moves import Moved, what_moved
from aggregator.stories.signs import KINDS, NAMES, Known, kind_of
from tests.making import DAY, HOUR, START, entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Entry


def told(number: int, *keys: str, at: datetime | None = None, title: str | None = None) -> Entry:
    """Return an entry with these keys, and those of its title with its text and its date."""
    one = entry(number, published_at=at, title=title or f"Title {number}", text=f"Text {number}")
    dated = () if at is None else (f"dated:{one.title} {at}",)
    return replace(one, keys=(*keys, f"text:{one.title}", *dated))


def stored(*entries: Entry) -> tuple[dict[str, int], dict[int, Known]]:
    """Return what is known after these entries, which are numbered from 1."""
    owners = {key: number for number, one in enumerate(entries, 1) for key in one.keys}
    known = {
        number: Known(number, one.title, one.stated_at, frozenset(one.keys), one.text_hash)
        for number, one in enumerate(entries, 1)
    }
    return owners, known


def known_again(before: Sequence[Entry], after: Sequence[Entry]) -> list[int | None]:
    return [one.entry_id for one in match(after, *stored(*before))]


# --- the table, row by row ----------------------------------------------------------------------

ONE = told(1, at=START)
#: Entries that share a key of the row and have, beside it, just what the name says.
BESIDE = {
    "title": replace(told(1, at=None), text_hash=b"other"),
    "date": replace(ONE, title="Other", text_hash=b"other"),
    "text": replace(told(1), title="Other"),
    "title and text": told(1),
    "no other date": replace(told(1), title="Other"),
    "no place": ONE,
    "move": ONE,
    "moved host": ONE,
}
STATES = {
    AGREE: ((), Moved()),
    OTHER: (NAMES, Moved(hosts=frozenset({("old.example", "new.example")}))),
    SILENT: (NAMES, Moved(ids=True, links=True, site=True)),
}


@pytest.mark.parametrize("sign", SIGNS, ids=str)
@pytest.mark.parametrize("state", [AGREE, SILENT, OTHER])
def test_a_row_of_the_table_decides_with_what_stands_in_it(sign: object, state: str) -> None:
    row = next(one for one in SIGNS if one == sign)
    if state not in row.names:
        return
    names, moved = STATES[state]
    stronger = NAMES[: NAMES.index(row.kind)] if row.kind in NAMES else names
    key = f"{row.kind}:same"
    new = (f"{name}:https://new.example/" for name in stronger if names)
    old = (f"{name}:https://old.example/" for name in stronger if names)
    one = replace(ONE, keys=(*new, key, "text:Title 1"))
    before = Known(
        7,
        one.title,
        one.stated_at,
        frozenset((*old, key, "text:Title 1")),
        one.text_hash,
    )
    assert accepted(row.kind, one, before, moved) is not None


@pytest.mark.parametrize(
    ("kind", "again", "expected"),
    [
        # The same link under another id needs the date, or title or text and no other date.
        ("url", replace(ONE, title="Other", text_hash=b"x", stated_at=START + DAY), False),
        ("url", replace(ONE, text_hash=b"x", stated_at=START + DAY), False),
        ("url", replace(ONE, stated_at=START + DAY), False),
        ("url", replace(ONE, text_hash=b"x", stated_at=None), True),
        ("url", replace(ONE, text_hash=b"x"), True),
        ("url", replace(ONE, title="Other", text_hash=b"x"), True),
        ("url", replace(ONE, title="Other", stated_at=None), True),
        ("url", replace(ONE, title="Other", stated_at=START + DAY), False),
        ("url", replace(ONE, title="Other", stated_at=None, text_hash=None), False),
        # A long text under another id and link: no other date.
        ("text", ONE, True),
        ("text", replace(ONE, stated_at=None), True),
        ("text", replace(ONE, stated_at=START + DAY), False),
        # A short one: the same date.
        ("brief", ONE, True),
        ("brief", replace(ONE, stated_at=None), False),
        ("brief", replace(ONE, stated_at=START + DAY), False),
        # Title and date, or text and date, say nothing where names differ.
        ("dated", ONE, False),
        ("said", ONE, False),
    ],
)
def test_what_a_sign_needs_where_a_stronger_name_is_another(
    kind: str, again: Entry, *, expected: bool
) -> None:
    key = f"{kind}:same"
    before = Known(7, ONE.title, ONE.stated_at, frozenset(("guid:old", key)), ONE.text_hash)
    again = replace(again, keys=("guid:new", key))
    assert (accepted(kind, again, before, Moved()) is not None) is expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_has_a_row(kind: str) -> None:
    assert any(sign.kind == kind for sign in SIGNS)


# --- what moved -----------------------------------------------------------------------------------


def test_links_that_are_signed_anew_say_nothing() -> None:
    before = [told(n, f"guid:s{n}", f"url:s{n}") for n in range(4)]
    after = [told(n, f"guid:t{n}", f"url:t{n}") for n in range(5)]
    assert known_again(before, after) == [1, 2, 3, 4, None]
    assert what_moved(after, *stored(*before)) == Moved(ids=True, links=True)


def test_one_known_link_shows_that_links_can_be_trusted() -> None:
    before = [told(n, f"guid:{n}", f"url:{n}", at=START) for n in range(4)]
    after = [
        before[0],
        *(told(n, f"guid:x{n}", f"url:x{n}", at=START + DAY) for n in range(1, 4)),
    ]
    assert known_again(before, after) == [1, None, None, None]


def test_dates_of_the_moment_say_nothing() -> None:
    before = [told(n, at=START) for n in range(4)]
    after = [told(n, at=START + HOUR) for n in range(5)]
    assert known_again(before, after) == [1, 2, 3, 4, None]
    assert what_moved(after, *stored(*before)).dates


@pytest.mark.parametrize(
    ("dates", "moved"),
    [
        ((START + DAY, START + DAY), True),  # both have the moment of the answer
        ((START + DAY, START + HOUR + DAY), True),  # both are as much later: "two hours ago"
        ((START + DAY, START + 3 * DAY), False),  # both happened again
        ((START, START + 3 * DAY), False),
    ],
)
def test_two_dates_have_moved_only_together(
    dates: tuple[datetime, datetime], *, moved: bool
) -> None:
    before = told(1, at=START), told(2, at=START + HOUR)
    after = [told(number, at=at) for number, at in enumerate(dates, 1)]
    assert what_moved(after, *stored(*before)).dates is moved


def test_another_date_is_another_entry_where_nothing_else_is_there() -> None:
    before = [told(1, at=START), told(2, at=START)]
    after = [told(1, at=START + 7 * DAY), told(2, at=START)]
    assert known_again(before, after) == [None, 2]


def test_a_blog_that_moves_to_another_program_keeps_titles_and_dates() -> None:
    before = [told(n, f"guid:{n}", f"url:{n}", at=START + n * DAY) for n in range(6)]
    after = [
        replace(told(n, f"guid:new{n}", f"url:new{n}", at=START + n * DAY), text_hash=b"excerpt")
        for n in range(-20, 7)
    ]
    after = [replace(one, keys=(*one.keys[:2], one.keys[-1])) for one in after]
    assert known_again(before, after) == [None] * 20 + [1, 2, 3, 4, 5, 6] + [None]
    assert what_moved(after, *stored(*before)).site


def after_a_move(*numbers: int) -> tuple[list[Entry], dict[str, int], dict[int, Known]]:
    """Return a new program's document, and what is known since it listed the first three."""
    before = [
        told(n, f"guid:old{n}", f"url:https://old.example/{n}", at=START + n * DAY)
        for n in range(6)
    ]
    now = {
        n: replace(
            told(n, f"guid:new{n}", f"url:https://new.example/{n}", at=START + n * DAY),
            text_hash=b"excerpt",
        )
        for n in range(10)
    }
    now = {n: replace(one, keys=(*one.keys[:2], one.keys[-1])) for n, one in now.items()}
    owners, known = stored(*before)
    for n in (3, 4, 5):
        owners |= dict.fromkeys(now[n].keys, n + 1)
        known[n + 1] = replace(known[n + 1], keys=known[n + 1].keys | set(now[n].keys))
    return [now[n] for n in numbers], owners, known


def test_what_a_new_program_lists_after_the_move_is_known_by_title_and_date() -> None:
    found = match(*after_a_move(9, 5, 4, 3, 2, 1))
    assert [one.entry_id for one in found] == [None, 6, 5, 4, 3, 2]
    assert found[-1].because == "same dated, other guid"


def test_the_same_title_and_date_on_another_host_is_not_enough_where_nothing_has_moved() -> None:
    listed, owners, known = after_a_move(5, 4, 2)
    for one in listed[:2]:
        owner = owners[one.keys[0]]
        known[owner] = replace(known[owner], keys=frozenset(one.keys))
    assert [one.entry_id for one in match(listed, owners, known)] == [6, 5, None]


def test_an_article_that_was_listed_since_the_move_is_no_other_ones_former_self() -> None:
    listed, owners, known = after_a_move(5, 4, 3)
    other = replace(listed[2], keys=("guid:x", "url:https://new.example/x", listed[2].keys[-1]))
    assert [one.entry_id for one in match([*listed[:2], other], owners, known)] == [6, 5, None]


def test_titles_that_come_back_with_other_dates_are_no_move() -> None:
    before = [told(n, f"guid:{n}", f"url:{n}", at=START) for n in range(6)]
    after = [told(n, f"guid:new{n}", f"url:new{n}", at=START + n * n * DAY) for n in range(1, 7)]
    after = [replace(one, keys=(*one.keys[:2], one.keys[-1])) for one in after]
    assert known_again(before, after) == [None] * 6


@pytest.mark.parametrize(
    ("guid", "is_place"),
    [
        ("item-{}", True),
        ("{}", True),
        ("2026123{}", False),
        ("post-502{}", False),
        ("urn-3f2504e0-4f89-11d3-9a0c-0305e82c330{}", False),
        ("https://one.example/{}", False),
    ],
)
def test_only_short_counters_number_places(guid: str, *, is_place: bool) -> None:
    def listed(*numbers: int) -> list[Entry]:
        return [
            told(number, f"guid:{guid.format(place)}") for place, number in enumerate(numbers, 1)
        ]

    assert what_moved(listed(7, 6, 5), *stored(*listed(3, 2, 1))).places is is_place
    assert what_moved(listed(4, 3, 2), *stored(*listed(3, 2, 1))).places is is_place


@pytest.mark.parametrize(
    ("ids", "is_place"),
    [
        (("1", "2"), True),
        (("top", "item-0", "item-1"), True),
        (("1", "2", "5"), True),
        (("12", "11"), False),
        (("2", "1"), False),
        (("7", "8"), False),
        (("1", "3", "2"), False),
    ],
)
def test_of_a_document_in_which_all_is_other_only_what_counts_from_its_top_is_a_place(
    ids: tuple[str, ...], *, is_place: bool
) -> None:
    before = [told(number, f"guid:{one}") for number, one in enumerate(ids)]
    after = [told(number, f"guid:{one}") for number, one in enumerate(ids, 50)]
    assert what_moved(after, *stored(*before)).places is is_place
    assert (known_again(before, after) == [*range(1, len(ids) + 1)]) is not is_place


def test_an_entry_that_is_there_beside_the_one_with_its_id_shows_places() -> None:
    (stored_one,) = before = (told(1, "guid:item-1", "url:1"),)
    shifted = (told(2, "guid:item-1", "url:2"), replace(stored_one, keys=("guid:item-2", "url:1")))
    assert what_moved(shifted, *stored(*before)).places
    assert not what_moved(shifted[:1], *stored(*before)).places


def test_one_edited_entry_shows_no_places() -> None:
    before = [told(n, f"guid:{n}") for n in range(1, 4)]
    edited = replace(told(9), keys=("guid:1", "text:edited"))
    assert known_again(before, [edited, *before[1:]]) == [1, 2, 3]


def test_a_new_program_that_counts_anew_takes_no_article_for_another() -> None:
    before = [told(n, f"guid:{n}", f"url:{n}", at=START + n * DAY) for n in range(1, 5)]
    after = [
        replace(one, keys=(f"guid:{5 - n}", f"url:new{n}", one.keys[-1]))
        for n, one in enumerate(before, 1)
    ]
    assert known_again(before, after) == [1, 2, 3, 4]


dates = st.none() | st.sampled_from([START + n * HOUR for n in range(4)])


@given(
    before=st.lists(st.tuples(st.integers(0, 5), dates), min_size=1, max_size=6),
    data=st.data(),
)
def test_a_document_whose_names_are_made_anew_brings_nothing(
    before: list[tuple[int, datetime | None]], data: st.DataObject
) -> None:
    numbers = list(dict.fromkeys(number for number, _ in before))
    whens = dict(before)
    first = [told(n, f"guid:a{n}", f"url:a{n}", at=whens[n]) for n in numbers]
    kept = data.draw(st.permutations(numbers))
    again = [told(n, f"guid:b{n}", f"url:b{n}", at=whens[n]) for n in kept]
    found = known_again(first, again)
    assert found == [1 + numbers.index(n) for n in kept]
    assert all(kind_of(key) in KINDS for one in again for key in one.keys)
