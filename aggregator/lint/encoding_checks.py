"""From bytes to text; whether header, declaration and bytes agree (XML 1.0 §4.3.3, RFC 7303)."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from aggregator.lint.findings import quoted

if TYPE_CHECKING:
    from aggregator.lint.findings import Report

#: The declaration stands at the very beginning: this much holds any that is meant.
_DECLARATION_BYTES = 1024
_DECLARED = re.compile(
    rb"""\s*<\?xml\s+version\s*=\s*["'][^"']*["']\s+encoding\s*=\s*["']([A-Za-z][\w.-]*)["']"""
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: How "<?" begins in UTF-16 without a byte order mark (XML 1.0, appendix F.1).
_UNMARKED = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))
#: Codecs of Python that are no character encodings, or slow on hostile input.
_NOT_CHARSETS = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "utf-7",
        "mbcs",
        "oem",
    }
)
#: What feeds are written in, and parsers therefore read; GB18030 is China's own standard.
_COMMON = frozenset(
    codecs.lookup(name).name
    for name in (
        "utf-8", "utf-16", "utf-16-le", "utf-16-be", "us-ascii", "iso-8859-1", "iso-8859-2",
        "iso-8859-7", "iso-8859-15", "euc-jp", "shift_jis", "koi8-r", "windows-1250",
        "windows-1251", "windows-1252", "windows-1254", "windows-1255", "windows-1256", "gb18030",
    )
)  # fmt: skip
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\s\"';]+)", re.IGNORECASE)


def decode(body: bytes, content_type: str | None, report: Report) -> tuple[str, str]:
    """Return the text of an XML document, and the name of its encoding; what is wrong is reported.

    A byte order mark decides, then the header's charset, then the declaration, then UTF-8. Bytes
    that are not of the encoding become U+FFFD. The text has no byte order mark.
    """
    told = _CHARSET.search(content_type or "")
    charset: str | None = told[1] if told else None
    marked = next(((mark, name) for mark, name in _BOMS if body.startswith(mark)), None)
    declared = _DECLARED.match(body[:_DECLARATION_BYTES])
    inside: str | None = declared[1].decode("ascii") if declared else None
    if marked is not None:
        inside = marked[1]
    elif inside is None:
        inside = next((name for start, name in _UNMARKED if body.startswith(start)), None)
    if charset and inside and not _same(charset, inside):
        report.add(
            "EncodingMismatch", f"the header says {quoted(charset)}, the document {quoted(inside)}"
        )
    name = (inside if marked is not None else charset or inside) or "utf-8"
    codec = _codec(name)
    if codec is None:
        report.add("UnknownEncoding", f"the encoding {quoted(name)}", line=1)
        codec = "utf-8"
    elif codec not in _COMMON:
        report.add("ObscureEncoding", f"the encoding {quoted(name)}", line=1)
    return _text(body, codec, report).removeprefix("\ufeff"), codec


def _text(body: bytes, codec: str, report: Report) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        byte = body[error.start]
        report.add("UnicodeError", f"the byte 0x{byte:02X} is not {codec}", line=line)
        return body.decode(codec, errors="replace")


def _codec(name: str) -> str | None:
    """Return Python's name of a character encoding; `None` for what is none."""
    try:
        codec = codecs.lookup(name).name
        b"<".decode(codec, errors="replace")
    except (LookupError, ValueError):
        return None
    return None if codec in _NOT_CHARSETS else codec


def _same(one: str, other: str) -> bool:
    """Tell whether two names mean the same; UTF-16 is one encoding in any order of bytes."""
    first, second = (_codec(name) or name.lower() for name in (one, other))
    return first.removesuffix("-le").removesuffix("-be") == second.removesuffix("-le").removesuffix(
        "-be"
    )
