"""What stands in a document, read with lxml and json alone: the second opinion of the report.

No feed parser, nothing of the program but its reader of dates: elements by their local names, HTML
by libxml2, JSON by the standard library. It reads too much rather than too little: whatever stands
in an item's text counts, and what the program leaves out has to be excused.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from html.entities import html5
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree
from lxml import html as lxml_html

from benchmarks.picture_sizes import is_hidden
from benchmarks.seen import in_unicode, same_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Elements that hold a text of an item; the rest of an item are fields.
_TEXTS = frozenset({"description", "encoded", "content", "summary", "body"})
_DATES = {
    "pubDate": "published", "published": "published", "date": "published", "issued": "published",
    "created": "published", "updated": "updated", "modified": "updated",
}  # fmt: skip
#: Where the address of a picture may stand.
_PICTURE = ("src", "data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-lazy",
            "data-orig-file", "data-original-src", "data-cfsrc", "file", "zoomfile")  # fmt: skip
_UNSEEN = ("script", "style", "template", "noscript", "svg", "math", "head", "iframe", "object",
           "select", "textarea", "button", "option")  # fmt: skip
#: Classes of what shows a formula a second time, or until it is drawn (KaTeX, MathJax 2).
_TWINS = frozenset({"katex-html", "MathJax_Preview", "MathJax"})
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: A section in which nothing is a reference, or a reference by name.
_NAMED = re.compile(
    r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->|<!DOCTYPE[^\[>]*\[.*?\]\s*>)|&(\w{1,40});", re.DOTALL
)
_ENTITY = re.compile(r"""<!ENTITY\s+([\w.-]+)\s+(["'])(.*?)\2\s*>""", re.DOTALL)
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")


@dataclass(frozen=True, slots=True)
class Told:
    """What one item says; addresses absolute, texts without blanks.

    `characters` are those of its longest text, `everything` those of all and of the title.
    `leads` are the links of each text, the longest first, and the words that they stand behind.
    `pictures` are sets of addresses, any of which may be the one that is shown; `thumbnails` are
    mostly another size of one of them. `dates` are the raw strings by field.
    """

    id: str
    link: str
    title: str
    characters: str
    everything: str
    links: frozenset[str]
    leads: tuple[frozenset[tuple[str, str]], ...]
    pictures: frozenset[frozenset[str]]
    thumbnails: frozenset[str]
    enclosures: frozenset[str]
    authors: tuple[str, ...]
    dates: tuple[tuple[str, str], ...]


def told_in_xml(text: str, url: str) -> list[Told]:
    """Return the items of an RSS or Atom document, decoded; `url` is where it was found."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=True)
    fit = _NO_XML.sub("", _DECLARED.sub("", text.lstrip("\ufeff \t\r\n")))
    fit = _without_names(fit)
    root = etree.fromstring(fit.encode("utf-8", "replace"), parser)
    if root is None:
        return []
    site = next((_own_text(one) for one in root.iter() if _name(one) == "link"), "")
    return [
        _item(one, urljoin(url, site.strip()) if site.strip() else url)
        for one in root.iter()
        if _name(one) in {"item", "entry"}
        and not any(_name(up) in {"item", "entry"} for up in one.iterancestors())
    ]


def _without_names(text: str) -> str:
    """Return XML in which named references are what they stand for, outside CDATA.

    Names are those of HTML, and what the document itself declares in plain words.
    """
    declared: dict[str, str] = {
        name: value for name, _, value in _ENTITY.findall(text.partition("]>")[0])
    }

    def stands_for(found: re.Match[str]) -> str:
        cdata, name = found[1], found[2]
        if cdata or name in {"lt", "gt", "amp", "quot", "apos"}:
            return str(found[0])
        if name in declared:
            return declared[name]
        character = html5.get(f"{name};")
        return f"&amp;{name};" if character is None else html.escape(character)

    return _NAMED.sub(stands_for, text)


def told_in_json(text: str, url: str) -> list[Told]:
    """Return the items of a JSON Feed."""
    feed = json.loads(text.lstrip("\ufeff"))
    items = feed.get("items") if isinstance(feed, dict) else None
    home = feed.get("home_page_url") if isinstance(feed, dict) else None
    return [_json_item(one, home or url) for one in items or () if isinstance(one, dict)]


def visible(text: str) -> str:
    """Return the characters that are seen, without blanks and what has no shape.

    The box stands for what could not be read (docs/publishing.md).
    """
    shown = text.replace("\ufffd", "\u25a1")
    return "".join(one for one in shown if not one.isspace() and one.isprintable())


def _name(element: Any) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    # libxml2 keeps a prefix that nobody declared in the name.
    return tag.rpartition("}")[2].rpartition(":")[2]


def _space(element: Any) -> str:
    """Return an element's namespace, its prefix where that was not declared."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag[1:].partition("}")[0] if tag.startswith("{") else tag.partition(":")[0]


def _own_text(element: Any) -> str:
    return "".join(element.itertext())


def _item(item: Any, site: str) -> Told:
    fields: dict[str, list[Any]] = {}
    for child in item:
        fields.setdefault(_name(child), []).append(child)
    link = _link(fields, site)
    base = _base(item, link or site)
    trees = [
        tree
        for name in _TEXTS
        for one in fields.get(name, ())
        if (tree := _markup(one)) is not None
    ]
    title = _own_text(fields["title"][0]) if "title" in fields else ""
    trees.sort(key=lambda tree: len(visible(_shown(tree))), reverse=True)
    texts = [visible(_shown(tree)) for tree in trees]
    leads = tuple(frozenset(_leads(tree, base)) for tree in trees)
    return Told(
        id=_first(fields, "guid", "id"),
        link=link,
        title=" ".join(title.split()),
        characters=texts[0] if texts else "",
        everything="".join((*texts, visible(title))),
        links=frozenset(href for text in leads for href, _ in text),
        leads=leads,
        pictures=frozenset((*_pictures(trees, base), *_media(item, base))),
        thumbnails=frozenset(
            _absolute(base, one.get("url") or "")
            for one in item.iter()
            if _name(one) == "thumbnail"
        ),
        enclosures=frozenset(_enclosures(fields, base)),
        authors=tuple(_authors(fields)),
        dates=tuple(
            (field, _own_text(one).strip())
            for name, field in _DATES.items()
            for one in fields.get(name, ())[:1]
            if _own_text(one).strip()
        ),
    )


def _first(fields: dict[str, list[Any]], *names: str) -> str:
    return next((_own_text(fields[name][0]).strip() for name in names if name in fields), "")


def _link(fields: dict[str, list[Any]], site: str) -> str:
    for one in fields.get("link", ()):
        if one.get("href") and one.get("rel", "alternate") == "alternate":
            return _joined(_base(one, site), str(one.get("href")).strip())
        if not one.get("href") and _own_text(one).strip() and "purl.org/atom" not in _space(one):
            return _joined(_base(one, site), _own_text(one).strip())
    guid = fields.get("guid")
    if guid and guid[0].get("isPermaLink", "true").lower() != "false":
        text = _own_text(guid[0]).strip()
        return text if text.startswith(("http://", "https://")) else ""
    return ""


def _markup(element: Any) -> Any:
    """Return the HTML of an element: its children, its escaped text, or its plain text."""
    if "mrss" in _space(element) or "itunes" in _space(element):
        return None
    if any(isinstance(child.tag, str) for child in element):
        return element
    text = _own_text(element)
    if element.get("type") in {"text", "text/plain"} or not re.search("[<&]", text):
        holder = etree.Element("div")
        holder.text = _NO_XML.sub("", text)
        return holder
    return parsed_html(text)


def parsed_html(text: str) -> Any:
    """Return a `div` with this HTML, `None` where there is none."""
    try:
        return lxml_html.fragment_fromstring(_NO_XML.sub("", text), create_parent="div")
    except (etree.ParserError, ValueError):
        return None


def _shown(tree: Any) -> str:
    parts: list[str] = []

    def walk(element: Any) -> None:
        if isinstance(element.tag, str) and not _is_unseen(element):
            parts.append(element.text or "")
            for child in element:
                walk(child)
                parts.append(child.tail or "")

    walk(tree)
    return "".join(parts)


def _is_unseen(element: Any) -> bool:
    classes = (element.get("class") or "").split()
    return _name(element).lower() in _UNSEEN or not _TWINS.isdisjoint(classes)


def _base(element: Any, otherwise: str) -> str:
    """Return what an element's addresses are relative to: xml:base, where it is given."""
    return element.base if element.base and "://" in element.base else otherwise


def _joined(base: str, link: str) -> str:
    return link if "://" in link or not link else urljoin(base, link)


def _absolute(base: str, address: str) -> str:
    try:
        return same_address(in_unicode(urljoin(base, address.strip())))
    except ValueError:
        return ""


def _leads(tree: Any, base: str) -> Iterator[tuple[str, str]]:
    """Yield where a text's links lead, and from which words."""
    for one in tree.iter():
        if _name(one).lower() == "a" and (one.get("href") or "").strip():
            href = _absolute(_base(one, base), one.get("href"))
            if href.startswith("//"):
                yield href.partition("#")[0], visible(_own_text(one))


def _pictures(trees: Iterable[Any], base: str) -> Iterator[frozenset[str]]:
    for tree in trees:
        for one in tree.iter():
            if _name(one).lower() != "img" or _is_tiny(one) or is_hidden(one.get("style") or ""):
                continue
            if any(_name(up).lower() in {"noscript", "template"} for up in one.iterancestors()):
                continue
            own = _base(one, base)
            found = {
                address
                for name in _PICTURE
                if (address := _absolute(own, one.get(name) or "")).startswith("//")
                and (one.get(name) or "").strip()
            }
            for part in re.split(r",\s+", one.get("srcset") or one.get("data-srcset") or ""):
                if part.split():
                    found.add(_absolute(own, part.split()[0]))
            if found:
                yield frozenset(found)


def _media(item: Any, base: str) -> Iterator[frozenset[str]]:
    """Yield the pictures beside a text (Media RSS)."""
    for one in item.iter():
        kind = one.get("type") or one.get("medium") or ""
        address = _absolute(base, one.get("url") or "")
        is_media = _name(one) == "content" and "mrss" in _space(one)
        if is_media and kind.startswith("image") and address.startswith("//"):
            yield frozenset({address})


def _is_tiny(element: Any) -> bool:
    sides = [(element.get(name) or "").strip().removesuffix("px") for name in ("width", "height")]
    sides += re.findall(r"(?:width|height)\s*:\s*(\d+)px", element.get("style") or "")
    return "0" in sides or sum(side in {"1", "2", "3"} for side in sides) > 1


def _enclosures(fields: dict[str, list[Any]], base: str) -> Iterator[str]:
    for one in fields.get("enclosure", ()):
        yield _absolute(base, one.get("url") or "")
    for one in fields.get("link", ()):
        if one.get("rel") == "enclosure":
            yield _absolute(base, one.get("href") or "")


def _authors(fields: dict[str, list[Any]]) -> Iterator[str]:
    for one in (*fields.get("author", ()), *fields.get("creator", ())):
        names = [child for child in one if _name(child) == "name"]
        text = _own_text(names[0]) if names else _own_text(one) if not len(one) else ""
        bracketed = re.fullmatch(r"\s*\S+@\S+\s*\((.+)\)\s*", text, re.DOTALL)
        # The other way round, as some write it, and not always to the end.
        before = re.fullmatch(r"(.*\S)\s*[(<]\s*[^\s()<>]+@[^\s()<>]+[)>]?\s*", text, re.DOTALL)
        found = bracketed or before
        name = " ".join(html.unescape(found[1] if found else text).split())
        if name:
            yield name


def _json_item(item: dict[str, Any], home: str) -> Told:
    def word(holder: dict[str, Any], name: str) -> str:
        value = holder.get(name)
        return value if isinstance(value, str) else ""

    link = word(item, "url") or word(item, "external_url")
    base = urljoin(home, link) if link else home
    tree = parsed_html(word(item, "content_html")) if word(item, "content_html") else None
    trees = [] if tree is None else [tree]
    leads = tuple(frozenset(_leads(one, base)) for one in trees)
    text = visible(_shown(tree) if tree is not None else word(item, "content_text"))
    people = item.get("authors") or [item.get("author")]
    files = item.get("attachments") or ()
    return Told(
        id=str(item.get("id") or ""),
        link=_joined(home, link),
        title=" ".join(word(item, "title").split()),
        characters=text,
        everything="".join((text, visible(word(item, "title")), visible(word(item, "summary")))),
        links=frozenset(href for text in leads for href, _ in text),
        leads=leads,
        pictures=frozenset(
            (
                *_pictures(trees, base),
                *(
                    frozenset({_absolute(base, word(item, name))})
                    for name in ("image", "banner_image")
                    if word(item, name)
                ),
            )
        ),
        thumbnails=frozenset(),
        enclosures=frozenset(
            _absolute(base, word(one, "url")) for one in files if isinstance(one, dict)
        ),
        authors=tuple(
            " ".join(word(one, "name").split())
            for one in people
            if isinstance(one, dict) and word(one, "name").strip()
        ),
        dates=tuple(
            (field, word(item, name))
            for name, field in (("date_published", "published"), ("date_modified", "updated"))
            if word(item, name)
        ),
    )
