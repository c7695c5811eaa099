from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.lint.check_context import markup_in
from aggregator.publish.xml_safety import reads_as_markup
from aggregator.web.text import paragraphs, scrub
from aggregator.web.urls import (
    absolute_url,
    canonical_url,
    is_absolute_iri,
    is_page,
    plain_escapes,
    public_url,
    resolved,
    without_dot_segments,
)

BASE = "https://example.com/a/b.html"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("c.html", "https://example.com/a/c.html"),
        ("/c", "https://example.com/c"),
        ("//cdn.example.net/c", "https://cdn.example.net/c"),
        ("?q=1", "https://example.com/a/b.html?q=1"),
        ("#part", "https://example.com/a/b.html#part"),
        ("  http://e.com/x\n", "http://e.com/x"),
        ("http://e.com/a\nb", "http://e.com/ab"),
        ("http://e.com/a b|c", "http://e.com/a%20b%7Cc"),
        ("http://e.com/路径?q=中文", "http://e.com/路径?q=中文"),
        ("http://e.com/?", "http://e.com/?"),
        ("http://e.com/a?b=1#", "http://e.com/a?b=1#"),
        ("http://e.com/a?#", "http://e.com/a?#"),
        ("http://e.com?q#?", "http://e.com?q#?"),
        ("mailto:a@e.com", "mailto:a@e.com"),
        ("http://", None),
        ("https://", None),
        ("https:", None),
        ("https://?p=1", None),
        ("https:c.html", "https://example.com/a/c.html"),
        ("http://[::1", None),
        ("", None),
        (None, None),
        ("http://e.com/" + "a" * 5000, None),
    ],
)
def test_a_reference_resolves_as_in_a_browser(url: str | None, expected: str | None) -> None:
    assert absolute_url(url, BASE) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.com/x", "https://e.com/x"),
        ("https://user:open@e.com/x", "https://user:open@e.com/x"),
        ("https://e.com/x?token=abc&p=1", "https://e.com/x?token=abc&p=1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://e.com/x", None),
        ("/relative", None),
        ("https://", None),
        ("https://e.com:port/", None),
        ("https://e.com:99999/", None),
        (None, None),
    ],
)
def test_only_web_addresses_are_public_and_stay_what_they_are(
    url: str | None, expected: str | None
) -> None:
    assert public_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a/1",
        "https://example.com/a/1",
        "HTTPS://EXAMPLE.com:443/a/1/",
        "http://example.com:80/a/1",
        "https://example.com./a/1",
        "https://example.com/a/./x/../1",
        "https://example.com/%61/1",
        "https://example.com/a/1?utm_source=rss&utm_medium=feed",
        "https://example.com/a/1?fbclid=x&spm=1.2.3#rss",
        "https://example.com/a/1#utm_campaign=x",
        "https://example.com/a/1?",
        "https://user@example.com/a/1",
    ],
)
def test_spellings_of_one_page_are_one(url: str) -> None:
    assert canonical_url(url) == "https://example.com/a/1"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a/2",
        "https://example.com/A/1",
        "https://example.com/a/1?p=2",
        "https://example.com/a/1?source=x",
        "https://example.com/a/1#v2.0",
        "https://example.com:8080/a/1",
        "https://www.example.com/a/1",
        "https://example.com/a%2F1",
    ],
)
def test_different_pages_stay_different(url: str) -> None:
    assert canonical_url(url) != "https://example.com/a/1"


def test_what_is_no_address_is_left_alone() -> None:
    for text in ("12345", "tag:e.com,2026:1", "http://[x", "urn:uuid:1", "", "http:///x"):
        assert canonical_url(text) == text


def test_a_bare_host_is_no_page() -> None:
    assert not is_page(canonical_url("http://example.com/"))
    assert is_page(canonical_url("http://example.com/?p=1"))


_URLS = st.builds(
    "".join,
    st.lists(
        st.sampled_from(
            [
                "http://", "https://", "//", "e.com", "E.Com", ":80", ":8443", "/", "/../", "/./",
                "%7e", "%2f", "%2E", "?", "&", "utm_x=1", "token=", "a=1", "#", "#rss", "..", "汉",
                " ", "@", "[::1]", "%", ";", "\\", "\t", "\ud800", ":", "javascript:",
            ]
        ),
        max_size=12,
    ),
)  # fmt: skip


