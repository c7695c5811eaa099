"""Pictures of AMP pages, as feeds made from them have them: `amp-img` and `amp-anim`.

https://amp.dev/documentation/components/amp-img
"""

from __future__ import annotations

import html

from aggregator.refine.tags import COMMENT, tags

_PICTURES = frozenset({"amp-img", "amp-anim"})
#: What stands inside of a picture until it is there, or where it cannot be shown.
_STAND_INS = frozenset({"placeholder", "fallback"})
_KEPT = ("src", "srcset", "alt", "title")
_SIZES = ("width", "height")
#: Layouts in which the sizes are pixels; in all others they are a proportion.
_IN_PIXELS = frozenset({"", "fixed", "fixed-height"})


def with_pictures(text: str) -> str:
    """Return markup in which AMP's pictures are `img`, without those that stand in for them."""
    if "amp-" not in text and "AMP-" not in text:
        return text
    pieces: list[str] = []
    position = 0
    for tag in tags(text):
        if tag.name == COMMENT or tag.name not in _PICTURES:
            continue
        pieces.append(text[position : tag.start])
        position = tag.end
        said = tag.attributes
        if not tag.is_end and _STAND_INS.isdisjoint(said):
            is_sized = html.unescape(said.get("layout", "")).strip().lower() in _IN_PIXELS
            names = (*_KEPT, *_SIZES) if is_sized and "sizes" not in said else _KEPT
            kept = (f' {name}="{_quoted(said[name])}"' for name in names if name in said)
            pieces.append(f"<img{''.join(kept)}>")
    return "".join([*pieces, text[position:]])


def _quoted(value: str) -> str:
    return value.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
