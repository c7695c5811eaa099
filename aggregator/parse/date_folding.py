"""One spelling for the letters and digits of a date, however they are typed."""

from __future__ import annotations

import re
import unicodedata

#: Accents of Latin, Greek and Cyrillic letters, hamza and madda on Arabic ones: often left out.
#: Thai vowels stay: without them January and March are the same.
_ACCENTS = re.compile("[\u0300-\u036f\u0653-\u0655]")
#: Marks of direction, and a byte order mark: they are not seen.
_UNSEEN = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPELLINGS = str.maketrans({"ı": "i", "،": ",", "−": "-", "–": "-", "—": "-"})


def fold(text: str) -> str:
    """Return `text` in small letters without accents, its digits those of ASCII, on one line.

    Wide and compatible forms are the common ones (NFKC); folding twice changes nothing.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text)).translate(_SPELLINGS)
    text = "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in unicodedata.normalize("NFC", text)
    )
    return " ".join(text.split())
