"""Hostile HTML in, safe HTML out: the only gate between a publisher's markup and a reader.

nh3 parses as a browser does and keeps what the allow-list names. Around it: guards for size and
nesting first (nh3 is quadratic in nesting: 100,000 levels are 20 seconds), then, on nh3's own tidy
output, what needs more than one attribute at a time: lazy images, pixels, embedded players.

Both steps run until a pass changes nothing, so the result is its own cleaning: what was checked is
what is published.
"""

from __future__ import annotations

import html
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import nh3

from aggregator.refine.html_limits import CLOSED, MAX_HTML_CHARS, SHALLOW, guarded
from aggregator.refine.known_sites import watch_page, without_redirect
from aggregator.refine.mathml import MATHML, MATHML_ATTRIBUTES, fit_value
from aggregator.refine.meanings import told
from aggregator.refine.pictures import (
    LAZY,
    MAX_STYLE_CHARS,
    SIZES,
    SRCSETS,
    best_source,
    counts_readers,
    fit_picture,
    is_address,
    largest,
    picture,
)
from aggregator.refine.site_rules import DEFAULT_REFERRER
from aggregator.rules import remove
from aggregator.web.addresses import shown_host
from aggregator.web.text import one_line, paragraphs, scrub
from aggregator.web.urls import OTHER_LINKS, absolute_url, public_link, public_url, without_trackers
from aggregator.web.visible_text import BLOCKS, HIDDEN, visible_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.refine.site_rules import SiteRules

#: A pass that still changes something after this many is markup made to confuse parsers.
_MAX_PASSES = 6
#: Cleaning adds attributes; what grows beyond this is nothing but them.
_MAX_CLEAN_CHARS = 2 * MAX_HTML_CHARS
#: Markup that cannot be cleaned within these bounds is shown as this much plain text.
_MAX_FALLBACK_CHARS = 10_000
#: A picture inside the text itself; larger ones make every rendering of a feed heavy.
_MAX_DATA_URL_CHARS = 64 * 1024

#: What may be in a text beside the blocks.
_INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "center", "cite", "code", "col",
        "colgroup", "data", "del", "dfn", "em", "i", "img", "ins", "kbd", "mark", "q", "rp",
        "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
        "time", "tt", "u", "var", "wbr",
    }
)  # fmt: skip
#: Elements that become a link or vanish after parsing; under these names they parse like any
#: unknown element, not as the raw text that an iframe or a noscript would swallow.
_EMBEDS = frozenset({"x-iframe", "x-embed", "x-object", "x-video", "x-audio"})
_TEMPORARY = _EMBEDS | {"x-noscript", "x-picture", "source"}
_RENAMED = re.compile(
    r"<(/?)(iframe|embed|object|video|audio|noscript|picture)(?=[\s/>])", re.IGNORECASE
)

#: In text that readers see the names are their writer's.
_SPOKEN = frozenset({"title", "alt"})
_RENAMED_BACK = re.compile(
    r"<(/?)x-(iframe|embed|object|video|audio|noscript|picture)(?=[\s/>])", re.IGNORECASE
)

_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"title", "lang", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "loading", "referrerpolicy", *SIZES, *LAZY, *SRCSETS},
    "source": {"src", *SRCSETS},
    **{embed: {"src", "data", *SIZES} for embed in _EMBEDS},
    "blockquote": {"cite"},
    "q": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "time": {"datetime"},
    "data": {"value"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "tr": {"align"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    **MATHML_ATTRIBUTES,
}
_CHECKED = frozenset({"href", "src", "cite", "data", *LAZY, *SRCSETS})
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif);base64,[A-Za-z0-9+/=]+\Z")
#: A page that leads to a page that leads to a page that leads elsewhere leads nowhere.
_MAX_REDIRECTS = 4
_LINK_REL = "noopener noreferrer nofollow"

