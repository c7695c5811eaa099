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

from aggregator.refine.allowed import ATTRIBUTES, CHECKED, EMBEDS, INLINE, TEMPORARY
from aggregator.refine.amp import with_pictures
from aggregator.refine.custom_players import with_players
from aggregator.refine.html_limits import CLOSED, MAX_HTML_CHARS, SHALLOW, guarded
from aggregator.refine.known_sites import picture_url, without_redirect
from aggregator.refine.lazy_media import LAZY_ADDRESSES, SRCSETS, is_address
from aggregator.refine.mathml import MATHML, fit_value
from aggregator.refine.meanings import told
from aggregator.refine.pictures import MAX_STYLE_CHARS, by_size, fit_picture, largest
from aggregator.refine.pointed_brackets import with_brackets
from aggregator.refine.settled import is_settled
from aggregator.refine.shown_media import LINK_REL, ShownMedia
from aggregator.refine.signs import signs
from aggregator.rules import remove
from aggregator.web.text import one_line, paragraphs, scrub
from aggregator.web.urls import (
    OTHER_LINKS,
    absolute_url,
    is_plain,
    public_link,
    public_url,
    without_trackers,
)
from aggregator.web.visible_text import BLOCKS, HIDDEN, visible_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.refine.signs import Signs
    from aggregator.refine.site_rules import SiteRules

#: A pass that still changes something after this many is markup made to confuse parsers.
_MAX_PASSES = 6
#: Cleaning adds attributes; what grows beyond this is nothing but them.
_MAX_CLEAN_CHARS = 2 * MAX_HTML_CHARS
#: Markup that cannot be cleaned within these bounds is shown as this much plain text.
_MAX_FALLBACK_CHARS = 10_000
#: A picture inside the text itself; larger ones make every rendering of a feed heavy.
_MAX_DATA_URL_CHARS = 64 * 1024

_RENAMED = re.compile(
    r"<(/?)(iframe|embed|object|video|audio|noscript|picture)(?=[\s/>])", re.IGNORECASE
)

#: In text that readers see the names are their writer's.
_SPOKEN = frozenset({"title", "alt"})
_RENAMED_BACK = re.compile(
    r"<(/?)x-(iframe|embed|object|video|audio|noscript|picture)(?=[\s/>])", re.IGNORECASE
)

#: What the class of an emoji's picture says.
_EMOJI_CLASS = re.compile(r"emoji|emoticon|smil(?:ey|ie)", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif);base64,[A-Za-z0-9+/=]+\Z")
#: A page that leads to a page that leads to a page that leads elsewhere leads nowhere.
_MAX_REDIRECTS = 4

#: How the text of a cell may be aligned.
_SIDES = frozenset({"left", "center", "right", "justify"})
#: Whose attribute `style` tells a size.
_SIZED = frozenset({"img", *EMBEDS})
_NOT_DISPLAYED = re.compile(r"(?:^|;)\s*display\s*:\s*none\s*(?=;|!|$)", re.IGNORECASE)
#: Text without a match hides nothing; one with a match may.
_HIDES = re.compile(r"""[\s"'/]hidden(?=[\s=/>])|display\s*:\s*none""", re.IGNORECASE)

#: On nh3's output, where every value is quoted and holds no "<" or ">".
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)([^<>]*)>")
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
    text, seen = _said_by_elements(text)
    if removed and "class" in text:
        text = _without(text, removed)
    if seen.hides and _HIDES.search(text):
        text = _without_hidden(text)
    for _ in range(_MAX_PASSES):
        cleaned = _pass(text, rules)
        if len(cleaned) > _MAX_CLEAN_CHARS:
            break
        if cleaned == text or (rules is None and is_settled(cleaned, _attribute)):
            return cleaned
        text = cleaned
    return paragraphs(one_line(strip_tags(text))[:_MAX_FALLBACK_CHARS])


def _said_by_elements(text: str) -> tuple[str, Signs]:
    """Return markup in which what reaches a reader is said by elements, and its signs."""
    told_text = with_brackets(text)
    seen = signs(told_text)
    if seen.players and (played := with_players(told_text)) != told_text:
        told_text, seen = played, signs(played)
    if seen.any_meaning:
        told_text = with_pictures(told(told_text, seen))
    if told_text == text:
        return text, seen
    fit = guarded(told_text)
    return fit, signs(fit)


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
    return scrub(ShownMedia(rules).rewrite(tidy)).strip()


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
        if name not in CHECKED or (tag, name, value) in self.fit:
            return value
        result = self._checked(tag, name, value)
        if result is not None:
            self.fit.add((tag, name, result))
        return result

    def _checked(self, tag: str, name: str, value: str) -> str | None:
        if name == "srcset":
            # Others of its pictures stay for a look at its `src`; no address holds a blank.
            return " ".join(by_size(value, self.base_url)) or None
        if name in SRCSETS:
            return largest(value, self.base_url)
        if name in LAZY_ADDRESSES and not is_address(value):
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
    if name == "class" and removed:
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
    if name in _SPOKEN:
        return _RENAMED_BACK.sub(r"<\1\2", value) if "<" in value else value
    if name == "class":
        return "emoji" if _EMOJI_CLASS.search(value) else None
    if tag in MATHML:
        return fit_value(name, value)
    if name == "align":
        return value if value.strip().lower() in _SIDES else None
    return _ADDRESSES.get().attribute(tag, name, value)


def _cleaner(
    attributes: dict[str, set[str]], attribute_filter: Callable[[str, str, str], str | None]
) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(BLOCKS | INLINE | MATHML | TEMPORARY),
        # The annotations are the same formula a second time, in another notation.
        clean_content_tags={*HIDDEN, "annotation", "annotation-xml"},
        attributes=attributes,
        attribute_filter=attribute_filter,
        url_schemes={"http", "https", "mailto", "data", "magnet"},
        link_rel=LINK_REL,
        strip_comments=True,
    )  # fmt: skip


#: Made once: making one takes as long as cleaning a short text.
_CLEANER = _cleaner(ATTRIBUTES, _attribute)
_MARKER = _cleaner({**ATTRIBUTES, "*": ATTRIBUTES["*"] | {"class", "hidden", "style"}}, _mark)
_STRIPPER = nh3.Cleaner(
    tags=set(BLOCKS),
    # A title about "<title>": that is its text.
    clean_content_tags=set(HIDDEN - {"title"}),
    attributes={},
    link_rel=None,
)


def _fit_url(tag: str, name: str, value: str, base_url: str) -> str | None:
    if is_plain(value):
        if tag == "img":
            return picture_url(value)
        return _fit_link(value, base_url) if name == "href" else value
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
    return _fit_link(public_url(url), base_url)


def _fit_link(public: str | None, base_url: str) -> str | None:
    for _ in range(_MAX_REDIRECTS):
        if public is None or (target := without_redirect(public)) == public:
            return without_trackers(public) if public else None
        public = public_url(absolute_url(target, base_url))
    return None
