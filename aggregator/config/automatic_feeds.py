"""The feeds that nobody has to configure: of everything, of each tag, of each source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Feed, FeedKind
from aggregator.rules.visibility import hidden_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Source

#: The feed of every source.
EVERYTHING = "all"


def automatic(sources: Sequence[Source], configured: Sequence[Feed]) -> tuple[Feed, ...]:
    """Return the feeds beside the configured ones: `all`, `tags/TAG` and `sources/NAME`.

    None shows what only feeds with a token show (`visibility.hidden_sources`).
    """
    names = hidden_sources(sources, configured)
    hidden = tuple(source.name for source in sources if source.name in names)
    shown = [source for source in sources if source.name not in names]
    if hidden and not shown:
        return ()
    feeds = []
    if EVERYTHING not in {feed.name for feed in configured}:
        feeds.append(
            Feed(name=EVERYTHING, title="All", exclude_sources=hidden, kind=FeedKind.EVERYTHING)
        )
    hidden_by_tag: dict[str, list[str]] = {}
    for source in sources if hidden else ():
        for tag in source.carried_tags if source.name in names else ():
            hidden_by_tag.setdefault(tag, []).append(source.name)
    tags = dict.fromkeys(tag for source in shown for tag in source.carried_tags)
    feeds += [
        Feed(
            name=FeedKind.TAG.name_of(tag),
            title=tag,
            tags=(tag,),
            exclude_sources=tuple(hidden_by_tag.get(tag, ())),
            kind=FeedKind.TAG,
        )
        for tag in tags
    ]
    feeds += [
        Feed(
            name=FeedKind.SOURCE.name_of(source.name),
            title=source.title or source.name,
            sources=(source.name,),
            kind=FeedKind.SOURCE,
        )
        for source in shown
    ]
    return tuple(feeds)
