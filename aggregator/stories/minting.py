"""The id under which readers know an entry: the publisher's own where it is fit and free.

RFC 4287 section 4.2.6: an id never changes, and no two entries share one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.stories.concealment import public_id
from aggregator.stories.owners import domain_of_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from aggregator.model import Entry
    from aggregator.rules.secrets import Secrets


def wanted_ids(entries: Sequence[Entry], secrets: Secrets) -> tuple[str | None, ...]:
    """Return the publisher's id of each entry, `None` where it may not be published."""
    return tuple(public_id(entry.guid, secrets) for entry in entries)


def public_ids(
    entries: Sequence[Entry],
    secrets: Secrets,
    *,
    own: Collection[str],
    owned: Collection[str],
    held: Collection[str],
    mint: Callable[[], str],
) -> tuple[str, ...]:
    """Return the public id of each new entry, in order.

    An id that is `held` already (a copied guid, a hostile source), also by an entry before it, is
    not taken, nor one that belongs to a domain of another source: it may be that of an entry to
    come. `own` are the source's domains, `owned` those of all sources. What `mint` returns takes
    its place, and is new each time.
    """
    given: dict[str, None] = {}
    for wanted in wanted_ids(entries, secrets):
        is_free = wanted is not None and wanted not in held and wanted not in given
        if wanted is not None and is_free:
            domain = domain_of_id(wanted)
            is_free = domain in own or domain not in owned
        given[wanted if wanted is not None and is_free else mint()] = None
    return tuple(given)


def id_domains(wanted: Iterable[str | None]) -> frozenset[str]:
    """Return the domains to which wanted ids belong, as far as they belong to any."""
    domains = (domain_of_id(one) for one in wanted if one is not None)
    return frozenset(domain for domain in domains if domain is not None)
