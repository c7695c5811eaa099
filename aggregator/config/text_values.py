"""What one text, number or period of config.toml may be.

Each function takes what TOML gave and returns the typed value, or raises `WrongValueError`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from aggregator.config.mistake_list import wrong
from aggregator.model import Preference, Share
from aggregator.model.configured import MAX_DEDUPE_WINDOW
from aggregator.model.mistakes import MistakeKind
from aggregator.web.charsets import ENCODINGS, codec_of
from aggregator.web.language_tags import language_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A name is part of a URL (`/feeds/NAME.atom`) and of every log line.
MAX_NAME_CHARS = 64
#: A title is shown in a table and in every reader's side bar.
MAX_TITLE_CHARS = 200
MAX_TAG_CHARS = 64
#: A paragraph that readers show above a feed.
MAX_DESCRIPTION_CHARS = 1000
#: What Linux accepts as a path (PATH_MAX).
MAX_PATH_CHARS = 4095
#: 16 random characters are 2^95 tokens: nobody guesses one in the lifetime of a server.
MIN_TOKEN_CHARS, MAX_TOKEN_CHARS = 16, 128
#: A source asked less often than monthly is a source forgotten.
MAX_INTERVAL = timedelta(days=31)
#: More between two requests to a site, and its sources are better given intervals.
MAX_SITE_PAUSE = timedelta(hours=1)
#: Longer, and news come later than readers look for them.
MAX_HOLD = timedelta(minutes=10)
#: Ten years: beyond every use, and far below where date arithmetic overflows.
MAX_PERIOD = timedelta(days=3650)
#: A request a minute, of every source, all day.
MAX_BUDGET = 1440
#: The rate of polls goes with the root of the weight: this is from a tenth to ten times.
MIN_WEIGHT, MAX_WEIGHT = 0.01, 100
#: What is compared for a suggestion: a word of a megabyte would take minutes.
MAX_COMPARED_CHARS = 4096
#: The fields of a title_template.
TITLE_FIELDS = ("{title}", "{source}", "{tag}")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/(day|hour)")
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE = re.compile(r"([0-9]{1,7}) ?(KiB|MiB|GiB)")
_SIZES = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_SHARE = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_NAME = re.compile(rf"[a-z0-9-]{{1,{MAX_NAME_CHARS}}}")
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{MIN_TOKEN_CHARS},{MAX_TOKEN_CHARS}}}")
# What people write for China's time; the IANA database names it after Shanghai.
_ZONES_PEOPLE_WRITE = {"asia/beijing": "Asia/Shanghai", "beijing": "Asia/Shanghai"}


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that was likely meant by a misspelt word, if one is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    near = get_close_matches(word.lower()[:MAX_COMPARED_CHARS], by_lower, n=1, cutoff=0.7)
    return by_lower[near[0]] if near else None


def string(value: object) -> str:
    """Return any string."""
    if not isinstance(value, str):
        raise wrong(MistakeKind.NOT_A_STRING)
    return value


def text(value: object) -> str:
    """Return a string without control characters, as written; not blank."""
    if not isinstance(value, str):
        raise wrong(MistakeKind.NOT_A_STRING)
    if not value or value.isspace():
        raise wrong(MistakeKind.EMPTY)
    if _CONTROL.search(value):
        raise wrong(MistakeKind.CONTROL_CHARACTERS)
    return value


def short_text(value: object, most: int) -> str:
    """Return a text of at most so many characters."""
    line = text(value)
    if len(line) > most:
        raise wrong(MistakeKind.TOO_MANY_CHARACTERS, most=most)
    return line


def duration(value: object) -> timedelta:
    """Return the period that "90s", "5m", "4h" or "2d" means; positive, at most ten years."""
    return _period(value, MAX_PERIOD)


def site_pause(value: object) -> timedelta:
    """Return the time between two requests to one site; positive, at most an hour."""
    return _period(value, MAX_SITE_PAUSE)


def interval(value: object, *, least: timedelta = timedelta(seconds=1)) -> timedelta:
    """Return the time between two polls; positive, or at least so long, and at most a month."""
    return _period(value, MAX_INTERVAL, least=least)


def dedupe_window(value: object) -> timedelta:
    """Return how far apart entries of one story may be; positive, at most a week."""
    return _period(value, MAX_DEDUPE_WINDOW)


def hold(value: object) -> timedelta:
    """Return how long a story waits for its preferred source; at most ten minutes."""
    return _period(value, MAX_HOLD, least=timedelta(0))


def _period(
    value: object, most: timedelta, *, least: timedelta = timedelta(seconds=1)
) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(MistakeKind.NOT_A_DURATION)
    period = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not least <= period <= most:
        raise wrong(MistakeKind.OUTSIDE, least=f'"{written(least)}"', most=f'"{written(most)}"')
    return period


def written(period: timedelta) -> str:
    """Return a period of whole seconds as config.toml writes it: the inverse of `duration`."""
    seconds = int(period.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def size(value: object, least: int, most: int) -> int:
    """Return how many bytes "256KiB", "12MiB" or "2GiB" are."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(MistakeKind.NOT_A_SIZE)
    in_bytes = int(match[1]) * _SIZES[match[2]]
    if not least <= in_bytes <= most:
        raise wrong(
            MistakeKind.OUTSIDE, least=f'"{written_size(least)}"', most=f'"{written_size(most)}"'
        )
    return in_bytes


