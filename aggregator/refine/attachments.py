"""An entry's files, fit to publish: its enclosures, and pictures that its text does not show."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.model import Enclosure, RawEntry
from aggregator.refine.entry_limits import MAX_CAPTION_CHARS
from aggregator.refine.metadata import line
from aggregator.refine.shown_media import escaped_value
from aggregator.web.same_picture import same_picture
from aggregator.web.text import one_line, scrub
from aggregator.web.urls import absolute_url, public_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.refine.site_rules import SiteRules

_MAX_MEDIA_TYPE_CHARS = 127  # RFC 6838 section 4.2, each half

#: Types that say nothing of a file; feedparser takes "text/html" for a link that has none.
_SAYING_NOTHING = frozenset({"application/octet-stream", "text/html"})
#: What a file of such a type is by its name (https://www.iana.org/assignments/media-types).
_BY_NAME = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "m4b": "audio/mp4", "aac": "audio/aac",
    "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "flac": "audio/flac",
    "wav": "audio/wav", "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm",
    "mov": "video/quicktime", "ogv": "video/ogg", "jpg": "image/jpeg", "jpeg": "image/jpeg",
    "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "pdf": "application/pdf", "epub": "application/epub+zip", "zip": "application/zip",
    "torrent": "application/x-bittorrent", "bin": "application/octet-stream",
}  # fmt: skip

#: On HTML that we have cleaned ourselves: every picture begins like this.
_IMAGE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"( title=")?')
#: In a publisher's own HTML: an element that may have one picture's addresses in several sizes.
_IN_SIZES = re.compile(r"<(?:img|source)\s[^>]{0,8192}", re.IGNORECASE)
#: What a picture is by its name; a program that shows one looks at its bytes.
_NAME = re.compile(r"\.(png|gif|webp|avif)$", re.IGNORECASE)


def files(
    raw: RawEntry, base: str, content_html: str, summary_html: str, rules: SiteRules | None
) -> tuple[Enclosure, ...]:
    """Return the entry's enclosures, then its pictures that `content_html` does not show yet.

    Each address once, http(s) or magnet, absolute against `base`, as the rules for sites say. Two
    addresses are one picture where a known server's say so, or an element of the text. The
    summary's own pictures are beside the content, too. The thumbnail serves only where there is no
    other picture: of those it is a smaller copy.
    """
    enclosures: dict[str, Enclosure] = {}
    for enclosure in _fit(raw.raw_enclosures, base, rules):
        enclosures.setdefault(enclosure.url, enclosure)
    found = list(enclosures.values())
    images = list(_fit(raw.raw_images, base, rules))
    if "<img" in summary_html and summary_html != content_html:
        images += (_picture_file(url, alt) for url, alt in pictures(summary_html).items())
    pictured = "<img" in content_html or any(_is_image(file) for file in found)
    if raw.raw_thumbnail is not None and not images and not pictured:
        images = list(_fit((raw.raw_thumbnail,), base, rules))
    if not images:
        return tuple(found)
    addresses = (*pictures(content_html), *(file.url for file in found))
    shown = set(map(same_picture, addresses))
    for image in images:
        if (same := same_picture(image.url)) not in shown and not _is_named(raw, image.url):
            shown.add(same)
            found.append(image)
    return tuple(found)


def captioned(content_html: str, raw: RawEntry, base: str, rules: SiteRules | None) -> str:
    """Return the content with what its publisher says beside the text of a picture that it shows.

    That is the picture's alt where it has none, else its title where it has none and the alt says
    otherwise.
    """
    beside = (*raw.raw_images, *raw.raw_enclosures)
    if "<img" not in content_html or not any(file.title for file in beside):
        return content_html
    told = {
        same_picture(file.url): file.title
        for file in _fit(beside, base, rules)
        if file.title and _is_image(file)
    }

    def with_caption(found: re.Match[str]) -> str:
        caption = told.get(same_picture(html.unescape(found[1])))
        if caption is None or html.unescape(found[2]) == caption:
            return found[0]
        if not found[2]:
            return f'<img src="{found[1]}" alt="{escaped_value(caption)}"{found[3] or ""}'
        return found[0] if found[3] else f'{found[0]} title="{escaped_value(caption)}"'

    return _IMAGE.sub(with_caption, content_html)


def pictures(clean_html: str) -> dict[str, str]:
    """Return the http(s) addresses of the pictures that cleaned HTML shows, each with its alt."""
    found = {html.unescape(one[1]): html.unescape(one[2]) for one in _IMAGE.finditer(clean_html)}
    return {url: alt for url, alt in found.items() if url.startswith("http")}


def _picture_file(url: str, alt: str) -> Enclosure:
    name = _NAME.search(urlsplit(url).path)
    media_type = f"image/{name[1].lower() if name else 'jpeg'}"
    return Enclosure(url, media_type, title=line(alt, MAX_CAPTION_CHARS, is_html=False))


def _is_named(raw: RawEntry, url: str) -> bool:
    """Tell whether an element of the text has this address among those of its one picture.

    A srcset or a lazy loader's attribute does; the element is shown by another of its addresses.
    """
    return any(
        text and ("srcset" in text or "data-" in text) and _names(text, url)
        for text in (raw.raw_content, raw.raw_summary)
    )


def _names(text: str, url: str) -> bool:
    address = re.compile(re.escape(url.partition(":")[2]) + r"""(?=[\s"',>]|$)""")
    return any(address.search(html.unescape(one)) for one in _IN_SIZES.findall(text))


def _fit(raw: Iterable[Enclosure], base: str, rules: SiteRules | None) -> Iterator[Enclosure]:
    for file in raw:
        url = public_link(absolute_url(scrub(file.url), base))
        if url:
            media_type = one_line(file.media_type).lower()
            is_fit = "/" in media_type and len(media_type) <= _MAX_MEDIA_TYPE_CHARS
            fit = replace(
                file,
                url=url,
                media_type=_typed(url, media_type if is_fit else Enclosure(url).media_type),
                length_bytes=max(file.length_bytes, 0),
                title=line(file.title, MAX_CAPTION_CHARS, is_html=False),
            )
            yield replace(fit, url=rules.picture(url)) if rules and _is_image(fit) else fit


def _typed(url: str, media_type: str) -> str:
    if media_type not in _SAYING_NOTHING:
        return media_type
    if url.lower().startswith("magnet:"):
        return _BY_NAME["torrent"]
    return _BY_NAME.get(urlsplit(url).path.rpartition(".")[2].lower(), media_type)


def _is_image(file: Enclosure) -> bool:
    return file.media_type.startswith("image/")
