"""Character encodings: one table for documents, pages, lists, the configuration and the checks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import opml
from aggregator.config.text_values import encoding
from aggregator.lint.encoding_checks import decode as linted
from aggregator.lint.findings import Report
from aggregator.parse.decode import decode
from aggregator.preview.html_links import Page, page_links
from aggregator.web import charsets
from aggregator.web.charsets import (
    ENCODINGS,
    MARKS,
    WIDE,
    begun_codec,
    charset_of,
    codec_of,
    marked_codec,
    own_codec,
)

#: Of each encoding of the web some labels (https://encoding.spec.whatwg.org/#names-and-labels).
LABELS = (
    ("unicode-1-1-utf-8", "utf-8"), ("UTF8", "utf-8"), (" utf-8 ", "utf-8"), ("866", "cp866"),
    ("latin2", "iso8859-2"), ("iso_8859-5:1988", "iso8859-5"), ("csiso88596i", "iso8859-6"),
    ("sun_eu_greek", "iso8859-7"), ("logical", "iso8859-8"), ("l6", "iso8859-10"),
    ("iso885915", "iso8859-15"), ("koi", "koi8-r"), ("koi8-ru", "koi8-u"), ("mac", "mac-roman"),
    ("tis-620", "cp874"), ("iso-8859-11", "cp874"), ("x-cp1251", "cp1251"), ("latin1", "cp1252"),
    ("us-ascii", "cp1252"), ("iso-8859-9", "cp1254"), ("x-mac-ukrainian", "mac-cyrillic"),
    ("gb2312", "gb18030"), ("x-gbk", "gb18030"), ("csgb2312", "gb18030"), ("big5", "big5hkscs"),
    ("cn-big5", "big5hkscs"), ("x-euc-jp", "euc_jp"), ("windows-31j", "cp932"),
    ("ks_c_5601-1987", "cp949"), ("windows-949", "cp949"), ("utf-16", "utf-16-le"),
    ("johab", "johab"), ("cp037", "cp037"),
    ("utf-7", None), ("idna", None), ("unicode_escape", None), ("rot13", None), ("zlib", None),
    ("utf-8-sig", None), ("x-user-defined", None), ("", None), ("a\0b", None), ("中", None),
)  # fmt: skip


@pytest.mark.parametrize(("label", "codec"), LABELS)
def test_a_label_is_read_as_browsers_read_it(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize("label", sorted({*ENCODINGS, *charsets._LABELS, *charsets._CODECS}))
def test_every_label_of_the_table_decodes(label: str) -> None:
    for codec in (own_codec(label), codec_of(label)):
        assert codec is not None
        assert b"<a>".decode(codec, "replace") is not None
    assert encoding(label) == label


@pytest.mark.parametrize(
    ("label", "text"),
    [("csgb2312", "新闻"), ("x-gbk", "镕"), ("windows-31j", "①"), ("koi8", "Ё")],
)
def test_every_room_reads_the_same_encoding(label: str, text: str) -> None:
    codec = codec_of(label) or ""
    body = f'<?xml version="1.0" encoding="{label}"?><rss>{text} '.encode(codec)
    assert text in decode(body, None).text
    assert text in decode(body, None, label).text
    assert text in opml._text(body)
    link = f'<link rel="alternate" type="application/rss+xml" title="{text}" href="/f">'.encode(
        codec
    )
    (found,) = page_links(Page(link, f"text/html; charset={label}", "https://e.com/"))
    assert found.title == text


@pytest.mark.parametrize("label", ["latin1", "x-cp1252"])
def test_the_check_takes_a_label_at_its_word(label: str) -> None:
    """A byte that only windows-1252 has is none of ISO 8859-1, though readers show it."""
    body = b"<?xml version='1.0' encoding='" + label.encode() + b"'?><a>\x80</a>"
    text, codec = linted(body, None, Report())
    assert codec == own_codec(label)
    assert ("€" in text) == (label == "x-cp1252")


@given(st.sampled_from(MARKS), st.text(max_size=5))
def test_a_mark_tells_the_encoding(mark: tuple[bytes, str], text: str) -> None:
    body = mark[0] + f"<{text}".encode(mark[1], "replace")
    assert marked_codec(body) == begun_codec(body) == mark[1]
    assert body.decode(mark[1], "replace").startswith("\ufeff<")


@pytest.mark.parametrize("codec", sorted({"cp037", *WIDE} - {"utf-32"}))
def test_the_first_characters_tell_a_wide_encoding_without_a_mark(codec: str) -> None:
    assert begun_codec('<?xml version="1.0"?>'.encode(codec)) == codec
    assert marked_codec("<?xml".encode(codec)) is None


@pytest.mark.parametrize(
    ("content_type", "label"),
    [
        ("text/xml; charset=gb2312", "gb2312"),
        ('text/xml;CHARSET="UTF-8"', "UTF-8"),
        ("text/xml; charset = 'big5'; q=1", "big5"),
        ("text/xml", None),
        ("text/xml; charset=", None),
        (None, None),
    ],
)
def test_the_header_may_tell_a_label(content_type: str | None, label: str | None) -> None:
    assert charset_of(content_type) == label
