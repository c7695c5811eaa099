"""What a published text may hold: elements and attributes; all others are taken out."""

from __future__ import annotations

from aggregator.refine.lazy_media import (
    LAZY_ADDRESSES,
    PICTURE_ADDRESSES,
    PLAYER_ADDRESSES,
    SRCSETS,
)
from aggregator.refine.mathml import MATHML_ATTRIBUTES
from aggregator.refine.pictures import SIZES
from aggregator.refine.shown_media import MEDIA_ELEMENTS

#: What may be in a text beside the blocks.
INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "center", "cite", "code", "col",
        "colgroup", "data", "del", "dfn", "em", "i", "img", "ins", "kbd", "mark", "q", "rp",
        "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
        "time", "tt", "u", "var", "wbr",
    }
)  # fmt: skip
#: Elements that become a link or vanish after parsing; under these names they parse like any
#: unknown element, not as the raw text that an iframe or a noscript would swallow.
EMBEDS = frozenset({"x-iframe", "x-embed", "x-object", "x-video", "x-audio"})
TEMPORARY = EMBEDS | MEDIA_ELEMENTS | {"x-noscript", "x-picture", "source"}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"title", "lang", "dir"},
    "a": {"href"},
    "img": {
        "src",
        "alt",
        "class",
        "loading",
        "referrerpolicy",
        *SIZES,
        *PICTURE_ADDRESSES,
        *SRCSETS,
    },
    "source": {"src", *PLAYER_ADDRESSES, *SRCSETS},
    **{
        embed: {"src", "data", "poster", "data-poster", *SIZES, *PLAYER_ADDRESSES}
        for embed in EMBEDS
    },
    **{element: {"url", "type", "medium", "width", "height"} for element in MEDIA_ELEMENTS},
    "blockquote": {"cite"},
    "q": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "time": {"datetime"},
    "data": {"value"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "tr": {"align"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    **MATHML_ATTRIBUTES,
}
CHECKED = frozenset(
    {"href", "src", "cite", "data", "url", "poster", "data-poster", *LAZY_ADDRESSES, *SRCSETS}
)
