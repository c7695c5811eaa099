"""Which encoding a request wants, and whether it wants anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.serve.conditional import is_unchanged, prefers_gzip

CHANGED_AT = datetime(2026, 11, 20, 8, 30, 15, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, br", False),
        ("*", True),
        ("*;q=0", False),
        ("*;q=0.5, gzip;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0.001", True),
        ("gzip ; q=1.0", True),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("gzip, identity;q=0", True),
        ("identity;q=0", False),
        ("identity", False),
        ("gzip;q=2", False),
        ("gzip;q=", False),
        ("gzip;q=1.0000", False),
        ("gzip;q=x, *", True),
        ("gzip;foo=bar", True),
        (",,;q=1,gzip", True),
        ("gzipped", False),
    ],
)
def test_gzip_is_sent_to_who_accepts_it(field: str, expected: bool) -> None:
    assert prefers_gzip([field]) is expected


def test_several_lines_of_a_field_are_one_list() -> None:
    assert prefers_gzip(["br", "gzip;q=0.1"])
    assert is_unchanged(['"a"', '"b"'], None, etag='"b"', changed_at=None)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ('"b"', True),
        ('W/"b"', True),
        ('"a", "b"', True),
        ('"a","b"', True),
        ('"a" , W/"b" ', True),
        ("*", True),
        (" * ", True),
        ("b", True),
        ('"a"', False),
        ('"bb"', False),
        ('"a, b"', False),
        ('"*"', False),
        ("", False),
        ('"', False),
        ('w/"c"', False),
    ],
)
def test_a_tag_in_the_list_matches_weakly(field: str, expected: bool) -> None:
    assert is_unchanged([field], None, etag='"b"', changed_at=CHANGED_AT) is expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Fri, 20 Nov 2026 08:30:15 GMT", True),
        ("Fri, 20 Nov 2026 08:30:16 GMT", True),
        ("Fri, 20 Nov 2026 08:30:14 GMT", False),
        ("Friday, 20-Nov-26 08:30:15 GMT", True),
        ("Fri Nov 20 08:30:15 2026", True),
        ("", False),
        ("yesterday", False),
        ("Fri, 99 Nov 2026 08:30:15 GMT", False),
        ("Fri, 20 Nov 999999999999 08:30:15 GMT", False),
        ("Fri, 20 Nov 2026 08:30:15 +99999999999", False),
    ],
)
def test_a_date_is_compared_where_there_is_no_tag(field: str, expected: bool) -> None:
    assert is_unchanged([], field, etag='"b"', changed_at=CHANGED_AT) is expected
    assert not is_unchanged(['"a"'], field, etag='"b"', changed_at=CHANGED_AT)
    assert not is_unchanged([], field, etag='"b"', changed_at=None)


@given(st.lists(st.text(), max_size=3), st.none() | st.text())
def test_no_field_breaks_the_answer(lines: list[str], date: str | None) -> None:
    prefers_gzip(lines)
    is_unchanged(lines, date, etag='"b"', changed_at=CHANGED_AT)
    is_unchanged([], date, etag='"b"', changed_at=CHANGED_AT)
