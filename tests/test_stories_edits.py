"""What a known entry's other text is, when it was updated, and by what it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Category,
    Enclosure,
    Episode,
    Particulars,
    Person,
)
from aggregator.model.notes import CutShort, UnstableIds
from aggregator.stories.document_heads import cut_short, shown_head, stated_update
from aggregator.stories.edits import Change, Rewritten, Touched, Version, change
from aggregator.stories.entry_dates import edited_at, first_dates
from aggregator.stories.known_keys import KEYS_OF_A_KIND, gathered
from aggregator.stories.misread import is_misread
from aggregator.stories.unstable_ids import UNSTABLE_POLLS, note_of, polls_in_a_row
from tests.making import (
    DAY,
    HOUR,
    START,
    by,
    document,
    entry,
    source,
)

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Entry

NOW = START + DAY

ONE = replace(entry(1), raw='{"raw_title":"Entry 1"}', categories=(Category("a"), Category("b")))
EDITED = replace(entry(1, text="edited"), raw='{"raw_title":"Other"}')
REREAD = replace(EDITED, raw='{"raw_title":"Entry 1","raw_link":"x"}')
STORED = Version(ONE.content_hash, START, "1", ONE.url, ONE.language, ONE.categories)

CUT = '{"raw_title":"<![CDATA[Entry 1]]>","raw_content":"a<br></br>b <p>c"}'
WHOLE = '{"raw_title":"Entry 1","raw_content":"a<br/>b<p>c</p> <p>d</p>"}'
FILE = Enclosure("https://one.example/1.mp3", title="Part one")

EDIT, READING = Rewritten(NOW, is_edit=True), Rewritten(START, is_edit=False)


@pytest.mark.parametrize(
    ("again", "stored_raw", "follows_edits", "version", "expected"),
    [
        (ONE, ONE.raw, True, "1", None),
        (replace(ONE, raw="{}"), ONE.raw, True, "2", None),
        (replace(ONE, categories=ONE.categories[::-1]), ONE.raw, True, "1", None),
        (replace(ONE, categories=ONE.categories[:1]), ONE.raw, True, "1", Touched()),
        (replace(ONE, url="https://one.example/2"), ONE.raw, False, "1", Touched()),
        (replace(ONE, language="en"), ONE.raw, True, "1", Touched()),
        (EDITED, ONE.raw, True, "1", EDIT),
        (EDITED, ONE.raw, True, "2", EDIT),
        (EDITED, ONE.raw, False, "1", None),
        (REREAD, ONE.raw, True, "1", READING),
        (REREAD, ONE.raw, False, "2", READING),
        # Without the publisher's words another version of ours explains another text.
        (EDITED, None, True, "1", EDIT),
        (EDITED, None, True, "2", READING),
        # Another version of ours read more of what the publisher said, or without a wrapper.
        (replace(EDITED, raw=WHOLE), CUT, True, "2", READING),
        (replace(EDITED, raw=WHOLE), CUT, True, "1", EDIT),
        (replace(EDITED, raw=CUT), WHOLE, True, "2", EDIT),
        # More about the makers and the files of an entry is taken over; a signed picture is none.
        (replace(ONE, particulars=by("Ann")), ONE.raw, True, "1", Touched()),
        (replace(ONE, enclosures=(FILE,)), ONE.raw, True, "1", Touched()),
        # Fields without a word prove nothing.
        (replace(EDITED, raw="{}"), "{}", True, "1", EDIT),
    ],
)
def test_what_changes_of_a_known_entry(
    again: Entry,
    stored_raw: str | None,
    follows_edits: bool,
    version: str,
    expected: Change | None,
) -> None:
    told = change(
        STORED,
        again,
        stored_raw=stored_raw,
        follows_edits=follows_edits,
        version=version,
        now=NOW,
    )
    assert told == expected


def signed(number: int) -> Particulars:
    avatar, cover = (f"https://cdn.example/{name}.png?t={number}" for name in "ac")
    return Particulars((Person("Ann", avatar_url=avatar),), episode=Episode(7, image_url=cover))


def test_a_signed_address_of_a_face_is_no_change() -> None:
    stored = replace(STORED, particulars=signed(1))
    again = replace(ONE, particulars=signed(2))
    told = change(stored, again, stored_raw=None, follows_edits=True, version="1", now=NOW)
    assert told is None


WORDS = '"raw_title":"Entry 1"'
ANN, TOM = (f'{{{WORDS},"raw_particulars":{{"authors":[{{"name":"{n}"}}]}}}}' for n in ("A", "T"))


@pytest.mark.parametrize(
    ("stored_raw", "raw", "version", "expected"),
    [
        (ANN, TOM, "1", EDIT),
        (ANN, TOM, "2", EDIT),
        (ANN, ANN.replace('"A"', '"A","email":"a@x.org"'), "1", READING),
        # Another version of ours took signs for a part of the name, or several makers for one.
        (ANN.replace('"A"', '"A("'), ANN, "2", READING),
        (ANN.replace('"A"', '"A("'), ANN, "1", EDIT),
        (ANN.replace('"A"', '"A & B"'), ANN.replace('"A"}', '"A"},{"name":"B"}'), "2", READING),
        (ANN.replace('"A"', '"B (A)"'), ANN, "2", READING),
        # Version 0.1 kept all authors as one line, and no line where it read none.
        (f'{{{WORDS},"raw_author":"A, T"}}', ANN, "2", READING),
        (f"{{{WORDS}}}", ANN, "2", READING),
        (f"{{{WORDS}}}", ANN, "1", EDIT),
        (f'{{{WORDS},"raw_author":"A"}}', '{"raw_title":"Other","raw_author":"A"}', "2", EDIT),
    ],
)
def test_authors_that_are_read_better_are_no_edit(
    stored_raw: str, raw: str, version: str, expected: Change
) -> None:
    again = replace(EDITED, raw=raw)
    told = change(
        STORED, again, stored_raw=stored_raw, follows_edits=True, version=version, now=NOW
    )
    assert told == expected


@pytest.mark.parametrize(
    ("published_at", "updated_at", "expected"),
    [
        (None, None, (NOW, NOW)),
        (START, None, (START, START)),
        (START, START + HOUR, (START, START + HOUR)),
        (START, START - HOUR, (START, START)),
        (NOW + DAY, None, (NOW, NOW)),
        (START, NOW + DAY, (START, NOW)),
        (None, START, (NOW, NOW)),
    ],
)
def test_a_new_entrys_dates_are_the_publishers_as_far_as_the_clock_allows(
    published_at: datetime | None, updated_at: datetime | None, expected: tuple[datetime, datetime]
) -> None:
    one = entry(1, published_at=published_at, updated_at=updated_at)
    assert first_dates(one, NOW) == expected


moments = st.integers(-100, 100).map(lambda hours: START + hours * HOUR)


@given(published=st.none() | moments, updated=st.none() | moments, now=moments)
def test_nothing_is_updated_before_it_was_published_or_after_now(
    published: datetime | None, updated: datetime | None, now: datetime
) -> None:
    first, last = first_dates(entry(1, published_at=published, updated_at=updated), now)
    assert first <= last <= now


@given(before=moments, stated=st.none() | moments, now=moments)
def test_a_time_of_change_never_goes_back_nor_beyond_the_clock(
    before: datetime, stated: datetime | None, now: datetime
) -> None:
    at = edited_at(before, stated, now)
    assert before <= at <= max(before, now)
    if stated is not None and before < stated <= now:
        assert at == stated


@pytest.mark.parametrize(
    ("held", "strangers", "taken"),
    [
        ({"guid:a"}, ("guid:b", "url:x"), ("guid:b", "url:x")),
        ({f"guid:{n}" for n in range(KEYS_OF_A_KIND)}, ("guid:b", "url:x"), ("url:x",)),
        ({f"guid:{n}" for n in range(KEYS_OF_A_KIND - 1)}, ("guid:b",), ("guid:b",)),
    ],
)
def test_a_known_entry_gathers_so_many_keys_of_a_kind(
    held: set[str], strangers: tuple[str, ...], taken: tuple[str, ...]
) -> None:
    assert gathered(strangers, held) == taken


@pytest.mark.parametrize(
    ("before", "strange", "known", "after"),
    [
        (0, 2, 3, 1),
        (1, 9, 9, 2),
        (1, 1, 1, 1),  # one strange id is no sign
        (1, 2, 4, 1),  # half of them is not most
        (1, 0, 4, 0),
        (1, 0, 0, 1),  # a document without known ids says nothing
    ],
)
def test_documents_in_a_row_whose_ids_changed(
    before: int, strange: int, known: int, after: int
) -> None:
    assert polls_in_a_row(before, strange=strange, known=known) == after


@pytest.mark.parametrize(
    ("polls", "note"),
    [(0, None), (UNSTABLE_POLLS - 1, None), (UNSTABLE_POLLS, UnstableIds(UNSTABLE_POLLS))],
)
def test_ids_that_change_once_are_no_habit(polls: int, note: UnstableIds | None) -> None:
    assert note_of(polls) == note


@pytest.mark.parametrize(
    ("read_up_to", "max_entries", "note"),
    [(None, None, None), (500, None, CutShort(500)), (5, 5, None)],
)
def test_a_document_is_cut_short_unless_that_was_asked_for(
    read_up_to: int | None, max_entries: int | None, note: CutShort | None
) -> None:
    head = document(read_up_to=read_up_to).head
    assert cut_short(head, source(max_entries=max_entries)) == note


@pytest.mark.parametrize(
    ("field", "value", "is_shown"),
    [
        ("title", "Other", True),
        ("icon_url", "https://one.example/icon.png", True),
        ("kind", "atom10", False),
        ("notes", ("repaired",), False),
        ("updated_at", START, False),
    ],
)
def test_what_of_a_documents_head_reaches_readers(
    field: str, value: object, is_shown: bool
) -> None:
    before, after = document().head, document(**{field: value}).head
    assert (shown_head(before) != shown_head(after)) is is_shown


@pytest.mark.parametrize(("of_head", "expected"), [(START, START), (None, START + HOUR)])
def test_a_documents_time_is_its_own_else_its_newest_entrys(
    of_head: datetime | None, expected: datetime
) -> None:
    told = document(
        entry(1),
        entry(2, published_at=START, updated_at=START + HOUR),
        entry(3, published_at=START - DAY),
        updated_at=of_head,
    )
    assert stated_update(told) == expected
    assert stated_update(document()) is None


# --- texts that a version before read in a wrong encoding ----------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\ufffd高橋\ufffd", "①高橋㈱"),
        ("caf\u00c3\u00a9 It\u2019s", "café It’s"),
        ("Release \u00ed\u00a0\u00bd\u00ed\u00b8\u0080 party", "Release 😀 party"),
        ("\x93quoted\x94 \x81", "“quoted” \x81"),
        ("$BEl5~$NE75$(B 1", "東京の天気 1"),
        ("same", "same"),
    ],
)
def test_a_text_in_a_wrong_encoding_shows_it(before: str, after: str) -> None:
    assert is_misread(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("café", "cafe"),  # no damage
        ("東京", "大阪"),
        ("\ufffd高橋 1", "①高橋 2"),  # edited besides
        ("same", "sale"),
    ],
)
def test_an_edit_is_no_other_reading(before: str, after: str) -> None:
    assert not is_misread(before, after)


def test_a_damaged_text_that_is_read_right_now_is_no_edit() -> None:
    damaged = '{"raw_title":"Entry 1","raw_content":"\ufffd高橋\ufffd <p>1</p>"}'
    read = replace(EDITED, raw='{"raw_title":"Entry 1","raw_content":"①高橋㈱ <p>1</p>"}')
    for version, expected in (("2", READING), ("1", EDIT)):
        found = change(
            STORED, read, stored_raw=damaged, follows_edits=True, version=version, now=NOW
        )
        assert found == expected
