"""A source's words as readers may see them: without secrets, a private source's without its URL.

The URL of a private source is a secret as a whole, and documents like to repeat it: in their own
ids and links, in texts, in what other documents say of an entry's origin. Nothing else decides what
of a source is published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from aggregator.model import Category, Origin
from aggregator.stories.public_ids import is_fit_id
from aggregator.web.addresses import origin_of
from aggregator.web.redaction import conceal, redact, tells_of

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Provenance, Source, Story


@dataclass(frozen=True, slots=True)
class SourceWords:
    """What is stored of a source, as its newest document said it; nothing in it is concealed.

    `minted_id` is the id that it has where its document's own may not be published. `changed_at`
    is when the document says that it changed, else when we saw it change.
    """

    source: Source
    minted_id: str
    changed_at: datetime
    id: str | None = None
    title: str | None = None
    site_url: str | None = None
    language: str | None = None
    author: str | None = None
    rights: str | None = None
    description: str | None = None
    icon_url: str | None = None


def public_origin(words: SourceWords) -> Origin:
    """Return the source of a story as its readers may see it."""
    source = words.source
    keeps_id = words.id is not None and not source.private and is_fit_id(words.id)
    return Origin(
        name=source.name,
        title=public_title(source, words.title),
        id=words.id if keeps_id and words.id is not None else words.minted_id,
        url=public_poll_url(source, source.urls[0]),
        site_url=public_site(source, words.site_url),
        updated_at=words.changed_at,
        language=words.language,
        tags=source.tags,
        author=_unless_told(source, words.author),
        rights=_unless_told(source, words.rights),
        description=_unless_told(source, words.description),
        icon_url=_unless_told(source, words.icon_url),
    )


def public_title(source: Source, document_title: str | None) -> str:
    """Return a source's title: the configured one, else its document's, else its name."""
    return source.title or public_text(source, document_title or "").strip() or source.name


def public_site(source: Source, site_url: str | None) -> str | None:
    """Return the link to a source's site, `None` where that is a private source's URL."""
    return _unless_told(source, None if site_url is None else redact(site_url))


def public_poll_url(source: Source, url: str) -> str | None:
    """Return one of the URLs that we poll without its secrets, `None` for a private source."""
    return None if source.private else redact(url)


def public_text(source: Source, text: str) -> str:
    """Return text or HTML of the source's document without the URLs of a private source."""
    if source.private:
        for url in source.urls:
            text = conceal(text, url)
    return text


def public_id(source: Source, guid: str | None) -> str | None:
    """Return the id that a publisher gave an entry, `None` where it may not be published."""
    if guid is None or not is_fit_id(guid) or _begins_alike(source, guid):
        return None
    return guid


def public_base_url(source: Source) -> str:
    """Return what relative references resolve against: of a private URL its host and no more."""
    url = source.urls[0]
    return f"{origin_of(url)}/" if source.private else url


def origin_of_entry(origin: Origin, source: Source, provenance: Provenance | None) -> Origin:
    """Return the origin of one entry: where its document says that it first stood, else `origin`.

    A document that names a private source's own URL there says nothing.
    """
    if provenance is None:
        return origin
    first = provenance
    named = [word for word in (first.id, first.url, first.site_url) if word is not None]
    if not named or any(_begins_alike(source, word) for word in named):
        return origin
    return replace(
        origin,
        id=next(filter(is_fit_id, named), None) or uuid5(NAMESPACE_URL, named[0]).urn,
        title=first.title or origin.title,
        url=first.url,
        site_url=first.site_url,
        updated_at=first.updated_at or origin.updated_at,
        author=None,
        rights=None,
        description=None,
        icon_url=None,
    )


def public_story(story: Story, source: Source) -> Story:
    """Return the story without its private source's URLs; a link that is one is left out."""
    if not source.private:
        return story

    def shown(text: str) -> str:
        return public_text(source, text)

    return replace(
        story,
        url=_unless_told(source, story.url),
        title=shown(story.title),
        content_html=shown(story.content_html),
        summary=shown(story.summary),
        author=None if story.author is None else shown(story.author),
        categories=tuple(
            Category(shown(one.term), one.scheme, one.label and shown(one.label))
            for one in story.categories
            if one.scheme is None or not _is_told(source, one.scheme)
        ),
        enclosures=tuple(one for one in story.enclosures if not _is_told(source, one.url)),
    )


def _unless_told(source: Source, text: str | None) -> str | None:
    return None if text is None or _is_told(source, text) else text


def _is_told(source: Source, text: str) -> bool:
    """Tell whether `text` holds a URL of a private source."""
    return public_text(source, text) != text


def _begins_alike(source: Source, text: str) -> bool:
    """Tell whether `text` holds a URL of a private source, or one that begins like it.

    Stricter than where words can be taken out: an id or an address is published whole or not.
    """
    return source.private and any(tells_of(text, url) for url in source.urls)