#: How the text of a cell may be aligned.
_SIDES = frozenset({"left", "center", "right", "justify"})
#: Whose attribute `style` tells a size.
_SIZED = frozenset({"img", *_EMBEDS})
_NOT_DISPLAYED = re.compile(r"(?:^|;)\s*display\s*:\s*none\s*(?=;|!|$)", re.IGNORECASE)
#: Text without a match hides nothing; one with a match may.
_HIDES = re.compile(r"""[\s"'/]hidden(?=[\s=/>])|display\s*:\s*none""", re.IGNORECASE)

#: On nh3's output, where every value is quoted and holds no "<" or ">".
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)([^<>]*)>")
_REWRITTEN_TAG = re.compile(r"<(/?)(img|source|x-[a-z]+)([^<>]*)>")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_TWIN_BEFORE = re.compile(r"</x-noscript>\s*\Z")
_TWIN_AFTER = re.compile(r"\s*(?:</[a-z]+>\s*){0,3}<x-noscript>")
#: What is to be left out, as `_mark` marks it.
_OF_CLASS = re.compile(r' class="')
_HIDDEN = re.compile(r' (?:hidden=""|style="display:none")')
#: Elements that hold nothing: renamed, the last of them seems to hold what follows it.
_CHILDLESS = SHALLOW - CLOSED | {"x-embed"}


def clean(
    raw_html: str,
    base_url: str,
    removed: frozenset[str] = frozenset(),
    rules: SiteRules | None = None,
) -> str:
    """Return `raw_html` as HTML that is safe to publish, its URLs absolute against `base_url`.

    No script, style, form, frame, event handler or id; links http(s), mailto, magnet only, images
    http(s) or a small inline picture, each with no-referrer and lazy loading; players become links;
    links lose known trackers, and no other part of an address is changed. What the operator's
    `rules` select is left out first, then elements named in `removed` ("tag.class"); the rules may
    give pictures another address and another referrerpolicy. Cleaning the result again changes
    nothing, unless a selector finds something by its place alone.
    """
    text = guarded(scrub(raw_html))
    if "<" not in text and "&" not in text:
        # As the other way writes it, so that a second pass finds nothing to change.
        plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        return html.escape(plain, quote=False).replace("\u00a0", "&nbsp;")
    if rules is not None and rules.selectors:
        text = guarded(remove(text, rules.selectors))
    _ADDRESSES.set(_Addresses(base_url))
    text = guarded(told(text))
    if removed and "class" in text:
        text = _without(text, removed)
    if _HIDES.search(text):
        text = _without_hidden(text)
    for _ in range(_MAX_PASSES):
        cleaned = _pass(text, rules)
        if len(cleaned) > _MAX_CLEAN_CHARS:
            break
        if cleaned == text:
            return cleaned
        text = cleaned
    return paragraphs(one_line(strip_tags(text))[:_MAX_FALLBACK_CHARS])


def strip_tags(raw_html: str) -> str:
    """Return the text of untrusted HTML, its entities decoded exactly once."""
    text = guarded(scrub(raw_html))
    if "<" not in text:
        return html.unescape(text)
    return visible_text(_STRIPPER.clean(text))


# --- one pass -----------------------------------------------------------------------------------


def _pass(text: str, rules: SiteRules | None) -> str:
    renamed = _RENAMED.sub(r"<\1x-\2", text)
    tidy = _CLEANER.clean(renamed)
    return scrub(_Rewriter(rules).rewrite(tidy)).strip()


def _without(text: str, removed: frozenset[str]) -> str:
    """Return the text tidied, without the elements of these names and classes."""
    return "".join(part for part, is_left_out in _parts(text, removed) if not is_left_out)


def _without_hidden(text: str) -> str:
    """Return the text tidied, without what its page hides, unless that is all there is.

    A formula stays: pages hide it behind a picture of it, which says less.
    """
    parts = _parts(text, frozenset())
    shown = "".join(part for part, is_hidden in parts if not is_hidden or "<math" in part)
    return shown if "<img" in shown or visible_text(shown).strip() else text


