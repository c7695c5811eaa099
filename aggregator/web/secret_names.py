"""Which query parameters hold a secret, by their names alone."""

from __future__ import annotations

import re
from urllib.parse import unquote

#: Names that are one as a whole: inside of others they mean something else ("keyword", "author",
#: "country_code").
_WHOLE = frozenset({"key", "code", "auth", "sig", "pass", "pwd"})
#: Words that make any name one: "feed_token", "X-Amz-Signature", "sessionToken".
_WORDS = frozenset({"token", "secret", "password", "passwd", "apikey", "signature", "session"})
#: What a name may end in, its words joined: "apiKey" and "x-api-key" are "api_key".
_ENDS = ("api_key", "access_key", "auth_key")

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[_.-]+")


def is_secret_name(name: str) -> bool:
    """Tell whether a parameter of this name holds a secret; letters may be percent-encoded."""
    if "%" in name:
        name = unquote(name)
    if name.lower() in _WHOLE:
        return True
    words = [word for word in _BETWEEN.split(_CAMEL.sub("_", name).lower()) if word]
    return not _WORDS.isdisjoint(words) or "_".join(words).endswith(_ENDS)
