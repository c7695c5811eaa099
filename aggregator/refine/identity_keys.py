"""What an entry is known by: keys, and repetitions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import field
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from aggregator.refine.known_sites import article_number, site_of
from aggregator.runtime.values import dataclass
from aggregator.web.text import folded
from aggregator.web.urls import canonical_url, is_page

if TYPE_CHECKING:
    from datetime import datetime

#: Longer keys are hashed: some publishers put the whole article into the guid.
_MAX_KEY_CHARS = 300
#: Text shorter than this repeats by itself ("Photo of the day") and tells nothing apart. It serves
#: as a text only where an entry has neither guid nor link, else as the weakest of its keys.
_MIN_TELLING_CHARS = 160
#: What follows the host in shorter addresses ("/1", "/news") any page may have.
_MIN_PATH_CHARS = 8

#: How every canonical URL of a page begins.
_HTTPS = "https://"
#: Hexadecimal digits of a hash that names an entry only within its source.
_SHORT_HASH = 16
#: What of an address is a visit's, whatever its length: sessions, signatures and their times.
#: Weak, since elsewhere such a name tells articles apart (`?sid=12`): title or text must agree.
_VISIT = re.compile(
    r"(?:phpsessid|jsessionid|session_?id|aspsessionid\w*|sid|timestamp|signature|sign?|expires"
    r"|nonce|ticket)=.*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marks:
    """All that may identify one entry: canonical keys, or `None`; `site` is an article's number.

    `path` is the address without its host and without what a visit has put into it, for a publisher
    that moves to another host or signs its links. `pictures` tell apart what has the same words: a
    comic, a photo of the day. `when` is the publisher's date, `None` where one id has several dates
    of change: it is then one entry (RFC 4287 section 4.1.1). `dated` is title and date, `said` text
    and date: what is left of an entry that has neither id nor link, or has moved with both.
    `formerly` are keys as version 0.1 made them of another reading of the link, so that what it
    stored is found; they name no article elsewhere.
    """

    guid: str | None
    url: str | None
    site: str | None
    path: str | None
    text: str
    telling: bool
    pictures: str = ""
    when: datetime | None = None
    dated: str | None = field(default=None, compare=False)
    said: str | None = field(default=None, compare=False)
    formerly: tuple[str, ...] = field(default=(), compare=False)

    def strong(self) -> tuple[str, ...]:
        """Return the keys that identify this entry by themselves, strongest first."""
        named = tuple(key for key in (self.guid, self.url, self.site) if key)
        moved = (self.path,) if self.path else ()
        return (*named, *moved, f"text:{self.text}") if self.telling or not named else named + moved

    def weak(self) -> tuple[str, ...]:
        """Return the keys that need another sign beside them, strongest first."""
        strong = self.strong()
        brief = None if strong[-1].startswith("text:") else f"brief:{self.text}"
        offered = (*self.formerly, brief, self.dated, self.said)
        return tuple(dict.fromkeys(key for key in offered if key and key not in strong))

    def shared(self) -> tuple[str, ...]:
        """Return the keys that name the article in every source that carries it."""
        return tuple(key for key in (self.url, self.site) if key)


def marks(
    *,
    guid: str | None,
    url: str | None,
    site_url: str | None,
    title: str,
    text: str,
    pictures: tuple[str, ...] = (),
    when: datetime | None = None,
    is_revision: bool = False,
    former_url: str | None = None,
) -> Marks:
    """Return what identifies an entry; `title` and `text` are single lines.

    A guid that is a URL is taken in canonical form, so that http→https or a trailing slash is the
    same entry. A link to the document's own site, or to a bare host, identifies no entry. How all
    texts of a known site begin tells nothing. `when` is the publisher's date as it wrote it;
    `is_revision`: it is that of a change, because there is no other. `former_url` is the link as
    version 0.1 read it.
    """
    number = article_number(url) or article_number(guid)
    canonical = canonical_url(url) if url else None
    former = canonical_url(former_url) if former_url else None
    own_site = canonical_url(site_url) if site_url else None
    lead = site_of(url).lead.match(text)
    words = text[lead.end() :] if lead else text
    said = f"{title}\n{words}"
    digest = sha256(said.encode()).hexdigest()[:40]
    names_a_page = canonical is not None and is_page(canonical) and canonical != own_site
    is_named = bool(guid or number or names_a_page)
    return Marks(
        guid=_key("guid", canonical_url(guid)) if guid else None,
        url=_key("url", canonical) if canonical and names_a_page else None,
        site=f"site:{number}" if number else None,
        path=_path(canonical, own_site) if canonical and names_a_page else None,
        text=digest,
        telling=len(said) >= _MIN_TELLING_CHARS,
        pictures=" ".join(pictures),
        when=None if guid and is_revision else when,
        dated=None if when is None else dated_key(title, when),
        said=None if when is None or is_named else f"said:{_short(words, when.isoformat())}",
        formerly=_formerly(canonical, former, digest, has_guid=guid is not None),
    )


def _formerly(
    canonical: str | None, former: str | None, text: str, *, has_guid: bool
) -> tuple[str, ...]:
    """Return the keys that version 0.1 made where it read another link, or none.

    A short text is brief beside a link, and identifies an entry without one.
    """
    if former == canonical:
        return ()
    if canonical is not None and former is not None:
        return (_key("url", former),) if is_page(former) else ()
    if has_guid:
        return ()
    return (f"brief:{text}",) if canonical is None else (f"text:{text}",)


def dated_key(title: str, stated_at: datetime) -> str:
    """Return the key of a title with a date."""
    return f"dated:{_short(folded(title), stated_at.astimezone(UTC).isoformat())}"


def text_hash(text: str) -> bytes | None:
    """Return what tells an entry's text from others, its title apart; `None` where it has none."""
    return sha256(text.encode()).digest()[:8] if text else None


