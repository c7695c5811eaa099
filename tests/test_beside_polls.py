"""What is done beside polls: where no daemon runs, all of it that subscribers would wait for."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from aggregator.daemon.beside_polls import work_after_polls
from aggregator.store.sqlite import open_store
from aggregator.store.stories.story_switch import StorySwitch
from tests.config_texts import parsed, source_toml
from tests.making import START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from pathlib import Path

#: More than one transaction, and one round, has time for.
MANY = 160
STORIES = feed(dedupe="story")


def test_all_of_a_long_document_is_shown_when_a_poll_without_a_daemon_is_over(
    tmp_path: Path,
) -> None:
    config = parsed(source_toml("one") + '[[feeds]]\nname = "all"\ndedupe = "story"\n')
    store = open_store(tmp_path / "aggregator.db")
    try:
        store._stories = StorySwitch(clock=count().__next__)  # one entry in each
        store.apply((source(),), (STORIES,), now=START)
        told = (entry(n, title=f"Number {n} of {n}s", published_at=START) for n in range(MANY))
        absorb(store, document(*told), START)
        assert len(store.select(STORIES).stories) < MANY
        work_after_polls(config, store, lambda: START)
        assert len(store.select(STORIES).stories) == MANY
    finally:
        store.close()
