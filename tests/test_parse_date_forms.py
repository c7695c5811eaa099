"""Dates as people and programs write them: in their languages, beside a document's other dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.model import Document
from aggregator.parse.date_order import DayOrder
from aggregator.parse.dates import Habits, habits_of, parse_date
from tests.feed_documents import item, read, rss

#: Friday, the 22nd of November 2024, half past three in the afternoon, in UTC.
THEN = datetime(2024, 11, 22, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "vie, 22 nov 2024 15:30:00 +0000",
        "viernes, 22 de noviembre de 2024 a las 3:30 p. m.",
        "Viernes 22 de Noviembre del 2024 - 15:30",
        "sex, 22 nov 2024 15:30:00 +0000",
        "sexta-feira, 22 de novembro de 2024 às 15h30",
        "ven., 22 nov. 2024 15:30:00 +0000",
        "vendredi 22 novembre 2024 à 15 h 30",
        "Fr, 22 Nov 2024 16:30:00 MEZ",
        "Freitag, 22. November 2024, 15:30 Uhr",
        "vr, 22 nov 2024 15:30:00 +0000",
        "vrijdag 22 november 2024 om 15.30 uur",
        "ven, 22 nov 2024 15:30:00 GMT",
        "venerdì 22 novembre 2024, ore 15:30",
        "Птн, 22 Ноя 2024 18:30:00 +0300",
        "пятница, 22 ноября 2024 г., 18:30 МСК",
        "pt., 22 lis 2024 15:30:00 +0000",
        "piątek, 22 listopada 2024 o godz. 15:30",
        "Cum, 22 Kas 2024 18:30:00 +0300",
        "22 KASIM 2024 Cuma 15:30",
        "pá, 22 lis 2024 15:30:00 +0000",
        "pátek 22. listopadu 2024 v 15:30",
        "الجمعة, 22 نوفمبر 2024 18:30:00 +0300",
        "22 تشرين الثاني 2024 - 3:30 م",
        "٢٢ نوفمبر ٢٠٢٤ ١٥:٣٠",
        "יום ו׳, 22 נוב׳ 2024 17:30:00 +0200",
        "יום שישי, 22 בנובמבר 2024, 15:30",
        "T6, 22 Th11 2024 22:30:00 +0700",
        "Th 6, 22 Thg 11 2024 22:30:00 +0700",
        "Thứ Sáu, ngày 22 tháng 11 năm 2024, 22:30 (GMT+7)",
        "Thứ Sáu, 22 Tháng Mười Một 2024 15:30",
        "ศ., 22 พ.ย. 2567 22:30:00 +0700",
        "ศุกร์, 22 พฤศจิกายน 2024 22:30:00 +0700",
        "22 พฤศจิกายน 2567 เวลา 15:30 น.",
        "Παρ, 22 Νοε 2024 17:30:00 +0200",
        "Παρασκευή 22 Νοεμβρίου 2024 3:30 μ.μ.",
        "2024. november 22., péntek 15:30",
        "2024. nov. 22. du. 3:30",
        "2024-nov-22T15:30",
        "2024년 11월 22일 금요일 오후 3시 30분",
        "2024년 11월 22일 15:30",
        "2024. 11. 22. 오후 3:30:00",
        "2024. 11. 22. 15:30",
        "2024-11-22 (금) 15:30",
        "2024年11月22日(金) 15:30",
        "2024年11月22日（金・祝）午後3時30分",
        "2024/11/22(金) 15:30:00",
        "令和6年11月22日 15時30分",
        "2024年11月22日 星期五 下午3:30",
        "2024年十一月22日 15点30分",
        "民國113年11月22日 下午 3:30",
        "fredag den 22. november 2024 kl. 15.30",
        "perjantai 22. marraskuuta 2024 klo 15.30",
        "п'ятниця, 22 листопада 2024 р. 15:30",
        "petak, 22. studenoga 2024. 15:30",
        # programs
        "Friday, November 22, 2024 - 15:30",
        "Fri, 11/22/2024 - 15:30",
        "11/22/2024, 3:30:00 PM",
        "22/11/2024 15:30",
        "22-11-2024 15:30",
        "15:30 22/11/2024",
        "2024-11-22 23:30:00 +0800 CST",
        "2024-11-22 23:30:00.123456789 +0800 CST m=+0.000012",
        "2024-11-22 15:30:00 +0000 UTC",
        "Fri, 22 Nov 2024 23:30:00 +8000",
        "2024-11-22T15:30:00 00:00",
        "2024-11-22T23:30:00 08:00",
        "Fri Nov 22 2024 23:30:00 GMT+0800 (China Standard Time)",
        "22nd November 2024 at 3:30pm",
    ],
)
def test_a_date_that_a_person_reads_without_doubt_is_read(text: str) -> None:
    found = parse_date(text, "UTC")
    assert found is not None
    assert found.replace(second=0, microsecond=0) == THEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023. 3. 7. 오전 1:02:03", datetime(2023, 3, 7, 1, 2, 3, tzinfo=UTC)),
        ("2023. 3. 7. 오전 12:02", datetime(2023, 3, 7, 0, 2, tzinfo=UTC)),
        ("2023. 3. 7. 오후 12:02", datetime(2023, 3, 7, 12, 2, tzinfo=UTC)),
        ("2024年3月7日 午前11時5分", datetime(2024, 3, 7, 11, 5, tzinfo=UTC)),
        ("2024年3月7日 上午 9:05", datetime(2024, 3, 7, 9, 5, tzinfo=UTC)),
        ("August 2011", datetime(2011, 8, 1, tzinfo=UTC)),
        ("agosto de 2011", datetime(2011, 8, 1, tzinfo=UTC)),
        ("2011年8月", datetime(2011, 8, 1, tzinfo=UTC)),
        ("mar, 05 mar 2024 10:00:00 +0100", datetime(2024, 3, 5, 9, tzinfo=UTC)),
        ("mar, 05 nov 2024", datetime(2024, 11, 5, tzinfo=UTC)),
        ("1er août 2024", datetime(2024, 8, 1, tzinfo=UTC)),
        ("22 Mrz 2024", datetime(2024, 3, 22, tzinfo=UTC)),
        ("22 มี.ค. 2567", datetime(2024, 3, 22, tzinfo=UTC)),
        ("22 ม.ค. 2567", datetime(2024, 1, 22, tzinfo=UTC)),
        ("22 čec 2024", datetime(2024, 7, 22, tzinfo=UTC)),
        ("22 čen 2024", datetime(2024, 6, 22, tzinfo=UTC)),
        ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", datetime(2004, 7, 11, 17, tzinfo=UTC)),
        ("2004-júl-13T9:15-10:00", datetime(2004, 7, 13, 19, 15, tzinfo=UTC)),
        ("11/22/24", datetime(2024, 11, 22, tzinfo=UTC)),
    ],
)
def test_a_date_in_words_is_read_as_it_is_written(text: str, expected: datetime) -> None:
    assert parse_date(text, "UTC") == expected


def test_a_date_in_words_without_a_zone_is_the_sources_own_time() -> None:
    assert parse_date("2024년 11월 22일 15:30", "Asia/Seoul") == datetime(
        2024, 11, 22, 6, 30, tzinfo=UTC
    )
    assert parse_date("1. November 2024, 15:30 Uhr", "Europe/Berlin") == datetime(
        2024, 11, 1, 14, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["Nov 2026 15:30", "2026年11月 下午3:30", "novembre 2026, 15h30"])
def test_an_hour_of_a_day_that_nobody_tells_is_not_read(text: str) -> None:
    assert parse_date(text, "UTC") is None


def test_a_month_at_midnight_is_its_first_moment() -> None:
    assert parse_date("November 2026 00:00", "UTC") == datetime(2026, 11, 1, tzinfo=UTC)


# --- day and month that may be either -------------------------------------------------------------


@pytest.mark.parametrize("text", ["04/05/2024", "04-05-2024 10:00", "3/4/24", "22/11/24"])
def test_what_may_be_either_is_not_read(text: str) -> None:
    assert parse_date(text, "UTC") is None


def test_the_order_of_the_document_decides_what_may_be_either() -> None:
    first, last = datetime(2024, 4, 5, tzinfo=UTC), datetime(2024, 5, 4, tzinfo=UTC)
    assert parse_date("04/05/2024", "UTC", Habits(DayOrder.MONTH_FIRST)) == first
    assert parse_date("04/05/2024", "UTC", Habits(DayOrder.DAY_FIRST)) == last
    # What is certain alone stays what it is.
    assert parse_date("22/11/2024 15:30", "UTC", Habits(DayOrder.MONTH_FIRST)) == THEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 04/05/2024 - 15:30", datetime(2024, 4, 5, 15, 30, tzinfo=UTC)),
        ("Sat, 04/05/2024 - 15:30", datetime(2024, 5, 4, 15, 30, tzinfo=UTC)),
        ("Mon, 04/05/2024 - 15:30", None),
    ],
)
def test_a_weekday_tells_day_from_month(text: str, expected: datetime | None) -> None:
    assert parse_date(text, "UTC") == expected


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["04/05/2024", "04/13/2024"], DayOrder.MONTH_FIRST),
        (["04/05/2024", "13/04/2024 10:00"], DayOrder.DAY_FIRST),
        (["Fri, 04/05/2024 - 15:30"], DayOrder.MONTH_FIRST),
        (["04/05/2024", "04/04/2024"], None),
        (["04/13/2024", "13/04/2024"], None),
        (["22.11.2024", "Fri, 22 Nov 2024 15:30:00 GMT", "2024-11-22", "x" * 5000], None),
    ],
)
def test_dates_that_are_certain_tell_the_order(texts: list[str], order: DayOrder | None) -> None:
    assert habits_of(texts, None).order is order


def dates(document: Document) -> list[datetime | None]:
    return [entry.published_at for entry in document.entries]


def test_in_a_document_one_certain_date_decides_all() -> None:
    found = read(rss(item(1, "04/05/2024 3:30:00 PM"), item(2, "04/22/2024 3:30:00 PM")))
    assert dates(found) == [
        datetime(2024, 4, 5, 15, 30, tzinfo=UTC),
        datetime(2024, 4, 22, 15, 30, tzinfo=UTC),
    ]
    assert found.head.notes == ()


def test_where_nothing_decides_the_document_says_which_date_and_why() -> None:
    found = read(rss(item(1, "04/05/2024"), item(2, "04/06/2024")))
    assert dates(found) == [None, None]
    assert found.head.notes == (
        '2 dates were not read, such as "04/05/2024": its day and month may be either',
    )


def test_dates_of_a_json_feed_are_read_alike() -> None:
    def feed(*days: str) -> bytes:
        items = ",".join(f'{{"id": "{day}", "date_published": "{day}"}}' for day in days)
        return (
            f'{{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{items}]}}'
        ).encode()

    found = read(feed("04/05/2024", "04/22/2024"))
    assert dates(found)[0] == datetime(2024, 4, 5, tzinfo=UTC)
    assert read(feed("04/05/2024")).head.notes == (
        'not read, the date "04/05/2024": its day and month may be either',
    )


def test_a_zero_is_meant_to_be_no_date_and_not_told_of() -> None:
    found = read(rss(item(1, "Mon, 01 Jan 0001 00:00:00 +0000")))
    assert dates(found) == [None]
    assert found.head.notes == ()


# --- names that are another month's elsewhere -----------------------------------------------------


def test_croatias_october_is_november_in_polish_and_czech() -> None:
    october = datetime(2024, 10, 22, tzinfo=UTC)
    november = datetime(2024, 11, 22, tzinfo=UTC)
    assert parse_date("22 listopada 2024", "UTC", Habits(language="hr-HR")) == october
    assert parse_date("22 listopada 2024", "UTC", Habits(language="pl")) == november
    assert parse_date("utorak, 22. listopada 2024.", "UTC") == october
    assert parse_date("piątek, 22 listopada 2024", "UTC") == november


def test_the_language_is_the_documents() -> None:
    channel = "<language>hr</language>"
    assert dates(read(rss(channel, item(1, "22. listopada 2024. 15:30")))) == [
        datetime(2024, 10, 22, 15, 30, tzinfo=UTC)
    ]
