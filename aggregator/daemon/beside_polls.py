"""What is done beside polls, a little at a time: stories that several sources tell, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.daemon.story_work import tell_stories

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.store import Store


def work_beside_polls(config: Config, store: Store, now: datetime) -> None:
    """Tell stories together, index words: some of what is new."""
    tell_stories(config, store, now)
    store.index_words(most_bytes=config.store.search_quota)
