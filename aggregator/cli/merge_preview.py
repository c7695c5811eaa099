"""`aggregator preview --feed NAME`: what the feed would tell together of what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import load_config, reading
from aggregator.cli.speech import echo
from aggregator.cli.stories_command import lines
from aggregator.cli.terminal_text import show_publishers_addresses, theirs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model.reports import StoryTrial


def show(feed_name: str, *, most: int | None) -> None:
    """Print it, at most so many stories."""
    from aggregator.daemon.terms import utc_now

    config = load_config()
    feed = next((one for one in config.feeds if one.name == feed_name), None)
    if feed is None:
        raise click.BadParameter(f"no feed is named {theirs(feed_name)}", param_hint="--feed")
    compared = [one for one in config.sources if one.dedupe]
    sources = [one.name for one in compared if feed.selects(one)]
    others = [one.name for one in compared if not feed.selects(one)]
    show_publishers_addresses()
    with reading(config.path, config.store) as store:
        trial = store.try_stories(feed, sources, others, utc_now())
    for text in _told(trial, feed.dedupe_strictness, most):
        echo(text)


def _told(trial: StoryTrial, strictness: str, most: int | None) -> Iterator[str]:
    asked, stories = trial.asked, len(trial.stories)
    entries = sum(len(story.entries) for story in trial.stories)
    yield (
        f"{asked} {'entry' if asked == 1 else 'entries'} of the last seven days compared: {entries}"
        f" would be told as {stories} {'story' if stories == 1 else 'stories'} with"
        f' dedupe = "story", dedupe_strictness = "{strictness}"'
    )
    for story in trial.stories[:most]:
        yield ""
        yield from lines(story)
    if most is not None and len(trial.stories) > most:
        yield f"\n{len(trial.stories) - most} more: --all lists them"
