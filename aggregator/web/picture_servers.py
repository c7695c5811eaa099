"""Servers of pictures: what of an address names the picture, and what only its size, as data.

A row speaks for its host and the hosts below it; a new server is a new row, not new code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Habit(NamedTuple):
    """What of a path names the picture: `name` with the groups of `path`. Queries never do."""

    path: re.Pattern[str]
    name: str


def _habit(path: str, name: str) -> Habit:
    return Habit(re.compile(path, re.ASCII | re.IGNORECASE), name)


#: Any path; its query only asks for a size.
_BY_PATH = _habit(r"(.+)", r"{}")
_GOOGLE = (
    _habit(r"(.*)/(?:[swh]\d{1,4}(?:-[\w-]{1,40})?)(/[^/]+)", "{}{}"),
    _habit(r"(/.*?)=(?:[swh]\d{1,4}|[a-z])(?:-[\w-]{1,60})?", "{}"),
    _BY_PATH,
)

_FILM = (
    _habit(r"/vi(?:_webp)?/([\w-]{11})/(?:\w*default|0|hq720)(?:_live)?\.\w+", "{}"),
    _BY_PATH,
)
#: A step of a transformation; overlays are another picture.
_STEP = r"(?:ar|bo?|c|co|dpr|e|f|fl|g|h|o|q|r|t|w|x|y|z)_[^/,]+"

HABITS: Mapping[str, tuple[Habit, ...]] = {
    "gravatar.com": (_BY_PATH,),
    # A size as a segment or at the end: "/s1600/", "/w640-h480/", "…=s72-c".
    "googleusercontent.com": _GOOGLE,
    "bp.blogspot.com": _GOOGLE,
    "ggpht.com": _GOOGLE,
    # A film's own picture; 1.jpg, 2.jpg and 3.jpg are others of the same film.
    "ytimg.com": _FILM,
    "img.youtube.com": _FILM,
    # https://cloudinary.com/documentation/transformation_reference
    "cloudinary.com": (
        _habit(rf"(/[^/]+/(?:image|video)/\w+)(?:/{_STEP}(?:,{_STEP})*)*(?:/v\d+)?(/.+)", "{}{}"),
    ),
    "imgix.net": (_BY_PATH,),
    "images.unsplash.com": (_BY_PATH,),
    "images.ctfassets.net": (_BY_PATH,),
    "cdn.sanity.io": (_BY_PATH,),
    "images.pexels.com": (_BY_PATH,),
    "datocms-assets.com": (_BY_PATH,),
    "images.prismic.io": (_BY_PATH,),
    "squarespace-cdn.com": (_BY_PATH,),
    "i.guim.co.uk": (_BY_PATH,),
    # "/large/", "/mw690/", "/thumb150/", on any of its numbered hosts
    "sinaimg.cn": (
        _habit(
            r"/(?:large|original|woriginal|oslarge|bmiddle|small|square|thumbnail"
            r"|(?:mw|orj|osj|thumb|wap|or|cmw|sq|nmw|bmw|webp)\d{2,4}"
            r"|crop(?:\.\d+)+)/([^/]+?)(?:\.\w{3,4})?", "{}",
        ),
        _BY_PATH,
    ),
    # "v2-…_b.jpg", "_r", "_hd", "_720w", "/80/v2-…"
    "zhimg.com": (
        _habit(r"(?:/\d{2})?/((?:v2-)?[0-9a-f]{32})(?:_\w{1,12})?(?:\.\w{3,4})?", "{}"),
        _BY_PATH,
    ),
    # "/640", "/0", "/300"
    "mmbiz.qpic.cn": (_habit(r"/\w+/([\w-]{20,})/\d{1,4}", "{}"), _BY_PATH),
    "mmbiz.qlogo.cn": (_habit(r"/\w+/([\w-]{20,})/\d{1,4}", "{}"), _BY_PATH),
    # https://www.flickr.com/services/api/misc.urls.html: the number is the photo
    "staticflickr.com": (_habit(r"(?:/\d+)+/(\d+)_[0-9a-f]{8,12}(?:_[a-z0-9]{1,2})?\.\w+", "{}"),),
    "static.flickr.com": (_habit(r"(?:/\d+)+/(\d+)_[0-9a-f]{8,12}(?:_[a-z0-9]{1,2})?\.\w+", "{}"),),
    # "/news/240/cpsprodpb/…", "/ace/standard/480/cpsprodpb/…", "/images/ic/240x135/p0….jpg"
    "ichef.bbci.co.uk": (
        _habit(r"/(?:[a-z_]+/){1,3}(?:\d{2,4}|\d{2,4}x(?:\d{2,4}|n)|raw)/(.+?)(?:\.webp)?", "{}"),
    ),
    # The format and the name of a size, as parameters or after a colon.
    "pbs.twimg.com": (_habit(r"(/[\w-]+/[\w-]+)(?:\.\w{3,4})?(?::\w+)?", "{}"), _BY_PATH),
    # A size follows the name: "@320w_200h.webp".
    "hdslb.com": (_habit(r"(/[^@]+)(?:@.*)?", "{}"),),
    # Only the last segment is the picture's, "1*….png".
    "miro.medium.com": (_habit(r".*/([^/]+)", "{}"),),
    "cdn-images-1.medium.com": (_habit(r".*/([^/]+)", "{}"),),
    # preview.redd.it/x.jpg?width=… is i.redd.it/x.jpg
    "redd.it": (_BY_PATH,),
    "media.tumblr.com": (
        _habit(r"(.*?)(?:_\d{2,4}(?:sq)?(?=\.)|/s\d{2,4}x\d{2,4}(?:_c\d)?)([./].*)", "{}{}"),
        _BY_PATH,
    ),
    # "/thumb/a/ab/Name.jpg/300px-Name.jpg"
    "upload.wikimedia.org": (_habit(r"(/.+)/thumb(/\w/\w\w/[^/]+)/[^/]+", "{}{}"), _BY_PATH),
    # "._SX300_."
    "media-amazon.com": (_habit(r"(/.*?)(?:\._[\w,-]+_)?(\.\w+)", "{}{}"),),
    "images-amazon.com": (_habit(r"(/.*?)(?:\._[\w,-]+_)?(\.\w+)", "{}{}"),),
    "cdn.shopify.com": (
        _habit(
            r"(/.*?)(?:_(?:\d{1,4}x\d{0,4}|x\d{1,4}|pico|icon|thumb|small|compact|medium|large"
            r"|grande|original|master)"
            r"(?:_crop_\w+)?(?:@\dx)?)?(\.\w+)", "{}{}",
        ),
    ),
    # "/view/photo/l/public/p1.webp"
    "doubanio.com": (_habit(r"(/view/\w+)/\w{1,6}(/public/[^/.]+)\.\w+", "{}{}"), _BY_PATH),
    "static01.nyt.com": (
        _habit(
            r"(/.*?)-(?:superJumbo|jumbo|articleLarge|articleInline|popup|sfSpan|hpMedium|hpLarge"
            r"|thumb(?:Standard|Large|Wide)|master\d+|blog\d+|moth|facebookJumbo|threeByTwo\w+"
            r"|(?:large|medium|small|square|video)[A-Z]?\w*)(?:-v\d+)?(\.\w+)",
            "{}{}",
        ),
        _BY_PATH,
    ),
}  # fmt: skip
#: Domains of which every server holds the same pictures; of others each has its own.
ALIKE = frozenset(
    {
        "gravatar.com", "googleusercontent.com", "bp.blogspot.com", "ggpht.com", "ytimg.com",
        "sinaimg.cn", "zhimg.com", "staticflickr.com", "static.flickr.com", "hdslb.com", "redd.it",
        "media.tumblr.com", "doubanio.com",
    }
)  # fmt: skip
SAME_HOST = {
    "img.youtube.com": "ytimg.com",
    "static.flickr.com": "staticflickr.com",
    "mmbiz.qlogo.cn": "mmbiz.qpic.cn",
    "cdn-images-1.medium.com": "miro.medium.com",
}
#: Services that take another picture's address: the parameter, or the path's pattern before it.
INNER_PARAMETER = {
    "images.weserv.nl": "url", "wsrv.nl": "url", "imageproxy.pimg.tw": "url",
}  # fmt: skip
INNER_PATH: Mapping[str, re.Pattern[str]] = {
    "substackcdn.com": re.compile(r"/image/fetch/(?:[^/]+/)?(https?(?:%3A|:).+)", re.IGNORECASE),
    "cdn.substack.com": re.compile(r"/image/fetch/(?:[^/]+/)?(https?(?:%3A|:).+)", re.IGNORECASE),
    "cloudinary.com": re.compile(
        r"/[^/]+/image/fetch/(?:[^/]+/)*?(https?(?:%3A|:).+)", re.IGNORECASE
    ),
    # Jetpack's servers: i0.wp.com/example.org/a.jpg?resize=…
    "wp.com": re.compile(r"/((?:[\w-]+\.)+[a-z]{2,24}/.+)", re.IGNORECASE),
}
