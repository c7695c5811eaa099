"""What a reader sees in a document: by feedparser, and by a reader of JSON Feed of its own.

Nothing of the program is used here: this is the other opinion. Where feedparser sees less than
people would, it is helped: bare ampersands are escaped before its loose reader makes `⟨=` of
`&lang=`, dates that it cannot read are read by benchmarks/dates.py.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types
from lxml import etree
from lxml import html as lxml_html

from benchmarks.dates import instant

if TYPE_CHECKING:
    from collections.abc import Iterable

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
#: What stands in a page and is not shown as text.
_UNSEEN = ("script", "style", "template", "noscript", "title", "object", "iframe", "svg", "math")
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
     "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"}
)  # fmt: skip
#: Where the address of a picture stands that a script shows later, in place of what is in `src`.
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-lazy",
         "data-lazyload", "data-echo", "data-srcset", "data-lazy-srcset")  # fmt: skip
_PLAIN = ("src", "srcset", "data-orig-file")
_TOKEN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]|\w+|[^\w\s]")
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)
_PUNYCODE = re.compile(r"(?<=[/.@])xn--([a-z0-9-]+)(?=[/.:?#]|$)", re.IGNORECASE)
#: What is part of an address as it stands, its escapes too.
_SAFE = "%:/?#[]@!$&'()*+,;=-._~"
#: An ampersand that begins no reference, and what is not to be touched.
_BARE = re.compile(rb"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)|&(?!#?\w{1,32};)", re.DOTALL)
#: No XML may hold them, or nobody sees them.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff]")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a text: all its addresses, any of which may be the one that is shown."""

    addresses: frozenset[str]
    width: str = ""
    height: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry as a reader sees it; texts plain, addresses absolute, dates in UTC.

    `stills` are those thumbnails that say from which moment of a film they are. `raw_dates` are the
    two dates as written, `longest` counts the characters of the longest text with its markup, and
    `contents` the texts that claim to be the whole.
    """

    id: str
    link: str
    title: str
    published: datetime | None
    updated: datetime | None
    raw_dates: tuple[str, str]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    enclosures: tuple[str, ...]
    texts: tuple[str, ...]
    pictures: tuple[Picture, ...]
    media: tuple[str, ...] = ()
    thumbnails: tuple[str, ...] = ()
    stills: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    contents: int = 0
    longest: int = 0


def told_of(term: str, more: str) -> str:
    """Return a category's term with its scheme or its label, as one."""
    return f"{term} ({more})"


