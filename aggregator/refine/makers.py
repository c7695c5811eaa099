"""Who made an entry or a feed, and where it first stood, fit to publish."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Generator, Particulars, Person, Podcast, Provenance, SourceParticulars
from aggregator.refine.entry_limits import MAX_AUTHOR_CHARS, MAX_TITLE_CHARS
from aggregator.refine.metadata import identifier, line, sane
from aggregator.web.text import one_line, scrub
from aggregator.web.urls import absolute_url, canonical_url, public_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Document, DocumentHead, Episode

#: RFC 5321 section 4.5.3.1.3, and what RFC 4287 section 3.2.3 and readers take for an address.
_EMAIL = re.compile(r"[^\s@()<>,;:\"\[\]\\]{1,64}@[^\s@()<>,;:\"\[\]\\]{1,189}")
#: A page of a person, or a picture: what is longer is data.
_MAX_ADDRESS_CHARS = 1000


def particulars(raw: Particulars, base: str) -> Particulars:
    """Return what an entry says of its makers: plain lines, http(s) addresses against `base`."""
    if raw == Particulars():
        return raw
    return Particulars(
        authors=people(raw.authors, base),
        contributors=people(raw.contributors, base),
        rights=line(raw.rights, MAX_TITLE_CHARS),
        episode=None if raw.episode is None else _episode(raw.episode, base),
    )


def source_particulars(raw: SourceParticulars, base: str) -> SourceParticulars:
    """Return what a feed says of its makers and of itself as a podcast."""
    return SourceParticulars(
        authors=people(raw.authors, base),
        generator=generator(raw.generator, base),
        logo_url=address(raw.logo_url, base),
        podcast=None if raw.podcast is None else _podcast(raw.podcast, base),
    )


def people(raw: Iterable[Person], base: str) -> tuple[Person, ...]:
    """Return people with plain names and fit addresses; who has neither is nobody."""
    found = (
        Person(
            name=line(one.name, MAX_AUTHOR_CHARS) or "",
            url=_short(address(one.url, base)),
            email=_email(one.email),
            avatar_url=_short(address(one.avatar_url, base)),
        )
        for one in raw
    )
    return tuple(dict.fromkeys(one for one in found if one.label))


def generator(raw: Generator | None, base: str) -> Generator | None:
    """Return the program that made a feed; an address is no name, but says as much."""
    name = None if raw is None else line(raw.name, MAX_AUTHOR_CHARS)
    if raw is None or not name:
        return None
    return Generator(name, _short(address(raw.url, base)), line(raw.version, MAX_AUTHOR_CHARS))


def address(url: str | None, base: str) -> str | None:
    """Return an http(s) address against `base`, fit to publish, else `None`."""
    return public_url(absolute_url(scrub(url or ""), base))


def provenance(raw: Provenance | None, head: DocumentHead, document: Document) -> Provenance | None:
    """Return where an entry first stood, `None` where that is its document (`head` is clean).

    The title is one line, the addresses are http(s), absolute, without secrets.
    """
    if raw is None:
        return None
    base = document.source_url
    found = Provenance(
        title=line(raw.title, MAX_TITLE_CHARS),
        id=identifier(raw.id),
        url=address(raw.url, base),
        site_url=address(raw.site_url, base),
        updated_at=sane(raw.updated_at, document.seen_at),
        authors=people(raw.authors, base),
        rights=line(raw.rights, MAX_TITLE_CHARS),
        generator=generator(raw.generator, base),
        icon_url=address(raw.icon_url, base),
        logo_url=address(raw.logo_url, base),
    )
    is_own = (found.id is not None and found.id == head.feed_id) or (
        found.url is not None and canonical_url(found.url) == canonical_url(document.source_url)
    )
    tells = found.title or found.id or found.url or found.site_url
    return found if tells and not is_own else None


def _episode(raw: Episode, base: str) -> Episode:
    return replace(raw, image_url=address(raw.image_url, base))


def _podcast(raw: Podcast, base: str) -> Podcast:
    pairs = (tuple(line(name, MAX_AUTHOR_CHARS) or "" for name in pair) for pair in raw.categories)
    return replace(
        raw,
        categories=tuple((first, second) for first, second in pairs if first),
        image_url=address(raw.image_url, base),
    )


def _email(text: str | None) -> str | None:
    found = one_line(text or "")
    return found if _EMAIL.fullmatch(found) else None


def _short(url: str | None) -> str | None:
    return url if url is not None and len(url) <= _MAX_ADDRESS_CHARS else None
