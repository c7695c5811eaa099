"""A picture's address, fit to publish, and what its element tells of its size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.refine.known_sites import is_counter, picture_url
from aggregator.web.urls import absolute_url, public_url

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What tells how large an element is shown.
SIZES = ("width", "height", "style")

#: A style attribute is searched up to here.
MAX_STYLE_CHARS = 500
#: https://html.spec.whatwg.org/#parse-a-srcset-attribute: an address may hold commas inside.
_SRCSET_CANDIDATE = re.compile(r"[\s,]*(\S+)(?:\s+(\d+(?:\.\d+)?)[wx])?(?:\s+\d+h)?\s*(?:,|$)")
_MAX_SRCSET_CHARS = 8192
_MAX_CANDIDATES = 32
_TINY_SIDE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*[01](?:px)?\s*(?=;|!|$)", re.IGNORECASE)

#: What "1em" is where nobody says otherwise (https://html.spec.whatwg.org/#rendering).
_EM_PIXELS = 16
#: Larger than that no picture stands in a line.
_MOST_INLINE_PIXELS = 64
_STYLED_SIDE = re.compile(
    r"(?:^|[;\s])(max-|)(width|height)\s*:\s*(\d{1,3}(?:\.\d{1,6})?)(px|r?em)\s*(?=;|!|$)",
    re.IGNORECASE,
)
#: Where nothing but emoji lies: WordPress and Twemoji, Weibo's faces.
_EMOJI_PLACE = re.compile(
    r"/images/core/emoji/|twemoji[^/]{0,40}/(?:[^/]{1,20}/){0,6}[0-9a-f-]{2,40}\.(?:png|svg)$"
    r"|//(?:h5|img\.t)\.sina(?:img|js)\.cn/(?:m/emoticon|t\d*/appstyle/expression)/"
    r"|//face\.t\.sinajs\.cn/|/emoji/(?:[^/]{1,20}/)?72x72/",
    re.IGNORECASE,
)
#: One emoji, with what may join or colour its parts (Unicode Technical Standard 51).
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u2bff\u3030\u303d\u3297\u3299\u00a9\u00ae\u203c\u2049\u2122\u2139#*0-9"
    "\u200d\ufe0f\u20e3\U000e0020-\U000e007f]{1,20}"
)


def largest(srcset: str, base_url: str) -> str | None:
    """Return the candidate with the greatest descriptor, absolute and fit to publish.

    `None` where there is none.
    """
    return next(iter(by_size(srcset, base_url)), None)


def by_size(srcset: str, base_url: str) -> list[str]:
    """Return the candidates absolute and fit to publish, the greatest first, bounded in number.

    None where an address holds a blank: nobody can tell where it begins.
    """
    text = srcset[:_MAX_SRCSET_CHARS].strip(" \t\n\r\f,")
    found = []
    end = 0
    while end < len(text):
        candidate = _SRCSET_CANDIDATE.match(text, end)
        if candidate is None:
            if len(srcset) > _MAX_SRCSET_CHARS:
                break  # the last one is cut
            return []
        end = candidate.end()
        if url := fit_picture(candidate[1], base_url):
            found.append((float(candidate[2] or 1), url))
    found.sort(key=lambda pair: -pair[0])
    return [url for _, url in found[:_MAX_CANDIDATES]]


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


def stated_size(attributes: Mapping[str, str], url: str) -> dict[str, str]:
    """Return the width and height that an image element states, in pixels, as its attributes.

    Those of a style only where they are small: an emoji is a picture of 72 pixels and more that
    stands in its line by style alone ("height: 1em", WordPress, Weibo).
    """
    stated = {
        side: size
        for side in ("width", "height")
        if (size := attributes.get(side, "").strip().removesuffix("px")).isdecimal()
    }
    style = attributes.get("style", "")[:MAX_STYLE_CHARS]
    small = _small_sides(style) if style else {}
    stated |= small
    if (small or not stated) and _is_emoji(attributes, url):
        one = next(iter(small.values()), str(_EM_PIXELS))
        return {side: stated.get(side, one) for side in ("width", "height")}
    return stated


def _small_sides(style: str) -> dict[str, str]:
    sides = {}
    for bound, side, number, unit in sorted(_STYLED_SIDE.findall(style), reverse=True):
        pixels = round(float(number) * (1 if unit.lower() == "px" else _EM_PIXELS))
        # "height" after "max-height": what is said outright counts.
        if 1 < pixels <= _MOST_INLINE_PIXELS and (not bound or side.lower() not in sides):
            sides[side.lower()] = str(pixels)
    return sides


def _is_emoji(attributes: Mapping[str, str], url: str) -> bool:
    lower = url.lower()
    # A short look: of addresses in ASCII, every place has one of these in it.
    may_be = not url.isascii() or "moji" in lower or "sina" in lower
    if may_be and _EMOJI_PLACE.search(url):
        return True
    return bool(attributes.get("class")) and _EMOJI.fullmatch(attributes.get("alt", "")) is not None