def former_keys(mark: Marks, former: Marks) -> tuple[str, ...]:
    """Return the keys that only `former` has: the marks of the entry as version 0.1 read it."""
    if former == mark:
        return ()
    own = {*mark.strong(), *mark.weak(), *_together(mark)}
    every = (*former.strong(), *former.weak(), *_together(former))
    return tuple(key for key in dict.fromkeys(every) if key not in own)


def respelt_key(key: str) -> str:
    """Return a key of any version as this one spells it, as far as the key itself tells."""
    kind, _, value = key.partition(":")
    return _key(kind, canonical_url(value)) if kind in ("guid", "url") else key


def first_of_repetitions(found: list[Marks]) -> list[int]:
    """Return the positions of entries that no earlier one repeats in every mark.

    A date is one of them: monitors and change logs say the same words of another event.
    """
    seen: dict[Marks, int] = {}
    for position, mark in enumerate(found):
        seen.setdefault(mark, position)
    return list(seen.values())


def unique_keys(found: list[Marks]) -> list[tuple[str, ...]]:
    """Return each entry's keys that no other entry of the document offers.

    An entry that nothing identifies by itself has one of all its marks together: entries that a
    publisher gives the same guid still differ, or they would have been repetitions.
    """
    every = [(mark, mark.strong(), mark.weak()) for mark in found]
    offered = Counter(key for _, strong, weak in every for key in (*strong, *weak))
    alike: Counter[str] = Counter()
    keys = []
    for mark, own, further in every:
        strong = tuple(key for key in own if offered[key] == 1)
        weak = (key for key in further if offered[key] == 1)
        if not strong:
            alike = alike or Counter(key for one in found for key in _together(one))
            together = _together(mark)
            strong = (next((key for key in together if alike[key] == 1), together[-1]),)
        keys.append((*strong, *weak))
    return keys


def shared_guids(found: list[Marks]) -> str | None:
    """Return one line about guids that several entries of the document have, `None` for none."""
    counted = Counter(mark.guid for mark in found if mark.guid)
    shared = [count for count in counted.values() if count > 1]
    if not shared:
        return None
    what = "one id" if len(shared) == 1 else f"{len(shared)} ids"
    return f"{what} for {sum(shared)} entries: not used"


def _path(canonical: str, own_site: str | None) -> str | None:
    """Return the key of an address without its host, where that tells anything."""
    path = _after_host(canonical)
    tells = len(path) >= _MIN_PATH_CHARS and path != _after_host(own_site or "")
    return _key("path", path) if tells else None


def _after_host(canonical: str) -> str:
    if canonical.startswith(_HTTPS) and "?" not in canonical and "#" not in canonical:
        slash = canonical.find("/", len(_HTTPS))
        return canonical[slash:] if slash >= 0 else ""
    parts = urlsplit(canonical)
    query = parts.query
    if "=" in query:
        query = "&".join(part for part in query.split("&") if not _VISIT.fullmatch(part))
    return urlunsplit(parts._replace(scheme="", netloc="", query=query))


def _together(mark: Marks) -> tuple[str, ...]:
    """Return keys of all marks at once, each of more marks: those without pictures and date first.

    The first is what entries had before the others were told apart.
    """
    said = "\n".join((mark.guid or "", mark.url or "", f"text:{mark.text}"))
    shown = f"{said}\n{mark.pictures}"
    every = f"{shown}\n{mark.when.isoformat() if mark.when else ''}"
    return tuple(f"text:{sha256(one.encode()).hexdigest()[:40]}" for one in (said, shown, every))


def _short(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:_SHORT_HASH]


def _key(kind: str, value: str) -> str:
    if len(value) > _MAX_KEY_CHARS:
        value = f"sha256-{sha256(value.encode()).hexdigest()}"
    return f"{kind}:{value}"
