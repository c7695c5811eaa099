"""`aggregator import opml`: add the sources that an OPML file lists."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import IO, TYPE_CHECKING

import click

from aggregator.cli.database_commands import import_database
from aggregator.cli.options import config_option, config_path
from aggregator.cli.reload_command import reload_if_running
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.terminal_text import line, theirs
from aggregator.model.errors import AggregatorError, UnreadableError
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.config.edit import Block, Refusal
    from aggregator.model import Source
    from aggregator.model.opml_listing import Listing

#: The largest file that is accepted is read in seconds.
DEADLINE = timedelta(seconds=30)

EPILOG = """\b
Examples:
  aggregator import opml subscriptions.opml --dry-run
  aggregator import opml subscriptions.opml
  curl -s https://example.org/blogroll.opml | aggregator import opml -

\b
Exit status:
  0   every outline that names a feed is a source now
  1   some cannot be one and are named (the others are added), or the file is no OPML, or is
      cut off (nothing is added)
  78  the configuration has mistakes, or would have with the new sources
"""


GROUP_EPILOG = """\b
Examples:
  aggregator import opml subscriptions.opml
  aggregator import database everything.jsonl

\b
Exit status:
  0   all of it is there
  1   the file, or something in it, is wrong and named
  74  the database cannot be written now
  75  another process holds the database
  78  the configuration has mistakes, or there is a database already
"""


@click.group(
    "import", epilog=GROUP_EPILOG, short_help="Add a list of sources, or bring a database."
)
def import_() -> None:
    """Add the sources that a file lists, or make a database of what was exported from another."""


import_.add_command(import_database)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do: blocks to add, and why outlines cannot be blocks."""

    blocks: Sequence[Block]
    known: int
    repeated: int
    refused: Sequence[tuple[Source, str]]
    without_feed: int = 0
    too_deep: int = 0


@import_.command(epilog=EPILOG, short_help="Add the feeds that an OPML file lists.")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
@config_option
def opml(file: IO[bytes], *, dry_run: bool) -> int:
    """Add the feeds that an OPML FILE lists ("-" reads standard input).

    Titles are kept, and settings of our own exports; folders and categories become tags, and what
    is a source already is skipped. All of it is appended to the configuration at once, whose every
    byte stays; a running daemon takes it over.
    """
    from aggregator.config.edit import append, edit, read

    path = config_path()
    text, config = read(path)
    found = _read(file)
    listed = found.sources
    plan = import_plan(text, config, listed)
    told = replace(
        plan,
        repeated=plan.repeated + found.repeated,
        without_feed=found.without_feed,
        too_deep=found.too_deep,
    )
    if not dry_run and plan.blocks:
        # The plan is made again from what the file says when nobody else writes it.
        config = edit(path, lambda now, known: append(now, import_plan(now, known, listed).blocks))
    _tell(told, path, dry_run=dry_run)
    failed = 0
    if not dry_run and plan.blocks:
        failed = reload_if_running(config.store)
    return failed or (1 if plan.refused else 0)


def _read(file: IO[bytes]) -> Listing:
    import asyncio

    from aggregator.config.opml import MAX_BYTES

    try:
        data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise AggregatorError(f"{file.name}: cannot be read: {error.strerror or error}") from error
    try:
        return asyncio.run(_read_in_worker(data))
    except UnreadableError as error:
        raise AggregatorError(f"{file.name}: {error.problem.detail}") from error


async def _read_in_worker(data: bytes) -> Listing:
    from aggregator.config import opml as format_
    from aggregator.daemon.workers import Workers

    workers = Workers(count=1)
    try:
        listed: Listing = await workers.run((format_.read,), data, deadline=DEADLINE)
        return listed
    finally:
        await workers.aclose()


