"""Files and pictures beside an entry's text: Media RSS, an item's own <image>, JSON Feed's images.

https://www.rssboard.org/media-rss
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.model import Enclosure
from aggregator.parse.captions import caption
from aggregator.parse.document_limits import MAX_ENCLOSURES
from aggregator.parse.media_groups import RENDITION, MediaContent, is_one_object
from aggregator.runtime.values import dataclass
from aggregator.web.faces import is_face
from aggregator.web.same_picture import same_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aggregator.parse.captions import Captions

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


@dataclass(frozen=True, slots=True)
class Media:
    """What Media RSS says of one entry: files to download, pictures to show, a small one."""

    files: tuple[Enclosure, ...] = ()
    images: tuple[Enclosure, ...] = ()
    thumbnail: Enclosure | None = None


_NONE = Media()


def media(entry: dict[str, Any], said: Iterable[str | None] = ()) -> Media:
    """Return the media of a feedparser entry, each once: in the size meant to be shown, or widest.

    What media_elements.py has added to the entry tells groups and captions. The caption of a group
    or of the whole item is its first picture's, unless the entry says it already (`said`).
    """
    if not ("media_content" in entry or "media_thumbnail" in entry or "house_image" in entry):
        return _NONE
    captions = entry.get("house_captions", {})
    spoken = tuple(text for text in said if text)
    kept = _each_once(
        [one for one in map(_content, entry.get("media_content", [])) if one is not None]
    )
    kept.sort(key=lambda one: one.kind != "image")  # of a group, the picture has its caption
    found = list(_captioned(kept, captions, spoken))
    images = [file for file in found if _is_image(file)]
    thumbnails = [one for one in entry.get("media_thumbnail", []) if _url(one)]
    thumbnail = max(thumbnails, key=lambda one: _number(one.get("width")), default=None)
    small = None if thumbnail is None else image(_url(thumbnail))
    if small is not None and not images:
        own = (caption(told, small.url, spoken) for told in captions.values())
        small = replace(small, title=next(filter(None, own), None))
    return Media(
        files=tuple(file for file in found if not _is_image(file))[:MAX_ENCLOSURES],
        images=(*images, *_own_image(entry, spoken))[:MAX_ENCLOSURES],
        thumbnail=small,
    )


def image(url: str) -> Enclosure:
    """Return the picture at `url`, of which nothing else is known."""
    found = Enclosure(url, _by_name(url) or _BY_MEDIUM["image"])
    return found if _is_image(found) else Enclosure(url, _BY_MEDIUM["image"])


def _each_once(found: list[MediaContent]) -> list[MediaContent]:
    """Return the best rendition of each object, in the order of their first ones."""
    together: dict[tuple[str | None, str], list[MediaContent]] = {}
    for one in found:
        together.setdefault((one.group, one.kind), []).append(one)
    kept: dict[object, MediaContent] = {}
    for key, alike in together.items():
        is_one = key[0] is not None and is_one_object(alike)
        for one in alike:
            same = key if is_one else same_picture(one.file.url)
            before = kept.get(same)
            if before is None:
                kept[same] = one
            elif one.rank > before.rank:
                title = one.file.title or before.file.title
                kept[same] = replace(one, file=replace(one.file, title=title))
    return list(kept.values())


def _captioned(
    kept: Iterable[MediaContent], captions: Mapping[str | None, Captions], spoken: tuple[str, ...]
) -> Iterator[Enclosure]:
    """Yield the files: the first of a group has its caption, the first of all the item's."""
    left = dict(captions)
    for one in kept:
        title = one.file.title
        for group in (one.group, None):
            if title is None and group in left:
                title = caption(left.pop(group), one.file.url, spoken)
        yield replace(one.file, title=title)


def _own_image(entry: dict[str, Any], spoken: tuple[str, ...]) -> tuple[Enclosure, ...]:
    """Return the picture that an item's own <image> names; its title stands for it (RSS 2.0)."""
    shown = entry.get("house_image")
    if not shown or is_face(shown["url"]):
        return ()
    title = caption({"media_title": (shown.get("title", ""), False)}, shown["url"], spoken)
    return (replace(image(shown["url"]), title=title),)


def _content(attributes: dict[str, Any]) -> MediaContent | None:
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
    title = caption(attributes.get("house_captions", {}), url, ())
    return MediaContent(
        file=Enclosure(url, media_type, _number(attributes.get("filesize")), title=title),
        group=attributes.get("house_group"),
        is_default="house_group" in attributes and attributes.get("isdefault") == "true",
        width=_number(attributes.get("width")),
        height=_number(attributes.get("height")),
        rendition=tuple(str(attributes.get(name) or "") for name in RENDITION),
    )


def _url(attributes: dict[str, Any]) -> str:
    url = (attributes.get("url") or "").strip()
    return "" if is_face(url) else url


def _is_image(file: Enclosure) -> bool:
    return file.media_type.startswith("image/")


def _by_name(url: str) -> str | None:
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    return _BY_NAME.get(path.rpartition(".")[2].lower())


def _number(text: str | None) -> int:
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 16 else 0
