"""The feeds that nobody has to configure: of everything, of each tag, of each source.

And what of them is withheld, because only feeds with a token show a source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Feed, FeedKind
from aggregator.model.changes import WithheldSource
from aggregator.rules.visibility import hidden_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aggregator.config.settings import Config
    from aggregator.model import Share, Source

#: The feed of every source.
EVERYTHING = "all"


def automatic(
    sources: Sequence[Source], configured: Sequence[Feed], per_source: Share | None = None
) -> tuple[Feed, ...]:
    """Return the feeds beside the configured ones: `all`, `tags/TAG` and `sources/NAME`.

    `per_source` is of those of several sources. None shows what only feeds with a token show
    (`visibility.hidden_sources`).
    """
    names = hidden_sources(sources, configured)
    hidden = tuple(source.name for source in sources if source.name in names)
    shown = [source for source in sources if source.name not in names]
    if hidden and not shown:
        return ()
    feeds = []
    if EVERYTHING not in {feed.name for feed in configured}:
        feeds.append(
            Feed(
                name=EVERYTHING,
                title="All",
                per_source=per_source,
                exclude_sources=hidden,
                kind=FeedKind.EVERYTHING,
            )
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
            per_source=per_source,
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


def withheld(
    sources: Sequence[Source], feeds: Sequence[Feed], hidden: Collection[str]
) -> tuple[WithheldSource, ...]:
    """Return what is withheld of the hidden sources with these names; `feeds` are all there are."""
    by_name = {feed.name: feed for feed in feeds}
    found = []
    for source in sources:
        if source.name not in hidden:
            continue
        places = [
            place
            for place in automatic((source,), ())
            if place.name not in by_name or by_name[place.name].is_automatic
        ]
        found.append(
            WithheldSource(
                source.name,
                tuple(feed for feed in feeds if feed.token is not None and feed.selects(source)),
                lacking=tuple(place for place in places if place.name in by_name),
                gone=tuple(place for place in places if place.name not in by_name),
            )
        )
    return tuple(found)


def newly_withheld(before: Config, now: Config) -> tuple[WithheldSource, ...]:
    """Return what everybody could read before and is withheld now."""
    shown = {source.name for source in before.sources} - hidden_sources(
        before.sources, before.feeds
    )
    hidden = hidden_sources(now.sources, now.feeds)
    return withheld(now.sources, now.feeds, shown & hidden)
