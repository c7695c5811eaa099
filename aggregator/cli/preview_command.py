"""`aggregator preview`: show what would be published of a feed, and store nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.explain_entry import placed, removals
from aggregator.cli.options import (
    all_secrets,
    config_option,
    load_config_if_any,
    secrets_beside,
    with_own_address,
)
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import (
    conceal,
    line,
    local_time,
    show_publishers_addresses,
    theirs,
)
from aggregator.model.errors import AggregatorError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config import Config
    from aggregator.model import EntryFacts, Feed, Refined, Source, Story
    from aggregator.preview.dry_run import Rehearsal
    from aggregator.rules.secrets import Secrets

#: Entries that are listed unless all are asked for.
SHOWN_ENTRIES = 10

#: A document that is read from a file is no longer than one that is fetched.
MAX_FILE_BYTES = 16 * 1024 * 1024

EPILOG = """\b
Examples:
  aggregator preview https://sspai.com/feed
  aggregator preview saved.xml --source ithome     # with that source's settings
  aggregator preview ithome.xml --feed zh          # with that feed's rules
  curl -s https://example.org/feed | aggregator preview - --format atom
  aggregator preview --feed zh                     # what it would tell together

\b
Exit status:
  0   previewed
  1   it cannot be read, or is no feed
  2   no source, feed or file has this name
  69  with --feed alone: there is no database yet
  78  the configuration has mistakes
