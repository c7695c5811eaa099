"""Which encoding a request wants, and whether it wants anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.serve.conditional import best_coding, is_unchanged

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
    assert best_coding([field], ["gzip"]) == ("gzip" if expected else None)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, br;q=0.9", "gzip"),
        ("gzip;q=0.5, br;q=0.501", "br"),
        ("gzip;q=0.5, br;q=0.5", "br"),
        ("gzip", "gzip"),
        ("BR", "br"),
        ("br;q=0, *", "gzip"),
        ("br;q=0, gzip;q=0, *", None),
        ("*;q=0.1, gzip;q=0", "br"),
        ("br;q=0.3, gzip;q=0.2, identity;q=0.4", None),
        ("br;q=0.3, gzip;q=0.4, identity;q=0.4", "gzip"),
        ("identity;q=0, deflate", None),
        ("", None),
    ],
)
def test_the_most_welcome_coding_is_sent_and_br_before_gzip(
    field: str, expected: str | None
) -> None:
    assert best_coding([field], ["br", "gzip"]) == expected
    assert best_coding([field], []) is None


def test_several_lines_of_a_field_are_one_list() -> None:
    assert best_coding(["br;q=0", "gzip;q=0.1"], ["br", "gzip"]) == "gzip"
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
        ('"b" garbage', False),
        ('garbage "b"', False),
        ('"a" "b"', False),
        ('x"b"', False),
        ('"b', False),
        ("b c", False),
        ("*, b", True),
        ('"a" garbage, "b"', True),
        (',, "b",', True),
        ('"a,", "b"', True),
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
    assert best_coding(lines, ["br", "gzip"]) in {"br", "gzip", None}
    is_unchanged(lines, date, etag='"b"', changed_at=CHANGED_AT)
    is_unchanged([], date, etag='"b"', changed_at=CHANGED_AT)
