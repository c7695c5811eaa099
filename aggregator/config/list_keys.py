"""`[[lists]]`, key by key, and the `SourceList` that they mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.config import network_values, text_values
from aggregator.config.kinds import ValueKind, key, number
from aggregator.config.source_keys import MAX_BACKFILL, NAME, TAGS, source_of
from aggregator.config.text_values import written
from aggregator.model import Source
from aggregator.model.configured import SourceList
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.config.settings import Rsshub

#: Somebody else's file of a hundred kilobytes; people change such lists by hand.
LEAST_INTERVAL = timedelta(minutes=5)
#: More than these are one list.
MAX_LISTS = 64

#: What `[defaults]` say of requests that goes to no server which somebody else chooses: it may hold
#: a secret, or have a browser of the operator's own network ask.
_NOT_FOR_LISTS = ("headers", "fetch_via")
_SOURCE = Source(name="", url="")
_LIST = SourceList(name="", url="")


@dataclass(frozen=True, slots=True)
class ListTable:
    """One `[[lists]]`; an empty name or URL is one that could not be read."""

    name: str = key(
        NAME,
        "",
        "The list's stable key. Its sources are `NAME/KEY`; feeds select all of them by "
        '`sources = ["NAME/*"]`. No source has the same name.',
        required=True,
    )
    url: str = key(
        ValueKind(network_values.http_url, "URL"),
        "",
        "The OPML document. May hold `user:password@`. `allow_private` may cover it, and never "
        "covers what it lists.",
        required=True,
    )
    tags: tuple[str, ...] = key(
        TAGS, _LIST.tags, "Tags of all its sources, before those of its outlines."
    )
    backfill: int | None = key(
        number(0, MAX_BACKFILL),
        None,
        "`backfill` of each of its sources.",
        shown="that of `[defaults]`",
    )
    interval: timedelta = key(
        ValueKind(
            lambda value: text_values.interval(value, least=LEAST_INTERVAL),
            f'duration, `"{written(LEAST_INTERVAL)}"` to `"{written(text_values.MAX_INTERVAL)}"`',
        ),
        _LIST.interval,
        "A fixed time between two polls of the list. Its sources have intervals of their own.",
    )


def list_of_sources(said: dict[str, Any], defaults: dict[str, Any], rsshub: Rsshub) -> SourceList:
    """Return the list that the keys of its table mean; `defaults` are said for all sources."""
    usual = {name: value for name, value in defaults.items() if name not in _NOT_FOR_LISTS}
    template = source_of(usual, rsshub)
    if template.interval is not None and template.interval < timedelta(minutes=1):
        template = replace(template, interval=None)  # for servers of the operator's own
    backfill = said.get("backfill")
    return SourceList(
        name=said.get("name", ""),
        url=said.get("url", ""),
        tags=said.get("tags", template.tags),
        interval=said.get("interval", _LIST.interval),
        template=replace(
            template, backfill=template.backfill if backfill is None else backfill, tags=()
        ),
    )