def tokens(texts: tuple[str, ...]) -> list[str]:
    """Return words, and characters of scripts without blanks, in order.

    The box stands for what could not be read (docs/publishing.md).
    """
    return [token for text in texts for token in _TOKEN.findall(text.replace("\ufffd", "\u25a1"))]


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts without those that differ from an earlier one in nothing but blanks."""
    return tuple({"".join(tokens((text,))): text for text in reversed([*texts]) if text}.values())[
        ::-1
    ]


def line(text: str) -> str:
    return " ".join(_ILLEGAL.sub("", text).split())


def same_address(url: str) -> str:
    """Return what two spellings of one address have in common: no scheme, nothing escaped."""
    bare = re.sub(r"^https?:", "", in_unicode(url.strip()), flags=re.IGNORECASE)
    return unquote(bare).replace(" ", "+")


def in_unicode(url: str) -> str:
    """Return an address with its host as people write it: xn--fiqs8s is 中国 (RFC 3492)."""
    return _PUNYCODE.sub(_decoded_label, url) if "xn--" in url.lower() else url


def _decoded_label(label: re.Match[str]) -> str:
    try:
        return label[1].encode().decode("punycode")
    except UnicodeError:
        return label[0]


def web_address(url: str) -> str:
    """Return an IRI as the URI that it stands for (RFC 3987, 3.1), the host in Unicode.

    Escapes stay as they are: two addresses that differ after this are two addresses.
    """
    try:
        parts = urlsplit(in_unicode(url.strip()))
    except ValueError:
        return url
    host = unicodedata.normalize("NFKC", parts.netloc).lower()
    rest = parts._replace(scheme=parts.scheme.lower(), netloc="").geturl()
    return f"{host} {quote(rest, safe=_SAFE)}"


def _parsed(markup: str) -> Any:
    if not markup.strip():
        return None
    try:
        return lxml_html.fragment_fromstring(_ILLEGAL.sub("", markup), create_parent="div")
    except (etree.ParserError, ValueError):
        return None


@cache
def plain(markup: str) -> str:
    """Return the text of HTML, as shown; what no inline element ends is set apart."""
    root = _parsed(markup)
    if root is None:
        return ""
    etree.strip_elements(
        root, *_UNSEEN, etree.Comment, etree.ProcessingInstruction, with_tail=False
    )
    for element in root.iter():
        if element.tag not in _INLINE:
            element.text = f" {element.text or ''}"
            element.tail = f" {element.tail or ''}"
    return line("".join(root.itertext()))


def pictures(markup: str, *bases: str) -> list[Picture]:
    root = _parsed(markup)
    if root is None:
        return []
    found = []
    for element in root.iter("img"):
        if any(one.tag in {"noscript", "template"} for one in element.iterancestors()):
            continue
        absolute = _absolute(element, _LAZY, bases) or _absolute(element, _PLAIN, bases)
        if absolute:
            sides = (element.get(name) or "" for name in ("width", "height", "style"))
            found.append(Picture(frozenset(absolute), *sides))
    return found


def _absolute(element: Any, names: tuple[str, ...], bases: tuple[str, ...]) -> set[str]:
    return {
        same_address(joined)
        for name in names
        for address in _addresses(name, element.get(name) or "")
        for base in bases
        if (joined := joined_address(base, address)).startswith(("http://", "https://"))
    }


def joined_address(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _addresses(name: str, value: str) -> list[str]:
    if not name.endswith("srcset"):
        # Scripts keep words and settings in data attributes, too.
        is_address = name == "src" or re.search(r"^[^{}\[\]]*[/.][^{}\[\]]*$", value)
        return [value] if value.strip() and is_address else []
    return [part.split()[0] for part in re.split(r",\s+", value) if part.split()]


def seen_by_feedparser(body: bytes, url: str) -> list[Seen]:
    parsed = _parsed_by_feedparser(body, url)
    if parsed.bozo and b"\0" not in body and b"\x1b" not in body:  # in ASCII's supersets
        fit = _BARE.sub(lambda found: found[1] or b"&amp;", body)
        if fit != body:
            parsed = _parsed_by_feedparser(fit, url)
    feed_base = parsed.feed.get("title_detail", {}).get("base") or url
    return [_entry(dict(entry), feed_base, url) for entry in parsed.entries]


def _parsed_by_feedparser(body: bytes, url: str) -> Any:
    return feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _text(value: str, media_type: str | None) -> str:
    return plain(value) if media_type in _HTML_TYPES else line(value)


def _when(entry: dict[str, Any], name: str) -> datetime | None:
    parsed = entry.get(f"{name}_parsed")
    if not parsed:
        return instant(_raw_date(entry, name))
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError):
        return None


def _raw_date(entry: dict[str, Any], name: str) -> str:
    return str(entry.get(name) or "")


def _entry(entry: dict[str, Any], feed_base: str, url: str) -> Seen:
    title = entry.get("title") or ""
    parts = [
        (part.get("value") or "", part.get("type"), part.get("base"))
        for part in entry.get("content", [])
        if part.get("type") in _HTML_TYPES or str(part.get("type")).startswith("text/")
    ]
    contents = len(parts)
    detail = entry.get("summary_detail") or {}
    if entry.get("summary"):
        parts.append((entry["summary"], detail.get("type", "text/html"), detail.get("base")))
    link = entry.get("link") or ""
    texts = (_text(value, kind) for value, kind, _ in parts)
    shown: list[Picture] = []
    for number, (value, kind, base) in enumerate(parts):
        # feedparser repeats a content as the summary, without its base.
        if kind in _HTML_TYPES and value not in (other for other, _, _ in parts[:number]):
            shown += pictures(value, base or feed_base, link or url, url)
    media = [
        one.get("url", "").strip() for one in entry.get("media_content", []) if _is_picture(one)
    ]
    if isinstance(entry.get("image"), dict):  # iTunes
        media.append(str(entry["image"].get("href") or "").strip())
    thumbnails = [one.get("url", "").strip() for one in entry.get("media_thumbnail", [])]
    tags = entry.get("tags", [])
    people = [
        line(str(one.get("name") or one.get("email") or "")) for one in entry.get("authors", [])
    ] or [line(str(entry.get("author") or ""))]
    return Seen(
        id=line(str(entry.get("id") or "")),
        link=link.strip(),
        title=_text(title, (entry.get("title_detail") or {}).get("type")),
        published=_when(entry, "published"),
        updated=_when(entry, "updated"),
        raw_dates=(_raw_date(entry, "published"), _raw_date(entry, "updated")),
        authors=tuple(dict.fromkeys(filter(None, people))),
        categories=tuple(
            dict.fromkeys(line(str(tag.get("term") or "")) for tag in tags if tag.get("term"))
        ),
        schemes=_beside_term(tags, "scheme"),
        labels=_beside_term(tags, "label"),
        enclosures=tuple(
            dict.fromkeys(
                str(one["href"]).strip()
                for one in entry.get("links", [])
                if one.get("rel") == "enclosure" and one.get("href")
            )
        ),
        texts=_each_once(texts),
        contents=contents,
        longest=max((len(value) for value, _, _ in parts), default=0),
        pictures=tuple(dict.fromkeys(shown)),
        media=tuple(dict.fromkeys(filter(None, media))),
        thumbnails=tuple(dict.fromkeys(one for one in thumbnails if one and one not in media)),
        stills=tuple(
            one["url"].strip() for one in entry.get("media_thumbnail", []) if one.get("time")
        ),
    )


def _beside_term(tags: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    told = ((line(str(tag.get("term") or "")), line(str(tag.get(name) or ""))) for tag in tags)
    return tuple(dict.fromkeys(told_of(term, more) for term, more in told if term and more))


def _is_picture(attributes: dict[str, str]) -> bool:
    media_type = attributes.get("type") or attributes.get("medium")
    if media_type:
        return media_type.startswith("image")
    return _PICTURE_NAME.search(attributes.get("url") or "") is not None


def seen_in_json(body: bytes, url: str) -> list[Seen]:
    """Return the items of a JSON Feed (https://www.jsonfeed.org/version/1.1/), or none."""
    try:
        text = body.decode("utf-8-sig")
        feed = json.loads(text)
    except json.JSONDecodeError:
        feed = _cut_short(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return []
    if "jsonfeed.org/version/" not in _word(feed, "version"):
        return []
    own = _listed(feed.get("authors")) or [feed.get("author")]
    return [_item(item, own, url) for item in feed["items"] if isinstance(item, dict)]


def _cut_short(text: str) -> object:
    """Return a feed of which only the beginning came, with the items that are whole."""
    head, mark, rest = text.partition('"items"')
    version = re.search(r'"version"\s*:\s*"([^"]*)"', head)
    items = []
    position = rest.find("[") + 1
    try:
        while mark and position:
            position = re.compile(r"[\s,]*").match(rest, position).end()  # type: ignore[union-attr] # may be empty
            item, position = json.JSONDecoder().raw_decode(rest, position)
            items.append(item)
    except (ValueError, RecursionError):
        pass  # this item is not whole
    return {"version": version[1] if version else "", "items": items}


def _item(item: dict[str, Any], feed_authors: Any, url: str) -> Seen:
    content, link = _word(item, "content_html"), _word(item, "url") or _word(item, "external_url")
    link = joined_address(url, link) if link else ""
    people = item.get("authors") or [item.get("author")]
    if not isinstance(people, list) or not any(people):
        people = feed_authors
    text = plain(content) if content else line(_word(item, "content_text"))
    names = (line(_word(one, "name")) for one in people if isinstance(one, dict))
    published, updated = _word(item, "date_published"), _word(item, "date_modified")
    tags = item.get("tags")
    attachments = item.get("attachments")
    media = (_word(item, "image"), _word(item, "banner_image"))
    return Seen(
        id=line(str(item.get("id") or "")),
        link=link.strip(),
        title=line(_word(item, "title")),
        published=_iso(published),
        updated=_iso(updated),
        raw_dates=(published, updated),
        authors=tuple(dict.fromkeys(filter(None, names))),
        categories=tuple(
            dict.fromkeys(
                line(tag) for tag in _listed(tags) if isinstance(tag, str) and tag.strip()
            )
        ),
        enclosures=tuple(
            joined_address(url, address)
            for one in _listed(attachments)
            if isinstance(one, dict) and (address := _word(one, "url"))
        ),
        texts=_each_once((text, line(_word(item, "summary")))),
        longest=len(content or text),
        pictures=tuple(dict.fromkeys(pictures(content, link or url, url))),
        media=tuple(dict.fromkeys(filter(None, media))),
    )


def _word(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return instant(text)
