"""Stems of words (Snowball): companies and company are one word."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    import snowballstemmer
else:
    snowballstemmer = LateModule("snowballstemmer")

#: Snowball's names for languages by their ISO 639-1 codes; languages that it has no stems for, or
#: whose words are not parted by spaces, are not here.
_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "nl": "dutch", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "tr": "turkish",
}  # fmt: skip
_NOT_LATIN = frozenset({"ar", "el", "hy", "ru"})

#: Words are short; what is longer is no word of any language and keeps its shape.
_LONGEST = 30


def stem(word: str, language: str | None) -> str:
    """Return the stem of a word in lower case; `language` is a code such as `en` or `en-GB`.

    What the language is to be is seen from the letters first, since feeds seldom say and sometimes
    lie: Cyrillic is Russian unless the language is another one, Latin is English unless so.
    """
    if len(word) < 3 or len(word) > _LONGEST:
        return word
    code = (language or "").lower().partition("-")[0]
    if word.isascii() or word[0] < "\u0370":
        algorithm = _ALGORITHMS[code] if _is_latin(code) else "english"
    elif "\u0400" <= word[0] < "\u0530":
        algorithm = "russian"
    elif code in _NOT_LATIN:
        algorithm = _ALGORITHMS[code]
    else:
        return word
    return _stem(word, algorithm)


def _is_latin(code: str) -> bool:
    return code in _ALGORITHMS and code not in _NOT_LATIN


@lru_cache(maxsize=16_384)
def _stem(word: str, algorithm: str) -> str:
    # One for each word: Snowball's stemmers hold the word they are at, and threads share us.
    stemmed: str = snowballstemmer.stemmer(algorithm).stemWord(word)
    return stemmed
