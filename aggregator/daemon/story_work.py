"""What feeds that take stories together want done beside polls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.daemon.terms import utc_now
from aggregator.model.errors import AggregatorError
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.roles import Role
from aggregator.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.store import StoryStore


def tell_stories(config: Config, store: StoryStore, now: datetime) -> bool:
    """Look at some of what was stored before, and show what has waited for long enough.

    Return whether more is to be looked at.
    """
    if not any(feed.dedupe == "story" for feed in config.feeds):
        return False
    is_more = store.tell_stories(now)
    store.show_held(now)
    return is_more


def correct(store: StoryStore, what: str, entries: Sequence[str], now: datetime) -> None:
    """Do what the operator says of the stories of some entries; raises `AggregatorError`."""
    match what, list(entries):
        case "split", [one]:
            store.split_story(one, now)
        case "merge", [one, further]:
            store.merge_stories(one, further, now)
        case "lock", [one]:
            store.lock_story(one, locked=True)
        case "unlock", [one]:
            store.lock_story(one, locked=False)
        case "tune", []:
            tuning = store.tuned(now)
            if not tuning.is_fitted:
                raise AggregatorError("what was merged and split is not enough to fit weights to")
            store.keep_weights(tuning.model)
        case "shipped", []:
            store.keep_weights(None)
        case _:
            raise AggregatorError(f"unknown request {what}")


def correct_here(config: Config, what: str, entries: Sequence[str]) -> None:
    """Do the same where no daemon runs.

    Raises `BusyError` when another process holds the database.
    """
    hold = Hold(config.store.path, is_daemon=False)
    try:
        store = open_store(config.store, Role.COMMAND)
        try:
            correct(store, what, entries, utc_now())
        finally:
            store.close()
    finally:
        hold.release()
