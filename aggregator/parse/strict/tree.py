"""Text to a tree of XML that expat would read in the same way, or a refusal.

libxml2 and expat keep to the same specification and differ at its edges: characters of names (XML
1.0's fourth edition and its fifth), what is an error and what a warning, declarations of types,
depth. A document that touches an edge is refused before or after parsing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.parse.strict.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

    from aggregator.parse.decode import Decoded

#: What a tree of it may take is a few times as much; a worker has 256 MiB. 2 of 248 real documents
#: are longer.
MAX_BYTES = 2 * 1024 * 1024
#: An element takes some 200 bytes in a tree. Text of a document may hold as many and more.
MAX_MARKUP = 100_000

_DECLARATION = re.compile(
    rb"""<\?xml(?:\s+[a-z]{1,20}\s*=\s*(?:"[\w.:-]{0,40}"|'[\w.:-]{0,40}')){1,5}\s*\?>"""
)
_MARK = b"\xef\xbb\xbf"
_OURS = b"<?xml version='1.0' encoding='utf-8'?>\n"
#: Before the root: blanks, comments, instructions; no declaration of a type.
_PROLOG = re.compile(rb"(?:\s++|<!--(?:[^-]|-(?!->))*+-->|<\?(?:[^?]|\?(?!>))*+\?>)*+<[A-Za-z_]")
#: References to characters, as the text has them, in sections of CDATA too: there they are text,
#: but what is illegal is replaced in all of it.
_REFERENCE = re.compile(rb"&#([0-9A-Za-z]*)")
#: Windows-1252's characters, where Unicode has controls: feedparser's texts have the former.
_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")
_NAMESPACE = re.compile(rb"""xmlns(?::([^\s=:]*))?\s*=\s*(?:"([^"]*)"|'([^']*)')""")

#: Nothing is fetched, no entity expanded, no bound of libxml2's lifted, nothing repaired.
_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    attribute_defaults=False,
    huge_tree=False,
    recover=False,
    remove_comments=True,
    remove_pis=False,
    strip_cdata=True,
    collect_ids=False,
)


class Tree:
    """A document as a tree, and what its text says of it: namespaces, characters to be mapped."""

    __slots__ = ("declared", "has_controls", "root")

    def __init__(
        self, root: Element, declared: frozenset[tuple[str, str]], *, has_controls: bool
    ) -> None:
        self.root = root
        #: Prefix ("" for none) and namespace of all that looks like a declaration of one.
        self.declared = declared
        self.has_controls = has_controls


def tree_of(decoded: Decoded, body: bytes) -> Tree:
    """Return the tree of a document that was decoded from `body`; raises `RefusedError`."""
    # UTF-8 that needed no repair is what libxml2 reads; it is not made a second time.
    is_body = decoded.encoding == "utf-8" and not decoded.notes
    data = (body if is_body else decoded.text.encode()).removeprefix(_MARK).lstrip(b" \t\r\n")
    if (told := _DECLARATION.match(data)) is not None:
        data = data[told.end() :]
    if len(data) > MAX_BYTES or (len(data) > MAX_MARKUP and data.count(b"<") > MAX_MARKUP):
        raise RefusedError("it is large")
    if _PROLOG.match(data) is None:
        raise RefusedError("something else stands before its root")
    codes = [_code(digits) for digits in set(_REFERENCE.findall(data))]
    return Tree(
        _parsed(data),
        frozenset(_declared(data)),
        has_controls=any(0x80 <= code < 0xA0 for code in codes)
        or (b"\xc2" in data and _CONTROLS.search(data) is not None),
    )


def _parsed(data: bytes) -> Element:
    try:
        root = etree.fromstring(_OURS + data, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise RefusedError("not well-formed") from error
    # Errors of namespaces are no errors for libxml2, which goes on after them.
    if len(_PARSER.error_log):
        raise RefusedError("not well-formed, or nearly")
    # Of instructions, those inside of the root are met there.
    if not all(map(_is_plain, (*root.itersiblings(preceding=True), *root.itersiblings()))):
        raise RefusedError("a name beyond ASCII")
    return root


def _is_plain(instruction: Element) -> bool:
    return str(getattr(instruction, "target", "")).isascii()


@lru_cache(maxsize=1024)
def _code(digits: bytes) -> int:
    """Return the number that a reference has, 0 for text that is none, such as "&#" in CDATA."""
    is_hex = digits[:1] in {b"x", b"X"}
    number = digits[1:] if is_hex else digits
    if len(number) > 8:
        raise RefusedError("a long reference")
    try:
        code = int(number, 16 if is_hex else 10)
    except ValueError as error:
        if number[:1].isdigit():
            raise RefusedError("a reference without an end") from error
        return 0
    if code not in {9, 10, 13} and not (
        32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    ):
        raise RefusedError("a reference to what is no character")
    return code


def _declared(data: bytes) -> Iterable[tuple[str, str]]:
    for prefix, one, other in set(_NAMESPACE.findall(data)):
        yield prefix.decode(), (one or other).decode()
