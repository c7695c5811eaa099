"""The elements that HTML knows beside the blocks, by how sure they are when they stand in text."""

from __future__ import annotations

#: Of a line of text.
INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blink", "center", "cite", "code", "data",
        "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "picture",
        "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub",
        "sup", "svg", "time", "tt", "u", "var", "wbr",
    }
)  # fmt: skip
#: Parts of a page: of no text, but known.
OF_PAGES = frozenset(
    {
        "html", "head", "body", "meta", "link", "base", "script", "style", "iframe", "form",
        "input", "button", "noscript", "object", "embed", "param", "video", "audio", "source",
        "math", "template", "col", "colgroup",
    }
)  # fmt: skip
#: HTML's others: elements where they have attributes, for `<map>` and `<select>` are words, too.
RARE = frozenset(
    {
        "applet", "area", "basefont", "bgsound", "canvas", "dialog", "dir", "fieldset", "frame",
        "frameset", "hgroup", "legend", "listing", "map", "marquee", "menu", "meter", "noembed",
        "noframes", "optgroup", "option", "output", "plaintext", "progress", "search", "select",
        "slot", "textarea", "title", "track", "xmp", "media:content", "media:thumbnail", "amp-img",
        "amp-anim", "datalist", "isindex", "keygen", "menuitem", "multicol", "nextid", "rtc",
        "selectedcontent", "spacer",
    }
)  # fmt: skip