def test_an_empty_query_names_no_other_page() -> None:
    assert canonical_url("http://e.com/?") == canonical_url("http://e.com/") == "https://e.com"


@given(_URLS)
def test_the_canonical_form_is_its_own_canonical_form(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@given(_URLS)
def test_a_public_address_is_absolute_and_its_own_public_address(url: str) -> None:
    public = public_url(absolute_url(url, BASE))
    if public is not None:
        assert public.startswith(("http://", "https://"))
        assert public_url(public) == public
        assert not set(public) & set(' \t\n<>"\\\ud800')


@given(st.text())
def test_scrubbed_text_stands_in_any_xml_document(text: str) -> None:
    clean = scrub(text)
    assert scrub(clean) == clean
    element = ET.Element("a")
    element.text = clean
    parsed = ET.fromstring(ET.tostring(element, encoding="utf-8"))  # noqa: S314 - our own document
    assert (parsed.text or "") == clean.replace("\r\n", "\n").replace("\r", "\n")


def test_plain_text_keeps_its_paragraphs_and_lines() -> None:
    text = "One <line>\r\nand & another.\n \n\nA paragraph.\n"
    assert paragraphs(text) == "<p>One &lt;line&gt;<br>and &amp; another.</p><p>A paragraph.</p>"


@given(
    st.lists(
        st.sampled_from(
            ["/", ".", "..", "%", "%2E", "%34", "%31", "25", "ü", ";jsessionid=1", "?", "&", "#",
             "a", "utm_source=x", "sid=0123456789abcdef", "?b=1", "#rss", "@", ":80", "É"]
        ),
        max_size=12,
    ),
    st.sampled_from(["bücher.example", "E.com.", "[0::1]", "faß.de:8080"]),
)  # fmt: skip
def test_the_canonical_form_of_any_address_is_its_own(parts: list[str], host: str) -> None:
    canonical = canonical_url(f"http://{host}/{''.join(parts)}")
    assert canonical_url(canonical) == canonical


# --- parts of addresses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/a/b/c/./../../g", "/a/g"), ("/a/..", "/"), ("/a/.", "/a/"), ("/..", "/"),
        ("/../x", "/x"),
        ("/a/.b/..c", "/a/.b/..c"), ("mid/content=5/../6", "mid/content=5/../6"), ("", ""),
    ],
)  # fmt: skip
def test_dot_segments_go_as_the_standard_says(path: str, plain: str) -> None:
    assert without_dot_segments(path) == plain


@given(st.lists(st.sampled_from(["a", ".", "..", "", ".b"]), min_size=1, max_size=8))
def test_a_path_without_dots_stays(segments: list[str]) -> None:
    plain = without_dot_segments("/" + "/".join(segments))
    assert not {".", ".."} & set(plain.split("/"))
    assert without_dot_segments(plain) == plain


@given(st.text("%aF2e4135~/中", max_size=30))
def test_escapes_are_plain_once(text: str) -> None:
    assert plain_escapes(plain_escapes(text)) == plain_escapes(text)
    assert plain_escapes("/%7Ea%2fb%zz") == "/~a%2Fb%zz"


def test_a_reference_that_cannot_be_resolved_stays() -> None:
    assert resolved("https://e.com/a/b", "../c") == "https://e.com/c"
    assert resolved("https://e.com/", "http://[") == "http://["


@pytest.mark.parametrize(
    "text", ["urn:x:1", "tag:e.com,2026:1", "https://e.com/中", "HTTP://e.com"]
)
def test_an_absolute_iri_has_a_scheme(text: str) -> None:
    assert is_absolute_iri(text)
    for wrong in (f"{text} x", f"{text}<", f"//{text}", text.partition(":")[0], f"{text}\x7f"):
        assert not is_absolute_iri(wrong)


@given(
    st.text("&;/<>#x123abchekp", max_size=20) | st.sampled_from(["&check;", "&hellip;", "a</b >"])
)
def test_what_our_check_takes_for_markup_is_published_as_what_it_is(text: str) -> None:
    if markup_in(text):
        assert reads_as_markup(text)


@given(st.text("aB9-~._/:é;%41", max_size=12))
def test_a_plain_url_has_the_canonical_form_that_a_trackers_parameter_leaves(path: str) -> None:
    url = f"http://example.com/{path}"
    assert canonical_url(url) == canonical_url(f"{url}?utm_source=a")
