"""What stands in a text for a player: a link that says what it plays, in the reader's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.web.addresses import host_and_path

if TYPE_CHECKING:
    from aggregator.publish.pages.look import Look

#: As `refine.shown_media` writes it: a mark, and the host of what is played.
_PLAYER = re.compile(r'<a (href="([^"<>]*)" rel="[a-z ]*">▶ )([^<>]+)</a>')
_FILE = re.compile(r"\.(?:(mp3|m4a|ogg|oga|opus|aac|flac|wav)|(mp4|m4v|mov|webm|ogv|m3u8))$")
#: Where what `refine.players` knows is played, by the last two names of the host.
_FILMS = frozenset(
    {
        "acfun.cn", "bilibili.com", "dailymotion.com", "nicovideo.jp", "qq.com", "ted.com",
        "vimeo.com", "youku.com", "youtu.be", "youtube.com",
    }
)  # fmt: skip
_SOUNDS = frozenset({"soundcloud.com", "spotify.com"})


def with_named_players(content_html: str, look: Look) -> str:
    """Return a story's text in which each player's link says what is played, and where."""

    def named(found: re.Match[str]) -> str:
        what = look.say(_kind(found[2]), host=found[3])
        return f'<a lang="{look.language.tag}" {found[1]}{what}</a>'

    return _PLAYER.sub(named, content_html)


def _kind(url: str) -> str:
    host, path = host_and_path(url)
    file = _FILE.search(path.lower())
    site = ".".join(host.split(".")[-2:])
    if site in _SOUNDS or (file is not None and file[1]):
        return "Audio: {host}"
    if site in _FILMS or file is not None:
        return "Video: {host}"
    return "Embedded: {host}"
