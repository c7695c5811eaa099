"""A date in the words of a language, put into figures: "22. listopadu 15 h" is "22. «11» 15:00".

Nothing is decided here about what the figures are; what is no word that we know stays.
"""

from __future__ import annotations

import re

from aggregator.parse.date_folding import fold
from aggregator.parse.date_names import CROATIAN_MONTHS, HALVES, MONTHS, WEEKDAYS
from aggregator.runtime.late_patterns import late_pattern
from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """A folded date: months are «1» to «12», or «3?» where the word is a weekday's name, too.

    `weekday` is the one that is named, 1 is Monday, `None` where none is or it is not known which.
    Halves of the day stay words (`HALF_OF`).
    """

    text: str
    weekday: int | None = None


def _by_name(table: dict[int, str]) -> dict[str, int]:
    return {name: number for number, names in table.items() for name in names.split()}


_MONTH_OF = _by_name(MONTHS)
_CROATIAN = _MONTH_OF | _by_name(CROATIAN_MONTHS)
_CROATIANS = frozenset({"hr", "bs"})
_WEEKDAY_OF = _by_name(WEEKDAYS)

#: Halves of a day: what is before noon ("am"), what is after it ("pm"), what is about it ("noon").
HALF_OF = {name: half for half, names in HALVES.items() for name in names.split()} | {
    "早上": "am", "清晨": "am", "凌晨": "am", "새벽": "am", "아침": "am",
    "晚上": "pm", "傍晚": "pm", "저녁": "pm", "中午": "noon", "正午": "noon",
}  # fmt: skip

#: Words within dates that say nothing: "5 de noviembre", "um 15 Uhr", "2024 г.", "22 d.".
_FILLING = """
    a al alle as at d de del den di dia dna dne dnia do el godz h hrs hours in kell kello kl klo la
    gada las le les luc m nam ngay o of ogodz om on ora ore pukul saat te the uhr um uur v г год
    года о р рік року в у ч η στις του ωρα ב בשעה في الساعة ساعت เวลา ที่ น คศ พศ
"""
_FILLERS = frozenset(_FILLING.split())

_MARKS = "\u05b0-\u05bc\u064b-\u0652\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
_WORD = rf"{_LETTER}+(?:[.'’ʼ׳״\"]{_LETTER}+)*[.'’ʼ׳]?"
_WORDS = late_pattern(rf"{_WORD}(?:_{_WORD})*")
_SIGNS = late_pattern("[.'’ʼ׳״\"]")
_NAMES_OF_WORDS = (
    name.replace("_", " ")
    for name in sorted((*_MONTH_OF, *_WEEKDAY_OF), key=len, reverse=True)
    if "_" in name
)
_IN_WORDS = late_pattern(rf"(?<![^\W\d_])(?:{'|'.join(_NAMES_OF_WORDS)})(?!{_LETTER})")

#: Years of eras, by the year before their first.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA_YEAR = late_pattern(rf"({'|'.join(_ERAS)})\s?(\d{{1,3}}|元)\s?年")
_YEAR_MONTH_DAY = late_pattern(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]?")
_YEAR_MONTH = late_pattern(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]")
_NUMBERED_MONTH = late_pattern(r"(\d{1,2})\s?[月월]")
_CHINESE_NUMBERS = "一二三四五六七八九十"
_CHINESE_MONTH = late_pattern(r"(十[一二]?|[一二三四五六七八九])(?=月)")
_EAST_ASIAN_WEEKDAY = late_pattern(
    r"\((?:[月火水木金土日]|[월화수목금토일]|[一二三四五六])(?:[・.,/][^()]{1,4})?\)|\(?(?:"
    r"(?:星期|[周週]|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일)\)?"
)
_BEFORE_A_WEEKDAY = late_pattern("^[(星期周週礼拜禮]+")
_EAST_ASIAN_WEEKDAYS = ("一月월", "二火화", "三水수", "四木목", "五金금", "六土토", "日天일")
_EAST_ASIAN_CLOCK = late_pattern(
    r"(\d{1,2})\s?[时時点點시]\s?(?:(\d{1,2})\s?[分분]?)?\s?(?:(\d{1,2})\s?[秒초])?"
)
_EAST_ASIAN_HALF = late_pattern(
    "|".join(name for name in sorted(HALF_OF) if re.match("[\u4e00-\u9fff\uac00-\ud7af]", name))
)
_BEIJING = late_pattern("北京[时時][间間]")
_EAST_ASIAN = late_pattern("[\u4e00-\u9fff\uac00-\ud7af]")

