"""What is stored, as readers may see it: without what the operator holds secret.

Documents like to repeat the URL that they were fetched from: in their own ids and links, in texts,
in what other documents say of an entry's origin. Stored is what they say, so that a secret of
tomorrow is concealed in what came yesterday; nothing else decides what of it is published.
"""

from __future__ import annotations

import html
import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from aggregator.model import Origin, SourceParticulars
from aggregator.rules.held_secrets import open_url
from aggregator.runtime.values import dataclass
from aggregator.stories.concealed_makers import shown_particulars, shown_source_particulars
from aggregator.stories.public_ids import is_fit_id
from aggregator.web.addresses import origin_of
from aggregator.web.redaction import without_user_info

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aggregator.model import Feed, Provenance, Source, Story
    from aggregator.rules.secrets import Secrets

T = TypeVar("T")

#: In HTML that we have cleaned ourselves: what leads somewhere, and what shows something.
_LINK = re.compile(r'<a href="([^"]*)"')
_PICTURE = re.compile(r'<(?:img|source|audio|video)\b[^<>]*? src="([^"]*)"[^<>]*>')
_ALT = re.compile(r' alt="([^"]*)"')


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
    particulars: SourceParticulars = SourceParticulars()
    rights: str | None = None
    description: str | None = None
    icon_url: str | None = None


def public_origin(words: SourceWords, secrets: Secrets) -> Origin:
    """Return the source of a story as its readers may see it."""
    source = words.source
    keeps_id = words.id is not None and not source.private and is_fit_id(words.id)
    own_id = words.id if keeps_id and words.id is not None else words.minted_id
    return Origin(
        name=source.name,
        title=public_title(source, words.title, secrets),
        id=words.minted_id if secrets.tells(own_id) else own_id,
        url=public_poll_url(source, source.urls[0], secrets),
        site_url=public_site(words.site_url, secrets),
        updated_at=words.changed_at,
        language=words.language,
        tags=tuple(map(secrets.conceal, source.tags)),
        particulars=_makers(words.particulars, secrets),
        rights=_unless_told(words.rights, secrets),
        description=_unless_told(words.description, secrets),
        icon_url=_unless_told(words.icon_url, secrets),
    )


def public_title(source: Source, document_title: str | None, secrets: Secrets) -> str:
    """Return a source's title: the configured one, else its document's, else its name."""
    title = source.title or document_title or ""
    return secrets.conceal(title).strip() or secrets.conceal(source.name)


def public_site(site_url: str | None, secrets: Secrets) -> str | None:
    """Return the link to a source's site, `None` where that tells a secret."""
    return _unless_told(site_url, secrets)


def public_poll_url(source: Source, url: str, secrets: Secrets) -> str | None:
    """Return one of the URLs that we poll without anything secret.

    That is what its parameters' names say, and whatever else is secret by its value: a key that is
    a header, too, or another source's token. `None` for a private source, and where more than the
    value of a parameter is secret.
    """
    return None if source.private else _linked(open_url(source, url), secrets)


def public_id(guid: str | None, secrets: Secrets) -> str | None:
    """Return the id that a publisher gave an entry, `None` where it may not be published."""
    return None if guid is None or not is_fit_id(guid) or secrets.tells(guid) else guid


def public_base_url(source: Source) -> str:
    """Return what relative references resolve against: without what is secret in the URL.

    Of a private one it is its host and no more.
    """
    url = source.urls[0]
    return f"{origin_of(url)}/" if source.private else open_url(source, url)


def origin_of_entry(origin: Origin, provenance: Provenance | None, secrets: Secrets) -> Origin:
    """Return the origin of one entry: where its document says that it first stood, else `origin`.

    A document that names something secret there says nothing.
    """
    if provenance is None:
        return origin
    first = provenance
    named = [word for word in (first.id, first.url, first.site_url) if word is not None]
    if not named or any(map(secrets.tells, named)):
        return origin
    return replace(
        origin,
        id=next(filter(is_fit_id, named), None) or uuid5(NAMESPACE_URL, named[0]).urn,
        title=secrets.conceal(first.title or "").strip() or origin.title,
        url=first.url,
        site_url=first.site_url,
        updated_at=first.updated_at or origin.updated_at,
        particulars=_makers(
            SourceParticulars(
                authors=first.authors, generator=first.generator, logo_url=first.logo_url
            ),
            secrets,
        ),
        rights=_unless_told(first.rights, secrets),
        description=None,
        icon_url=_unless_told(first.icon_url, secrets),
    )


