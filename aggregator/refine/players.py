"""Players of known video and audio hosts, and the page that shows the same to people.

A player's address names its film; a feed reader shows no frames, but follows a link. What is kept
of a player's parameters is what a person would miss: where it starts, and its list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from aggregator.web.addresses import host_of, hosts_above

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: A player inside a player inside a player is none.
_MAX_INNER = 3

_VIDEO = re.compile(r"[\w-]{11}", re.ASCII)
_YOUTUBE_VIDEO = re.compile(r"/(?:embed|v|e|shorts|live|video)/([\w-]{11})(?:[/&].*)?", re.ASCII)
_LIST = re.compile(r"[\w-]{2,64}", re.ASCII)
_CHANNEL = re.compile(r"UC[\w-]{22}", re.ASCII)
#: "90", "90s", "1m30s", "1h2m3s", as its pages and players take it.
_MOMENT = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?", re.ASCII)

_VIMEO_VIDEO = re.compile(r"(?:/video)?/(\d+)(?:/([0-9a-f]{6,20}))?/?", re.ASCII)
_VIMEO_EVENT = re.compile(r"/event/(\d+)(?:/embed)?(?:/([0-9a-f]{6,20}))?/?", re.ASCII)

_BILIBILI_PLAYERS = re.compile(
    r"/player\.html|/blackboard/(?:html5mobileplayer|html5player|player|webplayer/[\w-]{1,40})"
    r"(?:\.html)?|/(?:miniloader|play|player)\.swf",
    re.IGNORECASE | re.ASCII,
)
_BV = re.compile(r"(?:BV)?(1[0-9A-Za-z]{9})", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,20}")


class _Player(NamedTuple):
    """A player's address in its parts; of each parameter the first value that says something."""

    host: str
    path: str
    parameters: Mapping[str, str]
    fragment: str

    def has(self, name: str, form: re.Pattern[str]) -> str | None:
        """Return a parameter's value where it has this form."""
        found = form.fullmatch(self.parameters.get(name, ""))
        return found[0] if found else None


def watch_page(url: str) -> str:
    """Return the page for people of a known host's player; other URLs as they are.

    Its video, its list, the moment where it starts and what admits to an unlisted one are kept.
    Doing it again changes nothing.
    """
    for _ in range(_MAX_INNER):
        page = _page_of(url)
        if page is None or page == url:
            return url
        url = page
    return url


def _page_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    reader = next((_HOSTS[name] for name in hosts_above(url) if name in _HOSTS), None)
    if reader is None:
        return None
    path, _, old = parts.path.partition("&")  # /v/ID&hl=en, as Flash had it
    # An "&" that was escaped once too often begins a parameter, too, and so does a second "?".
    query = "&".join(filter(None, (parts.query, old))).replace("&amp;", "&").replace("?", "&")
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query):
        parameters.setdefault(name, value)
    return reader(_Player(host_of(url), path, parameters, parts.fragment))


# --- hosts with more than one kind of player ------------------------------------------------------


def _youtube(player: _Player) -> str | None:
    """https://developers.google.com/youtube/player_parameters and what its own pages link."""
    if player.host.endswith("youtu.be"):
        found = re.fullmatch(r"/([\w-]{11})/?", player.path, re.ASCII)
        video = found[1] if found else None
    elif player.path.rstrip("/") in {"/watch", "/embed", "/watch_popup"}:
        video = player.has("v", _VIDEO)
    else:
        found = _YOUTUBE_VIDEO.fullmatch(player.path)
        # "videoseries" and "live_stream" stand where a video's name does, and are as long.
        video = found[1] if found and found[1] not in {"videoseries", "live_stream"} else None
    a_list = player.has("list", _LIST)
    if video is not None:
        with_list = f"&list={a_list}" if a_list else ""
        place = player.has("index", _DIGITS) if a_list else None
        starts = ("start", "t", "time_continue")
        moment = next(filter(None, (_seconds(player.parameters.get(one, "")) for one in starts)), 0)
        moment = moment or _seconds(player.fragment.removeprefix("t="))
        return (
            f"https://www.youtube.com/watch?v={video}{with_list}"
            + (f"&index={place}" if place else "")
            + (f"&t={moment}s" if moment else "")
        )
    if not player.path.startswith(("/embed", "/v/", "/p/", "/playlist")):
        return None
    if a_list:
        return f"https://www.youtube.com/playlist?list={a_list}"
    old = re.fullmatch(r"/p/([\w-]{16,40})", player.path, re.ASCII)
    if old:
        return f"https://www.youtube.com/playlist?list=PL{old[1]}"
    channel = player.has("channel", _CHANNEL)
    return f"https://www.youtube.com/channel/{channel}/live" if channel else None


def _seconds(text: str) -> int:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return 0
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _vimeo(player: _Player) -> str | None:
    """https://help.vimeo.com: an unlisted video is /ID/HASH, and `h` in its player."""
    moment = f"#{player.fragment}" if re.fullmatch(r"t=[\dhms]{1,12}", player.fragment) else ""
    if event := _VIMEO_EVENT.fullmatch(player.path):
        return f"https://vimeo.com/event/{event[1]}" + (f"/{event[2]}" if event[2] else "")
    video = _VIMEO_VIDEO.fullmatch(player.path)
    number = video[1] if video else None
    if player.path == "/moogaloop.swf":
        number = player.has("clip_id", _DIGITS)
    if number is None:
        return None
    key = player.has("h", re.compile(r"[0-9a-f]{6,20}")) or (video[2] if video else None)
    return f"https://vimeo.com/{number}" + (f"/{key}" if key else "") + moment


