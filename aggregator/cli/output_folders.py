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
    """Return which folders this user can neither make nor write into, a line each."""
    named = [("[publish] directory", config.publish.directory)] if config.publish.directory else []
    named += [
        (f"exports[{index}].directory", config.path.parent / export.directory)
        for index, export in enumerate(config.exports)
    ]
    return [
        f"{key}: {directory} {trouble}"
        for key, directory in named
        for trouble in _troubles(directory.absolute(), may_write)
    ]


def _troubles(directory: Path, may_write: Callable[[Path], bool]) -> Iterator[str]:
    place = _first_there(directory)
    if place is None or not place.is_dir() or may_write(place):
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
