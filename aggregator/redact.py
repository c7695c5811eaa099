"""What no published byte and no log line may hold: user info and secret query values.

Sources carry secrets in their URLs (an RSSHub access key, a private feed's token), and documents
echo them. One function takes them out of any text: a URL, a page of HTML, a log line.
"""

from __future__ import annotations

import re

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

_URL = re.compile(r"(?:\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}:)?//[^\s\"'<>\\]+")
_USER_INFO = re.compile(r"//[^/?#@]*@")
_SECRET_VALUE = re.compile(rf"(?<=[?&;])((?:{'|'.join(SECRET_PARAMETERS)})=)[^&;#]*", re.IGNORECASE)


def redact(text: str) -> str:
    """Return `text` with user info and secret query values removed from every URL in it.

    Works on plain text and on HTML (where `&` is `&amp;`); a name keeps its place with an empty
    value, so that two URLs that differ in nothing else stay the same. Idempotent.
    """
    if "//" not in text:
        return text
    return _URL.sub(_redact_url, text)


def _redact_url(match: re.Match[str]) -> str:
    url = _USER_INFO.sub("//", match[0], count=1)
    return _SECRET_VALUE.sub(r"\1", url)
