"""`aggregator add`: add a source: the feed at a URL, or that a page names."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, config_path
from aggregator.cli.reload_command import reload_if_running
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.terminal_text import about, line, local_time, plain, theirs
from aggregator.language.spoken import retold
from aggregator.model.errors import AggregatorError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.config.settings import StoreSettings
    from aggregator.model import FeedLink, Problem, Source
    from aggregator.preview.lookup import Named, Preview

#: More than a list of a thousand addresses takes.
MAX_LIST_BYTES = 1 << 20
#: The newest entries that a preview shows.
SHOWN_ENTRIES = 5

EPILOG = """\b
Examples:
  aggregator add https://sspai.com/feed
  aggregator add sspai.com --tag 科技          # the page names its feed
  aggregator add https://lwn.net/ --yes        # of several feeds the page's own
  aggregator add - --tag planet < addresses    # many, one a line

\b
Exit status:
  0   added, or there already
  1   nothing found, or of several feeds none chosen; nothing is written of that URL
  2   the URL, name or tag cannot be one
  78  the configuration has mistakes, or would have with the new source
"""


@click.command(epilog=EPILOG, short_help="Add a source: the feed at a URL, or that a page names.")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--name", metavar="NAME", help="Its stable key. Default: from the feed's title.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Repeat for more than one.")
@click.option("--yes", is_flag=True, help="Ask nothing: of several feeds take the page's own.")
@config_option
def add(urls: tuple[str, ...], *, name: str | None, tags: tuple[str, ...], yes: bool) -> int:
    """Add sources: the feed at each URL, or one that the page there names.

    Shows what is found, asks when a page names several feeds, appends a [[sources]] block to the
    configuration, whose every byte stays, and makes a running daemon take it over. Without a
    scheme, https:// is meant. "-" reads URLs from standard input, one a line; a line that begins
    with "#" is none. What cannot be added of several is named, the others are added.
    """
    path = config_path()
    if urls == ("-",):
        urls = _listed()
    elif len(urls) == 1:
        store = _add(path, urls[0], name, tags, yes=yes)
        return 0 if store is None else reload_if_running(store)
    if name is not None:
        raise click.UsageError("--name is for one URL; of several each gets its own")
    return _add_each(path, urls, tags, yes=yes)


def _listed() -> tuple[str, ...]:
    data = sys.stdin.buffer.read(MAX_LIST_BYTES + 1)
    if len(data) > MAX_LIST_BYTES:
        raise AggregatorError(f"standard input has more than {MAX_LIST_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        told = f"standard input: line {number} is not UTF-8; write it in UTF-8"
        raise AggregatorError(told) from error
    lines = (one.strip() for one in text.splitlines())
    urls = tuple(one for one in lines if one and not one.startswith("#"))
    if not urls:
        raise AggregatorError("standard input names no URL")
    return urls


def _add_each(path: Path, urls: Sequence[str], tags: tuple[str, ...], *, yes: bool) -> int:
    """Add what can be added, one after the other, and let a daemon take all of it over at once."""
    store: StoreSettings | None = None
    count = failed = 0
    for number, url in enumerate(urls):
        if number:
            echo()
        try:
            added = _add(path, url, None, tags, yes=yes)
        except ConfigError:
            raise
        except AggregatorError as error:
            told = str(error)
        except click.UsageError as error:
            told = f"{theirs(url)}: {error.message}"
        else:
            count, store = count + (added is not None), added or store
            continue
        failed += 1
        echo(f"aggregator: {plain(told)}", err=True)
    echo(f"\n{count} of {len(urls)} added" + (f", {failed} could not be" if failed else ""))
    status = 0 if store is None else reload_if_running(store)
    return status or (1 if failed else 0)


def _add(
    path: Path, url: str, name: str | None, tags: tuple[str, ...], *, yes: bool
) -> StoreSettings | None:
    """Add one source; return where the database is, `None` where the source is there already."""
    from aggregator.config.edit import KnownSourceError
    from aggregator.preview.feed_links import whole_url

    try:
        source = _source(path, whole_url(url), name, tags)
        preview = _find(path, source, yes=yes)
        source = _source(path, preview.url, name, tags)
    except KnownSourceError as known:
        echo(f"{theirs(known.url)} is there already: source {theirs(known.source.name)}")
        return None
    _show(preview)
    config, added = _write(path, preview, name, tags)
    echo(f"\nadded to {path} as source {theirs(added)}")
    _hand_over(config, preview)
    return config.store


def _source(path: Path, url: str, name: str | None, tags: Sequence[str]) -> Source:
    """Return the source that the configuration would have."""
    from aggregator.config.edit import UnfitSourceError, proposed

    if not all(text.isprintable() for text in (url, name or "", *tags)):
        raise click.UsageError("URL, name and tags must be printable characters")
    try:
        return proposed(path, url, name, tags)
    except UnfitSourceError as unfit:
        hint = {"name": "--name", "tags": "--tag"}.get(unfit.key, "URL")
        raise click.BadParameter(unfit.words, param_hint=hint) from unfit


def _find(path: Path, source: Source, *, yes: bool) -> Preview:
    from aggregator.model import Problem, ProblemKind
    from aggregator.operations.messages import problem_text
    from aggregator.preview.lookup import Named, Preview

    found = _look(path, source)
    if isinstance(found, Preview):
        return found
    if not isinstance(found, Named):
        raise AggregatorError(f"{theirs(source.url)}: {problem_text(found)}")
    link = _choose(found, yes=yes)
    source = _source(path, link.url, None, ())
    inner = _look(path, source, named_at=found.asked_url)
    if isinstance(inner, Problem) and inner.kind is ProblemKind.BLOCKED:
        if _takes_a_word(path, found.asked_url, link.url):
            _ask_for_private(found, link, yes=yes)
        inner = _look(path, source)
    if isinstance(inner, Preview):
        return inner
    what = "is a page, not a feed" if isinstance(inner, Named) else problem_text(inner)
    raise AggregatorError(f"{theirs(link.url)}, which {theirs(found.url)} names: {what}")


def _takes_a_word(path: Path, page: str, url: str) -> bool:
    """Tell whether only the operator's word is missing: typed, the URL could be asked for."""
    from aggregator.config import load
    from aggregator.web.addresses import host_and_port

    allowances = load(path).network.allow_private
    covering = [one for one in allowances if one.covers(*host_and_port(url))]
    return bool(covering) and not any(one.covers(*host_and_port(page)) for one in covering)


