"""The feeds that nobody has to configure: of everything, of each tag, of each source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Feed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Source

#: The feed of every source.
EVERYTHING = "all"


def automatic(sources: Sequence[Source], configured: Sequence[Feed]) -> tuple[Feed, ...]:
    """Return the feeds beside the configured ones: `all`, `tags/TAG` and `sources/NAME`.

    None shows what only feeds with a token show: a source that one of them selects, and that no
    open feed shows as it is, is left out.
    """
    hidden = tuple(source.name for source in sources if _is_hidden(source, configured))
    shown = [source for source in sources if source.name not in hidden]
    if hidden and not shown:
        return ()
    feeds = []
    if EVERYTHING not in {feed.name for feed in configured}:
        feeds.append(Feed(name=EVERYTHING, title="All", exclude_sources=hidden, automatic=True))
    tags = dict.fromkeys(tag for source in shown for tag in source.carried_tags)
    feeds += [
        Feed(
            name=f"tags/{tag}",
            title=tag,
            tags=(tag,),
            exclude_sources=tuple(
                source.name
                for source in sources
                if source.name in hidden and tag in source.carried_tags
            ),
            automatic=True,
        )
        for tag in tags
    ]
    feeds += [
        Feed(
            name=f"sources/{source.name}",
            title=source.title or source.name,
            sources=(source.name,),
            automatic=True,
        )
        for source in shown
    ]
    return tuple(feeds)


def _is_hidden(source: Source, configured: Sequence[Feed]) -> bool:
    private = any(feed.token is not None and feed.selects(source) for feed in configured)
    return private and not any(_shows_all(feed, source) for feed in configured)


def _shows_all(feed: Feed, source: Source) -> bool:
    """Tell whether everybody reads in a feed all that a source has to say.

    A feed that shows some of it, or less than the text, has its reason.
    """
    if feed.token is not None or not feed.selects(source) or feed.content != "full":
        return False
    if feed.rules.keep or feed.rules.block or feed.rules.replace:
        return False
    if not set(feed.exclude_tags).isdisjoint(source.carried_tags):
        return False
    everything = feed.sources is None and feed.tags is None
    named = feed.sources is not None and source.name in feed.sources
    return everything or named or not set(source.tags).isdisjoint(feed.tags or ())
