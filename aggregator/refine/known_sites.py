"""What is known of particular sites, as data: a new site is a new row, not new code.

A row speaks for its host and the hosts below it: ithome.com's for img.ithome.com, never for
ithome.com.tw, which is another publisher.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from aggregator.runtime.values import dataclass
from aggregator.web.addresses import hosts_above

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class KnownSite:
    """One site's habits.

    `removed` are elements that are no part of an article, as "tag.class". `picture_parameters` ask
    a picture's server for another rendering of the same picture; `placeholders` are the paths of
    pictures in the place of one not loaded yet. `redirects` gives for the path of a page that only
    leads elsewhere the parameter that says where. `lead` is how every text begins, telling nothing.
    `articles` finds an article's number, in its groups, in the path of a page on `article_hosts`;
    other hosts of the site may count anew.
    """

    removed: frozenset[str] = frozenset()
    picture_parameters: frozenset[str] = frozenset()
    placeholders: frozenset[str] = frozenset()
    redirects: tuple[tuple[str, str], ...] = ()
    lead: re.Pattern[str] = _NOTHING
    articles: re.Pattern[str] = _NOTHING
    article_hosts: frozenset[str] = frozenset()


UNKNOWN_SITE = KnownSite()

_ITHOME_SECTIONS = ("it", "soft", "win10", "win11", "iphone", "ipad", "android", "digi", "next")

SITES: Mapping[str, KnownSite] = {
    # Seen in its feed and pages, 2017 to 2026. Articles were /html/it/323641.htm, /0/968/171.htm
    # and /1/001/052.htm, on phones m.ithome.com/html/968171.htm: only the number stays. Its forum
    # (quan.) and its shop (lapin.) number their own pages.
    "ithome.com": KnownSite(
        removed=frozenset({"p.ad-tips", "a.topic-bar"}),
        picture_parameters=frozenset({"x-bce-process", "r"}),
        placeholders=frozenset({"/images/v2/t.png"}),
        redirects=(("/app/redirect/index.html", "url"),),
        lead=re.compile(
            r"\A(?:感谢\s?IT之家网友\s?.{1,60}?\s?的(?:线索)?投递！\s?)?"
            r"IT之家\s?\d{1,2}\s?月\s?\d{1,2}\s?日(?:消息|讯)\s?[，,：:]?\s?"
        ),
        articles=re.compile(
            r"(?:/html(?:/[a-z0-9]{1,20})?/(\d{4,9})|/(\d{1,3})/(\d{3})/(\d{3}))\.html?", re.ASCII
        ),
        article_hosts=frozenset(
            {"ithome.com", *(f"{name}.ithome.com" for name in ("www", "m", *_ITHOME_SECTIONS))}
        ),
    ),
    # Its boxes to subscribe by e-mail, in the middle of every article of its newsletters. Elsewhere
    # nothing is taken for such a box: a form may be what an article is about.
    "substack.com": KnownSite(
        removed=frozenset({"div.subscription-widget-wrap", "div.subscription-widget-wrap-editor"}),
    ),
}

#: Who shows pictures only to count who looks, and below which paths. Advertisements and buttons
#: count too, but readers see them: they are the publisher's.
_COUNTERS: Mapping[str, tuple[str, ...]] = {
    "feeds.feedburner.com": ("/~r/",),
    "pi.feedsportal.com": ("/",), "stats.wordpress.com": ("/",), "stats.wp.com": ("/",),
    "pixel.wp.com": ("/",), "google-analytics.com": ("/",), "googletagmanager.com": ("/",),
    "scorecardresearch.com": ("/",),
    "quantserve.com": ("/",), "facebook.com": ("/tr",), "analytics.twitter.com": ("/",),
    "t.co": ("/i/adsct",), "px.ads.linkedin.com": ("/",), "medium.com": ("/_/stat",),
    "blogger.googleusercontent.com": ("/tracker/",), "met.vgwort.de": ("/",),
    "counter.theconversation.com": ("/",), "tracking.feedpress.it": ("/",),
    "tracking.feedpress.com": ("/",),
    "hm.baidu.com": ("/",), "cnzz.com": ("/",), "51.la": ("/",), "umeng.com": ("/",),
}  # fmt: skip


def site_of(url: str | None) -> KnownSite:
    """Return what is known of the site that serves `url`; of most sites nothing is."""
    for name in hosts_above(url or ""):
        if name in SITES:
            return SITES[name]
    return UNKNOWN_SITE


def article_number(url: str | None) -> str | None:
    """Return an article's number with its site ("ithome.com:968171"), whatever its URL's shape."""
    hosts = hosts_above(url or "")
    for name in hosts:
        site = SITES.get(name)
        if site is not None and hosts[0] in site.article_hosts:
            found = site.articles.fullmatch(urlsplit(url or "").path)
            return f"{name}:{int(''.join(filter(None, found.groups())))}" if found else None
    return None


def without_redirect(url: str) -> str:
    """Return where a known page that only leads elsewhere leads; other URLs as they are."""
    redirects = site_of(url).redirects
    parts = _split(url) if redirects else None
    wanted = dict(redirects).get(parts.path) if parts is not None else None
    if parts is None or wanted is None:
        return url
    target = parse_qs(parts.query).get(wanted, [""])[0]
    if target[:8].lower().startswith(("http%3a", "https%3a")):
        target = unquote(target)
    return target if target.lower().startswith(("http://", "https://")) else url


def picture_url(url: str) -> str:
    """Return a picture's URL without what its known server only takes as a wish."""
    dropped = site_of(url).picture_parameters if "?" in url else None
    parts = _split(url) if dropped else None
    if not dropped or parts is None or not parts.query:
        return url
    kept = [part for part in parts.query.split("&") if part.partition("=")[0] not in dropped]
    return urlunsplit(parts._replace(query="&".join(kept)))


def is_placeholder(url: str) -> bool:
    """Tell whether a known site shows this picture in place of one that is not loaded yet."""
    placeholders = site_of(url).placeholders
    parts = _split(url) if placeholders else None
    return parts is not None and parts.path in placeholders


def is_counter(url: str) -> bool:
    """Tell whether a picture or a frame is known to serve nobody but who counts its readers."""
    below = [_COUNTERS[name] for name in hosts_above(url) if name in _COUNTERS]
    parts = _split(url) if below else None
    return parts is not None and any((parts.path or "/").startswith(paths) for paths in below)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