def import_plan(text: str, config: Config, listed: Sequence[Source]) -> ImportPlan:
    """Return which outlines become blocks, judged by the configuration itself."""
    from aggregator.config import included
    from aggregator.config.edit import trial

    others = included(config.path, text)
    lists = {one.name for one in config.lists}
    found_there = [source for source in listed if source.of_list in lists]
    listed = [source for source in listed if source.of_list not in lists]
    taken = set(config.taken_names)
    waiting = [(source, _block(source, taken, config.usual)) for source in listed]
    known, repeated = len(found_there), 0
    refused: list[tuple[Source, str]] = []
    while True:
        found = trial(text, [block for _, block in waiting], config.path, others)
        if isinstance(found, tuple):
            return ImportPlan([block for _, block in waiting], known, repeated, refused)
        for index, refusal in found.items():
            if refusal.same_as is None:
                refused.append((waiting[index][0], _because(refusal)))
            elif refusal.same_as < len(config.sources):
                known += 1
            else:
                repeated += 1
        waiting = [pair for index, pair in enumerate(waiting) if index not in found]


def _because(refusal: Refusal) -> str:
    from aggregator.config import message

    told = message(refusal.mistake)
    return told if refusal.key == "url" else f"{refusal.key}: {told}"


def _block(source: Source, taken: set[str], usual: Source) -> Block:
    """Return the block of an outline; what a configuration would refuse in its texts is mended.

    Our own exports (which have names) say all settings that are not the program's: what they do
    not say is not to be as this file's `[defaults]` have it (`usual`), either.
    """
    from aggregator.config import text_values
    from aggregator.config.edit import Block, derive_name
    from aggregator.config.opml_settings import settings_of
    from aggregator.config.text_values import MAX_TAG_CHARS, MAX_TITLE_CHARS
    from aggregator.preview.feed_links import is_feed_scheme, whole_url

    # Only what browsers once put before an address is taken off: a bare word is no URL here.
    url = whole_url(source.url) if is_feed_scheme(source.url) else source.url
    own = bool(source.name)
    title = _line(source.title or "", MAX_TITLE_CHARS, text_values.title, own=own)
    name = source.name
    if not _is_free(name, taken):
        name = derive_name(title, url, taken)
    taken.add(name)
    lines = (_line(tag, MAX_TAG_CHARS, text_values.tag, own=own) for tag in source.tags)
    tags = tuple(dict.fromkeys(tag for tag in lines if tag not in ("", ".", "..")))
    settings = settings_of(source, usual) if own else settings_of(source)
    if own and usual.tags and not tags:
        settings["tags"] = []
    if own and usual.private and not source.private:
        settings["private"] = False
    return Block(
        name=name,
        url=url,
        title=title or None,
        tags=tags,
        private=source.private,
        mirrors=(url, *source.mirrors[1:]) if source.mirrors else (),
        settings=tuple(settings.items()),
    )


def _is_free(name: str, taken: set[str]) -> bool:
    from aggregator.config.text_values import name as checked

    try:
        return bool(name) and checked(name) not in taken
    except ValueError:
        return False


def _line(text: str, most: int, check: Callable[[object], str], *, own: bool) -> str:
    """Return what an outline says as a line that is fit for config.toml.

    Of our `own` exports what a configuration takes is what one said, and stays as it is.
    """
    from aggregator.web.text import printable

    with suppress(ValueError):
        if own:
            return check(text)
    return printable(text).strip()[:most].strip()


def _tell(plan: ImportPlan, path: Path, *, dry_run: bool) -> None:
    if dry_run:
        for block in plan.blocks:
            tags = f"  [{', '.join(block.tags)}]" if block.tags else ""
            pass_on(line(f"{block.name}  {block.url}{tags}"))
    if not (plan.blocks or plan.known or plan.repeated or plan.refused or plan.too_deep):
        without = f" ({plan.without_feed} name none)" if plan.without_feed else ""
        echo(f"no outlines that name a feed: nothing to add{without}")
        return
    added = len(plan.blocks)
    counts = [f"{added} would be added to {path}" if dry_run else f"{added} added to {path}"]
    counts += [f"{plan.known} there already"] if plan.known else []
    counts += [f"{plan.repeated} repeated in the file"] if plan.repeated else []
    counts += [f"{len(plan.refused)} unusable"] if plan.refused else []
    counts += [f"{plan.without_feed} without a feed's address"] if plan.without_feed else []
    counts += [f"{plan.too_deep} in more folders than are read"] if plan.too_deep else []
    echo(", ".join(counts))
    for source, because in plan.refused:
        named = theirs(f'"{source.title or ""}" ({source.url})')
        echo(f"{named}: {line(because)}", err=True)
