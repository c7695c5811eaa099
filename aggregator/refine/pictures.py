"""Which of an image element's addresses is the picture, and whether it is one at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.refine.known_sites import is_counter, is_placeholder, picture_url
from aggregator.web.addresses import host_of
from aggregator.web.urls import absolute_url, public_url

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where lazy loaders keep the address of the picture until it is scrolled to.
LAZY = (
    "data-original", "data-src", "data-lazy-src", "data-actualsrc", "data-lazy", "data-lazyload",
    "data-echo",
)  # fmt: skip
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
SRCSETS = (*_LAZY_SETS, "srcset")
#: What tells how large an element is shown.
SIZES = ("width", "height", "style")

#: A data: picture this short is a placeholder of one colour.
_MIN_DATA_URL_CHARS = 400
#: A style attribute is searched up to here.
MAX_STYLE_CHARS = 500
#: https://html.spec.whatwg.org/#parse-a-srcset-attribute: an address may hold commas inside.
_SRCSET_CANDIDATE = re.compile(r"[\s,]*(\S+)(?:\s+(\d+(?:\.\d+)?)[wx])?(?:\s+\d+h)?\s*(?:,|$)")
_MAX_SRCSET_CHARS = 8192
#: Names that pictures of nothing have on many sites.
_NOTHING = re.compile(
    r"(?:blank|spacer|clear|transparent|1x1|1px|dot_clear|lazy[-_]?(?:load|placeholder|img|image)"
    r"|(?:image[-_])?placeholder|grey|gray)\.(?:gif|png|svg)",
    re.IGNORECASE,
)
_TINY_SIDE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*[01](?:px)?\s*(?=;|!|$)", re.IGNORECASE)

_UNLIKE_ADDRESS = frozenset("{}[]")
_BEGINNINGS = ("/", "./", "../", "http://", "https://")
_IMAGE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
#: What tells one size of a picture from another in its address: "-300x200" (WordPress), "_z"
#: (Flickr), "/s320/" and "/w640-h480-c/" (Google).
_SIZE = re.compile(
    r"-\d{2,4}x\d{2,4}(?=\.\w{3,4}$)|_[a-z](?=\.\w{3,4}$)|/[swh]\d{1,4}(?:-[\w-]{1,20})?(?=/)"
)


def picture(url: str) -> str:
    """Return what a picture's addresses in all its sizes have in common."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    same = f"{host_of(url)}{_SIZE.sub('', parts.path)}"
    return same if _IMAGE_NAME.search(parts.path) else f"{same}?{parts.query}"


def is_address(value: str) -> bool:
    """Tell whether a data attribute holds an address: scripts keep all sorts of things in them.

    One with blanks is known by how it begins, or as a picture's name.
    """
    address = value.strip()
    if not _UNLIKE_ADDRESS.isdisjoint(address):
        return False
    if len(address.split(None, 1)) == 1:
        return "/" in address or "." in address
    path = address.partition("?")[0]
    return address.startswith(_BEGINNINGS) or _IMAGE_NAME.search(path) is not None


def best_source(attributes: Mapping[str, str]) -> str | None:
    """Return the address of the real picture: lazy loaders put a placeholder into `src`.

    A `srcset` serves where there is no other, or where it has the same picture in a larger size.
    """
    names = (*LAZY, *_LAZY_SETS, "src", "srcset")
    shown = [
        (name, address)
        for name in names
        if (address := attributes.get(name)) and not _is_nothing(address)
    ]
    if not shown:
        return None
    (name, best), (last, set_of_sizes) = shown[0], shown[-1]
    if (name, last) != ("src", "srcset"):
        return best
    # An inline picture that has other sizes is their blurred shadow.
    is_resized = best.startswith("data:") or picture(best) == picture(set_of_sizes)
    return set_of_sizes if is_resized else best


def largest(srcset: str, base_url: str) -> str | None:
    """Return the candidate with the greatest descriptor, absolute and fit to publish.

    `None` where an address holds a blank: nobody can tell where it begins.
    """
    text = srcset[:_MAX_SRCSET_CHARS].strip(" \t\n\r\f,")
    found = []
    end = 0
    while end < len(text):
        candidate = _SRCSET_CANDIDATE.match(text, end)
        if candidate is None:
            if len(srcset) > _MAX_SRCSET_CHARS:
                break  # the last one is cut
            return None
        end = candidate.end()
        if url := fit_picture(candidate[1], base_url):
            found.append((float(candidate[2] or 1), url))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def fit_picture(url: str, base_url: str) -> str | None:
    """Return a picture's http(s) address, absolute, without wishes; else `None`."""
    public = public_url(absolute_url(url, base_url))
    return picture_url(public) if public else None


def counts_readers(attributes: Mapping[str, str], url: str) -> bool:
    """Tell whether an element shows nothing to a reader: a pixel, or a known counter's address."""
    sizes = [attributes[side].strip() for side in ("width", "height") if attributes.get(side)]
    if sizes and all(size.removesuffix("px") in {"0", "1"} for size in sizes):
        return True
    style = attributes.get("style", "")[:MAX_STYLE_CHARS]
    tiny = {side.lower() for side in _TINY_SIDE.findall(style)} if style else set()
    return len(tiny) == 2 or is_counter(url)


def _is_nothing(url: str) -> bool:
    if url.startswith("data:"):
        return len(url) < _MIN_DATA_URL_CHARS
    return is_placeholder(url) or bool(_NOTHING.fullmatch(url.partition("?")[0].rpartition("/")[2]))
