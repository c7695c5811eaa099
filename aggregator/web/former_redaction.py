"""Addresses as version 0.1 stored them: whoever wrote them, some of their values were taken out.

What was stored so is known again by what an address is made of here, and mended where what its
publisher wrote is kept. Nothing is published in this form.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from urllib.parse import unquote

_EMPTIED_NAMES = ("key", "code", "token", "auth", "secret", "password", "apikey", "access_key")
#: What was taken out could join its neighbours: so often was that looked for.
_MOST_PASSES = 8

_NAMES = "|".join(_EMPTIED_NAMES)
_URL = re.compile(r"//[^\s\"<>]+")
_USER_INFO = re.compile(r"((?:^|:)//)[^/?#]*@")
_VALUE = re.compile(rf"(?<=[?&;])((?:{_NAMES})=)[^&#]*", re.IGNORECASE)
_ENCODED_USER_INFO = re.compile(r"(%2F%2F)(?:(?!%2F|%3F|%23)[^/?#&\s])*%40", re.IGNORECASE)
_ENCODED_VALUE = re.compile(rf"((?:%3F|%26)(?:{_NAMES})%3D)(?:(?!%26|%23)[^&#\s])*", re.IGNORECASE)
_ENCODED_NAME = re.compile(r"(?<=[?&;])([\w%.-]{3,40}=)[^&#]*")
_HINT = re.compile(rf"@|%40|(?:{_NAMES})(?:=|%3D)|%[4-7][0-9A-F][\w%]*=", re.IGNORECASE)

#: What may have lost a value, or user info (which leaves no trace).
_EMPTY = re.compile(rf"(?:[?&;]|%3F|%26)(?:{_NAMES})(?:=|%3D)(?![^&#;\"\s<%])", re.IGNORECASE)


def emptied(text: str) -> str:
    """Return `text` with every address in it as version 0.1 wrote it; most are what they were."""
    if "//" not in text or not ("=" in text or "@" in text or "%" in text):
        return text
    if _HINT.search(text) is None:
        return text
    for _ in range(_MOST_PASSES):
        before, text = text, _URL.sub(_emptied, text)
        if text == before:
            break
    return text


def has_emptied(text: str) -> bool:
    """Tell whether `text` holds an address that looks as if it had lost a value."""
    return "=" in text and _EMPTY.search(text) is not None


def mended(stored: str, whole: str) -> str:
    """Return `stored` with its addresses as they stand in `whole`, the same text as it is read now.

    An address of `stored` that is one of `whole` emptied gets that one's place; where several look
    alike, the first is the first. Others stay.
    """
    if not has_emptied(stored):
        return stored
    originals: dict[str, deque[str]] = defaultdict(deque)
    for address in _URL.findall(whole):
        if (former := emptied(address)) != address:
            originals[former].append(address)

    def original(match: re.Match[str]) -> str:
        found = originals.get(match[0])
        # The last one stays for further ones: a thumbnail and its picture may be the same.
        return match[0] if not found else found.popleft() if len(found) > 1 else found[0]

    return _URL.sub(original, stored)


def _emptied(match: re.Match[str]) -> str:
    url = match[0]
    if not ("=" in url or "@" in url or "%" in url) or not _HINT.search(url):
        return url
    url = _VALUE.sub(r"\1", _USER_INFO.sub(r"\1", url))
    if "%" in url:
        url = _ENCODED_NAME.sub(_emptied_name, url)
        url = _ENCODED_VALUE.sub(r"\1", _ENCODED_USER_INFO.sub(r"\1", url))
    return url


def _emptied_name(match: re.Match[str]) -> str:
    return match[1] if unquote(match[1][:-1]).lower() in _EMPTIED_NAMES else match[0]
