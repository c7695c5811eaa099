"""English that is left in what should be Chinese."""

from __future__ import annotations

import re

#: What is the same in every language: commands, code, addresses, files, names in capitals.
_NAMES = re.compile(
    r"`[^`]*`|\"[^\"\n]*\"|'[^'\n]*'"
    r"|^ +(?:aggregator|curl|zstd|systemctl) .*?(?:  # |$)"
    r"|--[a-z-]+(?: (?:zh|en|all)\b)?"
    r"|systemctl \w+ aggregator|sudo -u \w+ aggregator \w+|aggregator(?: [a-z]+)+"
    r"|\S+://\S+|\S*[/=_]\S*|\b[A-Z][A-Za-z0-9-]*\b|\[\[?\w+\]?\] \w+",
    re.MULTILINE,
)
#: Two small words beside each other are a sentence.
_SENTENCE = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b[^\n]*")


def english_in(told: str) -> list[str]:
    """Return what of a text looks like an English sentence."""
    return [line[0] for line in _SENTENCE.finditer(_NAMES.sub("#", told))]
