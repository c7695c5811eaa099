"""Which addresses are one picture in several sizes, by what known servers of pictures say.

Only where something says so: by their looks alone "photo_a.jpg" and "photo_b.jpg", "/s1/" and
"/s2/" or "?id=1" and "?id=2" are two pictures.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aggregator.web.addresses import hosts_above
from aggregator.web.picture_servers import (
    ALIKE,
    HABITS,
    INNER_PARAMETER,
    INNER_PATH,
    SAME_HOST,
)

if TYPE_CHECKING:
    from urllib.parse import SplitResult

#: A picture's address inside the address of a service that resizes it, inside another.
_MAX_INNER = 3

#: Parameters that ask for a size: their values are sizes, so that "?w=1" and "?w=2" stay two.
_SIZES = frozenset(
    {
        "w",
        "h",
        "width",
        "height",
        "maxwidth",
        "maxheight",
        "max_width",
        "max_height",
        "mw",
        "mh",
        "size",
    }
)
_SIZE = re.compile(r"[1-9]\d{1,4}(?:x\d{1,4})?(?:\.\d{1,4})?(?:px)?|auto|-", re.ASCII)
#: A file of a picture's name is one picture, however small it is asked for.
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_ANY_SIZE = re.compile(
    r"\d{1,5}(?:x\d{1,5})?(?:\.\d{1,4})?(?:px)?|auto|-|(?:x?x?[ls]|thumb|small|medium|large|big|full|orig)\w{0,10}",
    re.ASCII | re.IGNORECASE,
)
#: Parameters that ask for a size by their mere name (Jetpack, Alibaba, Baidu, Tencent, Qiniu).
_SIZE_NAMES = re.compile(
    r"(?:resize|x-oss-process|x-bce-process|x-image-process|imageview2?|imagemogr2?|imwidth"
    r"|impolicy|ixlib|ixid)(?:[=/|]|$)|fit=\d+(?:,|%2c)\d+|im=resize|tr=[wh]-\d",
    re.IGNORECASE,
)
#: What stands beside them: how the picture is cut, packed and signed.
_COMPANIONS = frozenset(
    {
        "q", "quality", "qlt", "auto", "format", "fm", "fmt", "fit", "crop", "dpr", "ssl", "strip",
        "usm", "sharp", "sharpen", "zoom", "gravity", "precrop", "optimize", "progressive", "ar",
        "op_sharpen", "op_usm", "interlace",
    }
)  # fmt: skip
_SIGNATURE = re.compile(r"(?:s|sig|signature|auth|token)=[0-9a-zA-Z_.~%-]{16,}", re.ASCII)

#: WordPress wherever it is installed: its names of uploads end in "-300x200" or "-scaled".
_WORDPRESS = re.compile(
    r"/(?:wp-content/|app/)uploads/|/(?:uploads|files)/(?:sites/\d+/)?\d{4}/\d\d/"
)
_WORDPRESS_SIZE = re.compile(r"-(?:\d{2,4}x\d{2,4}|scaled)(?=\.\w{3,4}$)", re.ASCII)
#: Services that work on any host, by the path: what follows is the picture's own path or address.
_WORKSHOPS = re.compile(r"/cdn-cgi/image/[^/]{1,200}/|/_next/image/?$|/_vercel/image/?$|/_image/?$")


def same_picture(url: str) -> str:
    """Return what a picture's addresses in all its sizes have in common, not an address itself.

    Equal for two addresses means that they are known to be one picture; else each has its own.
    """
    parts = _split(url)
    if parts is None or not parts.netloc:
        return url
    for _ in range(_MAX_INNER):
        inner = _inner(parts)
        if inner is None:
            break
        parts = inner
    hosts = _hosts(parts)
    host = hosts[0] if hosts else ""
    for name in hosts:
        for habit in HABITS.get(name, ()):
            if found := habit.path.fullmatch(parts.path):
                told = habit.name.format(*(group or "" for group in found.groups()))
                server = name if name in ALIKE else host
                return f"{SAME_HOST.get(server, server)} {told}"
    path = parts.path
    if _WORDPRESS.search(path) or host.endswith(".files.wordpress.com"):
        path = _WORDPRESS_SIZE.sub("", path)
    if not parts.query:
        return f"{host}{path}"
    is_file = _PICTURE_NAME.search(path) is not None
    query = _without_size(parts.query, _ANY_SIZE if is_file else _SIZE)
    return f"{host}{path}?{query}" if query else f"{host}{path}"


def _without_size(query: str, size: re.Pattern[str]) -> str:
    """Return what is left of a query when it does not ask for a size; all of one that does not."""
    pairs = query.split("&")
    asking = {pair for pair in pairs if _asks_for_size(pair, size)}
    if not asking:
        return query
    return "&".join(
        pair
        for pair in pairs
        if pair not in asking
        and pair.partition("=")[0].lower() not in _COMPANIONS
        and not _SIGNATURE.fullmatch(pair)
    )


def _asks_for_size(pair: str, size: re.Pattern[str]) -> bool:
    name, _, value = pair.partition("=")
    if name.lower() in _SIZES:
        return size.fullmatch(value) is not None
    return _SIZE_NAMES.match(pair) is not None


def _inner(parts: SplitResult) -> SplitResult | None:
    """Return the address of the picture that a service makes smaller, if it is one's."""
    found: str | None = None
    for name in _hosts(parts):
        if name in INNER_PARAMETER:
            found = _parameter(parts.query, INNER_PARAMETER[name])
        elif name in INNER_PATH and (match := INNER_PATH[name].fullmatch(parts.path)):
            found = unquote(match[1])
    if found is None and (workshop := _WORKSHOPS.search(parts.path)):
        found = (
            _parameter(parts.query, "url") or _parameter(parts.query, "href")
            if workshop.end() == len(parts.path)
            else parts.path[workshop.end() :]
        )
        if found and not found.startswith(("http://", "https://")):
            found = f"https://{parts.netloc}/{found.lstrip('/')}"
    if not found:
        return None
    inner = _split(found if "://" in found else f"https://{found}")
    return inner if inner is not None and inner.netloc and inner != parts else None


def _hosts(parts: SplitResult) -> tuple[str, ...]:
    return hosts_above(f"http://{parts.netloc}")


def _parameter(query: str, name: str) -> str | None:
    values = (pair.partition("=") for pair in query.split("&"))
    return next((unquote(value) for key, _, value in values if key == name), None)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
