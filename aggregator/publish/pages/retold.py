"""What others of the program worded in English, told on a page in its reader's language."""

from __future__ import annotations

from aggregator.language import in_chinese as language
from aggregator.runtime.values import dataclass

#: Reasons of the schedule that are names: on a page they say what they mean, too.
_NAMES = {
    "price": "按预算分配",
    "min_interval": "最短间隔 (min_interval)",
    "max_interval": "最长间隔 (max_interval)",
    "fixed interval": "固定间隔 (interval)",
    "Retry-After": "对方要求等待 (Retry-After)",
    "skipHours": "避开对方注明的时段 (skipHours)",
    "skipDays": "避开对方注明的日子 (skipDays)",
    "ttl": "对方建议的间隔 (ttl)",
    "sy:updatePeriod": "对方建议的间隔 (sy:updatePeriod)",
    "Cache-Control": "对方注明的有效期 (Cache-Control)",
}


@dataclass(frozen=True, slots=True)
class Retold:
    """A text for a page. `tag` is its language (BCP 47), `None` where it is the page's."""

    text: str
    tag: str | None = None


def in_english(text: str) -> Retold:
    """Return a text of ours for a page in English."""
    return Retold(text)


def in_chinese(text: str) -> Retold:
    """Return a text of ours for a page in Chinese; what nobody has translated stays English.

    What others said within it (a server's words, a name) stays as it is.
    """
    told = _NAMES.get(text) or language.in_chinese(text)
    return Retold(told, "en" if told == text else None)