def _bilibili(player: _Player) -> str | None:
    """https://player.bilibili.com and the players that its phones' pages and Flash had."""
    if _BILIBILI_PLAYERS.fullmatch(player.path) is None:
        return None
    video = _BV.fullmatch(player.parameters.get("bvid", ""))
    number = player.has("aid", _DIGITS) or player.has("avid", _DIGITS)
    names = ("ep_id", "epid", "episodeId")
    episode = next(filter(None, (player.has(name, _DIGITS) for name in names)), None)
    if video:
        name = f"BV{video[1]}"
    elif episode:
        return f"https://www.bilibili.com/bangumi/play/ep{episode}"
    elif number and int(number):
        name = f"av{number}"
    else:
        return None
    part = player.has("p", _DIGITS) or player.has("page", _DIGITS)
    moment = player.has("t", _DIGITS) or player.has("start", _DIGITS)
    told = [f"p={part}"] if part and int(part) > 1 else []
    told += [f"t={moment}"] if moment and int(moment) else []
    return f"https://www.bilibili.com/video/{name}" + (f"?{'&'.join(told)}" if told else "")


def _spotify(player: _Player) -> str | None:
    found = re.fullmatch(
        r"/embed(?:-podcast)?/(track|album|playlist|artist|episode|show)/(\w+)(?:/video)?/?",
        player.path,
        re.ASCII,
    )
    return f"https://open.spotify.com/{found[1]}/{found[2]}" if found else None


def _facebook(player: _Player) -> str | None:
    """https://developers.facebook.com/docs/plugins: `href` is the page."""
    if not re.match(r"/(?:v\d+\.\d+/)?plugins/(?:video|post)\.php$", player.path):
        return None
    return _web(player.parameters.get("href", ""))


def _embedly(player: _Player) -> str | None:
    """What Medium puts around every player: `url` is the page, `src` the player."""
    return _web(player.parameters.get("url", "")) or _web(player.parameters.get("src", ""))


def _soundcloud(player: _Player) -> str | None:
    inner = _web(player.parameters.get("url", ""))
    # An address of its programming interface shows nothing to people.
    return inner if inner and "//api." not in inner else None


def _web(text: str) -> str | None:
    text = unquote(text) if text[:8].lower().startswith(("http%3a", "https%3a")) else text
    return text if text.startswith(("http://", "https://")) else None


# --- hosts with one kind -------------------------------------------------------------------------


def _by(pattern: str, page: str, parameter: str | None = None) -> Callable[[_Player], str | None]:
    """Return a reader: `page` with what `pattern` finds in the path, or in the named parameter."""
    compiled = re.compile(pattern, re.ASCII)

    def read(player: _Player) -> str | None:
        if parameter is None:
            found = compiled.fullmatch(player.path)
            return page.format(found[1]) if found else None
        value = player.parameters.get(parameter, "")
        is_name = re.fullmatch(r"[\w=-]{1,64}", value, re.ASCII) is not None
        return page.format(quote(value)) if is_name and compiled.fullmatch(player.path) else None

    return read


_HOSTS: Mapping[str, Callable[[_Player], str | None]] = {
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtubeeducation.com": _youtube,
    "youtube.googleapis.com": _youtube,
    "youtu.be": _youtube,
    "vimeo.com": _vimeo,
    "bilibili.com": _bilibili,
    "static.hdslb.com": _bilibili,
    "open.spotify.com": _spotify,
    "facebook.com": _facebook,
    "cdn.embedly.com": _embedly,
    "w.soundcloud.com": _soundcloud,
    "dailymotion.com": _by(r"/(?:embed|swf)/video/(\w+)", "https://www.dailymotion.com/video/{}"),
    "geo.dailymotion.com": _by(
        r"/player(?:/\w+)?\.html", "https://www.dailymotion.com/video/{}", "video"
    ),
    "player.youku.com": _by(
        r"/(?:embed|player\.php/sid)/([\w=]+)(?:/v\.swf)?", "https://v.youku.com/v_show/id_{}.html"
    ),
    "v.qq.com": _by(
        r"/(?:txp/)?iframe/(?:player|preview)\.html", "https://v.qq.com/x/page/{}.html", "vid"
    ),
    "embed.nicovideo.jp": _by(r"/watch/(\w+)", "https://www.nicovideo.jp/watch/{}"),
    "embed.ted.com": _by(r"/talks/(?:lang/[\w-]+/)?(\w+)", "https://www.ted.com/talks/{}"),
    "acfun.cn": _by(r"/player/(ac\d+(?:_\d+)?)", "https://www.acfun.cn/v/{}"),
    "platform.twitter.com": _by(
        r"/embed/Tweet\.html", "https://twitter.com/i/web/status/{}", "id"
    ),
}  # fmt: skip
