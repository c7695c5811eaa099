"""What no published byte and no log line may hold: user info and secret query values.

Sources carry secrets in their URLs (an RSSHub access key, a private feed's token), and documents
echo them. One function takes them out of any text: a URL, a page of HTML, a log line.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

#: Query parameters whose value is never published or logged.
SECRET_PARAMETERS = (
    "key",
    "code",
    "token",
    "auth",
    "secret",
    "password",
    "apikey",
    "access_key",
)

#: What is taken out may join its neighbours to another secret: so often is that looked for.
MOST_PASSES = 8

_NAMES = "|".join(SECRET_PARAMETERS)

# A URL in running text or in HTML, from its authority on: no secret is in a scheme, and what
# begins with two characters is found quickly. It may hold an apostrophe, but no quotation mark.
_URL = re.compile(r"//[^\s\"<>]+")

# User info ends at the last @ of the authority (WHATWG URL, authority state). A URL may hold
# another one in its path (archives, image proxies), which has its own.
_USER_INFO = re.compile(r"((?:^|:)//)[^/?#]*@")
_SECRET_VALUE = re.compile(rf"(?<=[?&;])((?:{_NAMES})=)[^&#]*", re.IGNORECASE)

# The same, percent-encoded: a URL that is a parameter of another (redirect links, image proxies).
_ENCODED_USER_INFO = re.compile(r"(%2F%2F)(?:(?!%2F|%3F|%23)[^/?#&\s])*%40", re.IGNORECASE)
_ENCODED_VALUE = re.compile(rf"((?:%3F|%26)(?:{_NAMES})%3D)(?:(?!%26|%23)[^&#\s])*", re.IGNORECASE)

# A name of which letters are encoded means the same to the server.
_ENCODED_NAME = re.compile(r"(?<=[?&;])([\w%.-]{3,40}=)[^&#]*")

_HINT = re.compile(rf"@|%40|(?:{_NAMES})(?:=|%3D)|%[4-7][0-9A-F][\w%]*=", re.IGNORECASE)


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


def conceal(text: str, url: str) -> str:
    """Return `text` without `url`, the URL of a private source, however it is written there.

    As configured, redacted, without its scheme or a final slash, and as HTML. Idempotent.
    """
    for _ in range(MOST_PASSES):
        before, text = text, _conceal_once(text, url)
        if text == before:
            break
    return text


def _conceal_once(text: str, url: str) -> str:
    bare = redact(url).partition("://")[2].rstrip("/")
    for form in dict.fromkeys((bare, bare.partition("?")[0].rstrip("/"))):
        if "/" in form:
            address = re.escape(form).replace("&", "&(?:amp;)?")
            # Not what merely begins like it: the articles often live below the feed.
            whole = r"/?(?:[?#][^\s\"'<>]*)?(?![\w/%-]|\.\w)"
            text = re.sub(rf"(?:https?:)?(?://)?{address}{whole}", "", text, flags=re.IGNORECASE)
    return text


def tells_of(text: str, url: str) -> bool:
    """Tell whether `text` holds `url`, the URL of a private source, or one that begins like it."""
    bare = redact(url).partition("://")[2].partition("?")[0].rstrip("/")
    return "/" in bare and bare.lower() in text.lower()


def _redact_url(match: re.Match[str]) -> str:
    url = match[0]
    # Most URLs hold no secret, and a look for the least of one is cheaper than looking for each.
    if not ("=" in url or "@" in url or "%" in url) or not _HINT.search(url):
        return url
    url = _USER_INFO.sub(r"\1", url)
    url = _SECRET_VALUE.sub(r"\1", url)
    if "%" in url:
        url = _ENCODED_NAME.sub(_redact_named, url)
        url = _ENCODED_USER_INFO.sub(r"\1", url)
        url = _ENCODED_VALUE.sub(r"\1", url)
    return url


def _redact_named(match: re.Match[str]) -> str:
    name = unquote(match[1][:-1]).lower()
    return match[1] if name in SECRET_PARAMETERS else match[0]
