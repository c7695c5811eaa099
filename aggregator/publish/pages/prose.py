"""The text of a story on its page: what was cleaned for readers, made to fit around it."""

from __future__ import annotations

import re

_HEADING = re.compile(r"<(/?)h([1-6])\b")
_PICTURE = re.compile(r"<img\b(?![^<>]* alt=)")
_SCROLLED = '<div class="wide" role="group" tabindex="0" aria-label="{label}">'


def prose(content_html: str, label: str) -> str:
    """Return sanitised HTML for below a heading.

    Headings go one level down, since the page's first is the title; what may be wider than a
    phone (tables, code) scrolls by itself, by keyboard too, in a group with this `label` (which
    holds no markup); pictures have a text, an empty one where nobody gave one.
    """
    text = _HEADING.sub(lambda found: f"<{found[1]}h{min(int(found[2]) + 1, 6)}", content_html)
    text = _PICTURE.sub('<img alt=""', text)
    opened = _SCROLLED.format(label=label)
    for element in ("table", "pre"):
        text = re.sub(rf"<{element}\b", lambda found: opened + found[0], text)
        text = text.replace(f"</{element}>", f"</{element}></div>")
    return text
