"""`aggregator remove`, `disable`, `enable`, `rename`, `tag`: sources edited by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, config_path, load_file
from aggregator.cli.reload_command import reload_if_running
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import line, theirs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.config.edit import Place, SourceEdits

#: What ends like this in every command.
_STATUS = """

\b
Exit status:
  0   done, or there was nothing to do
  1   a name is not known, or a feed or export needs the source; nothing is written
  2   the command line is wrong
  78  the configuration has mistakes
"""


def _epilog(examples: str) -> str:
    return f"\b\nExamples:\n{examples}{_STATUS}"


@click.command(
    epilog=_epilog("  aggregator remove sspai\n  aggregator remove --dry-run sspai 36kr\n"),
    short_help="Remove sources; their history stays stored.",
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--dry-run", is_flag=True, help="Only print what would go, and what subscribers would lose."
)
@config_option
def remove(names: Sequence[str], *, dry_run: bool) -> int:
    """Remove sources from the configuration, and from the lists of feeds that name them.

    With the block go the comments that touch it; every other byte stays. Its entries leave the
    feeds; they are kept and come back with the source for as long as [store] retention says.
    """
    told: list[str] = []

    def change(edits: SourceEdits, _: Config) -> None:
        places = edits.places(names)
        feeds = edits.remove(names)
        told.extend(
            f"would remove {_place(place)}" if dry_run else f"removed {_place(place)}"
            for place in places
        )
        if feeds:
            told.append(f"and from the sources of {', '.join(map(theirs, feeds))}")

    return _edit(change, told, dry_run=dry_run)


@click.command(epilog=_epilog("  aggregator disable sspai\n"), short_help="Poll sources no more.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@config_option
def disable(names: Sequence[str]) -> int:
    """Poll sources no more (enabled = false); their entries stay in the feeds."""
    return _switch(names, enabled=False)


@click.command(epilog=_epilog("  aggregator enable sspai\n"))
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@config_option
def enable(names: Sequence[str]) -> int:
    """Poll sources again that were disabled."""
    return _switch(names, enabled=True)


@click.command(
    epilog=_epilog("  aggregator rename ithome-com ithome\n"),
    short_help="Give a source another name.",
)
@click.argument("name")
@click.argument("new_name")
@config_option
def rename(name: str, new_name: str) -> int:
    """Give a source another name; its entries, their ids and its history stay.

    Feeds and exports that name it follow. Its own feed moves to /sources/NEW_NAME and is redirected
    there from the old address.
    """
    from aggregator.config.text_values import name as checked

    _check(new_name, checked)
    told: list[str] = []

    def change(edits: SourceEdits, _: Config) -> None:
        (place,) = edits.places([name])
        if name == new_name:
            return
        feeds = edits.rename(name, new_name)
        told.append(f"{_place(place)} is {theirs(new_name)} now")
        if feeds:
            told.append(f"and in the sources of {', '.join(map(theirs, feeds))}")

    return _edit(change, told)


@click.command(
    epilog=_epilog("  aggregator tag sspai 36kr --add 科技\n  aggregator tag sspai --remove news\n")
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--add", "-a", "added", metavar="TAG", multiple=True, help="Repeat for more.")
@click.option("--remove", "-r", "removed", metavar="TAG", multiple=True, help="Repeat for more.")
@config_option
def tag(names: Sequence[str], added: Sequence[str], removed: Sequence[str]) -> int:
    """Give sources tags, or take some away."""
    from aggregator.config.edit import SourceEdits
    from aggregator.config.text_values import tag as checked

    if not (added or removed):
        raise click.UsageError("nothing to do: name a tag by --add or --remove")
    for one in (*added, *removed):
        _check(one, checked)
    told: list[str] = []

    def change(edits: SourceEdits, config: Config) -> SourceEdits:
        had = {source.name: source.tags for source in config.sources}
        edits.remove_tags(names, removed)
        # Anew: what is appended to a list goes behind what is left of it.
        edits = SourceEdits(edits.texts)
        edits.add_tags(names, added)
        for place in edits.places(names):
            tags = [one for one in had[place.name] if one not in removed]
            tags = list(dict.fromkeys((*tags, *added)))
            if tuple(tags) != had[place.name]:
                told.append(f"{_place(place)}: {', '.join(map(theirs, tags)) or 'no tags'}")
        return edits

    return _edit(change, told)


def _check(word: str, checked: Callable[[object], object]) -> None:
    from aggregator.config import message
    from aggregator.config.mistake_list import WrongValueError

    try:
        checked(word)
    except WrongValueError as error:
        raise click.BadParameter(message(error.mistakes[0]), param_hint=repr(word)) from error


def _switch(names: Sequence[str], *, enabled: bool) -> int:
    told: list[str] = []

    def change(edits: SourceEdits, config: Config) -> None:
        places = edits.places(names)
        others = {one.name for one in config.sources if one.enabled is not enabled}
        edits.switch([place.name for place in places if place.name in others], enabled=enabled)
        told.extend(
            f"enabled {_place(place)}" if enabled else f"disabled {_place(place)}"
            for place in places
            if place.name in others
        )

    return _edit(change, told)


def _edit(
    change: Callable[[SourceEdits, Config], SourceEdits | None],
    told: Sequence[str],
    *,
    dry_run: bool = False,
) -> int:
    """Edit the configuration, tell what was done, and let a running daemon take it over.

    Of a `dry_run` tell what the edit would change, and what subscribers would lose by it.
    """
    from aggregator.config.edit import SourceEdits, edit_all

    path = config_path()
    load_file(path)  # what is secret in it is printed nowhere

    def edited(texts: Mapping[Path, str], config: Config) -> Mapping[Path, str]:
        edits = SourceEdits(texts)
        return (change(edits, config) or edits).texts

    config = edit_all(path, edited, dry_run=dry_run)
    for sentence in told:
        echo(line(sentence))
    if not told:
        echo("nothing to change")
        return 0
    if dry_run:
        from aggregator.cli.planned import planned

        for changes in planned(config):
            for change_line in changes:
                echo(f"  {line(change_line)}")
        return 0
    return reload_if_running(config.store)


def _place(place: Place) -> str:
    lines = f"{place.first}-{place.last}" if place.first != place.last else f"{place.first}"
    return theirs(f"{place.name} ({place.file}:{lines})")
