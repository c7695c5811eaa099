"""What a configuration would change: of the database, and of a daemon that runs on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError, NoStoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config import Config
    from aggregator.model.changes import Change

#: A daemon answers at once; one that does not is not waited for.
PATIENCE = timedelta(seconds=5)


def planned(config: Config) -> tuple[list[str], list[str]]:
    """Return a line for each change, and one for each thing that subscribers lose by them.

    Without a database there is nothing to compare with. Raises `AggregatorError` where it cannot
    be read.
    """
    if config.store.url is None and not config.store.path.exists():
        return [], []
    from aggregator.daemon.joined import readdressed_lists
    from aggregator.daemon.terms import utc_now
    from aggregator.operations.plan_lines import plan_lines
    from aggregator.store.opening import open_reader

    try:
        store = open_reader(config.store)
    except NoStoreError:
        return [], []
    try:
        others = tuple(_settings(config))
        shorter = config.store.retention if _keeps_less(others) else None
        changes = store.foresee(config.sources, config.feeds, now=utc_now(), retention=shorter)
        asked = {one.name: one.url for one in store.lists()} if config.lists else {}
        others += readdressed_lists(config, asked)
    finally:
        store.close()
    return plan_lines((*changes, *others))


def _settings(config: Config) -> Iterator[Change]:
    """Yield the settings that are not those of a daemon that runs."""
    from aggregator.daemon import control
    from aggregator.daemon.changed_settings import (
        FIXED,
        Held,
        changes_between,
        fixed_between,
        settings_of,
    )
    from aggregator.model.changes import FixedSettings

    try:
        events = control.ask(config.store.path, {"do": "settings"}, patience=PATIENCE)
        answer = {} if events is None else next(events, {})
    except AggregatorError:
        return
    if "held" not in answer:
        return
    theirs = {
        (table, name, key): Held(digest, written)
        for table, name, key, digest, written in answer["held"]
    }
    ours = settings_of(config)
    yield from changes_between(theirs, ours, fixed=FIXED)
    if fixed := fixed_between(theirs, ours):
        yield FixedSettings(fixed)


def _keeps_less(changes: Iterable[Change]) -> bool:
    """Tell whether entries are kept for a shorter time than the daemon keeps them."""
    from aggregator.config.text_values import duration
    from aggregator.model.changes import ChangedSettings

    return any(
        duration(one.before) > duration(one.after)
        for change in changes
        if isinstance(change, ChangedSettings)
        for one in change.differences
        if one.key == "store.retention"
    )
