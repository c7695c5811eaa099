"""The document inside the page that a browser makes of it, so that it can be read as it was sent.

Who asks through a browser gets the page's source, not the bytes. What Chromium makes of documents
(seen with 156, by `--dump-dom`, which serialises as WebDriver's "page source" does):

- XML of type text/xml or application/xml: a viewer, with the document's own elements in a hidden
  part at its beginning (third_party/blink/renderer/core/xml/DocumentXMLTreeViewer.js);
- RSS and Atom of their own types, text/plain, JSON: a page with the escaped text in `pre`, after
  JSON an empty `div`;
- RSS that claims to be text/html: its elements in `body`, as HTML reads them: names in lower case,
  `link` without an end, CDATA as a comment up to its first ">". What is left of it is made XML
  again as far as that goes.

Everything else is a page, one that shows a feed as an example too.
"""

from __future__ import annotations

import re

#: A viewer's style comes before its body: some 4,000 characters.
_HEAD_CHARS = 64 * 1024

_BODY = re.compile(r"<body(?:\s[^>]{0,400})?>\s*", re.IGNORECASE)
_TITLED = re.compile(r"<title[\s>]", re.IGNORECASE)
_XML_VIEWER = '<div id="webkit-xml-viewer-source-xml">'
_TEXT_VIEWER = re.compile(
    r"<pre(?:\s[^>]{0,400})?>([^<]*)</pre>\s*(?:<div[^>]{0,200}></div>\s*)?</body>\s*</html>\s*\Z",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"\s*(?:&lt;[?!A-Za-z]|\{)")
#: The first element, after comments and processing instructions.
_ROOT = re.compile(r"(?:\s|<!--(?:[^-]|-(?!->))*-->|<\?[^>]*>)*<([A-Za-z_][\w.:-]{0,60})[\s>]")
_FEED_ROOTS = frozenset({"rss", "feed", "rdf:rdf"})
_LINK_TEXT = re.compile(r"<link>([^<]*)(?=<)(?!</link)", re.IGNORECASE)
_LINK_ELEMENT = re.compile(r"<link(\s[^>]{0,2000}[^/>\s])\s{0,9}>", re.IGNORECASE)
_CDATA = re.compile(r"<!--\[CDATA\[([^>]*?)-->")


def document_of(page: str) -> str:
    """Return the document that a browser's page shows, else the page as it is.

    Pure; takes time linear in the page.
    """
    body = _BODY.search(page, 0, _HEAD_CHARS)
    if body is None or _TITLED.search(page, 0, body.start()):
        return page
    if page.startswith(_XML_VIEWER, body.end()):
        return _element(page, body.end() + len(_XML_VIEWER)) or page
    text = _TEXT_VIEWER.match(page, body.end())
    if text is not None and _DOCUMENT.match(text[1]):
        return _unescaped(text[1])
    root = _ROOT.match(page, body.end())
    if root is not None and root[1].lower() in _FEED_ROOTS:
        return _as_xml(_element(page, body.end()) or page)
    return page


def _element(page: str, start: int) -> str | None:
    """Return the element that begins at `start`, with what is before it; `None`: it has no end."""
    root = _ROOT.match(page, start)
    end = -1 if root is None else page.rfind(f"</{root[1]}>", start)
    return None if root is None or end < 0 else page[start : end + len(f"</{root[1]}>")]


def _unescaped(text: str) -> str:
    """Undo what serialising escapes in text (https://html.spec.whatwg.org/#escapingString)."""
    for escaped, character in (("&nbsp;", "\xa0"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, character)
    return text


def _as_xml(element: str) -> str:
    xml = _LINK_ELEMENT.sub(r"<link\1/>", element)
    xml = _LINK_TEXT.sub(r"<link>\1</link>", xml)
    xml = _CDATA.sub(r"<![CDATA[\1>", xml)
    return xml.replace("&lt;![CDATA[", "<![CDATA[").replace("]]&gt;", "]]>")
