"""The table of names in aggregator/parse/date_names.py, made of CLDR's: `make date-names`.

CLDR's names are read through Babel, which only tests need; what people write beside them is listed
here, each with who writes it.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale

from aggregator.parse.date_folding import fold
from aggregator.parse.date_zones import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PAGE = Path(__file__).parent.parent / "aggregator" / "parse" / "date_names.py"

#: Whose names are read. Regions of Arabic have months of their own.
_LANGUAGES = """
    en es pt pt_PT fr de de_AT nl it ru pl tr cs ar ar_MA ar_DZ ar_TN ar_SY ar_IQ ar_SA he vi th
    fa fr_CA es_MX el hu sv da nb fi uk be ro ca gl eu bg mk sk sl sr sr_Latn lt lv et is id ms
"""
LOCALES = tuple(_LANGUAGES.split())
#: Some of Croatian's names are other months in Polish and Czech: they hold in Croatian dates only.
APART = ("hr",)

#: Months that are written, and that CLDR does not have.
BESIDE: dict[int, str] = {
    1: "genn tháng_giêng tháng_một",  # Italian of four letters; Vietnamese in words
    2: "tháng_hai", 3: "mrz tháng_ba",  # German, in Excel and many a program
    4: "tháng_tư tháng_bốn", 5: "tháng_năm",
    6: "čen giug tháng_sáu",  # Czech, as the C library has it
    7: "čec lugl tháng_bảy", 8: "tháng_tám", 9: "sett tháng_chín", 10: "tháng_mười",
    11: "tháng_mười_một", 12: "tháng_mười_hai tháng_chạp",
}  # fmt: skip
#: Halves of a day that CLDR does not have, or files under another name. None is a weekday, too.
HALVES_BESIDE = {
    "am": "am πμ delelott ص صباحا sang vorm vormittags",
    "pm": "pm μμ du delutan م مساء chieu toi nachm nachmittags tarde",
}
#: Prepositions of other languages, and what is left of a name in dots.
_NO_HALVES = {"de", "em", "e"}

#: The C library and programs that follow it cut names off after so many letters ("ноя", "fév").
_CUT = 3
_LINE = 86


def page() -> str:
    """Return the text of the generated module."""
    found = _months(LOCALES)
    months = {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}
    clashing = sorted(name for name, numbers in found.items() if len(numbers) > 1)
    assert not clashing, clashing
    for number, names in BESIDE.items():
        months.update(dict.fromkeys(fold(names).split(), number))
    months |= {name: number for name, number in _cut() if name not in months}
    weekdays = _weekdays((*LOCALES, *APART))
    own = {
        name: next(iter(numbers)) for name, numbers in _months(APART).items() if len(numbers) == 1
    }
    months |= {name: number for name, number in own.items() if name not in months}
    own = {name: number for name, number in own.items() if months[name] != number}
    return "\n".join(
        (
            '"""Names of months, weekdays and halves of a day, folded: by `make date-names`.',
            "",
            "They are Unicode's CLDR's (https://cldr.unicode.org), through Babel, and what is",
            'written beside (tests/date_names.py). "_" is a space within a name.',
            '"""',
            "",
            "from __future__ import annotations",
            "",
            "#: By month, 1 to 12.",
            *_table("MONTHS", _by_number(months)),
            "",
            "#: Those that are other months in Croatian.",
            *_table("CROATIAN_MONTHS", _by_number(own)),
            "",
            "#: By weekday, 1 is Monday; 0 are those that are another day in another language.",
            *_table("WEEKDAYS", _by_number(weekdays)),
            "",
            "#: By half of the day.",
            *_table("HALVES", _halves(months)),
            "",
        )
    )


def _names(tables: Iterable[Mapping[int, str]]) -> Iterator[tuple[str, int]]:
    for table in tables:
        for number, name in table.items():
            folded = _plain(name)
            if folded and not any(sign.isdigit() for sign in folded):
                yield folded, number


def _plain(name: str) -> str:
    """Return a name as it is looked up: no dots, no apostrophes."""
    for sign in ".'’ʼ׳״\"":
        name = name.replace(sign, "")
    return "_".join(fold(name).split())


def _months(locales: Iterable[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for locale in locales:
        months = Locale.parse(locale).months
        tables = (months[use][width] for use in months for width in ("wide", "abbreviated"))
        for name, number in _names(tables):
            if len(name) > 1:
                found[name].add(number)
                if locale == "he":
                    found[f"ב{name}"].add(number)  # "in November", as dates have it
    return found


def _cut() -> Iterator[tuple[str, int]]:
    """Yield the beginnings of whole names that are one month's in all languages."""
    found: dict[str, set[int]] = defaultdict(set)
    for locale in LOCALES:
        months = Locale.parse(locale).months
        for name, number in _names(months[use]["wide"] for use in months):
            if "_" not in name and locale != "ca":  # Catalan's begin with "of"
                found[name[:_CUT]].add(number)
    for beginning, numbers in found.items():
        if len(numbers) == 1 and len(beginning) == _CUT and beginning.isalpha():
            yield beginning, next(iter(numbers))


def _weekdays(locales: Iterable[str]) -> dict[str, int]:
    found: dict[str, set[int]] = defaultdict(set)
    for locale in locales:
        days = Locale.parse(locale).days
        tables = (
            days[use][width]
            for use in days
            for width in ("wide", "abbreviated", "short")
            if width in days[use]
        )
        for name, number in _names(tables):
            if len(name) > 1 and "-" not in name and name.upper() not in ZONES:
                found[name].add(number + 1)
    return {name: min(days) if len(days) == 1 else 0 for name, days in found.items()}


def _halves(months: Mapping[str, int]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {half: set(names.split()) for half, names in HALVES_BESIDE.items()}
    for locale in (*LOCALES, "zh", "zh_Hant", "ja", "ko"):
        periods = Locale.parse(locale).day_periods
        for use in periods:
            for width in ("wide", "abbreviated"):
                for half, names in found.items():
                    name = _plain(periods[use].get(width, {}).get(half, ""))
                    if name and name not in months and "_" not in name:
                        names.add(name)
    both = found["am"] & found["pm"]
    return {half: names - both - _NO_HALVES for half, names in found.items()}


def _by_number(names: Mapping[str, int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for name, number in names.items():
        found[number].add(name)
    return dict(sorted(found.items()))


def _table(name: str, rows: Mapping[int, set[str]] | Mapping[str, set[str]]) -> Iterator[str]:
    yield f"{name} = {{"
    for key, words in rows.items():
        lines = textwrap.wrap(" ".join(sorted(words)), _LINE, break_on_hyphens=False)
        shown = f'"{key}"' if isinstance(key, str) else key
        if len(lines) == 1:
            yield f'    {shown}: "{lines[0]}",'
            continue
        yield f"    {shown}: ("
        for line in lines[:-1]:
            yield f'        "{line} "'
        yield f'        "{lines[-1]}"'
        yield "    ),"
    yield "}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
