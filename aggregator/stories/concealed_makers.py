"""Who made an entry or a source, without what may not be published of them.

`shown` returns a text without what is secret in it: a name loses that, an address that holds it
goes as a whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Particulars, Person, SourceParticulars

if TYPE_CHECKING:
    from collections.abc import Callable


def shown_particulars(said: Particulars, shown: Callable[[str], str]) -> Particulars:
    """Return an entry's particulars as readers may see them."""
    episode = said.episode
    if episode is not None:
        episode = replace(episode, image_url=_whole(episode.image_url, shown))
    return Particulars(
        authors=_people(said.authors, shown),
        contributors=_people(said.contributors, shown),
        rights=None if said.rights is None else shown(said.rights),
        episode=episode,
    )


def shown_source_particulars(
    said: SourceParticulars, shown: Callable[[str], str]
) -> SourceParticulars:
    """Return a source's particulars as readers may see them; a name that holds a secret goes."""
    generator, podcast = said.generator, said.podcast
    if generator is not None:
        generator = replace(
            generator,
            url=_whole(generator.url, shown),
            version=_whole(generator.version, shown),
        )
        generator = None if _whole(generator.name, shown) is None else generator
    if podcast is not None:
        podcast = replace(
            podcast,
            categories=tuple(
                pair
                for pair in podcast.categories
                if all(_whole(one, shown) == one for one in pair)
            ),
            image_url=_whole(podcast.image_url, shown),
        )
    return SourceParticulars(
        authors=_people(
            tuple(one for one in said.authors if _whole(one.name, shown) == one.name), shown
        ),
        generator=generator,
        logo_url=_whole(said.logo_url, shown),
        podcast=podcast,
    )


def _people(people: tuple[Person, ...], shown: Callable[[str], str]) -> tuple[Person, ...]:
    found = (
        Person(
            name=shown(one.name).strip(),
            url=_whole(one.url, shown),
            email=_whole(one.email, shown),
            avatar_url=_whole(one.avatar_url, shown),
        )
        for one in people
    )
    return tuple(one for one in found if one.label)


def _whole(text: str | None, shown: Callable[[str], str]) -> str | None:
    return text if text is None or shown(text) == text else None
