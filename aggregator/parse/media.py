"""Files and pictures beside an entry's text: Media RSS, JSON Feed's images.

https://www.rssboard.org/media-rss
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aggregator.model import Enclosure
from aggregator.parse.document_limits import MAX_ENCLOSURES

#: What a file is where its publisher does not say, by the end of its name.
_BY_NAME = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "svg": "image/svg+xml", "mp3": "audio/mpeg",
    "m4a": "audio/mp4", "ogg": "audio/ogg", "opus": "audio/ogg", "mp4": "video/mp4",
    "m4v": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
}  # fmt: skip
#: What nearly all files of a medium are. A wrong subtype harms nobody: everything that shows a
#: picture or plays a film looks at the bytes.
_BY_MEDIUM = {"image": "image/jpeg", "audio": "audio/mpeg", "video": "video/mp4"}
#: Pages and programs that play a film; no files of it (youtube.com still names Flash).
_PLAYERS = frozenset({"application/x-shockwave-flash", "text/html"})
#: The face of an author, that WordPress gives each entry as a picture of it.
_FACE = re.compile(r"//(?:[\w-]{1,20}\.)?gravatar\.com/avatar/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Media:
    """What Media RSS says of one entry: files to download, pictures to show, a small one."""

    files: tuple[Enclosure, ...] = ()
    images: tuple[Enclosure, ...] = ()
    thumbnail: Enclosure | None = None


def media(entry: dict[str, Any]) -> Media:
    """Return the media of a feedparser entry, each once: in the size meant to be shown, or widest.

    `house_group` of an element tells the media:group in which it stood.
    """
    best: dict[object, tuple[tuple[bool, int, bool], Enclosure]] = {}
    for attributes in entry.get("media_content", []):
        found = _file(attributes)
        if found is not None:
            kind = found.media_type.partition("/")[0]
            group = attributes.get("house_group")
            is_default = group is not None and attributes.get("isdefault") == "true"
            rank = (is_default, _number(attributes.get("width")), "?" not in found.url)
            key = (group, kind) if group is not None else _without_query(found.url)
            if key not in best or rank > best[key][0]:
                best[key] = (rank, found)
    files = [found for _, found in best.values()]
    thumbnails = [one for one in entry.get("media_thumbnail", []) if _url(one)]
    thumbnail = max(thumbnails, key=lambda one: _number(one.get("width")), default=None)
    return Media(
        files=tuple(one for one in files if not _is_image(one))[:MAX_ENCLOSURES],
        images=tuple(one for one in files if _is_image(one))[:MAX_ENCLOSURES],
        thumbnail=None if thumbnail is None else image(_url(thumbnail)),
    )


def image(url: str) -> Enclosure:
    """Return the picture at `url`, of which nothing else is known."""
    found = Enclosure(url, _by_name(url) or _BY_MEDIUM["image"])
    return found if _is_image(found) else Enclosure(url, _BY_MEDIUM["image"])


def _file(attributes: dict[str, str]) -> Enclosure | None:
    url = _url(attributes)
    media_type = (attributes.get("type") or "").strip().lower()
    if not url or media_type in _PLAYERS:
        return None
    if "/" not in media_type:
        medium = (attributes.get("medium") or "").strip().lower()
        by_name = _by_name(url)
        if by_name is None or (medium in _BY_MEDIUM and not by_name.startswith(medium)):
            by_name = _BY_MEDIUM.get(medium, "application/octet-stream")
        media_type = by_name
    return Enclosure(url, media_type, _number(attributes.get("filesize")))


def _url(attributes: dict[str, str]) -> str:
    url = (attributes.get("url") or "").strip()
    return "" if _FACE.search(url) else url


def _is_image(file: Enclosure) -> bool:
    return file.media_type.startswith("image/")


def _by_name(url: str) -> str | None:
    return _BY_NAME.get(_path(url).rpartition(".")[2].lower())


def _without_query(url: str) -> str:
    """Return what names a file in all its sizes: `photo.jpg?width=140` is `photo.jpg`."""
    return url.partition("?")[0] if _by_name(url) else url


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _number(text: str | None) -> int:
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 16 else 0
