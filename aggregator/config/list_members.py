"""What an OPML document makes of a list's members: who is one, under which key, and who is not.

Keys stay: a member is known by its URL, or by what is left of it when that has moved. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from aggregator.config.mistake_list import WrongValueError
from aggregator.config.network_values import http_url, same_url_key
from aggregator.config.source_names import derive_name
from aggregator.config.text_values import MAX_TAG_CHARS, MAX_TITLE_CHARS
from aggregator.config.text_values import name as checked_name
from aggregator.model.source_lists import LeftOut, ListMember, Unlisted
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import host_and_path, host_of
from aggregator.web.domains import publisher_domain
from aggregator.web.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from aggregator.model import Source
    from aggregator.model.opml_listing import Listing

#: More sources than people read; a longer list is somebody's directory.
MAX_MEMBERS = 1000
#: Those that left last are known again when they come back.
MAX_GONE = 1000
#: Each tag has a feed of its own.
MAX_TAGS, MAX_TAGS_OF_ALL = 16, 200
#: A key is what an address of a page says, too: `/sources/LIST/KEY` is none of these.
RESERVED = frozenset({"health", "poll", "pause", "resume", "archive"})


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a list as a document has them.

    `listed` are in the document's order; `missing` are those of before that it does not list.
    """

    listed: tuple[ListMember, ...]
    missing: tuple[ListMember, ...]
    left_out: tuple[LeftOut, ...]


class _Outline(NamedTuple):
    """A usable outline; `said` is the key that our own exports give it."""

    member: ListMember
    said: str


def members_of(
    listing: Listing, known: Sequence[ListMember], own_urls: Collection[str] = ()
) -> Members:
    """Return what a document makes of the members that are `known`, those that are gone included.

    No member's URL begins like one of `own_urls`, where this program's own feeds are. Of more than
    may be, those that are members already come first, then those that the document lists first.
    """
    refused: dict[Unlisted, list[str]] = {}
    outlines = _few(list(_usable(listing.sources, own_urls, refused)), known, refused)
    found = _recognised([one.member for one in outlines], [one.said for one in outlines], known)
    taken = {*RESERVED, *(one.key for one in known)}
    listed = []
    for outline, before in zip(outlines, found, strict=True):
        key = outline.said if before is None else before.key
        if before is None:
            if not _is_name(key) or key in taken:
                key = derive_name(outline.member.title, outline.member.url, taken)
            taken.add(key)
        listed.append(replace(outline.member, key=key))
    here = {one.key for one in listed}
    left_out = [LeftOut(why, len(some), some[0]) for why, some in refused.items()]
    if listing.too_deep:
        left_out.append(LeftOut(Unlisted.TOO_DEEP, listing.too_deep))
    return Members(
        listed=_with_few_tags(listed),
        missing=tuple(one for one in known if one.gone_at is None and one.key not in here),
        left_out=tuple(left_out),
    )


def changed(
    members: Members, known: Sequence[ListMember], now: datetime, leaving: Collection[str]
) -> tuple[ListMember, ...]:
    """Return a list's members from now on, the gone ones last.

    Of what is missing, those with the keys in `leaving` are gone; the others stay behind those that
    are listed, and what is new waits as long as there is no room beside them.
    """
    kept = members.listed
    staying = tuple(one for one in members.missing if one.key not in leaving)
    left = [replace(one, gone_at=now) for one in members.missing if one.key in leaving]
    if staying and len(kept) + len(staying) > MAX_MEMBERS:
        before = {one.key for one in known if one.gone_at is None}.difference(leaving)
        room = MAX_MEMBERS - len(before)
        fresh = [one.key for one in kept if one.key not in before][:room]
        kept = tuple(one for one in kept if one.key in before or one.key in fresh)
    here = {one.key for one in kept}
    gone = [one for one in known if one.gone_at is not None and one.key not in here]
    return (*kept, *staying, *[*left, *gone][:MAX_GONE])


