"""What a publisher has changed throughout a document, so that it says nothing there.

Some make ids, signed links or dates anew for each document; some move to another program, host and
all. One entry does not show that, the document as a whole does.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.stories.signs import (
    KINDS,
    NAMES,
    SHARED_KINDS,
    TEXTS,
    agreement,
    agrees,
    kind_of,
    other_date,
    same_text,
)
from aggregator.web.addresses import host_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from aggregator.model import Entry
    from aggregator.stories.signs import Known

#: So many entries make a habit: fewer may be new ones that are like others by chance.
MANY = 2

#: Of so few entries all dates may have moved because two things happened again; a program that
#: writes its own time gives them one date, or moves all of them by as much.
FEW = 2
ONE_MOMENT = timedelta(minutes=1)

#: An id that may number the places of a list: a short counter with no digit before it.
_PLACE = re.compile(r"guid:[^/:\d]{0,40}(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Moved:
    """What all entries of a document have otherwise than before.

    `ids`, `links`, `dates`: they are all made anew. `site`: ids and links are, and titles and exact
    dates are the known ones for most: another program publishes the same articles. `places`: its
    short ids are the places of a list. `hosts` are the pairs of a host and a later one by both of
    which the links of most are known: it moved from the first to the second some time ago.
    """

    ids: bool = False
    links: bool = False
    dates: bool = False
    site: bool = False
    places: bool = False
    hosts: frozenset[tuple[str, str]] = frozenset()

    @property
    def silent(self) -> frozenset[str]:
        """The kinds of names that say nothing in this document where they differ."""
        if self.site:
            return frozenset(NAMES)
        return frozenset(
            (*(("guid",) if self.ids else ()), *(NAMES[1:] if self.links else ())),
        )


def what_moved(
    entries: Sequence[Entry],
    owners: Mapping[str, int],
    known: Mapping[int, Known],
    buried: Collection[str] = (),
) -> Moved:
    """Return what is otherwise throughout the document; `owners` and `known` as in `match`.

    `buried` are those of its keys that entries had which have been forgotten since.
    """
    met = owners.keys() | buried
    if not met:  # a first document, mostly
        return Moved()
    same = [entry for entry in entries if not _is_next_issue(entry, owners, known)]
    ids = _are_changed(same, met, ("guid",), NAMES[1:] + TEXTS) and _none_met(entries, met)
    links = _are_changed(entries, met, SHARED_KINDS, TEXTS)
    return Moved(
        ids=ids,
        links=links,
        dates=_dates_moved(entries, owners, known),
        site=_site_moved(entries, met),
        places=_numbers_places(entries, owners, known),
        hosts=_hosts_moved(entries, owners, known),
    )


def is_of_before(entry: Entry, known: Known, moved: Moved) -> bool:
    """Tell whether a stored entry has links of a host alone from which the entry's has moved.

    What a new program lists later is then the same by title and exact date: what was published
    since has no date of before.
    """
    now, before = _hosts(entry.keys), _hosts(known.keys)
    return now.isdisjoint(before) and any((a, b) in moved.hosts for a in before for b in now)


def is_place(entry: Entry) -> bool:
    """Tell whether an entry's id has the form of a place in a list."""
    return any(_PLACE.fullmatch(key) for key in entry.keys)


def shares_nothing(entry: Entry, known: Known) -> bool:
    """Tell whether two entries have nothing in common but, it may be, an id."""
    return not agrees(entry, known) and known.keys.isdisjoint(
        key for key in entry.keys if kind_of(key) != "guid"
    )


def _are_changed(
    entries: Sequence[Entry],
    met: Collection[str],
    kinds: Sequence[str],
    others: Sequence[str],
) -> bool:
    """Tell whether no name of these kinds is known, and most entries are by one of the others."""
    named = [entry for entry in entries if any(_keys(entry, kinds))]
    if len(named) < MANY or any(key in met for one in named for key in _keys(one, kinds)):
        return False
    recognised = sum(any(key in met for key in _keys(entry, others)) for entry in named)
    return recognised >= MANY and 2 * recognised >= len(named)


def _none_met(entries: Sequence[Entry], met: Collection[str]) -> bool:
    return not any(key in met for entry in entries for key in _keys(entry, ("guid",)))


def _is_next_issue(entry: Entry, owners: Mapping[str, int], known: Mapping[int, Known]) -> bool:
    """Tell whether an entry has another date and other words than what is known by its link.

    A forecast, a comic, a list of the day: one page and one title, and each issue has its own id.
    That they are many does not make ids meaningless.
    """
    owner = _owner(entry, owners, SHARED_KINDS)
    if owner is None:
        return False
    return other_date(entry, known[owner]) and not _same_words(entry, known[owner])


def _same_words(entry: Entry, known: Known) -> bool:
    return same_text(entry, known) or any(key in known.keys for key in _keys(entry, TEXTS))


