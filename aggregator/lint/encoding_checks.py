"""From bytes to text; whether header, declaration and bytes agree (XML 1.0 §4.3.3, RFC 7303)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.lint.findings import quoted
from aggregator.web.charsets import begun_codec, charset_of, marked_codec, own_codec

if TYPE_CHECKING:
    from aggregator.lint.findings import Report

#: The declaration is at the very beginning: this much holds any that is meant.
_DECLARATION_BYTES = 1024
_DECLARED = re.compile(
    rb"""\s*<\?xml\s+version\s*=\s*["'][^"']*["']\s+encoding\s*=\s*["']([A-Za-z][\w.-]*)["']"""
)
#: What feeds are written in, and parsers therefore read; GB18030 is China's own standard.
_COMMON = frozenset(
    own_codec(label)
    for label in (
        "utf-8", "utf-16le", "utf-16be", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-7",
        "iso-8859-15", "euc-jp", "shift_jis", "koi8-r", "windows-1250", "windows-1251",
        "windows-1252", "windows-1254", "windows-1255", "windows-1256", "gb18030",
    )
)  # fmt: skip


def decode(body: bytes, content_type: str | None, report: Report) -> tuple[str, str]:
    """Return the text of an XML document, and the name of its encoding; what is wrong is reported.

    A byte order mark decides, then the header's charset, then the declaration, then UTF-8. Bytes
    that are not of the encoding become U+FFFD. The text has no byte order mark.
    """
    charset = charset_of(content_type)
    declared = _DECLARED.match(body[:_DECLARATION_BYTES])
    marked = marked_codec(body)
    inside = marked or (declared[1].decode("ascii") if declared else begun_codec(body))
    if charset and inside and not _same(charset, inside):
        report.add(
            "EncodingMismatch", f"the header says {quoted(charset)}, the document {quoted(inside)}"
        )
    name = marked or charset or inside or "utf-8"
    codec = own_codec(name)
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


def _same(one: str, other: str) -> bool:
    """Tell whether two names mean the same; UTF-16 is one encoding in any order of bytes."""
    first, second = (own_codec(name) or name.lower() for name in (one, other))
    return first.removesuffix("-le").removesuffix("-be") == second.removesuffix("-le").removesuffix(
        "-be"
    )
