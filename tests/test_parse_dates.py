from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse.date_forms import certain_order
from aggregator.parse.dates import Unread, parse_date, why_unread
from aggregator.parse.plain_dates import plain_date

EIGHT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 2026 16:00:00 +0800",
        "Sun, 22 Nov 2026 16:00:00 +08:00",
        "Sun,22 Nov 2026 16:00:00 +0800 (CST)",
        "Sun, 22 Nov 2026 08:00:00 GMT",
        "Sun, 22 Nov 2026 08:00:00 Z",
        "Sunday, 22 November 2026 08:00:00 UT",
        "22 Nov 26 03:00 EST",
        "22-Nov-2026 08:00:00 GMT",
        "Sun, 22 Nov 2026 16:00:00 UTC+8",
        "Sun, 22 Nov 2026 16:00:00 GMT+0800",
        "2026-11-22T16:00:00+08:00",
        "2026-11-22T16:00:00+0800",
        "2026-11-22T16:00:00+08",
        "2026-11-22T16:00:00+08:0",
        "2026-11-22T16:00:00+800",
        "2026-11-22 16:00:00 +0800",
        "2026-11-22T08:00:00.123Z",
        "2026-11-22T08:00Z",
        "20261122T080000Z",
        "2026-11-22T03:00:00-05:00[America/New_York]",
        "1795334400",
        "1795334400000",
        "November 22, 2026 8:00 AM UTC",
        "Sun Nov 22 08:00:00 UTC 2026",
        "周日, 22 11月 2026 16:00:00 +0800",
        "周日, 22 十一月 2026 16:00:00 +0800",
        "  2026-11-22T08:00:00Z\n",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", SHANGHAI, "America/New_York"])
def test_a_date_with_a_zone_means_the_same_everywhere(text: str, zone: str) -> None:
    assert parse_date(text, zone) == EIGHT


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 16:00:00",
        "2026-11-22T16:00:00",
        "2026-11-22 16:00",
        "2026/11/22 16:00:00",
        "2026/11/22 16:00",
        "2026.11.22 16:00",
        "2026年11月22日 16:00",
        "2026年11月22日16:00:00",
        "2026年11月22日 下午4:00",
        "2026年11月22日 星期日 16时00分",
        "2026年11月22日 16:00 北京时间",
        "Sun, 22 Nov 2026 16:00:00",
        "Sun Nov 22 16:00:00 2026",
        "Sun, 22 Nov 2026 16:00:00 CST",
        "Sun Nov 22 16:00:00 CST 2026",
        "Sun, 22 Nov 2026 4:00:00 PM",
    ],
)
def test_a_date_without_a_zone_is_the_sources_own_time(text: str) -> None:
    assert parse_date(text, SHANGHAI) == EIGHT


def test_cst_is_chicagos_where_the_source_is_not_chinese() -> None:
    text = "Sun, 22 Nov 2026 02:00:00 CST"
    assert parse_date(text, "UTC") == parse_date(text, "America/Chicago") == EIGHT


def test_an_abbreviation_that_the_sources_zone_uses_is_the_sources() -> None:
    assert parse_date("Sun, 22 Nov 2026 13:30:00 IST", "Asia/Kolkata") == EIGHT
    assert parse_date("Sun, 22 Nov 2026 10:00:00 IST", "Asia/Jerusalem") == EIGHT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026/11/22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026年11月22日", datetime(2026, 11, 22, tzinfo=UTC)),
        ("Sunday, 22 November 2026", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T24:00:00Z", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-326", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2024-366T08:00:00Z", datetime(2024, 12, 31, 8, tzinfo=UTC)),
        ("2026-W47-7", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026W477T08:00Z", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-W47", datetime(2026, 11, 16, tzinfo=UTC)),
        ("22.11.2026 16:00", datetime(2026, 11, 22, 16, tzinfo=UTC)),
        ("So, 1. 2. 2026, 16:00 Uhr", datetime(2026, 2, 1, 16, tzinfo=UTC)),
        ("22/11/2026 16:00:05 +0800", datetime(2026, 11, 22, 8, 0, 5, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("22 Nov 70", datetime(1970, 11, 22, tzinfo=UTC)),
        ("22 Nov 01", datetime(2001, 11, 22, tzinfo=UTC)),
        ("Fri, 2006/09/15 08:19:53 EDT", datetime(2006, 9, 15, 12, 19, 53, tzinfo=UTC)),
    ],
)
def test_what_is_written_is_what_is_read(text: str, expected: datetime) -> None:
    assert parse_date(text, "UTC") == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "刚刚",
        "3小时前",
        "11月22日 16:00",
        "1/2/2026 16:00",
        "31.2.2026",
        "22/13/2026",
        "2026-366",
        "2026-000",
        "2026-W54-1",
        "2026-13-40",
        "31 Feb 2026",
        "now",
        "GMT",
        "2026-11-22T08",
        "99999999999999999999",
        "1" * 5000,
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "-0001-11-30T00:00:00+00:00",
        "0000-00-00 00:00:00",
        "0001",
    ],
)
def test_a_date_that_is_not_there_is_not_invented(text: str | None) -> None:
    assert parse_date(text, SHANGHAI) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("04/05/2024", Unread.EITHER),
        ("1/2/2026 16:00", Unread.EITHER),
        ("3小时前", Unread.UNKNOWN),
        ("soon", Unread.UNKNOWN),
        ("31 Feb 2026", Unread.IMPOSSIBLE),
        ("0001-01-01T00:00:00Z", Unread.ZERO),
        ("1899-12-30", Unread.ZERO),
    ],
)
def test_why_a_date_is_not_read_is_known(text: str, why: Unread) -> None:
    assert parse_date(text, SHANGHAI) is None
    assert why_unread(text) is why


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01",
        "Thu, 1 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 +0800",
        "Thu, 01 Jan 1970 08:00:00 +0800",
        "1970-01-01 08:00:00",
        "1970-01-01 05:30",
        "1969-12-31",
        "Wed, 31 Dec 1969 16:00:00 -0800",
        "Wed, 31 Dec 1969 19:00:00 EST",
        "December 31, 1969 7:00 pm",
        "0000000000",
        "1900-01-01",
        "1900-01-01T12:34:56",
        "1899-12-30 12:34",
        "1980-01-01 00:00",
        "Tue, 01 Jan 1980 00:00:00 -0500",
        "1850-03-04",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", SHANGHAI, "America/New_York"])