def _parts(text: str, removed: frozenset[str]) -> list[tuple[str, bool]]:
    """Return the text tidied, in parts, and of each whether it is an element that `_mark` marks."""
    _REMOVED.set(removed)
    tidy = _MARKER.clean(_RENAMED.sub(r"<\1x-\2", text))
    marked = _OF_CLASS if removed else _HIDDEN
    parts: list[tuple[str, bool]] = []
    position = depth = 0
    name = ""
    for tag in _TAG.finditer(tidy):
        if depth:
            depth += 0 if tag[2] != name else -1 if tag[1] else 1
        elif marked.search(tag[3]):
            parts.append((tidy[position : tag.start()], False))
            position = tag.start()
            name = tag[2]
            depth = 0 if name in _CHILDLESS else 1
        else:
            continue
        if not depth:
            parts.append((tidy[position : tag.end()], True))
            position = tag.end()
    return [*parts, (tidy[position:], depth > 0)]


class _Addresses:
    """The addresses of one text: what they resolve against, and which fit."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.fit: set[tuple[str, str, str]] = set()  # of earlier passes: each is its own result

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """Return an attribute's value as it may be published, `None` for none."""
        if name not in _CHECKED or (tag, name, value) in self.fit:
            return value
        result = self._checked(tag, name, value)
        if result is not None:
            self.fit.add((tag, name, result))
        return result

    def _checked(self, tag: str, name: str, value: str) -> str | None:
        if name in SRCSETS:
            return largest(value, self.base_url)
        if name in LAZY and not is_address(value):
            return None
        return _fit_url(tag, name, value, self.base_url)


#: Of the text that is being cleaned: nh3's filter sees nothing but the attribute.
_ADDRESSES: ContextVar[_Addresses] = ContextVar("addresses")


#: Of the same text: the elements to leave out.
_REMOVED: ContextVar[frozenset[str]] = ContextVar("removed")


def _mark(tag: str, name: str, value: str) -> str | None:
    """Keep what marks an element as one to be left out: by its class, if any are; else as hidden.

    Without a mark for it a class is gone; what hides stays until that is looked at.
    """
    removed = _REMOVED.get()
    if name == "class":
        return "x" if any(f"{tag}.{token}" in removed for token in value.split()) else None
    if name == "hidden":
        # What a search in the page may find is there to be read.
        return None if tag in MATHML or value.strip().lower() == "until-found" else ""
    if name == "style":
        if tag not in MATHML and _NOT_DISPLAYED.search(value[:MAX_STYLE_CHARS]):
            return "display:none"
        return value if tag in _SIZED else None
    return _attribute(tag, name, value)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name in _SPOKEN and "<" in value:
        return _RENAMED_BACK.sub(r"<\1\2", value)
    if tag in MATHML:
        return fit_value(name, value)
    if name == "align":
        return value if value.strip().lower() in _SIDES else None
    return _ADDRESSES.get().attribute(tag, name, value)


def _cleaner(
    attributes: dict[str, set[str]], attribute_filter: Callable[[str, str, str], str | None]
) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(BLOCKS | _INLINE | MATHML | _TEMPORARY),
        # The annotations are the same formula a second time, in another notation.
        clean_content_tags={*HIDDEN, "annotation", "annotation-xml"},
        attributes=attributes,
        attribute_filter=attribute_filter,
        url_schemes={"http", "https", "mailto", "data", "magnet"},
        link_rel=_LINK_REL,
        strip_comments=True,
    )  # fmt: skip


#: Made once: making one takes as long as cleaning a short text.
_CLEANER = _cleaner(_ATTRIBUTES, _attribute)
_MARKER = _cleaner({**_ATTRIBUTES, "*": _ATTRIBUTES["*"] | {"class", "hidden", "style"}}, _mark)
_STRIPPER = nh3.Cleaner(
    tags=set(BLOCKS),
    # A title about "<title>": that is its text.
    clean_content_tags=set(HIDDEN - {"title"}),
    attributes={},
    link_rel=None,
)


