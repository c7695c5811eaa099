"""HTML pages made of the templates beside this module, and the style and script that they use.

Every value is made fit for a document and escaped on its way into a page, so that no template can
forget it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.publish.xml_safety import clean
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.publish.pages.look import Look


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
_LIST_STYLE = _LOADER.get_source(_TEMPLATES, "style.css")[0]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages use: its name tells its bytes, so that it may be kept for ever."""

    name: str
    media_type: str
    body: bytes


def _asset(file: str, media_type: str) -> Asset:
    body = _ASSET_LOADER.get_source(_TEMPLATES, file)[0].encode()
    stem, _, extension = file.rpartition(".")
    return Asset(f"{stem}-{hashlib.sha256(body).hexdigest()[:16]}.{extension}", media_type, body)


_ASSET_LOADER = PackageLoader("aggregator.publish", "assets")
_STYLE = _asset("pages.css", "text/css; charset=utf-8")
_SCRIPT = _asset("pages.js", "text/javascript; charset=utf-8")

#: What pages use, by its name.
ASSETS = {asset.name: asset for asset in (_STYLE, _SCRIPT)}


def listing(template: str, fields: Mapping[str, object]) -> bytes:
    """Return a page in UTF-8 that is one file, with its style in it. Same fields, same bytes."""
    text = _TEMPLATES.get_template(f"{template}.html.j2").render(fields, style=_LIST_STYLE)
    return text.encode()


def html_page(template: str, fields: Mapping[str, object], look: Look) -> bytes:
    """Return a page in UTF-8 as a reader wants it. The same fields and look give the same bytes."""
    text = _TEMPLATES.get_template(f"{template}.html.j2").render(
        fields, look=look, say=look.say, style=_STYLE.name, script=_SCRIPT.name
    )
    return text.encode()