def test_a_programs_zero_is_no_date(text: str, zone: str) -> None:
    assert parse_date(text, zone) is None


@pytest.mark.parametrize(
    "text",
    [
        "1969-07-20T20:17:00+00:00",
        "1970-01-01T12:00:00+00:00",
        "1970-01-02T00:00:00+00:00",
        "1979-12-31T12:00:00+00:00",
        "1980-01-01T12:00:00+00:00",
        "1985-03-04T00:00:00+00:00",
        "1901-01-01T00:00:00+00:00",
    ],
)
def test_an_old_date_is_a_date(text: str) -> None:
    assert parse_date(text, SHANGHAI) == datetime.fromisoformat(text)


def test_an_unknown_zone_of_the_source_is_utc() -> None:
    assert parse_date("2026-11-22 08:00", "Nowhere/Land") == EIGHT
    assert parse_date("2026-11-22 08:00", "../../etc/passwd") == EIGHT


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2199, 1, 1)))  # noqa: DTZ001 - the strategy wants naive bounds
def test_rfc3339_and_rfc822_round_trip(naive: datetime) -> None:
    at = naive.replace(microsecond=0, tzinfo=UTC)
    assert parse_date(at.isoformat(), SHANGHAI) == at
    assert parse_date(at.strftime("%a, %d %b %Y %H:%M:%S +0000"), SHANGHAI) == at


@given(st.text(alphabet="0123456789-/:.TZ+ 年月日SunNovGMTPAM(),[]", max_size=60))
def test_any_string_is_read_or_refused(text: str) -> None:
    at = parse_date(text, SHANGHAI)
    assert at is None or at.tzinfo is UTC


@given(
    st.datetimes(datetime(1982, 1, 2), datetime(2099, 12, 30)),  # noqa: DTZ001 - on a clock
    st.integers(-14 * 60 - 59, 14 * 60 + 59),
    st.sampled_from(["UTC", SHANGHAI, "Europe/London", "Europe/Dublin", "Africa/Abidjan"]),
)
def test_the_two_usual_forms_are_read_in_one_step_as_by_the_longer_way(
    local: datetime, minutes: int, zone: str
) -> None:
    local = local.replace(microsecond=0)
    at = (local - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    forms = [f"{local:%a, %d %b %Y %H:%M:%S} {sign}{hours:02}{rest:02}"]
    forms += [f"{local.isoformat()}{sign}{hours:02}:{rest:02}"]
    if not minutes:
        forms += [f"{local:%d %b %Y %H:%M:%S} GMT", f"{local.isoformat()}.123Z"]
    for text in forms:
        longer = f"{text} (x)" if "," in text or "GMT" in text else text.replace("T", " ")
        assert plain_date(longer) is None
        assert plain_date(text) == parse_date(text, zone) == parse_date(longer, zone) == at
        assert certain_order(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 31 Nov 2026 16:00:00 +0800",
        "Sun, 22 Nov 2026 24:00:00 +0800",
        "Sun, 22 Nov 1970 00:00:00 GMT",
        "2026-11-22T16:00:60Z",
        "2026-11-22T16:00:00",
        "2026-13-22T16:00:00Z",
        "\u0662\u0660\u0662\u0666-11-22T16:00:00Z",
    ],
)
def test_another_form_is_left_to_the_longer_way(text: str) -> None:
    assert plain_date(text) is None
