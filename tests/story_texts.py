"""Titles for tests of likeness, and what becomes of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from aggregator.stories.centroids import centroid_of
from aggregator.stories.same_story import Lookalike, Newcomer, StoryState
from aggregator.stories.signatures import Frequencies, Signature, Text, read, signature

if TYPE_CHECKING:
    from collections.abc import Iterable

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

#: Titles as a feed has them, and as an enemy has.
TITLES = st.one_of(
    st.lists(
        st.sampled_from(
            (
                "Orbis",
                "收购",
                "北湖机场",
                "关闭",
                "opens",
                "bridge",
                "M7",
                "6亿",
                "的",
                "頭髮",
                "；",
            )
        ),
        max_size=12,
    ).map(" ".join),
    st.text(max_size=60),
)


def signed(
    title: str,
    lead: str = "",
    hours: float = 0,
    language: str | None = None,
    frequencies: Frequencies | None = None,
) -> Signature:
    """Return the signature of a title that was published so many hours after noon."""
    text = Text(title, lead, NOON + timedelta(hours=hours), language)
    return signature(read(text), frequencies or Frequencies())


def seen(titles: Iterable[str]) -> Frequencies:
    """Return the frequencies after some titles."""
    tokens = [read(Text(title, "", NOON)).all for title in titles]
    return Frequencies(len(tokens), Counter(token for one in tokens for token in one))


def arrival(title: str, source: int, hours: float = 0) -> Newcomer:
    tokens = read(Text(title, "", NOON + timedelta(hours=hours)))
    return Newcomer(signature(tokens, Frequencies()), source, tokens.spellings)


def story(number: int, *titles: str, first_source: int = 100) -> list[Lookalike]:
    """Return the entries of a story, each of a source of its own."""
    members = [signed(title) for title in titles]
    sources = range(first_source, first_source + len(members))
    state = StoryState(number, centroid_of(*members), len(members), frozenset(sources))
    return [
        Lookalike(one, source, state, article=number + place, part=number)
        for place, (one, source) in enumerate(zip(members, sources, strict=True))
    ]
