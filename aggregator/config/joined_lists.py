"""A configuration with what its lists list: their members are sources like those of the file.

A member whose URL a source of the file has, or a member of a list before it, is that source, and
none besides. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.config.automatic_feeds import automatic
from aggregator.config.network_values import asked, same_url_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.config.settings import Config
    from aggregator.model import Feed, Source
    from aggregator.model.configured import SourceList
    from aggregator.model.source_lists import ListMember

#: What two spellings of one URL share.
_UrlKey = tuple[str | int, ...]


def joined(config: Config, members: Mapping[str, Sequence[ListMember]]) -> Config:
    """Return the configuration with the sources of its lists, by the lists' names.

    What it was joined with before is not there any more.
    """
    base = config.unjoined or config
    if not base.lists:
        return base
    own = base.sources
    known: dict[_UrlKey, str] = {}
    for source in own:
        for url in asked(source):
            known.setdefault(same_url_key(url), source.name)
    brought: list[Source] = []
    is_really: dict[str, str] = {}
    for of in base.lists:
        for member in members.get(of.name, ()):
            name = f"{of.name}/{member.key}"
            there = known.setdefault(same_url_key(member.url), name)
            if there == name:
                brought.append(_source(of, member, name))
            else:
                is_really[name] = there
    sources = (*own, *brought)
    feeds = tuple(_with_real_names(feed, is_really) for feed in base.feeds if not feed.is_automatic)
    publish = base.publish
    more = automatic(sources, feeds, publish.per_source)
    return replace(
        base,
        sources=sources,
        feeds=(*feeds, *(replace(feed, emails=publish.emails) for feed in more)),
        unjoined=base,
    )


def _with_real_names(feed: Feed, is_really: Mapping[str, str]) -> Feed:
    """Return a feed that also names the sources which members of lists are, by those names."""
    preferred = tuple(is_really.get(name, name) for name in feed.prefer.sources)
    feed = replace(feed, prefer=replace(feed.prefer, sources=preferred))
    if feed.sources is None:
        return feed
    names = []
    for name in feed.sources:
        names.append(is_really.get(name, name))
        if name.endswith("/*"):
            names += (real for one, real in is_really.items() if one.startswith(name[:-1]))
    return replace(feed, sources=tuple(dict.fromkeys(names)))


def _source(of: SourceList, member: ListMember, name: str) -> Source:
    return replace(
        of.template,
        name=name,
        url=member.url,
        title=member.title,
        tags=tuple(dict.fromkeys((*of.tags, *member.tags))),
        timezone=member.timezone or of.template.timezone,
        encoding=member.encoding or of.template.encoding,
    )