def _usable(
    sources: Iterable[Source], own_urls: Collection[str], refused: dict[Unlisted, list[str]]
) -> Iterator[_Outline]:
    own = tuple(map(host_and_path, own_urls))
    seen = set()
    for source in sources:
        title = _line(source.title or "", MAX_TITLE_CHARS)
        try:
            url = http_url(_whole(source.url))
        except WrongValueError:
            refused.setdefault(Unlisted.NOT_A_URL, []).append(title)
            continue
        if _is_below(host_and_path(url), own):
            refused.setdefault(Unlisted.OWN_ADDRESS, []).append(title)
            continue
        if (same := same_url_key(url)) in seen:
            refused.setdefault(Unlisted.TWICE, []).append(title)
            continue
        seen.add(same)
        member = ListMember(
            key="",
            url=url,
            title=title or None,
            tags=tuple(_tags(source.tags)),
            timezone=source.timezone if source.timezone != "UTC" else None,
            encoding=source.encoding,
        )
        yield _Outline(member, source.name)


def _is_below(place: tuple[str, str], own: Iterable[tuple[str, str]]) -> bool:
    return any(place[0] == host and place[1].startswith(path) for host, path in own)


def _few(
    outlines: list[_Outline], known: Sequence[ListMember], refused: dict[Unlisted, list[str]]
) -> list[_Outline]:
    """Return as many as may be, in their order; those that are members already go first."""
    if len(outlines) <= MAX_MEMBERS:
        return outlines
    before = {same_url_key(one.url) for one in known if one.gone_at is None}
    order = sorted(
        range(len(outlines)),
        key=lambda index: same_url_key(outlines[index].member.url) not in before,
    )
    titles = [outlines[index].member.title or "" for index in order[MAX_MEMBERS:]]
    refused[Unlisted.TOO_MANY] = titles
    return [outlines[index] for index in sorted(order[:MAX_MEMBERS])]


def _recognised(
    members: Sequence[ListMember], said: Sequence[str], known: Sequence[ListMember]
) -> list[ListMember | None]:
    """Return which known member each is: by its URL; then, of those that are missing, the same.

    That is one with the same URL but for its scheme, with the key that our own exports give, or
    the only one of its publisher with its title, so that a feed that has moved stays what it is.
    """
    free = dict.fromkeys(known)  # those of today first
    found: list[ListMember | None] = [None] * len(members)
    ways: tuple[Callable[[ListMember, str], object], ...] = (
        lambda one, _: same_url_key(one.url),
        lambda one, _: same_url_key(one.url)[1:3] + same_url_key(one.url)[4:],
        lambda _, key: key,
        lambda one, _: one.title and (one.title, publisher_domain(host_of(one.url))),
    )
    for number, way in enumerate(ways):
        by: dict[object, list[ListMember]] = {}
        for one in free:
            by.setdefault(way(one, one.key), []).append(one)
        wanted: dict[object, list[int]] = {}
        for index, one in enumerate(members):
            if found[index] is None:
                wanted.setdefault(way(one, said[index]), []).append(index)
        for mark, indexes in wanted.items():
            there = by.get(mark, [])
            there = [one for one in there if one.gone_at is None] or there
            # A guess has to be the only one.
            if mark and there and (number == 0 or (len(indexes) == 1 and len(there) == 1)):
                found[indexes[0]] = there[0]
                del free[there[0]]
    return found


def _with_few_tags(members: Iterable[ListMember]) -> tuple[ListMember, ...]:
    members = tuple(members)
    tags = dict.fromkeys(chain.from_iterable(one.tags for one in members))
    if len(tags) <= MAX_TAGS_OF_ALL:
        return members
    few = set(list(tags)[:MAX_TAGS_OF_ALL])
    return tuple(replace(one, tags=tuple(tag for tag in one.tags if tag in few)) for one in members)


def _whole(url: str) -> str:
    """Return what an old browser's "feed:" stands for."""
    if url[:5].lower() != "feed:":
        return url
    rest = url[5:]
    return f"http:{rest}" if rest.startswith("//") else rest


def _tags(written: Iterable[str]) -> list[str]:
    lines = (_line(tag, MAX_TAG_CHARS) for tag in written)
    return list(dict.fromkeys(tag for tag in lines if tag not in ("", ".", "..")))[:MAX_TAGS]


def _is_name(word: str) -> bool:
    try:
        checked_name(word)
    except WrongValueError:
        return False
    return True


def _line(text: str, most: int) -> str:
    return printable(text).strip()[:most].strip()
