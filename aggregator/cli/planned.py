"""What a configuration would change: of the database, and of a daemon that runs on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError, NoStoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    from aggregator.daemon.terms import utc_now
    from aggregator.operations.plan_lines import plan_lines
    from aggregator.store.opening import open_reader

    try:
        store = open_reader(config.store)
    except NoStoreError:
        return [], []
    try:
        changes = store.foresee(config.sources, config.feeds, now=utc_now())
    finally:
        store.close()
    return plan_lines((*changes, *_settings(config)))


def _settings(config: Config) -> Iterator[Change]:
    """Yield the settings that are not those of a daemon that runs."""
    from aggregator.daemon import control
    from aggregator.daemon.changed_settings import FIXED, setting_digests
    from aggregator.model.changes import ChangedSettings
    from aggregator.model.notes import RestartNeeded

    try:
        events = control.ask(config.store.path, {"do": "settings"}, patience=PATIENCE)
        answer = {} if events is None else next(events, {})
    except AggregatorError:
        return
    theirs = answer.get("settings", {})
    keys = [
        key for key, value in setting_digests(config).items() if theirs.get(key, value) != value
    ]
    if running := tuple(key for key in keys if key not in FIXED):
        yield ChangedSettings(running)
    if fixed := tuple(key for key in keys if key in FIXED):
        yield RestartNeeded(fixed)
