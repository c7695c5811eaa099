"""What is published, and where it goes: what must hold between feeds, [publish] and exports."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from aggregator.config import values
from aggregator.config.mistakes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path as FilePath

    from aggregator.config.mistakes import Mistakes
    from aggregator.config.places import Path
    from aggregator.config.read_tables import Tables
    from aggregator.model import Feed

#: What stands in the example's place of a token; everybody can read it there.
_EXAMPLES = "write-your-own"
_ROOT = "/"


def check(tables: Tables, feeds: Sequence[Feed], folder: FilePath, mistakes: Mistakes) -> None:
    """Find the mistakes between feeds, [publish] and exports; `feeds` hold the automatic ones."""
    _tokens(tables, mistakes)
    _exported_feeds(tables, feeds, mistakes)
    _directories(tables, folder, mistakes)


def cautions(tables: Tables, warnings: Mistakes) -> None:
    """Find what is allowed and seldom meant, or dangerous."""
    for index, reading in enumerate(tables.feeds):
        for position, tag in enumerate(reading.table.exclude_tags):
            if tag in (reading.table.tags or ()):
                warnings.add(
                    ("feeds", index, "exclude_tags", position), "is among tags, too: it wins"
                )
    for path, secret in _written_tokens(tables):
        if secret.startswith(_EXAMPLES):
            warnings.add(path, "is that of the example, which everybody knows; make your own")
    for index, export in enumerate(tables.exports):
        if export.table.content == "raw":
            warnings.add(
                ("exports", index, "content"),
                "posts hold the publishers' own HTML: its scripts run where they are shown",
            )


def _written_tokens(tables: Tables) -> Iterator[tuple[Path, str]]:
    if (secret := tables.publish.table.status_token) is not None:
        yield ("publish", "status_token"), secret
    for index, reading in enumerate(tables.feeds):
        if (secret := reading.table.token) is not None:
            yield ("feeds", index, "token"), secret


def _tokens(tables: Tables, mistakes: Mistakes) -> None:
    first: dict[str, Path] = {}
    for path, secret in _written_tokens(tables):
        if first.setdefault(secret, path) != path:
            other = first[secret]
            where = "that of [publish]" if other[0] == "publish" else f"that of feeds[{other[1]}]"
            mistakes.add(path, f"the same token as {where}")


def _exported_feeds(tables: Tables, feeds: Sequence[Feed], mistakes: Mistakes) -> None:
    # What cannot be read may be what is meant.
    if any("name" in reading.broken for reading in tables.feeds) or any(
        not reading.broken.isdisjoint({"name", "tags", "tag"}) for reading in tables.sources
    ):
        return
    names = [feed.name for feed in feeds]
    for index, export in enumerate(tables.exports):
        name = export.table.feed
        if "feed" in export.broken or name in names:
            continue
        if export.says("feed"):
            hint = values.suggestion(name, names)
            mistakes.add(("exports", index, "feed"), f'unknown feed "{printable(name)}"{hint}')
        else:
            mistakes.add(
                ("exports", index, "feed"), "missing: there is no feed named all; name another"
            )


def _directories(tables: Tables, folder: FilePath, mistakes: Mistakes) -> None:
    files = tables.publish.table.directory
    published = None if files is None else _spelt(folder, files)
    if published == _ROOT:
        mistakes.add(("publish", "directory"), "must not be /: name a folder in it")
        published = None
    first: dict[tuple[str, str], int] = {}
    for index, export in enumerate(tables.exports):
        if not export.table.directory:
            continue
        place = _spelt(folder, export.table.directory)
        at = ("exports", index, "directory")
        if place == _ROOT:
            mistakes.add(at, "must not be /: name a folder in it")
        elif published is not None and (how := _overlap(place, published)):
            mistakes.add(at, f"{how} [publish] directory; posts need their own")
        # Several feeds may share a folder: whose a post is stands in the manifest there.
        other = first.setdefault((place, export.table.feed), index)
        if other != index:
            mistakes.add(at, f"the same directory and feed as exports[{other}]")


def _overlap(place: str, other: str) -> str | None:
    if place == other:
        return "the same as"
    if place.startswith(f"{other}/"):
        return "lies in"
    return "holds" if other.startswith(f"{place}/") else None


def _spelt(folder: FilePath, directory: str) -> str:
    # POSIX leaves open what two slashes at the start mean; here they are one.
    return posixpath.normpath(str(folder.absolute() / directory)).replace("//", "/", 1)
