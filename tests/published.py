"""What we publish of a selection, read back as strictly as no reader does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.publish import Addresses, Format, render

if TYPE_CHECKING:
    from aggregator.model import Selection

ADDRESSES = Addresses("https://feeds.example.org")
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def as_atom(selected: Selection) -> etree._Element:
    """Return the `<feed>` that is published."""
    return strict(render(selected, Format.ATOM, ADDRESSES))


def as_rss(selected: Selection) -> etree._Element:
    """Return the `<channel>` that is published."""
    channel = strict(render(selected, Format.RSS, ADDRESSES)).find("channel")
    assert channel is not None
    return channel


def as_json(selected: Selection) -> dict[str, Any]:
    """Return the JSON Feed that is published."""
    document: dict[str, Any] = json.loads(render(selected, Format.JSON, ADDRESSES))
    return document


def strict(document: bytes) -> etree._Element:
    """Parse without mercy, and refuse what no feed should hold."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False)
    root = etree.fromstring(document, parser)
    assert b"<!DOCTYPE" not in document
    assert not root.xpath("//processing-instruction() | //comment()")
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    return root


def texts(element: etree._Element, name: str) -> list[str]:
    """Return the texts of all elements with this name or path."""
    return [found.text or "" for found in element.findall(name)]


def only(element: etree._Element, name: str) -> str:
    """Return the text of the only element with this name or path."""
    (text,) = texts(element, name)
    return text
