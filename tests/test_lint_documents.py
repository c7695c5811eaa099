"""Whatever the bytes are, the check ends, says where, and says it once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.lint import MAX_BYTES, RULES, SHOWN_PER_RULE, Finding, lint
from aggregator.lint.findings import MAX_TOKENS
from aggregator.lint.html_checks import srcset
from aggregator.lint.html_tokens import tokens
from aggregator.lint.html_tree import Nesting
from aggregator.lint.value_checks import canonical
from tests import FIXTURES, corpus

FOLDER = FIXTURES / "lint"
BASES = {name: (FOLDER / f"base.{name}").read_bytes() for name in ("atom", "rss", "json")}


def rules(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.rule for finding in findings}


def html_fault(html: str) -> str | None:
    """Return the first thing that is wrong with a piece of HTML."""
    nesting = Nesting()
    for token in tokens(html):
        if wrong := nesting.take(token):
            return wrong
    return nesting.finish()


def described(html: str) -> bytes:
    return BASES["rss"].replace(b"<description>Text<", f"<description><![CDATA[{html}]]><".encode())


@settings(max_examples=200, deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    for finding in lint(body):
        assert finding.rule in RULES


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(BASES)), st.data())
def test_no_damage_to_a_document_is_too_strange(name: str, data: st.DataObject) -> None:
    body = BASES[name]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    piece = data.draw(st.binary(max_size=8) | st.sampled_from([b"<", b"&", b'"', b"[[[", b"</p>"]))
    lint(body[:start] + piece + body[end:], content_type="text/xml", url="https://example.org/")


@settings(max_examples=300, deadline=None)
@given(st.text(list("<>&\"'/!-= abpit1#;\n"), max_size=60))
def test_no_html_is_too_strange(html: str) -> None:
    lint(described(html.replace("]]>", "")))
    html_fault(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>one<p>two",
        "<ul><li>one<li>two<ul><li>three</ul></ul>",
        "<dl><dt>a<dd>b<dt>c<dd>d</dl>",
        "<table><caption>c</caption><thead><tr><th>1<tbody><tr><td>2<td>3<tr><td>4</table>",
        "<table><colgroup><col><col></colgroup><tr><td><table><tr><td>x</table></table>",
        "<table> <tr> <td><p>x</td> </tr> </table>",
        "<p>a</p><h2>b</h2><hr><blockquote><p>c</blockquote>",
        "<select><option>1<option selected>2</select>",
        "<ruby>漢<rp>(<rt>kan<rp>)</ruby>",
        "<svg viewBox='0 0 1 1'><path d='M0 0'/><g><circle r=1 /></g></svg>",
        "<p>x <math><mi>y</mi><mo>=</mo><mn>1</mn></math></p>",
        "<br><br/><img src=a alt=b><wbr>",
        "<!-- a -- b --><my-element>x</my-element>",
        "<a href='?a=1&copy=2&amp;b'>R&D & more &amp; &#8217; &nbsp;</a>",
        "<IMG SRC=a><P CLASS='x y' hidden>z</P>",
        "<textarea><b></textarea><script>if (a < b) c()</script>",
        "<p>text\n\n<pre>\n  x</pre>",
        "<details><summary>s</summary>t</details><figure><img><figcaption>f</figcaption></figure>",
    ],
)
def test_html_as_the_standard_wants_it_passes(html: str) -> None:
    assert html_fault(html) is None


@pytest.mark.parametrize(
    "html",
    [
        "<b>one",
        "one</b>",
        "<b><i>one</b></i>",
        "<p><b>one</p>",
        "<p>one<div>two</div></p>",
        "<div>one<span>two</div>",
        "<a href=1><a href=2>x</a></a>",
        "<h1><h2>x</h2></h1>",
        "<li>one</ul>",
        "<table>x</table>",
        "<table><tr>x</tr></table>",
        "<table><td>x</table>",
        "<tr><td>x</td></tr>",
        "<table><tr><td><b>x</td></tr></table>",
        "<body>x</body>",
        "<img></img>",
        "<br>x</br>",
        "<div/>",
        "<blink2>x</blink2>",
        "<p class=a class=b>x</p>",
        "<p title='a'lang=b>x</p>",
        '<p title=a"b>x</p>',
        "<p title='>x</p>",
        "<p>x</p title=a>",
        "<p x<y=z>w</p>",
        "<!-- x",
        "<!doctype html>x",
        "<![CDATA[x]]>",
        "<?php x ?>",
        "</>",
        "a < b",
        "&copy 2026",
        "&nosuchthing;",
        "&#55296;",
        "&#x80;",
        "&#1234",
        "<script>x",
        "<p",
        "<math><p>x</p></math>",
        "<rt>x</rt><ruby><b><rt>x</rt></b></ruby>",
    ],
)
def test_html_that_a_reader_must_repair_is_told(html: str) -> None:
    assert html_fault(html) is not None


def test_a_finding_names_its_line() -> None:
    body = BASES["rss"].replace(b"https://example.org/1<", b"/1<", 1)
    (finding,) = lint(body)
    line = body[: body.index(b">/1<")].count(b"\n") + 1
    assert finding == Finding(
        "error", "InvalidFullLink", line, "<link>: “/1” is not a whole address",
        RULES["InvalidFullLink"].remedy,
    )  # fmt: skip
    assert str(finding).startswith("error InvalidFullLink: <link>: “/1” is not a whole address; ")


def test_a_finding_in_json_names_the_line_of_its_item() -> None:
    body = BASES["json"].replace(b'"id": "2"', b'"id": 2')
    (finding,) = lint(body)
    line = body[: body.index(b'"id": 2')].count(b"\n")
    assert (finding.line, finding.what) == (line, "items[1].id is no string")


def test_of_each_rule_the_first_are_shown_and_the_others_counted() -> None:
    item = b"<item><title>T</title></item>"
    body = BASES["rss"].replace(b"</channel>", item * 12 + b"</channel>")
    findings = lint(body)
    assert rules(findings) == {"MissingGuid"}
    assert [finding.count for finding in findings] == [1] * SHOWN_PER_RULE + [7]
    assert (findings[-1].what, findings[-1].line) == ("7 more", None)


def test_a_value_is_shown_shortened_and_on_one_line() -> None:
    body = BASES["rss"].replace(b"<link>https://example.org/1", b"<link>a\n " + b"b" * 10_000)
    assert all(len(str(finding)) < 300 and "\n" not in str(finding) for finding in lint(body))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"x" * (MAX_BYTES + 1), "ValidatorLimit"),
        (b"<a>" * 300, "ValidatorLimit"),
        (b"<a>" + b"<b/>" * 260_000 + b"</a>", "ValidatorLimit"),
        (b'{"items": [' + b"{}," * 260_000, "ValidatorLimit"),
        (b"[" * 1_000_000, "ValidatorLimit"),
        (b'{"' + b'\\"' * 1_000_000, "InvalidJSON"),
        (b'{"version": 1' + b"0" * 100_000 + b"}", "InvalidVersion"),
        (described("<p>" * (MAX_TOKENS + 1)), "ValidatorLimit"),
        (described("<div>" * 10_000), "NotHtml"),
        (described('<a b="' * 100_000), "NotHtml"),
        (described("<a " + "b=c " * 200_000 + ">"), "NotHtml"),
        (described("<!--" * 200_000), "NotHtml"),
        (described('<p style="' + "/*" * 200_000 + '">x</p>'), "NotHtml"),
        (b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "EntityDeclaration"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&b;</a>', "NotAFeed"),
        (b'<?xml version="1.0" encoding="punycode"?><a/>', "UnknownEncoding"),
        (b'<?xml version="1.0" encoding="zlib"?><a/>', "UnknownEncoding"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_documents_are_refused_or_read_within_bounds(body: bytes, rule: str) -> None:
    found = rules(lint(body))
    if rule == "NotHtml" and b"style" in body:
        assert "NotHtml" not in found
    else:
        assert rule in found


def test_what_stands_behind_an_error_in_xml_is_not_said_to_be_missing() -> None:
    assert rules(lint(BASES["atom"].replace(b"<title>One", b"<title>One & "))) == {"SAXError"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gb18030", "iso-8859-1", "utf-8-sig"])
def test_a_document_may_be_in_any_usual_encoding(encoding: str) -> None:
    declared = {"utf-16-le": "utf-16", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = BASES["rss"].decode().replace("utf-8", declared, 1)
    assert lint(text.encode(encoding)) == ()


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a/../b/./c/", "https://example.org/b/c/"),
        ("https://example.org/%7Ea%2f%e4", "https://example.org/~a%2F%E4"),
        ("https://u:P@Example.org:8443?Q=%41#F", "https://u:P@example.org:8443/?Q=A#F"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
        ("tag:Example.org,2026:A/../b", "tag:Example.org,2026:A/../b"),
        ("https://example.org/新闻", "https://example.org/新闻"),
        ("https://example.org/a/..", "https://example.org/"),
        ("https://example.org/?", "https://example.org/?"),
    ],
)
def test_the_canonical_form_is_that_of_rfc_3986(address: str, form: str) -> None:
    assert canonical(address) == form
    assert canonical(form) == form


def test_a_srcset_is_cut_as_a_browser_cuts_it() -> None:
    assert srcset("a,b 1x, c 2x,d") == ["a,b", "c", "d"]
    assert srcset(" , data:image/png;base64,AA== 1x") == ["data:image/png;base64,AA=="]


def test_documents_of_the_corpus_are_checked_without_fail() -> None:
    for folder in ("danger", "conformance", "synthetic"):
        for path in sorted(corpus.folder(folder).rglob("*")):
            if path.is_file():
                for finding in lint(path.read_bytes(), url="https://example.org/feed"):
                    assert finding.rule in RULES, path


def test_most_real_feeds_have_no_error() -> None:
    paths = [path for path in sorted(corpus.folder("real").iterdir()) if path.is_file()]
    wrong = [p for p in paths if any(f.level == "error" for f in lint(p.read_bytes()))]
    assert len(wrong) < len(paths) / 3


@pytest.mark.parametrize(
    "doctype", ["<!doctype html>", "<!DOCTYPE HTML>", "", "\ufeff<!doctype html>"]
)
def test_a_page_is_called_a_page_and_nothing_else(doctype: str) -> None:
    page = f"{doctype}\n<html><head><title>x</title><body><p>y"
    assert [finding.rule for finding in lint(page.encode())] == ["NotAFeed"]