def _ask_for_private(found: Named, link: FeedLink, *, yes: bool) -> None:
    """Ask whether a page's word for a private address will do; raises `AggregatorError` if not."""
    told = (
        f"{theirs(found.url)} names {theirs(link.url)}, which is in a private network that "
        "[network] allow_private opens"
    )
    if yes or not _is_at_terminal():
        raise AggregatorError(f"{told}.\nIf that is meant, add that address itself.")
    echo(told)
    if not click.confirm(retold("Take it"), default=False):
        raise AggregatorError("none is taken, nothing is written")
    echo()


def _look(path: Path, source: Source, *, named_at: str | None = None) -> Preview | Named | Problem:
    import asyncio

    from aggregator.config import load
    from aggregator.daemon.log import set_up

    set_up("error", os.environ)
    return asyncio.run(_ask(load(path), source, named_at))


async def _ask(config: Config, source: Source, named_at: str | None) -> Preview | Named | Problem:
    from aggregator.daemon.once import make_fetcher
    from aggregator.daemon.terms import utc_now
    from aggregator.daemon.workers import Workers
    from aggregator.preview.lookup import look

    workers = Workers(count=1)
    fetcher = make_fetcher(config, os.environ, workers)
    try:
        return await look(source, fetcher, workers, clock=utc_now, named_at=named_at)
    finally:
        await workers.aclose()
        await fetcher.aclose()


def _choose(found: Named, *, yes: bool) -> FeedLink:
    links = found.links
    if len(links) == 1:
        return links[0]
    listed = [f"  {number:2}  {_told(link)}" for number, link in enumerate(links, 1)]
    count = f"more than {len(links)}" if found.more else str(len(links))
    more = ["  The others are not shown."] if found.more else []
    told = "\n".join([f"{theirs(found.url)} names {count} feeds:", *listed, *more])
    if yes:
        echo(f"{told}\nThe first is taken.\n")
        return links[0]
    if not _is_at_terminal():
        raise AggregatorError(f"{told}\nName one of them, or take the first with --yes.")
    echo(told)
    number = click.prompt(
        retold(f"Which one [1 to {len(links)}; q or nothing: none of them]"),
        default="",
        show_default=False,
        value_proc=lambda answer: _number(answer, len(links)),
    )
    if number is None:
        raise AggregatorError("none is taken, nothing is written")
    echo()
    return links[number - 1]


def _is_at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _number(answer: str, most: int) -> int | None:
    """Return the number that was typed, or `None` for an answer that takes leave."""
    if answer.strip().lower() in ("", "q"):
        return None
    number: int = click.IntRange(1, most)(answer.strip())
    return number


def _told(link: FeedLink) -> str:
    return theirs(f"{link.url}  {link.title}" if link.title else link.url)


def _show(preview: Preview) -> None:
    head = preview.document.head
    title = theirs(head.title) if head.title else "without a title"
    echo(f"{title} ({line(head.kind)})")
    pass_on(f"  {line(preview.url)}")
    echo(f"  {_extent(preview)}")
    for entry in preview.newest[:SHOWN_ENTRIES]:
        when = local_time(entry.published_at, otherwise=retold("no date"))
        pass_on(f"    {when:<22}  {line(entry.title or entry.summary)[:72]}")


def _extent(preview: Preview) -> str:
    count = len(preview.document.entries)
    text = f"{count} entr{'y' if count == 1 else 'ies'}"
    return f"{text}, about one every {about(preview.pause)}" if preview.pause else text


def _hand_over(config: Config, preview: Preview) -> None:
    """Leave what was read for the first poll, so that it needs no second request."""
    from aggregator.daemon import first_answers
    from aggregator.daemon.terms import utc_now

    first_answers.leave(config.store.path, preview.url, preview.answer, utc_now())


def _write(
    path: Path, preview: Preview, name: str | None, tags: tuple[str, ...]
) -> tuple[Config, str]:
    """Append the block; return the configuration that this makes, and the source's name."""
    from datetime import datetime

    from aggregator.config.edit import NewSource, write

    new = NewSource(preview.url, preview.document.head.title or "", name, tags)
    return write(path, new, datetime.now().astimezone().date())
