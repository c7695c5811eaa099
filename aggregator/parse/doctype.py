"""Document type declarations: taken off before a parser sees them, what they name kept.

With a DTD that is not fetched (and none is), an XML parser drops every entity that it does not know
without a word (XML 1.0 section 4.1, "entity declared"), such as the `&eacute;` of RSS 0.91. So no
document keeps its DOCTYPE; the names that it uses are declared anew, HTML's and its own plain ones.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from aggregator.runtime.values import dataclass

# Each alternative takes what it begins to the end of the text if need be, and gives nothing back:
# linear, whatever is there.
_COMMENT = r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)"
_QUOTED = r""""[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)"""
_BEFORE = rf"(?:\s++|<\?(?:[^?]|\?(?!>))*+(?:\?>|\Z)|{_COMMENT})*+"
_DOCTYPE = re.compile(
    rf"({_BEFORE})<!DOCTYPE\s((?:{_QUOTED}|[^\[>\"'])*+)"
    rf"(?:\[((?:{_COMMENT}|{_QUOTED}|[^\]\"'])*+)\]\s*+)?>",
    re.IGNORECASE,
)
#: An entity that is text: no other entity, no markup, no file, and no more of it than a phrase.
_ENTITY = re.compile(
    r"""<!ENTITY\s+([A-Za-z_][\w.-]{0,79})\s+(?:"([^"<%]{0,1000})"|'([^'<%]{0,1000})')\s*>"""
)
_NAMED = re.compile(r"&(?!#)")
#: A reference to a name that XML itself does not know (XML 1.0 section 4.6).
_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)([A-Za-z_][\w.-]{0,79});")


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A document without its declaration of type; `entities` are the names that it uses."""

    text: str
    entities: dict[str, str]
    is_netscape: bool = False

    @property
    def subset(self) -> str:
        """A document type declaration that declares the entities and nothing else."""
        if not self.entities:
            return ""
        # A reference to a reference: what is declared is text also where it is "<" or "&".
        declared = (
            f'<!ENTITY {name} "{"".join(f"&#38;#{ord(character)};" for character in value)}">'
            for name, value in self.entities.items()
        )
        return f"<!DOCTYPE feed [{''.join(declared)}]>"


def undeclared(text: str) -> Undeclared:
    """Return `text`, a document without XML declaration, without its DOCTYPE."""
    doctype = _DOCTYPE.match(text)
    own: dict[str, str] = {}
    if doctype is not None:
        text = doctype[1] + text[doctype.end() :]
        for name, value, other in _ENTITY.findall(doctype[3] or ""):
            if not _NAMED.search(value + other):
                own.setdefault(name, html.unescape(value + other))
    used = {match[1] for match in _REFERENCE.finditer(text)}
    entities = {
        name: value
        for name in sorted(used)
        if (value := own.get(name, html5.get(f"{name};"))) is not None
    }
    return Undeclared(text, entities, doctype is not None and "netscape" in doctype[2].lower())
