"""A configuration as it is on the disk, with what is known of its lists."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aggregator import config as configuration
from aggregator.config.joined_lists import joined
from aggregator.model.changes import ReaddressedList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.model.configured import SourceList
    from aggregator.model.source_lists import StoredList
    from aggregator.store import ListStore


def known_of(of: SourceList, stored: Iterable[StoredList], config: Config) -> StoredList | None:
    """Return what is stored of a list: under its name, else of its URL.

    That is a list that was called otherwise, if no list is called so now.
    """
    stored = tuple(stored)
    named = next((one for one in stored if one.name == of.name), None)
    if named is not None:
        return named
    names = {one.name for one in config.lists}
    return next((one for one in stored if one.url == of.url and one.name not in names), None)


def with_lists(config: Config, stored: Iterable[StoredList]) -> Config:
    """Return the configuration with the sources of its lists, as they are stored."""
    stored = tuple(stored)
    known = ((of.name, known_of(of, stored, config)) for of in config.lists)
    return joined(config, {name: one.present for name, one in known if one is not None})


def readdressed_lists(config: Config, urls: Mapping[str, str]) -> tuple[ReaddressedList, ...]:
    """Return the lists that have another URL than `urls` says by their names, and have sources."""
    counts = Counter(source.of_list for source in config.sources)
    return tuple(
        ReaddressedList(of.name, counts[of.name])
        for of in config.lists
        if urls.get(of.name, of.url) != of.url and counts[of.name]
    )


def changed_by_lists(config: Config, stored: Iterable[StoredList]) -> Config | None:
    """Return what `with_lists` does, or `None` where that is the same."""
    fresh = with_lists(config, stored)
    is_same = (fresh.sources, fresh.feeds) == (config.sources, config.feeds)
    return None if is_same else fresh


def load_with(store: ListStore, path: Path) -> Config:
    """Read a configuration, with the lists of a store that is open; raises `ConfigError`."""
    config = configuration.load(path)
    return with_lists(config, store.lists()) if config.lists else config