def written_size(in_bytes: int) -> str:
    """Return a whole number of KiB as config.toml writes it: the inverse of `size`."""
    for unit in ("GiB", "MiB"):
        if in_bytes and in_bytes % _SIZES[unit] == 0:
            return f"{in_bytes // _SIZES[unit]}{unit}"
    return f"{in_bytes // _SIZES['KiB']}KiB"


def share(value: object, most: int) -> Share | None:
    """Return what "1/3" or a number of entries leaves a source of a feed; `None` for "off"."""
    if value == "off":
        return None
    if isinstance(value, int):
        return Share(integer(value, 1, most))
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) >= int(match[2]):
        raise wrong(MistakeKind.NOT_A_SHARE)
    return Share(int(match[1]), int(match[2]))


def written_share(of_source: Share | None) -> str:
    """Return a share as config.toml writes it: the inverse of `share`."""
    if of_source is None:
        return '"off"'
    return str(of_source) if of_source.of is None else f'"{of_source}"'


def preference(value: object, most: int) -> Preference:
    """Return which entry leads: "first", "longest", or that of the earliest source of a list."""
    if value in ("first", "longest"):
        return Preference(longest=value == "longest")
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise wrong(MistakeKind.NOT_A_PREFERENCE)
    if not value:
        raise wrong(MistakeKind.EMPTY)
    if len(value) > most:
        raise wrong(MistakeKind.TOO_MANY, most=most)
    return Preference(tuple(value))


def written_preference(preferred: Preference) -> str:
    """Return a preference as config.toml writes it: the inverse of `preference`."""
    if preferred.sources:
        names = ", ".join(f'"{name}"' for name in preferred.sources)
        return f"[{names}]"
    return '"longest"' if preferred.longest else '"first"'


def budget(value: object) -> float:
    """Return how many requests a day "24/day" or "2/hour" is."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(MistakeKind.NOT_A_BUDGET)
    requests = float(match[1]) * (24 if match[2] == "hour" else 1)
    if not 1 <= requests <= MAX_BUDGET:
        raise wrong(MistakeKind.OUTSIDE, least='"1/day"', most=f'"{MAX_BUDGET}/day"')
    return requests


def weight(value: object) -> float:
    """Return how much a delay of a source counts."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(MistakeKind.NOT_A_NUMBER)
    if not MIN_WEIGHT <= value <= MAX_WEIGHT:
        raise wrong(MistakeKind.OUTSIDE, least=MIN_WEIGHT, most=MAX_WEIGHT)
    return float(value)


