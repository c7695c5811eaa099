"""Whether a media:group holds one object in several renditions, or a gallery.

https://www.rssboard.org/media-rss#media-group is for renditions of one object; publishers put
galleries into it, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Enclosure

#: The attributes of a media:content in which renditions of one object differ.
RENDITION = ("width", "height", "bitrate", "framerate", "samplingrate", "channels", "type", "lang")

#: Two renditions of one picture are as wide for their height, as far as whole pixels can be.
_ASPECT_TOLERANCE = 0.03
#: What names of files say of a size and a shape ("…-super-169.jpg", "…-large-gallery.jpg").
_SIZE_WORDS = frozenset(
    {
        "super", "large", "medium", "small", "thumb", "thumbnail", "thumbs", "gallery", "main",
        "body", "video", "synd", "hp", "assign", "exlarge", "tease", "vertical", "horizontal",
        "square", "wide", "tall", "overlay", "live", "story", "hero", "full", "original", "orig",
        "xl", "xxl", "xs", "lg", "md", "sm", "master", "default", "jumbo", "top", "topper", "alt",
        "bleed", "mobile", "desktop", "tablet", "preview", "big", "mini", "tiny", "banner",
        "crop", "scaled", "hd", "sd", "t1", "hq",
    }
)  # fmt: skip
#: The same of shapes, after such a word: 16:9, 1:1, 4:3.
_SHAPES = frozenset({"11", "43", "34", "169", "916", "32", "23"})


@dataclass(frozen=True, slots=True)
class MediaContent:
    """One media:content; `rendition` is what tells it from others of its object."""

    file: Enclosure
    group: str | None
    is_default: bool
    width: int
    height: int
    rendition: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The first half of its media type."""
        return self.file.media_type.partition("/")[0]

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """Grow with how good a rendition it is: meant to be shown, wide, as it was uploaded."""
        return self.is_default, self.width, "?" not in self.file.url


def is_one_object(alike: Sequence[MediaContent]) -> bool:
    """Tell whether the members of one media:group, all of one medium, are one object.

    Renditions say in what they differ: each has a size, a rate or a type of its own. Pictures are
    then one where all have one shape, where one of them is the default, or where their names differ
    in words for sizes alone. Members of a gallery have captions of their own, or nothing that tells
    them apart but other addresses.
    """
    if len({one.file.title for one in alike if one.file.title}) > 1:
        return False
    if len({one.rendition for one in alike}) < len(alike):
        return False
    if alike[0].kind != "image":
        return True
    if len({(one.width, one.height) for one in alike}) < len(alike):
        return False
    shapes = [one.width / one.height for one in alike if one.width and one.height]
    is_one_shape = len({one.width for one in alike}) == len(alike) and (
        not shapes or max(shapes) - min(shapes) <= _ASPECT_TOLERANCE * max(shapes)
    )
    has_default = sum(one.is_default for one in alike) == 1
    return is_one_shape or has_default or _differ_in_size(alike)


def _differ_in_size(alike: Sequence[MediaContent]) -> bool:
    """Tell whether the addresses have a beginning and an end in common, and sizes between them."""
    tokens = [re.split(r"[-/_.]+", _path(one.file.url)) for one in alike]
    before = _common(tokens)
    after = _common([one[before:][::-1] for one in tokens])
    middles = [one[before : len(one) - after] for one in tokens]
    return before > 1 and all(map(_is_size, middles, alike))


def _common(tokens: list[list[str]]) -> int:
    """Return how many tokens all have in common at the beginning."""
    return next(
        (place for place, column in enumerate(zip(*tokens)) if len(set(column)) > 1),  # noqa: B905
        min(map(len, tokens)),
    )


def _is_size(tail: list[str], member: MediaContent) -> bool:
    sides = {str(member.width), str(member.height)}
    sizes = [
        token.lower() in _SIZE_WORDS or sides.issuperset(token.lower().removesuffix("w").split("x"))
        for token in tail
    ]
    return not tail or (
        any(sizes)
        and all(size or token in _SHAPES for size, token in zip(sizes, tail, strict=True))
    )


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts.netloc + parts.path
