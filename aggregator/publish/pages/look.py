"""How a reader wants to see pages: language, colours, keys; and where the page lies."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aggregator.publish.pages.chinese import CHINESE
from aggregator.publish.pages.retold import in_chinese, in_english
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import date, datetime

    from aggregator.publish.pages.retold import Retold

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


class Language(StrEnum):
    """A language of the pages' own words; the value is what is remembered and asked for."""

    ENGLISH = "en"
    CHINESE = "zh"

    @property
    def tag(self) -> str:
        """The language as documents name it (BCP 47)."""
        return "zh-Hans" if self is Language.CHINESE else "en"

    @property
    def own_name(self) -> str:
        """What the language is called by those who read it."""
        return "中文" if self is Language.CHINESE else "English"


class Theme(StrEnum):
    """The colours of the pages; `AUTO` is what the reader's system wants."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Look:
    """How a page looks for one reader, and where it is.

    `root` leads from the page to the site's first one ("./", "../../"), `query` is what the page's
    own address asks besides. `keys`: letters are short cuts. `is_operator`: the reader is shown the
    way to what is the operator's. `offsets` are those of times from UTC: today's, then that of the
    other half of the year where clocks change.
    """

    language: Language = Language.ENGLISH
    theme: Theme = Theme.AUTO
    keys: bool = True
    root: str = "./"
    query: tuple[tuple[str, str], ...] = ()
    is_operator: bool = False
    offsets: tuple[timedelta, ...] = (timedelta(0),)

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages that there are to choose from."""
        return tuple(Language)

    def say(self, text: str, **fields: object) -> str:
        """Return an English text of ours in the reader's language, its `{fields}` filled in."""
        if self.language is Language.CHINESE:
            text = CHINESE[text]
        return text.format(**fields) if fields else text

    def count(self, number: int, one: str, many: str, **fields: object) -> str:
        """Return a text with a number in it, `{n}`: English has two forms, Chinese one."""
        if self.language is Language.ENGLISH and number == 1:
            return self.say(one, n=number, **fields)
        return self.say(many, n=number, **fields)

    def retell(self, text: str) -> Retold:
        """Return an English message of this program, a problem say, in the reader's language."""
        return in_chinese(text) if self.language is Language.CHINESE else in_english(text)

    def asking(self, **changes: str | None) -> str:
        """Return a reference to this page that asks for something else, too; `None`: no more."""
        asked = {name: value for name, value in self.query if name not in changes}
        asked |= {name: value for name, value in changes.items() if value is not None}
        return f"?{urlencode(asked)}" if asked else "?"

    def day(self, day: date) -> str:
        """Return a day as it stands between the stories of two days."""
        weekday = self.say(_WEEKDAYS[day.weekday()])
        if self.language is Language.CHINESE:
            return f"{day.year}年{day.month}月{day.day}日 {weekday}"
        return f"{weekday}, {day.day} {_MONTHS[day.month - 1]} {day.year}"

    @property
    def zone(self) -> str:
        """What times are told in: "UTC+08:00", "UTC+01:00 / +02:00"."""
        return f"UTC{' / '.join(map(_offset, self.offsets))}"

    def moment(self, moment: datetime, beside: date | None = None) -> str:
        """Return a moment to the minute; its day or year is left out where `beside` says it.

        One of the other half of the year has its offset with it: "14:05 (+02:00)".
        """
        clock = f"{moment:%H:%M}"
        offset = moment.utcoffset()
        if offset is not None and offset != self.offsets[0]:
            clock += f" ({_offset(offset)})"
        if beside == moment.date():
            return clock
        is_this_year = beside is not None and beside.year == moment.year
        if self.language is Language.CHINESE:
            year = "" if is_this_year else f"{moment.year}年"
            return f"{year}{moment.month}月{moment.day}日 {clock}"
        year = "" if is_this_year else f" {moment.year}"
        return f"{moment.day} {_MONTHS[moment.month - 1][:3]}{year}, {clock}"


def _offset(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"
