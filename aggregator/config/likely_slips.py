"""What is written validly and reads like something else that was meant: patterns, secret URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from aggregator.model.mistakes import MistakeKind
from aggregator.web.secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.config.mistake_list import MistakeList
    from aggregator.config.source_keys import SourceTable
    from aggregator.config.tables import Reading, Tables
    from aggregator.model import Source
    from aggregator.model.mistakes import KeyPath

_RULES = ("keep", "block", "tag", "replace")
#: Keys within a rule whose values are no patterns.
_OTHERS = frozenset({"age", "tags", "with", "in"})
#: What no title holds, and nearly every regular expression does.
_LIKE_REGEX = re.compile(r"\(\?[a-zA-Z!=<:]|\.[*+]|\\[dwsbDWSB.(\[]|\A\^|\[\^|\[(?:a-z|A-Z|0-9)")
#: What a machine made so that nobody guesses it: hexadecimal, a random UUID (RFC 9562, version 4),
#: or letters of both cases and digits; whatever format is written behind it.
_MINTED = re.compile(
    r"(?:[0-9a-fA-F]{32,}|(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{24,}"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
    r"|(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[A-Za-z0-9_]{22,})"
    r"(?:\.(?:xml|rss|atom|json))?"
)
#: Parameters that name what everybody may ask for.
_OPEN_NAME = re.compile(r"(?:id|list|user|channel|topic|q|query)\Z", re.IGNORECASE)


def find_slips(tables: Tables, sources: tuple[Source, ...], cautions: MistakeList) -> None:
    """Find what is worth a second look in a file without mistakes."""
    readings: list[tuple[KeyPath, Mapping[str, object]]] = [(("defaults",), tables.defaults.raw)]
    readings += [(("sources", index), one.raw) for index, one in enumerate(tables.sources)]
    readings += [(("feeds", index), one.raw) for index, one in enumerate(tables.feeds)]
    for at, raw in readings:
        find_slips_in_rules(at, raw, cautions)
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        if _is_open(reading) and any(map(_looks_secret, source.urls)):
            cautions.add(("sources", index, "url"), MistakeKind.SECRET_URL)


def find_slips_in_rules(at: KeyPath, raw: Mapping[str, object], cautions: MistakeList) -> None:
    """Find what is worth a second look in the rules of one table, as they are written."""
    for name in _RULES:
        for path, pattern in _patterns((*at, name), raw.get(name)):
            if _is_like_regex(pattern, is_url="url" in path[len(at) + 1 :]):
                cautions.add(path, MistakeKind.REGEX_WITHOUT_SLASHES)


def _patterns(at: KeyPath, value: object) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case str():
            yield at, value
        case list():
            for index, one in enumerate(value):
                yield from _patterns((*at, index), one)
        case dict():
            for key, one in value.items():
                if key not in _OTHERS:
                    yield from _patterns((*at, key), one)


def _is_like_regex(pattern: str, *, is_url: bool) -> bool:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return False
    has_lone_slash = pattern.startswith("/") or pattern.endswith("/")
    return bool(_LIKE_REGEX.search(pattern)) or (has_lone_slash and not is_url)


def _is_open(reading: Reading[SourceTable]) -> bool:
    """Tell whether nobody has said yet whether a source's URL is secret."""
    return not (reading.says("private") or reading.says("secret_params"))


def _looks_secret(url: str) -> bool:
    parts = urlsplit(url)
    if any(map(_MINTED.fullmatch, parts.path.split("/"))):
        return True
    return any(
        _MINTED.fullmatch(value) and not (is_secret_name(name) or _OPEN_NAME.search(name))
        for name, value in parse_qsl(parts.query)
    )