def _fit_url(tag: str, name: str, value: str, base_url: str) -> str | None:
    if value.lstrip().lower().startswith("data:"):
        compact = "".join(value.split())
        fit = tag == "img" and name == "src" and len(compact) <= _MAX_DATA_URL_CHARS
        return compact if fit and _DATA_IMAGE.match(compact) else None
    if tag == "img":
        return fit_picture(value, base_url)
    url = absolute_url(value, base_url)
    if url is None or name != "href":
        return public_url(url)
    if urlsplit(url).scheme == "mailto":
        return url
    if url.lower().startswith(OTHER_LINKS):
        return public_link(url)
    public = public_url(url)
    for _ in range(_MAX_REDIRECTS):
        if public is None or (target := without_redirect(public)) == public:
            return without_trackers(public) if public else None
        public = public_url(absolute_url(target, base_url))
    return None


class _Rewriter:
    """Rewrites nh3's output tag by tag: images whole, players to links, helpers away."""

    def __init__(self, rules: SiteRules | None) -> None:
        self._rules = rules
        self._shown: set[str] = set()
        self._twins: set[str] = set()  # of lazy images, shown where no script runs
        self._in_noscript = 0
        self._sized: str | None = None  # of the open <picture>: its image in another size
        self._players: list[bool] = []  # of each open player: has it been linked?

    def rewrite(self, tidy: str) -> str:
        return _REWRITTEN_TAG.sub(self._tag, tidy)

    def _tag(self, match: re.Match[str]) -> str:
        closing, name = bool(match[1]), match[2]
        if name == "img":
            return self._image(_attributes(match[3])) or _in_its_place(match)
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
        same = picture(source)
        if same in (self._shown if self._in_noscript else self._twins):
            return ""
        self._shown.add(same)
        if self._in_noscript:
            self._twins.add(same)
        policy = DEFAULT_REFERRER
        if self._rules is not None and source.startswith("http"):
            source = self._rules.picture(source)
            policy = self._rules.referrer(source)
        kept = {"src": source, "alt": attributes.get("alt", "")}
        if attributes.get("title"):
            kept["title"] = attributes["title"]
        for side in ("width", "height"):
            if attributes.get(side, "").isdecimal():
                kept[side] = attributes[side]
        kept |= {"loading": "lazy", "referrerpolicy": policy}
        return "<img" + "".join(f' {key}="{_escaped(value)}"' for key, value in kept.items()) + ">"

    def _player(self, closing: bool, name: str, attributes: dict[str, str]) -> str:
        if closing:
            if self._players and name != "source":
                self._players.pop()
            return ""
        if name == "source" and not self._players:
            # Only a player's source is a player; a picture's is another size of its image.
            self._sized = best_source(attributes)
            return ""
        url = watch_page(attributes.get("src") or attributes.get("data") or "")
        if counts_readers(attributes, url):
            url = ""
        if name == "source":
            if self._players[-1]:
                return ""
            self._players[-1] = bool(url)
        else:
            self._players.append(bool(url))
        return _link(url) if url else ""


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


def _attributes(tidy: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tidy)}


def _link(url: str) -> str:
    host = shown_host(url) or url
    # Blanks around it: what stood beside a player is no part of its name.
    return f' <a href="{_escaped(url)}" rel="{_LINK_REL}">▶ {html.escape(host, quote=False)}</a> '


def _escaped(value: str) -> str:
    # The characters that nh3 itself escapes in a value, so that a second pass writes the same.
    value = value.replace("&", "&amp;").replace("\u00a0", "&nbsp;").replace('"', "&quot;")
    return value.replace("<", "&lt;").replace(">", "&gt;")