#: "Th 6," is Friday and "Th11" November in Vietnamese; "thứ 2" is Monday.
_NUMBERED_WEEKDAY = late_pattern(r"^(?:thu|th|t)\.?\s?([2-7])\s?(?:,\s?|-\s|\s(?=\d))(?=\S)")
_THANG = late_pattern(r"(?<![^\W\d_])(?:thang|thg|th)\.?\s?(\d{1,2})(?!\d)")
_HOUR = late_pattern(
    r"(?<![\d:.])(\d{1,2})\s?h(?:\s?(\d\d)(?:\s?min(?:\s(\d\d)\s?s)?)?)?(?![^\W_])"
    r"|(?<![\d:.])(\d{1,2})\s?uhr"
)
#: Halves of the day where they stand; elsewhere these words are prepositions.
_MORNING = late_pattern(r"(?<![^\W\d_])de\.?\s(?=\d{1,2}[:.]\d\d)|(?<=[:.]\d\d)\sde\.?$")
_AFTERNOON = late_pattern(r"(?<=[:.]\d\d)\sem$")
_HALF_IN_DOTS = late_pattern(r"(?<![^\W\d_])([ap])\.?\s?m(?![^\W_])\.?")
_ORDINAL = late_pattern(r"(?<=\d)(?:st|nd|rd|th|er|re|o)(?![^\W_])")


def in_figures(text: str, language: str | None = None) -> Figures:
    """Return what `text` says with the names that we know as figures.

    `language` is the document's ("hr-HR"): some names are another month's there.
    """
    text = fold(text)
    weekday: int | None = None
    if not text.isascii() and _EAST_ASIAN.search(text):
        text, weekday = _east_asian(text)
    if found := _NUMBERED_WEEKDAY.match(text):
        weekday, text = int(found[1]) - 1, text[found.end() :]
    text = _ORDINAL.sub("", _HALF_IN_DOTS.sub(r"\1m", _HOUR.sub(_clock, text)))
    text = _AFTERNOON.sub(" pm", _MORNING.sub(" am ", text))
    text = _IN_WORDS.sub(lambda found: found[0].replace(" ", "_"), text)
    text = _THANG.sub(r" «\1» ", text).replace("-feira", "")
    month_of = _CROATIAN if (language or "").lower()[:2] in _CROATIANS else _MONTH_OF
    named: list[int] = []
    text = _WORDS.sub(lambda found: _figure(found[0], month_of, named), text)
    if weekday is None:
        weekday = next(iter(named), 0) or None
    return Figures(" ".join(text.split()), weekday)


def _figure(word: str, month_of: dict[str, int], named: list[int]) -> str:
    """Return a word's figure, if it has one, else the word; notes weekdays in `named`."""
    name = _SIGNS.sub("", word)
    known = name in month_of or name in _WEEKDAY_OF or name in HALF_OF
    if not known and "." in word.rstrip("."):
        return " ".join(_figure(part, month_of, named) for part in word.split(".") if part)
    if name in month_of:
        return f" «{month_of[name]}{'?' if name in _WEEKDAY_OF else ''}» "
    if name in _FILLERS:
        return " "
    if name in _WEEKDAY_OF and name not in HALF_OF:
        named.append(_WEEKDAY_OF[name])
        return " "
    return name if name in HALF_OF else word


def _east_asian(text: str) -> tuple[str, int | None]:
    text = _CHINESE_MONTH.sub(_month_number, _ERA_YEAR.sub(_common_year, text))
    text = _YEAR_MONTH_DAY.sub(r"\1-\2-\3 ", text)
    text = _YEAR_MONTH.sub(r"\1 «\2» ", text)
    weekday = None
    if found := _EAST_ASIAN_WEEKDAY.search(text):
        letter = next(
            sign
            for sign in _BEFORE_A_WEEKDAY.sub("", found[0])
            if any(sign in letters for letters in _EAST_ASIAN_WEEKDAYS)
        )
        weekday = 1 + next(
            index for index, letters in enumerate(_EAST_ASIAN_WEEKDAYS) if letter in letters
        )
        text = f"{text[: found.start()]} {text[found.end() :]}"
    text = _NUMBERED_MONTH.sub(r" «\1» ", text)
    text = _BEIJING.sub(" +0800", _EAST_ASIAN_CLOCK.sub(_clock, text))
    return _EAST_ASIAN_HALF.sub(lambda half: f" {half[0]} ", text), weekday


def _common_year(found: re.Match[str]) -> str:
    return f"{_ERAS[found[1]] + (1 if found[2] == '元' else int(found[2]))}年"


def _month_number(found: re.Match[str]) -> str:
    return str(sum(_CHINESE_NUMBERS.index(sign) + 1 for sign in found[1]))


def _clock(found: re.Match[str]) -> str:
    hour, *rest = (part.zfill(2) for part in found.groups() if part)
    return f" {':'.join((hour, *(rest or ['00'])))} "