"""


@click.command(epilog=EPILOG, short_help="Show what would be published of a feed; store nothing.")
@click.argument("what", metavar="[URL|FILE|-]", required=False)
@click.option("--source", "as_source", metavar="NAME", help="Read it as this source's document.")
@click.option("--feed", "in_feed", metavar="NAME", help="Show it as this feed would.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "atom", "rss", "json"]),
    default="text",
    help="What to print: a list for people, or the document itself.",
)
@click.option("--all", "every", is_flag=True, help="List every entry, not only the first.")
@config_option
def preview(
    what: str | None, *, as_source: str | None, in_feed: str | None, form: str, every: bool
) -> None:
    """Show what would be published of the feed at URL or in FILE, and store nothing.

    Fetches, parses, cleans, applies rules and renders as the daemon does: with the settings of the
    source that has this URL, or of the one that --source names.

    With --feed alone: which stored entries that feed would tell together with dedupe = "story", at
    its dedupe_strictness, compared anew.
    """
    if what is None:
        if in_feed is None or as_source is not None or form != "text":
            raise click.UsageError("give a URL, a file, or - for standard input; or --feed alone")
        from aggregator.cli.merge_preview import show

        show(in_feed, most=None if every else SHOWN_ENTRIES)
        return
    config = load_config_if_any()
    source = _source(config, what, as_source)
    secrets = all_secrets(config, source)
    conceal(secrets)
    feed = _feed(config, in_feed)
    refined = _read(config, what, source)
    show_publishers_addresses()  # not before: problems tell of redirects
    told = _rehearse(config, source, feed, refined)
    if form != "text":
        sys.stdout.buffer.write(_document(config, told, form))
        sys.stdout.buffer.flush()
        return
    for text in _lines(refined, told, secrets, every=every):
        echo(text)


def _source(config: Config, what: str, name: str | None) -> Source:
    from aggregator.model import Source
    from aggregator.preview.feed_links import whole_url

    if name is not None:
        found = next((one for one in config.sources if one.name == name), None)
        if found is None:
            raise click.BadParameter(f"no source is named {theirs(name)}", param_hint="--source")
        return found
    if is_file(what):
        return Source("preview", "http://localhost/")
    if names_a_file(what):
        raise click.UsageError(f"{theirs(what)}: there is no such file; a URL begins with https://")
    url = whole_url(what)
    known = next((one for one in config.sources if url in (one.url, *one.urls)), None)
    return known or Source("preview", url)


def _feed(config: Config, name: str | None) -> Feed:
    from aggregator.model import Feed

    if name is None:
        return Feed("preview", "Preview")
    found = next((one for one in config.feeds if one.name == name), None)
    if found is None:
        raise click.BadParameter(f"no feed is named {theirs(name)}", param_hint="--feed")
    return found


def is_file(what: str) -> bool:
    """Tell whether a document is a file that is there, or standard input."""
    return what == "-" or ("://" not in what and Path(what).exists())


def names_a_file(what: str) -> bool:
    """Tell whether what is typed can only mean a file, there or not; all else is a URL."""
    return "://" not in what and (
        what.startswith(("/", ".", "~"))
        or what.endswith((".xml", ".rss", ".atom", ".json", ".html"))
    )


def _read(config: Config, what: str, source: Source) -> Refined:
    import asyncio

    from aggregator.daemon.log import set_up

    set_up("error", os.environ)
    body = _bytes(what) if is_file(what) else None
    return asyncio.run(_ask(config, source, body))


def _bytes(what: str) -> bytes:
    if not what:
        raise click.UsageError("give a URL, a file, or - for standard input")
    try:
        if what == "-":
            body = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(what).open("rb") as file:
                body = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise click.UsageError(
            f"{theirs(what)}: cannot be read: {error.strerror or error}"
        ) from error
    if len(body) > MAX_FILE_BYTES:
        raise click.UsageError(f"{theirs(what)}: is larger than {MAX_FILE_BYTES >> 20} MiB")
    return body


async def _ask(config: Config, source: Source, body: bytes | None) -> Refined:
    from aggregator.daemon.once import make_fetcher
    from aggregator.daemon.terms import utc_now
    from aggregator.daemon.workers import Workers
    from aggregator.operations.messages import problem_text
    from aggregator.preview.lookup import Named, Preview, look, read

    workers = Workers(count=1)
    fetcher = make_fetcher(with_own_address(config), os.environ, workers)
    try:
        if body is not None:
            return await read(body, source, workers, sites=config.sites, now=utc_now())
        found = await look(source, fetcher, workers, clock=utc_now, sites=config.sites)
    except UnreadableError as error:
        raise AggregatorError(problem_text(error.problem)) from error
    finally:
        await workers.aclose()
        await fetcher.aclose()
    if isinstance(found, Preview):
        return found.document
    if isinstance(found, Named):
        show_publishers_addresses()
        feeds = ", ".join(theirs(link.url) for link in found.links)
        raise AggregatorError(f"{theirs(source.url)} is a page; it names these feeds: {feeds}")
    raise AggregatorError(f"{theirs(source.url)}: {problem_text(found)}")


def _rehearse(config: Config, source: Source, feed: Feed, refined: Refined) -> Rehearsal:
    from aggregator.daemon.terms import utc_now
    from aggregator.preview.dry_run import rehearse

    return rehearse(
        replace(source, enabled=True),
        feed,
        refined,
        now=utc_now(),
        others=config.sources,
        further_secrets=secrets_beside(config),
    )


def _document(config: Config, told: Rehearsal, form: str) -> bytes:
    from aggregator.publish import Addresses, Format, render

    return render(told.selection, Format(form), Addresses(config.server.base_url))


def _lines(refined: Refined, told: Rehearsal, secrets: Secrets, *, every: bool) -> Iterator[str]:
    from aggregator.stories.concealment import public_site

    head = refined.head
    title = theirs(head.title) if head.title else "without a title"
    yield f"{title} ({line(head.kind)}, {theirs(head.encoding)})"
    if site_url := public_site(head.site_url, secrets):
        yield f"  {theirs(site_url)}"
    for note in head.notes:
        yield f"  {line(note)}"
    shown = {story.order_key for story in told.selection.stories}
    count = len(told.entries)
    yield f"{count} {'entry' if count == 1 else 'entries'}, {len(shown)} would be published"
    listed = told.entries if every else told.entries[:SHOWN_ENTRIES]
    stories = {story.id: story for story in told.selection.stories}
    for facts in listed:
        yield ""
        yield from _entry(facts, stories.get(facts.story_id))
    if len(listed) < len(told.entries):
        yield f"\n{len(told.entries) - len(listed)} more: --all lists them"


def _entry(facts: EntryFacts, story: Story | None) -> Iterator[str]:
    title, url = (facts.title, facts.url) if story is None else (story.title, story.url)
    when = local_time(facts.published_at if facts.dated else None, otherwise="no date")
    yield f"{when}  {theirs(title)}"
    if url:
        yield f"  {theirs(url)}"
    about = [facts.author or "", *(category.term for category in facts.categories)]
    if any(about):
        yield f"  {theirs(', '.join(filter(None, about)))}"
    found = removals(facts)
    if found:
        yield f"  cleaned: {line(', '.join(found))}"
    if facts.tags:
        yield f"  tagged by rules: {', '.join(map(theirs, facts.tags))}"
    for place in facts.placements:
        if not place.shown:
            yield f"  {placed(place)}"
