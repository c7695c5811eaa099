"""What nobody can know of publishers whose ids are the places of their lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from benchmarks.laws.articles import Telling

#: So many articles at the places of others show places, where they are the most
#: (docs/publishing.md, "Places").
MANY = 2


def unshown(
    listed: Sequence[Telling], occupants: Mapping[str, Telling], known: Collection[str]
) -> frozenset[int]:
    """Return the articles of which nothing can be claimed after a document.

    `occupants` are the tellings that were at each place last, by the id; `known` the marks of
    those that have been listed before. A document shows places where a known article is at the
    place of another one, where another one is at the place of an article that is listed, too, or
    where most are new at the places of others. Else an id that comes with another article is an id,
    and the article an edit of the one before: one new article at the top of a list that lists
    nothing else of before says no more than that.
    """
    here = {one.mark for one in listed}
    alike, others = 0, []
    for one in listed:
        before = occupants.get(one.signs.guid or "")
        if before is None:
            continue
        if before.mark == one.mark:
            alike += 1
        elif one.mark in known or before.mark in here:
            return frozenset()
        else:
            others.append((one.article, before.article))
    if len(others) >= max(MANY, alike):
        return frozenset()
    return frozenset(article for pair in others for article in pair)