def _site_moved(entries: Sequence[Entry], met: Collection[str]) -> bool:
    """Tell whether no name is known, and most titles with their dates are.

    What is older than all of these may never have been in a document before: a new program may list
    more.
    """
    if any(key in met for entry in entries for key in _keys(entry, ("guid", *SHARED_KINDS))):
        return False
    dated = [
        (entry.stated_at, any(key in met for key in _keys(entry, ("dated",))))
        for entry in entries
        if entry.stated_at is not None
    ]
    told = [at for at, is_known in dated if is_known]
    if len(told) < MANY:
        return False
    return 2 * len(told) >= sum(at >= min(told) for at, _ in dated)


def _hosts_moved(
    entries: Sequence[Entry], owners: Mapping[str, int], known: Mapping[int, Known]
) -> frozenset[tuple[str, str]]:
    """Return from which host to which the links of most entries that are known by one have moved.

    Asked only where an entry that no name is known of has a known title with its date.
    """
    named: list[tuple[Entry, int]] = []
    is_asked = False
    for entry in entries:
        owner = _owner(entry, owners, ("guid", *SHARED_KINDS))
        if owner is not None:
            named.append((entry, owner))
        elif not is_asked:
            is_asked = _owner(entry, owners, ("dated",)) is not None
    if not is_asked or len(named) < MANY:
        return frozenset()
    pairs: Counter[tuple[str, str]] = Counter()
    for entry, owner in named:
        now = _hosts(entry.keys)
        pairs.update((a, b) for a in _hosts(known[owner].keys) - now for b in now)
    return frozenset(
        pair for pair, count in pairs.items() if count >= MANY and 2 * count >= len(named)
    )


def _owner(entry: Entry, owners: Mapping[str, int], kinds: Sequence[str]) -> int | None:
    return next((owners[key] for key in _keys(entry, kinds) if key in owners), None)


def _hosts(keys: Iterable[str]) -> frozenset[str]:
    hosts = (host_of(key.partition(":")[2]) for key in keys if kind_of(key) == "url")
    return frozenset(filter(None, hosts))


def _dates_moved(
    entries: Sequence[Entry], owners: Mapping[str, int], known: Mapping[int, Known]
) -> bool:
    """Tell whether most entries are known, words and all, and all of these have other dates."""
    dates = [
        (entry.stated_at, before.stated_at)
        for entry, before in _recognised(entries, owners, known)
        if entry.stated_at is not None
        and before.stated_at is not None
        and (entry.stated_at == before.stated_at or _same_words(entry, before))
    ]
    if len(dates) < MANY or 2 * len(dates) < len(entries):
        return False
    if any(stated == before for stated, before in dates):
        return False
    if len(dates) > FEW:
        return True
    now = [stated for stated, _ in dates]
    steps = [stated - before for stated, before in dates]
    return min(max(now) - min(now), max(steps) - min(steps)) <= ONE_MOMENT


def _numbers_places(
    entries: Sequence[Entry], owners: Mapping[str, int], known: Mapping[int, Known]
) -> bool:
    """Tell whether the document's short ids come back on other articles.

    They do where one is known for an entry and the article for another one, where the entry that it
    is known for is another one of the document, or where they count from the document's beginning
    and most of those that are known are of articles with which they have nothing else in common.
    (Else all of these are edited: "12", "11", "10" are numbers of articles, the newest first.)
    """
    others = alike = 0
    here = {owners[key] for entry in entries for key in _keys(entry, KINDS[1:]) if key in owners}
    for entry in filter(is_place, entries):
        named = next((owners[key] for key in _keys(entry, ("guid",)) if key in owners), None)
        if named is None:
            continue
        told = {owners[key] for key in _keys(entry, KINDS[1:]) if key in owners}
        if any(agreement(entry, known[one]) > agreement(entry, known[named]) for one in told):
            return True
        if shares_nothing(entry, known[named]):
            if named in here:
                return True
            others += 1
        else:
            alike += 1
    return others >= MANY and others >= alike and _count_up(entries)


def _count_up(entries: Sequence[Entry]) -> bool:
    """Tell whether the numbers of short ids grow along the document, from 0 or 1."""
    keys = (key for entry in entries for key in _keys(entry, ("guid",)))
    numbers = [int(found[1]) for found in map(_PLACE.fullmatch, keys) if found]
    return numbers[:1] in ([0], [1]) and all(a < b for a, b in pairwise(numbers))


def _recognised(
    entries: Sequence[Entry], owners: Mapping[str, int], known: Mapping[int, Known]
) -> Iterator[tuple[Entry, Known]]:
    """Yield the entries of which some key is known, with what it is known for.

    Title and date first: where they are known, nothing has moved.
    """
    kinds = ("dated", *KINDS)
    for entry in entries:
        owner = next((owners[key] for key in _keys(entry, kinds) if key in owners), None)
        if owner is not None:
            yield entry, known[owner]


def _keys(entry: Entry, kinds: Sequence[str]) -> Iterable[str]:
    """Yield an entry's keys of some kinds, in the order of these."""
    by_kind = {kind_of(key): key for key in entry.keys}
    return (by_kind[kind] for kind in kinds if kind in by_kind)
