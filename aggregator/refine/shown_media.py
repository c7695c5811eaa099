"""What the pictures and players of cleaned markup become: whole images, and links to films.

Works tag by tag on nh3's own tidy output, since it takes more than one attribute at a time to tell
a lazy picture from its placeholder, or a picture from one that counts its readers.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from aggregator.refine.lazy_media import (
    best_source,
    differ_in_size,
    is_lazy,
    is_picture_name,
    player_source,
)
from aggregator.refine.pictures import counts_readers, fit_picture, stated_size
from aggregator.refine.players import watch_page
from aggregator.refine.site_rules import DEFAULT_REFERRER
from aggregator.web.addresses import shown_host
from aggregator.web.same_picture import same_picture
from aggregator.web.urls import public_url

if TYPE_CHECKING:
    from aggregator.refine.site_rules import SiteRules

LINK_REL = "noopener noreferrer nofollow"
#: Elements of Media RSS that feeds made for Yandex write between paragraphs.
MEDIA_ELEMENTS = frozenset({"media:content", "media:thumbnail"})

#: A player inside a player inside a player is another one.
_MAX_INNER = 3

_TAG = re.compile(
    r"<(/?)(img|source|media:(?:content|thumbnail)"
    r"|x-(?:iframe|embed|object|video|audio|noscript|picture))(?=[ >])([^<>]*)>"
)
_IMAGE = re.compile(r"<img(?=[ >])([^<>]*)>")
_ATTRIBUTE = re.compile(r' ([a-z_-]+)="([^"]*)"')
_TWIN_BEFORE = re.compile(r"</x-noscript>\s*\Z")
_TWIN_AFTER = re.compile(r"\s*(?:</[a-z]+>\s*){0,3}<x-noscript>")


class ShownMedia:
    """Rewrites one text; it remembers what the text has shown, for the twins of lazy elements."""

    def __init__(self, rules: SiteRules | None) -> None:
        self._rules = rules
        self._tidy = ""
        self._pictures: frozenset[str] | None = None  # addresses of the text's own, once needed
        self._has_twins = False
        self._shown: set[str] = set()
        self._twins: set[str] = set()  # of lazy elements, shown where no script runs
        self._in_noscript = 0
        self._last: tuple[str, str] | None = None  # lazy picture: its address and its alt
        self._last_twin: tuple[str, str] | None = None
        self._sized: str | None = None  # of the open <picture>: its image in another size
        self._players: list[str] = []  # of each open player: the page it leads to, "" for none

    def rewrite(self, tidy: str) -> str:
        """Return the text with its images whole, players as links, and no helpers left."""
        self._tidy, self._pictures = tidy, None
        self._has_twins = "<x-noscript" in tidy
        return _TAG.sub(self._tag, tidy)

    def _tag(self, match: re.Match[str]) -> str:
        closing, name = bool(match[1]), match[2]
        if name == "img":
            return self._image(_attributes(match[3])) or _in_its_place(match)
        if name in MEDIA_ELEMENTS:
            return "" if closing else self._media(name, _attributes(match[3]))
        if name == "x-picture":
            self._sized = None
            return ""
        if name == "x-noscript":
            self._in_noscript += -1 if closing else 1
            return ""
        return self._player(closing, name, _attributes(match[3]))

    def _image(self, attributes: dict[str, str]) -> str:
        source = best_source(attributes) or self._sized
        if source is None or counts_readers(attributes, source):
            return ""
        if self._has_twins and self._is_twin(source, attributes):
            return ""
        policy = DEFAULT_REFERRER
        kept = {"src": source, "alt": attributes.get("alt", "")}
        if self._rules is not None and source.startswith("http"):
            kept["src"] = self._rules.picture(source)
            policy = self._rules.referrer(kept["src"])
        if attributes.get("title"):
            kept["title"] = attributes["title"]
        kept |= stated_size(attributes, source)
        kept |= {"loading": "lazy", "referrerpolicy": policy}
        return (
            "<img"
            + "".join(f' {key}="{escaped_value(value)}"' for key, value in kept.items())
            + ">"
        )

    def _is_twin(self, source: str, attributes: dict[str, str]) -> bool:
        """Tell whether a picture is shown already, as the lazy one beside its noscript's or back.

        Side by side they may differ in size; farther away they must be the same.
        """
        same, alt = same_picture(source), attributes.get("alt", "")
        if self._in_noscript:
            beside, self._last = self._last, None
            seen = self._shown
        else:
            beside, self._last_twin = self._last_twin, None
            seen = self._twins
            if not is_lazy(attributes):
                beside = None
        if same in seen or (beside and _are_twins(beside, (source, alt))):
            return True
        self._shown.add(same)
        if self._in_noscript:
            self._twins.add(same)
            self._last_twin = source, alt
        else:
            self._last = (source, alt) if is_lazy(attributes) else None
        return False

    def _media(self, name: str, attributes: dict[str, str]) -> str:
        url = attributes.get("url", "")
        kind = attributes.get("type", "").partition("/")[0] or attributes.get("medium", "")
        if not url:
            return ""
        if name == "media:thumbnail" or kind.lower() == "image" or is_picture_name(url):
            return self._image({**attributes, "src": fit_picture(url, "") or ""})
        return self._linked(_page(url))

    def _player(self, closing: bool, name: str, attributes: dict[str, str]) -> str:
        if closing:
            if self._players and name != "source":
                self._players.pop()
            return ""
        if name == "source" and not self._players:
            # Only a player's source is a player; a picture's is another size of its image.
            self._sized = best_source(attributes)
            return ""
        url = player_source(attributes)
        page = "" if not url or counts_readers(attributes, url) else _page(url)
        # Old players hold the same in other elements, for browsers that know only these.
        is_again = page in self._players[-_MAX_INNER:]
        if name == "source":
            if self._players[-1]:
                return ""
            self._players[-1] = page
        else:
            self._players.append(page)
        linked = self._linked(page) if page and not is_again else ""
        return self._poster(attributes) + linked if name == "x-video" else linked

    def _poster(self, attributes: dict[str, str]) -> str:
        """Return the picture that stands for a film until it plays, unless the text shows it."""
        address = attributes.get("data-poster") or attributes.get("poster")
        if not address:
            return ""
        if self._pictures is None:
            found = map(_attributes, _IMAGE.findall(self._tidy))
            self._pictures = frozenset(filter(None, map(best_source, found)))
        return "" if address in self._pictures else self._image({"src": address})

    def _linked(self, page: str) -> str:
        if page in (self._shown if self._in_noscript else self._twins):
            return ""
        self._shown.add(page)
        if self._in_noscript:
            self._twins.add(page)
        host = shown_host(page) or page
        # Blanks around it: what stood beside a player is no part of its name.
        shown = html.escape(host, quote=False)
        return f' <a href="{escaped_value(page)}" rel="{LINK_REL}">▶ {shown}</a> '


def _page(url: str) -> str:
    return public_url(watch_page(url)) or url


def _in_its_place(image: re.Match[str]) -> str:
    """Return what stands for a picture that has no address to show: its alt text (HTML 4.8.4.4).

    A lazy one stands beside its twin for pages without scripts, which is shown.
    """
    attributes = _attributes(image[3])
    alt = attributes.get("alt", "").strip()
    if not alt or best_source(attributes) or counts_readers(attributes, ""):
        return ""
    start, end, text = image.start(), image.end(), image.string
    has_twin = _TWIN_BEFORE.search(text[max(start - 30, 0) : start]) or _TWIN_AFTER.match(text, end)
    return "" if has_twin else html.escape(alt, quote=False)


def _are_twins(one: tuple[str, str], other: tuple[str, str]) -> bool:
    (source, alt), (other_source, other_alt) = one, other
    return differ_in_size(source, other_source) or (bool(alt) and alt == other_alt)


def _attributes(tidy: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tidy)}


def escaped_value(value: str) -> str:
    """Return text as the value of an attribute, as nh3 would write it."""
    # The characters that nh3 itself escapes in a value, so that a second pass writes the same.
    value = value.replace("&", "&amp;").replace("\u00a0", "&nbsp;").replace('"', "&quot;")
    return value.replace("<", "&lt;").replace(">", "&gt;")
