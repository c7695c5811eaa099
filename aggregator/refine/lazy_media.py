"""Pictures and players that load lazily: where the address is, and what holds its place.

A lazy loader puts the address into an attribute of its own until a script finds the element on the
screen; no feed reader runs that script.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.refine.known_sites import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where lazy loaders keep the address of the picture (lazysizes, lazyload.js, the loaders of
#: WordPress, LiteSpeed, Cloudflare, Ezoic, PageSpeed, Breeze, Avada, Jianshu, Zhihu, WeChat). What
#: `src` shows meanwhile is a placeholder or a smaller copy.
LAZY = (
    "data-original", "data-src", "data-lazy-src", "data-actualsrc", "data-lazy", "data-lazyload",
    "data-echo", "data-original-src", "data-litespeed-src", "data-cfsrc", "data-ezsrc",
    "data-lazy-original", "data-lazyload-src", "data-orig-src", "data-wpfc-original-src",
    "data-pagespeed-lazy-src", "data-breeze", "data-opt-src", "data-flickity-lazyload",
    "data-delayed-url", "data-ks-lazyload", "data-backsrc", "data-nectar-img-src", "data-full-src",
    "data-ll-src", "data-defer-src", "data-async-src", "data-real-src", "data-load-src",
    "lazy-src", "lazysrc", "lay-src",
)  # fmt: skip
#: Where others keep the picture, or another address that belongs to it (Discuz: file, zoomfile):
#: they serve where `src` shows nothing, and name a picture.
LESS_LIKELY = (
    "file", "zoomfile", "data-file", "data-url", "data-image", "data-img", "data-hi-res-src",
    "data-croporisrc", "data-orig-file", "data-large-file", "data-medium-file", "data-large",
    "data-hires", "data-highres", "data-rawsrc", "data-raw-src", "data-fullsrc", "original", "_src",
)  # fmt: skip
_LAZY_SETS = (
    "data-srcset", "data-lazy-srcset", "data-litespeed-srcset", "data-original-set",
    "data-cfsrcset", "data-ezsrcset", "data-opt-srcset", "data-wpfc-original-srcset",
)  # fmt: skip
SRCSETS = (*_LAZY_SETS, "srcset")
#: Where frames and films wait: for their place on the screen, or for consent to cookies.
LAZY_PLAYERS = (
    "data-src", "data-lazy-src", "data-litespeed-src", "data-cfsrc", "data-ezsrc", "data-original",
    "data-lazy", "data-lazyload", "data-echo", "data-orig-src", "data-iframe-src",
    "data-cookieblock-src", "data-cli-src", "data-cmp-src", "data-cookie-src", "data-consent-src",
    "data-uc-src", "data-blocked-src", "data-suppressedsrc", "data-src-cmplz", "data-cmplz-src",
    "data-defer-src", "data-ll-src", "data-load-src", "data-real-src", "data-opt-src",
)  # fmt: skip
#: The same where `src` shows nothing; elsewhere it is the page that is shared.
_LESS_LIKELY_PLAYERS = ("data-video-src", "data-video", "data-mp4", "data-url", "data-href")
#: Where a script finds what it loads.
_WAITING = frozenset({*LAZY, *_LAZY_SETS})
#: All that the gate must let pass, to be looked at by their elements.
LAZY_ADDRESSES = frozenset({*LAZY, *LESS_LIKELY, *LAZY_PLAYERS, *_LESS_LIKELY_PLAYERS})
#: Of those, what pictures have.
PICTURE_ADDRESSES = frozenset({*LAZY, *LESS_LIKELY})
#: And what frames and films have.
PLAYER_ADDRESSES = frozenset({*LAZY_PLAYERS, *_LESS_LIKELY_PLAYERS})

#: A data: picture this short is a placeholder of one colour.
_MIN_DATA_URL_CHARS = 400
#: Names that pictures of nothing have on many sites.
_NOTHING = re.compile(
    r"(?:blank|spacer|clear|transparent|1x1|1px|dot_clear|lazy[-_]?(?:load|placeholder|img|image)"
    r"|(?:image[-_])?placeholder|grey|gray)\.(?:gif|png|svg)",
    re.IGNORECASE,
)
#: Names that pictures of something have, too: they hold a place where another address is at hand.
_MAYBE_NOTHING = re.compile(
    r"(?:none|loading|loader|lazy|pixel|default|empty|null|placehold|img_?loading|load|dot|t|p)"
    r"\.(?:gif|png|svg|jpe?g|webp)|preload[\w-]{0,20}\.(?:gif|png|svg)",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"-\d{2,4}x\d{2,4}(?=\.\w{3,4}$)|_[a-z](?=\.\w{3,4}$)|/[swh]\d{1,4}(?:-[\w-]{1,20})?(?=/)"
)
_UNLIKE_ADDRESS = frozenset("{}[]")
_BEGINNINGS = ("/", "./", "../", "http://", "https://")
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp)(?:$|[!@:])", re.IGNORECASE)


def is_address(value: str) -> bool:
    """Tell whether a data attribute holds an address: scripts keep all sorts of things in them.

    One with blanks is known by how it begins, or as a picture's name.
    """
    address = value.strip()
    if not _UNLIKE_ADDRESS.isdisjoint(address):
        return False
    if len(address.split(None, 1)) == 1:
        return "/" in address or "." in address
    return address.startswith(_BEGINNINGS) or is_picture_name(address)


def is_picture_name(address: str) -> bool:
    """Tell whether an address ends, before its query, as a picture's file does."""
    return _PICTURE_NAME.search(address.partition("?")[0]) is not None


