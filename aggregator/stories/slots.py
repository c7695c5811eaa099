"""What in a title tells a thing from others of its kind: its number, edition, letter, or place.

Two titles may share every other word: line 3 and line 5 of a metro, S25 Ultra and S25 FE, an
earthquake in Sichuan and one in Yunnan. Each such value is kept with its slot, which is where
another one could stand.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from aggregator.runtime.late_patterns import late_pattern
from aggregator.stories.aliases import with_one_name
from aggregator.stories.place_names import places_in
from aggregator.stories.tokens import EMPTY, figure_value

if TYPE_CHECKING:
    from collections.abc import Iterator


class Against(IntEnum):
    """How much another value in the same slot says against one story, the most first."""

    THING = 0
    """It is another thing: another version, edition, line, launch."""
    PLACE = 1
    """It happened elsewhere."""
    DETAIL = 2
    """Another figure, or another name between the same words: it may be told otherwise."""


class Slot(NamedTuple):
    """A value in one spelling, the slot that it stands in, and what another one there says."""

    value: str
    slot: str
    against: Against


_IDEOGRAPH = "\u3400-\u4dbf\u4e00-\u9fff"
_DIGITS = {char: number for number, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
#: What is counted off: 3号线, 长征二号丙, 第三届, 三季度; and a letter behind it.
_ORDINAL = late_pattern(
    rf"(?P<before>[{_IDEOGRAPH}]{{0,2}}?)(?P<th>第?)\s?"
    r"(?P<figure>\d{1,4}|[〇零一二三四五六七八九十百]{1,5})\s?"
    r"(?P<unit>号[线楼院机店站馆厅门库井]|号|届|季|期|代|轮|批|环|胎|模)"
    r"(?P<letter>[甲乙丙丁戊己庚辛]|[A-Z](?![A-Za-z]))?"
)
#: Behind these a 号 is a day.
_OF_A_DAY = frozenset("月日本上下今周从至到于在自即每及和与、")
#: Rounds of money, blocks, classes.
_LETTERED = late_pattern(r"(?<![A-Za-z0-9-])([A-H])\+{0,2}\s?([轮座区栋型级])")
#: A name, with a figure or without, and editions of it: S25 Ultra, iPhone 17 Pro Max, gpt-5-mini;
#: 17e, S25+.
_EDITIONS = (
    "pro|max|plus|ultra|mini|air|lite|fe|se|turbo|edge|flip|fold|nano|micro|flash|preview|super|ti"
    "|xt|xtx|gt|neo|opus|sonnet|haiku|slim|duo"
)
_EDITION = late_pattern(
    rf"(?P<name>(?<![A-Za-z])[A-Za-z]{{1,20}}(?![A-Za-z])|[{_IDEOGRAPH}]{{2}})(?P<figure>[\s-]?\d{{1,4}}(?:\.\d{{1,2}})?)?"
    rf"(?P<editions>(?:[\s-]?(?:{_EDITIONS})(?![A-Za-z]))+|(?<=\d)(?:\+|[aesx](?![A-Za-z0-9])))",
    re.IGNORECASE,
)
_HAS_EDITION = late_pattern(
    rf"[\s-](?:{_EDITIONS})(?![A-Za-z])|\d(?:\+|[aesx](?![A-Za-z0-9])|(?:{_EDITIONS})(?![A-Za-z]))",
    re.IGNORECASE,
)
_WORDS = late_pattern(r"([\s-]?)([A-Za-z]+|\+)")
_SAME_EDITION = {"+": "plus"}


#: Among ideographs: what stands behind a name and its figure (Llama 4 Scout), and a model behind
#: its maker (小鹏 P7).
_BEHIND_FIGURE = late_pattern(
    rf"(?P<name>(?<![A-Za-z])[A-Za-z]{{1,20}}|[{_IDEOGRAPH}]{{2}})[\s-]?\d{{1,4}}(?:\.\d{{1,2}})?"
    r"\s(?P<word>[A-Z][A-Za-z]{0,14})(?![A-Za-z])"
)
_MODEL = late_pattern(
    rf"(?P<maker>[{_IDEOGRAPH}]{{2}})\s?(?P<model>[A-Z]{{1,3}}-?\d{{1,4}}[A-Za-z]?)(?![A-Za-z0-9])"
)
#: Who does what a title begins with, which is the same in reports of others who do it, too.
_SUBJECT = late_pattern(
    rf"(?P<who>[{_IDEOGRAPH}A-Za-z0-9][{_IDEOGRAPH}A-Za-z0-9 ]{{1,9}}?)"
    r"(?P<does>(?:发布|宣布|推出|公布|完成|收购|回应|上线|开启|召开|当选|成立|起诉|召回|裁员)"
    rf"[{_IDEOGRAPH}]{{2}})"
)


def slots_of(title: str) -> Iterator[Slot]:
    """Yield what stands in the slots of a title, as `bare_titles.readable` has it."""
    if not title.isascii():
        yield from _ordinals(title)
        for letter, unit in _LETTERED.findall(title):
            yield Slot(f"{letter}{unit}", f"*{unit}", Against.THING)
        for place, slot in places_in(title):
            yield Slot(place, slot, Against.PLACE)
        yield from _details(title)
    yield from _editions(title)


def _ordinals(title: str) -> Iterator[Slot]:
    for found in _ORDINAL.finditer(title):
        before, figure, unit, letter = (
            found["before"],
            found["figure"],
            found["unit"],
            found["letter"],
        )
        # Alone it counts nothing off: "一期", "新一轮", "一代人".
        if figure == "一" and not found["th"] and unit[0] not in "号季":
            continue
        value = figure_value(str(_number(figure)), "")
        if unit[0] != "号":
            yield Slot(f"#{value}", unit, Against.DETAIL)
        elif unit != "号":
            yield Slot(f"#{value}", unit, Against.THING)
        elif len(before) == 2 and before[-1] not in _OF_A_DAY:
            slot = f"{before}号"
            yield Slot(f"{slot}{value}", slot, Against.THING)
            if letter:
                yield Slot(f"{slot}{value}{letter}", f"{slot}{value}", Against.THING)


def _details(title: str) -> Iterator[Slot]:
    for name, word in _BEHIND_FIGURE.findall(title):
        yield Slot(f"{name} {word}".casefold(), f"{name} +".casefold(), Against.DETAIL)
    for maker, model in _MODEL.findall(title):
        yield Slot(model.replace("-", ""), f"{maker} +", Against.DETAIL)
    if found := _SUBJECT.match(title):
        who = with_one_name(found["who"].casefold()).split()[0]
        yield Slot(f"!{who if who.isascii() else who[:2]}", f"!{found['does']}", Against.DETAIL)


def _number(figure: str) -> int:
    """Return a figure of digits, or of ideographs below a thousand: 二十一, 一百零五, 二〇二六."""
    if figure.isdecimal():
        return int(figure)
    if "十" not in figure and "百" not in figure:
        return int("".join(str(_DIGITS[char]) for char in figure))
    total, digit = 0, 0
    for char in figure:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[char]
    return total + digit


def _editions(title: str) -> Iterator[Slot]:
    if not _HAS_EDITION.search(title):  # of a hundred titles ninety have none
        return
    for found in _EDITION.finditer(title):
        name, figure = found["name"], found["figure"]
        is_one = bool(figure) if not name.isascii() else name.casefold() not in EMPTY
        if not is_one and not (figure and figure[0].isdecimal()):
            continue
        for joint, word in _WORDS.findall(found["editions"]):
            # As a word by itself it is one behind a name or a figure: "new air", "a pro".
            if joint.isspace() and not (
                word[0].isupper() and (figure or name[0].isupper() or not name.islower())
            ):
                continue
            edition = word.casefold()
            edition = _SAME_EDITION.get(edition, edition)
            slot = f"{name.casefold()} ~"
            yield Slot(f"{slot} {edition}", slot, Against.THING)