def public_story(story: Story, source: Source, secrets: Secrets) -> Story:
    """Return the story without anything secret; its origins are public already.

    A private source's link that tells of its URL is its site's own page instead, where the source
    has one. An id that holds a secret is another, always the same.
    """
    if not secrets or not secrets.may_tell("\0".join(_texts(story))):
        return story
    page = story.origin.site_url if source.private else None
    shown: Story = replace(
        _concealed(
            replace(
                story,
                url=None if story.url is None else _linked(story.url, secrets) or page,
                content_html=public_html(story.content_html, page, secrets),
                particulars=shown_particulars(story.particulars, secrets.conceal),
                categories=tuple(
                    replace(one, scheme=_unless_told(one.scheme, secrets))
                    for one in story.categories
                ),
                enclosures=tuple(
                    one for one in story.enclosures if _linked(one.url, secrets) is not None
                ),
            ),
            secrets,
        ),
        id=_shown_id(story.id, secrets),
        origin=story.origin,
        also=story.also,
    )
    return replace(shown, categories=tuple(one for one in shown.categories if one.term.strip()))


def public_feed(feed: Feed, secrets: Secrets) -> Feed:
    """Return a feed with the operator's words on it as readers may see them."""
    if not secrets or not secrets.may_tell(
        "\0".join((feed.title, feed.description or "", feed.author or ""))
    ):
        return feed
    return replace(
        feed,
        title=secrets.conceal(feed.title),
        description=feed.description and secrets.conceal(feed.description),
        author=feed.author and secrets.conceal(feed.author),
    )


def _makers(said: SourceParticulars, secrets: Secrets) -> SourceParticulars:
    return shown_source_particulars(said, secrets.conceal) if secrets else said


def public_html(text: str, page: str | None, secrets: Secrets) -> str:
    """Return cleaned HTML without anything secret.

    A link of which nothing is left leads to `page`, or is none; such a picture is its description.
    """
    if not secrets.may_tell(text):
        return text

    def link(match: re.Match[str]) -> str:
        address = html.unescape(match[1])
        shown = _linked(address, secrets) or page
        if shown == address:
            return match[0]
        return f'<a href="{html.escape(shown)}"' if shown else "<a"

    def picture(match: re.Match[str]) -> str:
        if _linked(html.unescape(match[1]), secrets) is not None:
            return match[0]
        alt = _ALT.search(match[0])
        return alt[1] if alt else ""

    return secrets.conceal(_PICTURE.sub(picture, _LINK.sub(link, text)))


def _linked(url: str, secrets: Secrets) -> str | None:
    """Return an address without anything secret, `None` where that leads to another place."""
    shown = secrets.conceal(url)
    if shown == url:
        return url
    place = without_user_info(url).partition("?")[0]
    return shown if shown.partition("?")[0] == place else None


def _shown_id(identifier: str, secrets: Secrets) -> str:
    """Return an id; one that was given before it was known to hold a secret is another."""
    return uuid5(NAMESPACE_URL, identifier).urn if secrets.tells(identifier) else identifier


def _unless_told(text: str | None, secrets: Secrets) -> str | None:
    return None if text is None or secrets.tells(text) else text


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a value made of dataclasses and tuples, origins left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value) and not isinstance(value, Origin):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _concealed(value: T, secrets: Secrets) -> T:
    """Return a value made of dataclasses and tuples with every text in it concealed."""
    found: Any = value
    if isinstance(value, str):
        found = secrets.conceal(value)
    elif isinstance(value, tuple):
        found = tuple(_concealed(one, secrets) for one in value)
    elif is_dataclass(value) and not isinstance(value, type | Origin):
        kept = {field.name: getattr(value, field.name) for field in fields(value)}
        found = replace(value, **{name: _concealed(one, secrets) for name, one in kept.items()})
    return found  # type: ignore[no-any-return]  # of the same type
