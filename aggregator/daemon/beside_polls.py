"""What is done beside polls, a little at a time: stories that several sources tell, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.daemon.story_work import tell_stories

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.store import Store

#: So often stories are told after a poll that no daemon made: of some ten thousand entries, within
#: a minute.
_ROUNDS = 20


def work_beside_polls(config: Config, store: Store, now: datetime) -> None:
    """Tell stories together, index words: some of what is new."""
    tell_stories(config, store, now)
    store.index_words(most_bytes=config.store.search_quota)


def work_after_polls(config: Config, store: Store, clock: Callable[[], datetime]) -> None:
    """Do the same where nobody goes on with it: until all that polls brought can be shown.

    Of very much the rest is left to the next poll.
    """
    for _ in range(_ROUNDS):
        if not tell_stories(config, store, clock()):
            break
    store.index_words(most_bytes=config.store.search_quota)
