"""Character encodings: one table of their names and labels, and what documents in them are read as.

Names and labels are those of the web (https://encoding.spec.whatwg.org/#names-and-labels), with
others that documents are really in. Python knows more, which must never read one: some run for
long, some are no encodings of characters (utf-7, idna, unicode_escape).
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

#: The encodings of the web, with Python's names for them.
ENCODINGS = {
    "utf-8": "utf-8", "ibm866": "cp866",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8)},
    "iso-8859-8-i": "iso8859-8",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (10, 13, 14, 15, 16)},
    "koi8-r": "koi8-r", "koi8-u": "koi8-u", "macintosh": "mac-roman", "windows-874": "cp874",
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    "x-mac-cyrillic": "mac-cyrillic", "gbk": "gbk", "gb18030": "gb18030", "big5": "big5",
    "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp", "shift_jis": "shift_jis", "euc-kr": "euc_kr",
    "utf-16be": "utf-16-be", "utf-16le": "utf-16-le",
}  # fmt: skip

#: Labels of the web, and others in use, that Python does not know.
_LABELS = {
    label: codec
    for codec, labels in {
        "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
        **{f"iso8859-{part}": f"iso8859{part}" for part in (1, 2, 3, 4, 5, 7, 9, 10, 11, 13, 14)},
        "iso8859-6": "csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i iso88596",
        "iso8859-7": "iso88597 sun_eu_greek",
        "iso8859-8": "csiso88598e csiso88598i iso-8859-8-e iso-8859-8-i iso88598 visual logical",
        "iso8859-15": "csisolatin9 iso885915",
        "koi8-r": "koi koi8",
        "koi8-u": "koi8-ru",
        "mac-roman": "mac csmacintosh x-mac-roman",
        "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
        "cp874": "dos-874 windows-874",
        **{f"cp{page}": f"x-cp{page}" for page in range(1250, 1259) if page != 1251},
        "cp1251": "x-cp1251 ms-cyrl",
        "gb2312": "csgb2312 gb_2312 gb_2312-80",
        "gbk": "x-gbk",
        "big5": "cn-big5 x-x-big5",
        "euc_jp": "cseucpkdfmtjapanese x-euc-jp",
        "hz": "hz-gb-2312",
        "iso2022_kr": "csiso2022kr",
        "cp932": "windows-31j x-sjis",
        "euc_kr": "cseuckr csksc56011987 iso-ir-149 ks_c_5601-1989 ksc_5601",
        "cp949": "windows-949",
        "utf-16-be": "unicodefffe utf-16be",
        "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    }.items()
    for label in labels.split()
}

#: What is read as a wider set that holds it, because documents labelled so hold that set, as in
#: browsers: all Chinese labels of the mainland mean GB 18030, Latin-1 is windows-1252.
_READ_AS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",  # half-width katakana, too
    "euc_kr": "cp949",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
#: Those whose unit is more than a byte: no declaration in plain bytes can be true of them.
WIDE = frozenset({"utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"})
_CODECS = frozenset((*_READ_AS, *_READ_AS.values(), *ENCODINGS.values())) | WIDE | {
    "hz", "iso2022_kr", "shift_jisx0213", "johab", "mac-latin2", "mac-greek", "mac-turkish",
    "mac-iceland", "koi8-t",
    "cp437", "cp737", "cp775", "cp850", "cp852", "cp855", "cp856", "cp857", "cp860", "cp861",
    "cp862", "cp863", "cp864", "cp865", "cp1125", "cp037", "cp500",
}  # fmt: skip

#: Byte order marks; the longer ones first, for one begins like another.
MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
#: How a document of markup begins without one ("<?" or "<r"; XML 1.0, appendix F.1).
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0<\0", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),  # "<?xm" in EBCDIC
)

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=256)
def own_codec(label: str) -> str | None:
    """Return Python's name of the very encoding that a label names, `None` for none of ours."""
    wanted = label.strip().lower()
    try:
        name = _LABELS.get(wanted) or codecs.lookup(wanted).name
    except (LookupError, ValueError):  # ValueError: a NUL in it
        return None
    return name if name in _CODECS else None


def codec_of(label: str) -> str | None:
    """Return Python's name of the encoding in which documents with this label are read."""
    own = own_codec(label)
    return None if own is None else _READ_AS.get(own, own)


def marked_codec(body: bytes) -> str | None:
    """Return the encoding that a byte order mark tells, else `None`."""
    return next((codec for mark, codec in MARKS if body.startswith(mark)), None)


def begun_codec(body: bytes) -> str | None:
    """Return the encoding that the first bytes of a document of markup tell, mark or not."""
    known = (codec for start, codec in _BEGINNINGS if body.startswith(start))
    return marked_codec(body) or next(known, None)


def charset_of(content_type: str | None) -> str | None:
    """Return the label in the charset parameter of a Content-Type, else `None`."""
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None
