"""The folders that config.toml names to write into: what is in their way, and who may make them."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aggregator.config import Config


def in_the_way(directory: Path) -> Path | None:
    """Return what is where a folder is to be, or one that it is to lie in."""
    place = _first_there(directory)
    return None if place is None or place.is_dir() else place


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def folder_warnings(config: Config, may_write: Callable[[Path], bool] = _may_write) -> list[str]:
    """Return which folders this user can neither make nor write into, a line each.

    So is one for the database where what it is to lie in is missing, too: a mistaken name.
    """
    named = [("[publish] directory", config.publish.directory)] if config.publish.directory else []
    named += [
        (f"exports[{index}].directory", config.path.parent / export.directory)
        for index, export in enumerate(config.exports)
    ]
    found = [
        f"{key}: {directory} {trouble}"
        for key, directory in named
        for trouble in _troubles(directory.absolute(), may_write)
    ]
    folder = config.store.path.absolute().parent
    if config.store.url is None and _first_there(folder) != folder:
        trouble = next(_troubles(folder, may_write), "")
        if not trouble and _first_there(folder) != folder.parent:
            trouble = "is not there yet; `aggregator run` makes it"
        if trouble:
            found.append(f"[store] path: {folder} {trouble}")
    return found


def _troubles(directory: Path, may_write: Callable[[Path], bool]) -> Iterator[str]:
    place = _first_there(directory)
    if place is None or not place.is_dir():
        return
    if place != directory and os.statvfs(place).f_blocks == 0:
        yield f"cannot be made: {place} holds what the system tells, and no files; name another one"
        return
    if may_write(place):
        return
    user = _user()
    remedy = f"`sudo install -d -o {user} -g {user} -m 755 {directory}` makes it one that may"
    if place == directory:
        yield f"may not be written by {user}; {remedy}"
    else:
        yield f"cannot be made by {user}, who may not write in {place}; {remedy}"


def _first_there(directory: Path) -> Path | None:
    """Return the folder itself, or the nearest thing above it that is there."""
    for place in (directory, *directory.parents):
        if os.path.exists(place):  # noqa: PTH110  # Path.exists raises where nobody may look
            return place
    return None


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's
        return str(os.geteuid())