def best_source(attributes: Mapping[str, str]) -> str | None:
    """Return the address of the real picture: lazy loaders put a placeholder into `src`.

    A `srcset` serves where there is no other, or where it has the same picture in a larger size:
    it names `src` itself among its candidates, or one whose address differs in the size alone. Of
    a `srcset` the first candidate is taken for the largest, as the gate puts it.
    """
    if not _WAITING.isdisjoint(attributes):
        for name in (*LAZY, *_LAZY_SETS):
            if (address := attributes.get(name)) and not is_nothing(address):
                return address
    shown = attributes.get("src", "")
    if is_nothing(shown):
        shown = ""
    if not shown or _MAYBE_NOTHING.fullmatch(_name(shown)):
        for name in LESS_LIKELY:
            address = attributes.get(name, "")
            if is_picture_name(address) and not is_nothing(address):
                return address
    candidates = attributes.get("srcset", "").split()
    in_sizes = candidates[0] if candidates else ""
    if not in_sizes or is_nothing(in_sizes):
        return shown or None
    # An inline picture that has other sizes is their blurred shadow.
    is_resized = shown in candidates or shown.startswith("data:") or differ_in_size(shown, in_sizes)
    return in_sizes if is_resized or not shown else shown


def differ_in_size(one: str, other: str) -> bool:
    """Tell whether two addresses of one element may differ in the picture's size alone.

    Only where something else says that they are one picture: by their addresses alone "a_b.jpg"
    and "a_c.jpg" are two.
    """
    return _without_size(one) == _without_size(other)


def is_lazy(attributes: Mapping[str, str]) -> bool:
    """Tell whether a script loads this picture: one for readers without script may stand beside."""
    return not _WAITING.isdisjoint(attributes) and any(
        attributes.get(name) for name in (*LAZY, *_LAZY_SETS)
    )


def player_source(attributes: Mapping[str, str]) -> str:
    """Return the address of a frame or film, from where it waits; "" for none."""
    names = (*LAZY_PLAYERS, "src", "data", *_LESS_LIKELY_PLAYERS)
    return next((address for name in names if (address := attributes.get(name))), "")


def is_nothing(url: str) -> bool:
    """Tell whether a picture's address is that of a placeholder."""
    if url.startswith("data:"):
        return len(url) < _MIN_DATA_URL_CHARS
    return is_placeholder(url) or bool(_NOTHING.fullmatch(_name(url)))


def _without_size(url: str) -> str:
    """Return an address without what may tell a size in it.

    "-300x200" (WordPress), "_z" (Flickr), "/s320/" and "/w640-h480-c/" (Google), the query.
    """
    path, mark, query = url.partition("?")
    same = _SIZE.sub("", path)
    return same if is_picture_name(path) else f"{same}{mark}{query}"


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
