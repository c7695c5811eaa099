"""The generated table of names, and what CLDR's own formats become."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel.dates import format_datetime
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.parse.date_folding import fold
from aggregator.parse.date_words import HALF_OF, in_figures
from aggregator.parse.date_zones import ZONES
from aggregator.parse.dates import Habits, parse_date
from tests import date_names


def test_the_table_is_what_its_generator_makes() -> None:
    assert date_names.PAGE.read_text(encoding="utf-8") == date_names.page(), "make date-names"


@pytest.mark.parametrize("name", sorted(ZONES))
def test_no_zone_is_a_name_of_something_else(name: str) -> None:
    assert in_figures(f"15:30 {name}").text == f"15:30 {fold(name)}"
    assert name.lower() not in HALF_OF


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


#: What programs write in the language that they are set to; with it Java's and PHP's forms.
_FORMS = (
    "EEE, d MMM y HH:mm:ss Z",
    "EEEE d MMMM y HH:mm",
    "d. MMMM y - HH:mm",
    "d MMM y h:mm a",
    "y. MMMM d. HH:mm",
    "long",
    "medium",
)
_READ = "es pt fr de nl it ru pl tr cs ar he vi th el hu ja ko zh".split()  # noqa: SIM905 - a list of names
_moments = st.datetimes(
    min_value=datetime(1985, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone itself
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
).map(lambda at: at.replace(second=0, microsecond=0))


@settings(max_examples=300, deadline=None)
@given(_moments, st.sampled_from((*date_names.LOCALES, "hr", "ja", "ko", "zh", "zh_Hant")),
       st.sampled_from((*_FORMS, "short", "full")))  # fmt: skip
def test_no_form_of_any_language_is_read_as_another_date(
    at: datetime, locale: str, form: str
) -> None:
    text = format_datetime(at, form, locale=locale)
    assert parse_date(text, "UTC", Habits(language=locale)) in {at, None}, text


@settings(max_examples=300, deadline=None)
@given(_moments, st.sampled_from(_READ), st.sampled_from(_FORMS[:4]))
def test_the_languages_of_the_promise_are_read(at: datetime, locale: str, form: str) -> None:
    text = format_datetime(at, form, locale=locale)
    assert parse_date(text, "UTC") == at, text