def switch(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise wrong(MistakeKind.NOT_A_SWITCH)
    return value


def integer(value: object, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(MistakeKind.NOT_AN_INTEGER)
    if value < least:
        raise wrong(MistakeKind.TOO_LITTLE, least=least)
    if value > most:
        raise wrong(MistakeKind.TOO_MUCH, most=most)
    return value


def one_of(value: object, choices: tuple[str, ...]) -> str:
    """Return one of the words that there are."""
    if not isinstance(value, str) or value not in choices:
        raise wrong(MistakeKind.NOT_ONE_OF, choices=choices)
    return value


def encoding(value: object) -> str:
    """Return the name of an encoding that documents are read in, in lower case."""
    label = text(value).lower()
    if codec_of(label) is None:
        raise wrong(MistakeKind.UNKNOWN_ENCODING, near=nearest(label, ENCODINGS))
    return label


def name(value: object) -> str:
    """Return a stable key of a source or feed."""
    word = text(value)
    if _NAME.fullmatch(word):
        return word
    likely = re.sub(r"[\s_.]+", "-", word.strip().lower())
    near = likely if _NAME.fullmatch(likely) else None
    raise wrong(MistakeKind.NOT_A_NAME, most=MAX_NAME_CHARS, near=near)


def title(value: object) -> str:
    """Return a line for people, without blanks at its ends."""
    return short_text(value, MAX_TITLE_CHARS).strip()


def description(value: object) -> str:
    """Return what a feed is about."""
    return short_text(value, MAX_DESCRIPTION_CHARS)


def tag(value: object) -> str:
    """Return a word that groups sources, without blanks at its ends: nobody sees those."""
    word = short_text(value, MAX_TAG_CHARS).strip()
    if word in (".", ".."):
        raise wrong(MistakeKind.DOTS_AS_TAG)
    return word


def timezone(value: object) -> str:
    """Return the name of a time zone of the IANA database."""
    zone = text(value)
    if not _is_zone(zone):
        raise wrong(MistakeKind.UNKNOWN_ZONE, near=_near_zone(zone))
    return zone


@lru_cache(maxsize=1024)
def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; not a relative path; a folder ("Asia")
        return False
    return True


@lru_cache(maxsize=1024)
def _near_zone(zone: str) -> str | None:
    if zone.lower() in _ZONES_PEOPLE_WRITE:
        return _ZONES_PEOPLE_WRITE[zone.lower()]
    zones = sorted(available_timezones())
    cities = {known.rsplit("/", 1)[-1].lower(): known for known in zones}
    city = zone.replace(" ", "_").lower()
    return cities[city] if city in cities else nearest(zone, zones)


def file_path(value: object) -> Path:
    """Return the path of a file, as written."""
    path = short_text(value, MAX_PATH_CHARS)
    if path.startswith("~"):
        raise wrong(MistakeKind.TILDE)
    return Path(path)


def secret_file(value: object) -> str:
    """Return the name of a file that holds a secret, as written.

    Whether it is there is seen when it is read: the machine that checks a configuration need not
    be the one that runs it.
    """
    file_path(value)
    return string(value)


def token(value: object) -> str:
    """Return the secret part of a private feed's address."""
    word = text(value)
    if not _TOKEN.fullmatch(word):
        raise wrong(MistakeKind.NOT_A_TOKEN, least=MIN_TOKEN_CHARS, most=MAX_TOKEN_CHARS)
    return word


def language(value: object) -> str:
    """Return a tag that tells readers a language (BCP 47)."""
    found = text(value)
    if language_tag(found) != found:
        raise wrong(MistakeKind.NOT_A_LANGUAGE)
    return found


def title_template(value: object) -> str:
    """Return how the titles of a feed's stories are made."""
    template = title(value)
    rest = template
    for field in TITLE_FIELDS:
        rest = rest.replace(field, "")
    if "{" in rest or "}" in rest:
        raise wrong(MistakeKind.BRACES, fields=TITLE_FIELDS)
    if rest == template:
        raise wrong(MistakeKind.SAME_TITLES)
    return template
