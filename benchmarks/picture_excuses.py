"""The conditions of fidelity_exceptions.toml for pictures: when one not published is no loss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.picture_sizes import FACE, is_hidden, is_other_size, without_size
from benchmarks.seen import same_address

if TYPE_CHECKING:
    from benchmarks.cases import Case, Difference
    from benchmarks.seen import Picture, Seen


def pictures_of(one: Seen) -> set[str]:
    """Return the addresses of all pictures that a reader sees in or beside an entry."""
    inside = {address for picture in one.pictures for address in picture.addresses}
    return inside | {same_address(url) for url in (*one.enclosures, *one.media, *one.thumbnails)}


def when_face(difference: Difference, _: Case) -> bool:
    one = difference.original
    beside = map(same_address, (*one.media, *one.thumbnails))
    return FACE.search(difference.theirs) is not None and difference.theirs in beside


def when_counter(difference: Difference, _: Case) -> bool:
    for picture in difference.original.pictures:
        if " ".join(sorted(picture.addresses)) == difference.theirs:
            return _is_tiny(picture) or _COUNTER.search(difference.theirs) is not None
    return False


def _is_tiny(picture: Picture) -> bool:
    sides = [
        side.strip().lower().removesuffix("px") for side in (picture.width, picture.height) if side
    ]
    sides += [size for _, size in _STYLED.findall(picture.style)]
    return "0" in sides or (len(sides) >= 2 and {*sides} <= {"1", "2", "3"})


def when_other_size(difference: Difference, _: Case) -> bool:
    one, ours = difference.original, difference.published
    media, small = set(map(same_address, one.media)), set(map(same_address, one.thumbnails))
    if ours is None or difference.theirs not in media | small:
        return False
    shown = set(difference.ours.split())
    if any(is_other_size(difference.theirs, address) for address in shown):
        return True
    return difference.theirs in small and not shown.isdisjoint(media)


def when_still(difference: Difference, _: Case) -> bool:
    stills = {same_address(url) for url in difference.original.stills}
    shown = set(difference.ours.split())
    return difference.theirs in stills and not shown.isdisjoint(stills)


def when_hidden(difference: Difference, _: Case) -> bool:
    styles = [
        picture.style
        for picture in difference.original.pictures
        if " ".join(sorted(picture.addresses)) == difference.theirs
    ]
    return bool(styles) and all(map(is_hidden, styles))


def when_image_service(difference: Difference, _: Case) -> bool:
    shown = {without_size(address) for address in difference.ours.split()}
    return not shown.isdisjoint(map(without_size, difference.theirs.split()))


_STYLED = re.compile(r"(?:^|[;\s])(width|height)\s*:\s*(\d+)(?:px)?\s*(?=;|!|$)", re.IGNORECASE)
#: Services that count readers with a picture that shows nothing.
_COUNTER = re.compile(
    r"//feeds\.feedburner\.com/~r/|//stats\.wordpress\.com/b\.gif|/tracker/\d+-\d+|//pixel\.|/pixel\.(?:gif|png)|/mf\.gif"
    r"|feedsportal\.com/c/|//(\w+\.)?feedsky\.com/|doubleclick\.net|/cpx\.php|vgwort\.de"
    r"|//feeds\.wordpress\.com/1\.0/|//\w+\.scorecardresearch\.com/|quantserve\.com/|/verify\.png"
)
