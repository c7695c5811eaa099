"""What a request's header fields ask for: an encoding, or nothing if nothing changed. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.web.http_dates import http_date

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# RFC 9110 §12.4.2: at most three decimals; anything else is no weight.
_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)

# An element of a list, in which a comma may be between quotes (§5.6.1, §8.8.3).
_ELEMENT = re.compile(r'(?:"[^"]*"|[^,])+')

# An entity tag (§8.8.3). Some readers lose the quotes on the way; theirs is compared all the same.
_ENTITY_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^\s,"]+)')


def best_coding(accept_encoding: Sequence[str], offered: Sequence[str]) -> str | None:
    """Return the most welcome of the codings `offered`, `None` for the body as it is.

    `accept_encoding` are the values of the field's lines (RFC 9110 §12.5.3). Of equals the first
    one offered is taken; no coding only where that is more welcome than each of them. An element
    that cannot be read counts for nothing. Where nothing is acceptable the body goes as it is.
    """
    weights: dict[str, float] = {}
    for element in ",".join(accept_encoding).split(","):
        coding, *parameters = (part.strip().lower() for part in element.split(";"))
        weight = _weight(parameters)
        if coding and weight is not None:
            weights["gzip" if coding == "x-gzip" else coding] = weight
    others = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, others), default=None)
    if best is None:
        return None
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


@lru_cache(maxsize=64)
def usual_coding(accept_encoding: tuple[str, ...], offered: tuple[str, ...]) -> str | None:
    """Return what `best_coding` does; readers' programs send few different values."""
    return best_coding(accept_encoding, offered)


def _weight(parameters: Sequence[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            return float(value) if _WEIGHT.fullmatch(value) else None
    return 1.0


def is_unchanged(
    if_none_match: Sequence[str],
    if_modified_since: str | None,
    *,
    etag: str,
    changed_at: datetime | None,
) -> bool:
    """Tell whether a GET or HEAD is answered with 304 (RFC 9110 §13.1.2, §13.1.3, §13.2.2).

    `if_none_match` are the values of the field's lines; where there is one, the date counts for
    nothing. Tags compare weakly; `*` always matches. An element that is no tag counts for
    nothing. `etag` is quoted.
    """
    if if_none_match:
        field = ", ".join(if_none_match)
        if field == etag or field.strip() == "*":
            return True
        opaque = etag.removeprefix("W/").strip('"')
        tags = (_ENTITY_TAG.fullmatch(element.strip()) for element in _ELEMENT.findall(field))
        return any(tag is not None and opaque in tag.groups() for tag in tags)
    if if_modified_since is None or changed_at is None:
        return False
    since = http_date(if_modified_since)
    return since is not None and changed_at.replace(microsecond=0) <= since
