"""Addresses as our own messages show them: without user info and secret query values.

For logs, problems and notes, which tell of addresses that we ask or are sent to. What a publisher
publishes is not touched by it, and what the operator holds secret is known by value
(`rules.secrets`).
"""

from __future__ import annotations

import re

from aggregator.runtime.late_patterns import late_pattern
from aggregator.web.secret_names import is_secret_name

#: What is taken out may join its neighbours to another secret: so often is that looked for.
MOST_PASSES = 8

# A URL in running text or in HTML, from its authority on: no secret is in a scheme, and what
# begins with two characters is found quickly. It may hold an apostrophe, but no quotation mark.
_URL = late_pattern(r"//[^\s\"<>]+")

# User info ends at the last @ of the authority (WHATWG URL, authority state). A URL may hold
# another one in its path (archives, image proxies), which has its own.
_USER_INFO = late_pattern(r"((?:^|:)//)[^/?#]*@")
_VALUE = late_pattern(r"(?<=[?&;])([\w%.-]{1,64})=[^&#]*")

# The same, percent-encoded: a URL that is a parameter of another (redirect links, image proxies).
_ENCODED_USER_INFO = late_pattern(r"(%2F%2F)(?:(?!%2F|%3F|%23)[^/?#&\s])*%40", re.IGNORECASE)
_ENCODED_VALUE = late_pattern(
    r"(?P<mark>%3F|%26)(?P<name>(?:(?!%3D|%3F|%26)[\w%.-]){1,64})(?P<is>%3D)"
    r"(?:(?!%26|%23)[^&#\s])*",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return `text` with user info and secret query values removed from every URL in it.

    Works on plain text and on HTML (where `&` is `&amp;`); a name keeps its place with an empty
    value, so that two URLs that differ in nothing else stay the same. Idempotent.
    """
    if "//" not in text:
        return text
    for _ in range(MOST_PASSES):
        before, text = text, _URL.sub(_redact_url, text)
        if text == before:
            break
    return text


def without_user_info(url: str) -> str:
    """Return an address without user name and password; the rest stays letter by letter."""
    return _USER_INFO.sub(r"\1", url)


def _redact_url(match: re.Match[str]) -> str:
    url = match[0]
    if not ("=" in url or "@" in url or "%" in url):
        return url
    url = _VALUE.sub(_emptied, _USER_INFO.sub(r"\1", url))
    if "%" in url:
        url = _ENCODED_USER_INFO.sub(r"\1", url)
        url = _ENCODED_VALUE.sub(_encoded_emptied, url)
    return url


def _emptied(match: re.Match[str]) -> str:
    return f"{match[1]}=" if is_secret_name(match[1].removeprefix("amp;")) else match[0]


def _encoded_emptied(match: re.Match[str]) -> str:
    if not is_secret_name(match["name"]):
        return match[0]
    return f"{match['mark']}{match['name']}{match['is']}"
