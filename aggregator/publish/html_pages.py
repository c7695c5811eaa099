"""HTML pages made of the templates beside this module: plain, without scripts, one style.

Every value is made fit for a document and escaped on its way into a page, so that no template can
forget it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.publish.xml_safety import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


def _fit(value: object) -> object:
    """Return plain text without what no document may hold; markup of a macro is that already."""
    return clean(value) if type(value) is str else value


_LOADER = PackageLoader("aggregator.publish")
_TEMPLATES = Environment(
    loader=_LOADER,
    autoescape=True,
    auto_reload=False,
    finalize=_fit,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_STYLE = _LOADER.get_source(_TEMPLATES, "style.css")[0]

# What is between the tags, and is hashed: the base template begins the style with a new line.
_STYLE_DIGEST = hashlib.sha256(f"\n{_STYLE}".encode()).digest()

#: What a page's Content-Security-Policy needs to allow: this style and nothing else.
STYLE_SOURCE = f"'sha256-{base64.b64encode(_STYLE_DIGEST).decode()}'"


def html_page(template: str, fields: Mapping[str, object]) -> bytes:
    """Return a page in UTF-8. The same fields give the same bytes."""
    text = _TEMPLATES.get_template(f"{template}.html.j2").render(fields, style=_STYLE)
    return text.encode()
