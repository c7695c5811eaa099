"""Players that a page writes as elements of its own, said by the elements that HTML has.

`<lite-youtube videoid>`, `<vimeo-video src>`, AMP's: a script makes a frame or a film of each, and
no feed reader runs it (https://www.webcomponents.org, https://amp.dev/documentation/components).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.refine.tags import elements

if TYPE_CHECKING:
    from aggregator.refine.tags import Element

#: A custom element's name has a hyphen; the host's is a word of it.
_SIGN = re.compile(
    r"<(?:amp-(?:video|audio|iframe)|(?:\w{1,30}-){0,3}(?:youtube|vimeo|dailymotion|bilibili)"
    r"(?:-\w{1,30}){0,3})(?=[\s/>])",
    re.IGNORECASE,
)
#: The elements of AMP that are HTML's under another name.
_OF_AMP = {"amp-video": "video", "amp-audio": "audio", "amp-iframe": "iframe"}
#: Where an element has its video's name, or the address of its page or player.
_NAMES = ("videoid", "video-id", "data-videoid", "data-video-id", "data-bvid", "data-id")
_LISTS = ("playlistid", "playlist-id", "data-playlistid")
_ADDRESSES = ("src", "data-src", "href", "video", "url")
_PARAMETERS = ("params", "data-params")
_STARTS = ("start", "videostartat", "start-at", "data-param-start")
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
_SECONDS = re.compile(r"[1-9]\d{0,5}", re.ASCII)
_PLAYERS = {
    "youtube": "https://www.youtube.com/embed/{}",
    "vimeo": "https://player.vimeo.com/video/{}",
    "dailymotion": "https://www.dailymotion.com/embed/video/{}",
    "bilibili": "https://player.bilibili.com/player.html?bvid={}",
}


def with_players(text: str) -> str:
    """Return markup in which custom elements that play something are frames, films or sound.

    What is inside of one stays; where that has a link, it is the page's own way to the video.
    """
    if _SIGN.search(text) is None:
        return text
    pieces: list[str] = []
    position = 0
    for element in elements(text):
        if element.tag.start < position or "-" not in element.name:
            continue
        if name := _OF_AMP.get(element.name):
            said = text[element.tag.start + 1 + len(element.name) : element.tag.end]
            # All that a frame of AMP's may hold stands in for it until it is there.
            inside = "" if name == "iframe" else text[element.tag.end : element.inner_end]
            replaced = f"<{name}{said.removesuffix('/>').removesuffix('>')}>{inside}</{name}>"
        elif (address := _address(element)) is not None:
            inside = text[element.tag.end : element.inner_end]
            frame = f'<iframe src="{html.escape(address)}"></iframe>'
            replaced = inside if "href=" in inside.lower() else frame + inside
        else:
            continue
        pieces += (text[position : element.tag.start], replaced)
        position = element.end
    return "".join([*pieces, text[position:]])


def _address(element: Element) -> str | None:
    """Return the address of a custom element's player, `None` for no player that is known."""
    host = next((one for one in _PLAYERS if one in element.name.split("-")), None)
    if host is None:
        return None
    for name in _ADDRESSES:
        address = element.value(name).strip()
        if "/" in address:
            return address
    videos = (element.value(name).strip() for name in _NAMES)
    video = next(filter(_NAME.fullmatch, videos), None)
    lists = (element.value(name).strip() for name in _LISTS)
    playlist = next(filter(_NAME.fullmatch, lists), None) if host == "youtube" else None
    if video is None and playlist is None:
        return None
    address = _PLAYERS[host].format(video or "videoseries")
    starts = (element.value(name).strip() for name in _STARTS)
    moment = next(filter(_SECONDS.fullmatch, starts), None)
    told = [element.value(name).strip().lstrip("?&") for name in _PARAMETERS]
    told += [f"list={quote(playlist)}"] if playlist else []
    told += [f"start={moment}"] if moment else []
    query = "&".join(filter(None, told))
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address
