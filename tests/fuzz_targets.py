"""What is fuzzed: a function that reads what strangers write, its inputs, and its law.

A law says which exception a reader may raise (`UnreadableError`, `ConfigError`, or none), which
bounds its result keeps, and that doing it again changes nothing. `TARGETS` has them by name;
benchmarks/fuzz.py gives each as much time as is wished, tests/test_fuzz.py a moment.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from aggregator import config, refine
from aggregator.config import opml
from aggregator.fetch.codings import DecodeError, TooMuchError, decoder_for
from aggregator.model.errors import ConfigError, UnreadableError
from aggregator.parse.dates import parse_date
from aggregator.parse.decode import decode
from aggregator.parse.document_limits import MAX_ENTRIES, MAX_FIELD_CHARS
from aggregator.refine.sanitise import clean, strip_tags
from aggregator.schedule.cache_headers import (
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
    http_hints,
)
from aggregator.web.charsets import charset_of, codec_of
from aggregator.web.redaction import redact
from aggregator.web.urls import absolute_url, canonical_url, public_url, without_trackers
from tests import FIXTURES, ROOT
from tests.feed_documents import SEEN, URL, read
from tests.hostile_html import PAYLOADS
from tests.sanitised_html import Check
from tests.strict_reading import documents, is_taken, rearranged

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a coding inside another may put out in these examples.
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """`law` is called with an example of `inputs`, and fails where it is broken."""

    inputs: st.SearchStrategy[Any]
    law: Callable[[Any], None]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes], pieces: list[bytes]) -> bytes:
    """Draw one of the seeds with some of its bytes cut, doubled, replaced, or with pieces in it."""
    body = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 40))
        put = draw(st.sampled_from([b"", *pieces]) | st.binary(max_size=8))
        body = body[:at] + put + body[at + draw(st.sampled_from([0, length])) :]
        if draw(st.booleans()):
            body += body[at : at + length]
    return body


def _soup(*pieces: str) -> st.SearchStrategy[str]:
    """Return texts of these pieces, in any order, with any text between them."""
    return st.lists(st.sampled_from(pieces) | st.text(max_size=6), max_size=30).map("".join)


_DOCUMENTS = [path.read_bytes() for path in sorted(FIXTURES.glob("*.*")) if path.is_file()]
_MARKUP = [
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE rss [<!ENTITY a 'aaaa'>]>",
    b"&a;",
    b"&nbsp;",
    b"&#0;",
    b"\x00",
    b"<item>",
    b"</item>",
    b"<entry/>",
    b"<guid>",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<?xml version='1.0' encoding='gb2312'?>",
    b"\xc4\xe3",
    b"<title type='xhtml'>",
    b"xml:base='http://[::1'",
    b"{",
    b"[",
    b'"items":',
    b"<div>" * 300,
    b" a='b'" * 1100,
]


# --- decode -------------------------------------------------------------------------------------

_LABELS = st.sampled_from(
    ["utf-8", "gb2312", "big5", "iso-2022-jp", "utf-16", "utf-7", "idna", "hex", "\x00", "x" * 200]
)


def _decode_law(example: tuple[bytes, str | None, str | None]) -> None:
    body, content_type, encoding = example
    charset_of(content_type)
    if encoding is not None:
        codec_of(encoding)
    with suppress(UnreadableError):
        decoded = decode(body, content_type, encoding)
        assert len(decoded.text) <= len(body)
        decoded.text.encode("utf-8")  # no half of a pair
        again = decode(decoded.text.encode("utf-8"), "text/xml; charset=utf-8", None)
        if again.encoding == "utf-8":
            assert again.text == decoded.text.removeprefix("\ufeff")


# --- parse --------------------------------------------------------------------------------------


def _parse_law(body: bytes) -> None:
    with suppress(UnreadableError):
        document = read(body)
        assert len(document.entries) <= MAX_ENTRIES
        refined = refine.normalise(document)
        assert len(refined.entries) <= len(document.entries)
        for entry in refined.entries:
            assert entry.keys
            assert len(entry.title) <= MAX_FIELD_CHARS
            Check().feed(entry.content_html)
            assert entry.published_at is None or entry.published_at.tzinfo is not None


_SEEDS = [body for body in _DOCUMENTS if len(body) < 20_000]


def _strict_law(body: bytes) -> None:
    is_taken(body)


# --- dates --------------------------------------------------------------------------------------

_ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Not/AZone", "", "../etc"])
_DATES = _soup(
    "2026",
    "11",
    "30",
    "-",
    "/",
    ":",
    "T",
    "Z",
    "+08:00",
    "Mon, ",
    "30 Nov 2026 ",
    "05:30:00 ",
    "GMT",
    "CST",
    "年",
    "月",
    "日",
    "下午",
    "0",
    "9" * 12,
    "W49",
    "-366",
    "24:00",
    "60",
    "1764480600",
)


def _dates_law(example: tuple[str, str]) -> None:
    text, zone = example
    found = parse_date(text, zone)
    if found is not None:
        assert found.utcoffset() == timedelta(0)
        # Fractions of a second are not read.
        assert parse_date(found.isoformat(), zone) == found.replace(microsecond=0)


# --- HTML ---------------------------------------------------------------------------------------

_HTML = _soup(
    *PAYLOADS,
    "<p hidden>",
    "<div>",
    "</div>",
    "<a href='",
    "'>",
    "<img src=",
    "<iframe src=",
    "https://e.com/?key=s3cr3t",
    "<math>",
    "<svg>",
    "<style>",
    "<!--",
    "-->",
    "&lt;",
    "&amp;",
    "<table><td>",
)


def _html_law(raw: str) -> None:
    once = clean(raw, URL)
    Check().feed(once)
    assert clean(once, URL) == once
    assert "s3cr3t" not in once
    strip_tags(raw)


# --- URLs ---------------------------------------------------------------------------------------

_URLS = _soup(
    "http://",
    "https://",
    "//",
    "/",
    "..",
    ".",
    "?",
    "#",
    "&",
    "=",
    "@",
    ":",
    ":80",
    "%",
    "%2e",
    "%00",
    "user:pw@",
    "[::1]",
    "[",
    "1.2.3.4",
    "0x7f.1",
    "bücher.example",
    "xn--",
    "token=x",
    "utm_source=y",
    "\\",
    "\t",
    "javascript:",
    "mailto:",
)


def _urls_law(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)
    assert without_trackers(without_trackers(url)) == without_trackers(url)
    assert redact(redact(url)) == redact(url)
    public = public_url(absolute_url(url, URL))
    if public is not None:
        assert public.startswith(("http://", "https://"))
        assert public_url(public) == public


# --- header fields ------------------------------------------------------------------------------

_FIELD = st.sampled_from(
    [
        b"Retry-After",
        b"Date",
        b"Cache-Control",
        b"Expires",
        b"Age",
        b"RateLimit",
        b"X-RateLimit-Reset",
        b"RateLimit-Reset",
        b"Last-Modified",
    ]
)
_VALUE = st.binary(max_size=20) | _soup(
    "0",
    "-5",
    "9" * 30,
    "120",
    "Mon, 30 Nov 2026 05:30:00 GMT",
    "max-age=",
    "no-store",
    ",",
    ";r=0;t=",
    '"',
    "=",
    "Fri, 31 Dec 9999 23:59:59 GMT",
).map(lambda text: text.encode("utf-8", "replace"))
_HEADERS = st.tuples(
    st.sampled_from([200, 301, 304, 403, 429, 503]),
    st.lists(st.tuples(_FIELD, _VALUE), max_size=6),
    _soup("gzip", "br", "zstd", "deflate", "identity", ",", " ", "utf-8", "aws-chunked", "*"),
    st.lists(
        st.binary(max_size=60) | st.sampled_from([b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"<rss"]),
        max_size=4,
    ),
)


def _headers_law(example: tuple[int, list[tuple[bytes, bytes]], str, list[bytes]]) -> None:
    status, fields, coding, body = example
    hints = http_hints(status, fields, SEEN)
    if hints.retry_after is not None:
        assert MIN_RETRY_AFTER <= hints.retry_after <= MAX_RETRY_AFTER
    decoder = decoder_for(coding, "site.example", most_bytes=_MOST_BYTES)
    with suppress(UnreadableError, DecodeError, TooMuchError):
        for piece in body:
            for _ in decoder.steps(piece):
                pass


# --- configuration and OPML -----------------------------------------------------------------------

_CONFIGS = [(ROOT / "config.toml").read_bytes()] + [
    path.read_bytes() for path in sorted((FIXTURES / "config").glob("*.toml"))
]
_TOML = [
    b"[[sources]]\n",
    b"[[feeds]]\n",
    b"url = ",
    b"name = ",
    b'"',
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b'interval = "1s"\n',
    b"\xff",
    b"\x00",
    b"nan",
    b"-1",
    b"1979-05-27",
    b"true",
    b"'/(a+)+$/'",
    b"[" * 500,
]


def _config_law(body: bytes) -> None:
    text, path = body.decode("utf-8", "replace"), Path("/nowhere/config.toml")
    try:
        found = config.parse(text, path)
    except ConfigError as error:
        lines = error.lines
    else:
        assert found == config.parse(text, path)
        return
    assert lines
    assert all(line.startswith(str(path)) for line in lines)


_OPML = [
    (
        b'<?xml version="1.0"?><opml version="2.0"><head><title>t</title></head><body>'
        b'<outline text="a"><outline type="rss" text="b" xmlUrl="https://e.com/f" '
        b'category="/x/y,z"/></outline></body></opml>'
    ),
]


def _opml_law(body: bytes) -> None:
    with suppress(UnreadableError):
        listing = opml.read(body)
        assert min(listing.repeated, listing.without_feed) >= 0
        sources = listing.sources
        assert len({source.url for source in sources}) <= len(sources)
        told = (text for one in sources for text in (one.name, one.url, one.title or "", *one.tags))
        if not all(map(str.isprintable, told)):
            return  # XML has no way to write them, and `add` refuses them
        written = opml.write("t", sources)
        assert opml.write("t", opml.read(written).sources) == written


TARGETS = {
    "decode": Target(
        st.tuples(
            st.binary(max_size=200) | mutated(_DOCUMENTS, _MARKUP),
            st.none() | _LABELS.map("text/xml; charset={}".format),
            st.none() | _LABELS,
        ),
        _decode_law,
    ),
    "parse": Target(mutated(_DOCUMENTS, _MARKUP), _parse_law),
    # Whatever is made of a document, the strict reader refuses it or reads what feedparser reads.
    "strict": Target(documents() | rearranged(_SEEDS) | mutated(_SEEDS, _MARKUP), _strict_law),
    "dates": Target(st.tuples(_DATES, _ZONES), _dates_law),
    "html": Target(_HTML, _html_law),
    "urls": Target(_URLS, _urls_law),
    "headers": Target(_HEADERS, _headers_law),
    "config": Target(mutated(_CONFIGS, _TOML), _config_law),
    "opml": Target(mutated(_OPML, [*_MARKUP, b"<outline xmlUrl='", b"'/>"]), _opml_law),
}
