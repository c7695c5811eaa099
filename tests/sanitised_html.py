# ruff: noqa: E501 - lists of names read best as they are
"""Everything that sanitised HTML may hold, checked by another parser than the one that cleaned it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

#: Written down a second time on purpose: what a reader's browser may meet, and nothing else.
_TAGS = (
    "a abbr acronym address article aside b bdi bdo blockquote br caption center cite code col "
    "colgroup data dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header "
    "hr i img ins kbd li main mark nav ol p pre q rp rt rtc ruby s samp section small span strike "
    "strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr math mi mn mo ms "
    "mtext mspace mrow mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup munder "
    "mover munderover mmultiscripts mprescripts mtable mtr mtd semantics "
    "mfenced menclose mlabeledtr none"
)  # fmt: skip
TAGS = set(_TAGS.split())
_ATTRIBUTES = (
    "href rel src alt width height loading referrerpolicy title lang dir cite datetime value start "
    "reversed type colspan rowspan scope span open display stretchy fence separator form mathvariant "
    "columnspan align"
)  # fmt: skip
ATTRIBUTES = set(_ATTRIBUTES.split())
#: Of elements of MathML alone.
_OF_MATHML = (
    "alttext form symmetric lspace rspace minsize maxsize largeop movablelimits accent lquote rquote "
    "depth linebreak linethickness bevelled numalign denomalign scriptminsize scriptsizemultiplier "
    "voffset close separators notation subscriptshift superscriptshift accentunder columnalign rowalign "
    "columnspacing rowspacing columnlines rowlines columnwidth frame framespacing equalrows equalcolumns "
    "side minlabelspacing displaystyle scriptlevel mathsize mathcolor mathbackground"
)  # fmt: skip
OF_MATHML = set(_OF_MATHML.split())


class Check(HTMLParser):
    """Reads cleaned HTML with another parser than the one that cleaned it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES | (OF_MATHML if tag[0] == "m" else set()), attributes
        assert tag == "mo" or "form" not in attributes
        assert tag[0] in "mt" or "align" not in attributes
        for name in ("href", "src", "cite"):
            url = attributes.get(name)
            if url is not None and not url.startswith("data:image/"):
                parts = urlsplit(url)
                assert parts.scheme in {"http", "https"} or (name, parts.scheme) == (
                    "href",
                    "mailto",
                )
                assert parts.netloc or parts.scheme == "mailto"
        if tag == "img":
            assert attributes["src"]
            assert attributes["referrerpolicy"] == "no-referrer"
            assert attributes["loading"] == "lazy"
        if tag == "a":
            assert attributes["rel"] == "noopener noreferrer nofollow"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)
