"""How a request wants its page: what its header and its cookies say, and what it chooses anew.

A choice is a link (`?lang=zh`), so that it works without scripts: it is kept in a cookie, and the
reader is sent to the same page without it.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from aggregator.publish.pages.look import Language, Look, Theme
from aggregator.serve.responses import PROTECTION

if TYPE_CHECKING:
    from starlette.requests import Request

#: What a reader may choose, by the name of its cookie.
CHOICES = {
    "lang": tuple(Language),
    "theme": tuple(Theme),
    "keys": ("on", "off"),
}
#: What pages are told in their address besides.
ASKED = ("q", "before", "after", "tag", "source", "sort", "show", "page", "done")
#: A tag or a title, as long as one may be.
MOST_CHARACTERS = 300

_YEAR_SECONDS = 365 * 24 * 3600

#: What the look of a page depends on.
VARY = "Accept-Encoding, Accept-Language, Cookie"


def look_of(request: Request, *, is_operator: bool = False) -> Look:
    """Return how a request wants its page."""
    kept = {name: request.cookies.get(name) for name in CHOICES}
    language, theme = kept["lang"], kept["theme"]
    return Look(
        language=Language(language) if language in CHOICES["lang"] else _spoken(request),
        theme=Theme(theme) if theme in CHOICES["theme"] else Theme.AUTO,
        keys=kept["keys"] != "off",
        root="../" * (_path(request).count("/") - 1) or "./",
        query=tuple(
            (name, value[:MOST_CHARACTERS])
            for name in ASKED
            if (value := request.query_params.get(name)) is not None
        ),
        is_operator=is_operator,
        offsets=_offsets(),
    )


def _offsets() -> tuple[timedelta, ...]:
    """Return how far the machine's zone is from UTC: today, and when clocks have changed."""
    now = time.localtime().tm_gmtoff
    known = (now, -time.timezone, *((-time.altzone,) if time.daylight else ()))
    return tuple(timedelta(seconds=one) for one in dict.fromkeys(known))


def choosing(request: Request, base_url: str) -> Response | None:
    """Return the answer to a choice: kept, and back to the page; `None` where nothing is chosen."""
    chosen = {
        name: value
        for name, values in CHOICES.items()
        if (value := request.query_params.get(name)) in values
    }
    if not chosen:
        return None
    left = [(name, value) for name, value in request.query_params.multi_items() if name in ASKED]
    here = f"./{_path(request).rpartition('/')[2]}"
    where = f"{here}?{urlencode(left)}" if left else here
    answer = Response(
        status_code=303, headers={**PROTECTION, "Location": where, "Cache-Control": "no-store"}
    )
    place = urlsplit(base_url)
    for name, value in chosen.items():
        answer.set_cookie(
            name,
            str(value),
            max_age=_YEAR_SECONDS,
            path=f"{place.path.rstrip('/')}/",
            secure=place.scheme == "https",
            httponly=True,
            samesite="lax",
        )
    return answer


def _path(request: Request) -> str:
    path: bytes = request.scope["raw_path"]
    return path.decode("ascii")


def _spoken(request: Request) -> Language:
    """Return the language that Accept-Language prefers (RFC 9110 §12.5.4), else English."""
    best, weight = Language.ENGLISH, 0.0
    for said in request.headers.get("accept-language", "")[:MOST_CHARACTERS].split(","):
        name, _, parameter = said.partition(";")
        found = _LANGUAGES.get(name.strip().lower().partition("-")[0])
        quality = _quality(parameter)
        if found is not None and quality > weight:
            best, weight = found, quality
    return best


_LANGUAGES = {"en": Language.ENGLISH, "zh": Language.CHINESE}


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
