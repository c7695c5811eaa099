"""The strict reader beside feedparser's: the same document, or none; and documents to try it on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from aggregator.model import Body, Document
from aggregator.model.errors import UnreadableError
from aggregator.parse.decode import Decoded, decode
from aggregator.parse.feed_reader import HANDLED, read_xml
from aggregator.parse.json_feed_reader import looks_like_json
from aggregator.parse.strict import Refusal, read_known
from tests.feed_documents import SEEN, URL

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Prefixes as documents use them, and the namespaces that every document here declares.
_NAMESPACES = {
    "admin": "http://webns.net/mvcb/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "foo": "urn:foo",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
_ATOM = "http://www.w3.org/2005/Atom"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_USUAL = [
    "title", "link", "description", "guid", "id", "pubDate", "updated", "published", "category",
    "author", "name", "uri", "email", "contributor", "source", "enclosure", "summary", "content",
    "image", "url", "atom:link", "dc:creator", "dc:date", "dc:subject", "content:encoded",
    "media:content", "media:thumbnail", "media:group", "media:title", "media:description",
    "media:keywords", "itunes:image", "itunes:summary", "itunes:owner", "itunes:category",
    "itunes:explicit", "itunes:duration", "generator", "language", "ttl", "skipHours", "hour",
]  # fmt: skip
#: All for which feedparser has a handler, and names under which it keeps something itself.
_UNUSUAL = [
    *(
        name.replace("_", ":", 1) if name.partition("_")[0] in _NAMESPACES else name
        for name in sorted(HANDLED)
        if ":" not in name
    ),
    "date", "links", "authors", "contributors", "icon", "logo", "title_detail", "items", "href",
    "publisher", "license", "comments", "foo:bar", "foo:detail", "sy:updatePeriod", "TITLE",
]  # fmt: skip
_TEXTS = [
    "", "  ", "x", "AT&amp;T &lt;b>x&lt;/b>", "<![CDATA[<p>x</p> &nbsp;]]>", "a<!-- c -->b",
    "2026-11-20T10:00:00Z", "Mon, 23 Nov 2026 08:00:00 GMT", "https://a.example/x?a=1&amp;b=2",
    "/a/../b", "jo@e.example (Jo)", "yes", "12", "hourly", "a, b", "&#146;q&#x93;", "&#xA0;é中",
    "undefined", "&amp;lt;![CDATA[x]]&amp;gt;", "&lt;![CDATA[x]]&gt;", "https://a.example/?b&amp;lang;",
]  # fmt: skip
_ATTRIBUTES = {
    "type": ["html", "text", "xhtml", "TEXT/HTML", "image/jpeg", "audio/mpeg"],
    "href": ["https://a.example/1", "/r", ""],
    "url": ["https://i.example/a.jpg", "b.mp3"],
    "rel": ["self", "ALTERNATE", "enclosure", "http://www.iana.org/assignments/relation/alternate"],
    "isPermaLink": ["true", "false"],
    "term": ["t", ""], "label": ["l"], "scheme": ["s"], "domain": ["d"], "text": ["T"],
    "xml:lang": ["en", "de_DE", ""], "lang": ["fr"],
    "xml:base": ["https://b.example/c/", "d/", "javascript:x"], "base": ["e/"],
    "length": ["12"], "mode": ["base64"], "medium": ["image"], "width": ["100"],
    "isDefault": ["true"], "src": ["https://s.example/"], "lastmod": ["2026"],
    "foo:href": ["https://f.example/"], "Type": ["html"],
}  # fmt: skip


def is_taken(
    body: bytes, url: str = URL, *, most: int | None = None, encoding: str | None = None
) -> bool:
    """Tell whether the strict reader takes a body; fails where it reads another document."""
    told = Body(body, None, url, "UTC", SEEN, encoding, most)
    try:
        decoded = decode(body, None, encoding)
    except UnreadableError:
        return False
    if looks_like_json(decoded.text):
        return False
    found = read_known(told, decoded)
    if isinstance(found, Refusal):
        assert found.reason
        return False
    expected = read_xml(told, decoded)
    assert found.head == expected.head
    for one, other in zip(found.entries, expected.entries, strict=True):
        assert one == other
    assert found == expected
    return True


def reason(body: bytes) -> str:
    """Return why the strict reader refuses a body; fails where it takes it."""
    found = read_known(Body(body, None, URL, "UTC", SEEN), decode(body, None))
    assert not isinstance(found, Document)
    return found.reason


def _attributes() -> st.SearchStrategy[str]:
    one = st.sampled_from(sorted(_ATTRIBUTES)).flatmap(
        lambda name: st.sampled_from([(name, value) for value in _ATTRIBUTES[name]])
    )
    return st.lists(one, max_size=3, unique_by=lambda pair: pair[0]).map(
        lambda pairs: "".join(f' {name}="{value}"' for name, value in pairs)
    )


def _element(name: str, attributes: str, inside: Sequence[str]) -> str:
    return f"<{name}{attributes}>{''.join(inside)}</{name}>"


_LEAVES = st.builds(
    _element,
    st.sampled_from(_USUAL) | st.sampled_from(_UNUSUAL),
    st.just("") | _attributes(),
    st.lists(st.sampled_from(_TEXTS), max_size=1),
)
_ELEMENTS = _LEAVES | st.builds(
    _element,
    st.sampled_from(_USUAL) | st.sampled_from(_UNUSUAL),
    st.just("") | _attributes(),
    st.lists(_LEAVES | st.sampled_from(_TEXTS), max_size=3),
)


def _document(kind: str, head: Sequence[str], entries: Sequence[str], after: str = "") -> str:
    """Return a document of these elements; RSS has the last one beside its channel."""
    declared = "".join(f' xmlns:{prefix}="{url}"' for prefix, url in _NAMESPACES.items())
    if kind == "rdf":
        declared = f' xmlns="http://purl.org/rss/1.0/" xmlns:rdf="{_RDF}"{declared}'
        parts = [_element("channel", "", head), *entries, after]
        return _element("rdf:RDF", declared, [part.replace("atom:", "") for part in parts])
    declared += f' xmlns:atom="{_ATOM}"'
    if kind == "feed":
        return _element("feed", f' xmlns="{_ATOM}"{declared}', [*head, *entries, after])
    channel = _element("channel", "", [*head, *entries])
    return _element("rss", f' version="2.0"{declared}', [channel, after])


@lru_cache(maxsize=10_000)
def _is_taken_alone(kind: str, element: str, entry: str | None) -> bool:
    inside = [element] if entry is None else [_element(entry, "", [element])]
    text = _document(kind, inside, [])
    told = Body(text.encode(), None, URL, "UTC", SEEN)
    return not isinstance(read_known(told, Decoded(text, "utf-8")), Refusal)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Draw a well-formed document of elements of which each may be taken; at times, of any."""
    kind = draw(st.sampled_from(["rss", "rss", "feed", "rdf"]))
    name = "entry" if kind == "feed" else "item"
    is_any = draw(st.integers(0, 4)) == 0

    def some(most: int, entry: str | None) -> list[str]:
        drawn = draw(st.lists(_ELEMENTS, max_size=most))
        return [one for one in drawn if is_any or _is_taken_alone(kind, one, entry)]

    entries = [
        _element(name, draw(st.just("") | _attributes()), some(10, name))
        for _ in range(draw(st.integers(1, 3)))
    ]
    after = "".join(some(1, None)) if is_any or kind == "feed" else ""
    text = _document(kind, some(6, None), entries, after)
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-16", "gb18030"]))
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)


@st.composite
def rearranged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Draw one of the seeds with pieces of it dropped, doubled or moved, between tags."""
    body = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        places = [at for at, byte in enumerate(body) if byte == 0x3C]
        if len(places) < 4:
            break
        first, second, to = sorted(draw(st.tuples(*[st.sampled_from(places)] * 3)))
        piece = body[first:second]
        how = draw(st.sampled_from(["drop", "double", "move", "cut"]))
        if how == "drop":
            body = body[:first] + body[second:]
        elif how == "double":
            body = body[:second] + piece + body[second:]
        elif how == "move":
            body = body[:first] + body[second:to] + piece + body[to:]
        else:
            body = body[:to]
    return body
