"""Libraries that some machines cannot have, and what is lost without each."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: No wheel of these is made for 32-bit ARM; everything else works there.
LOSSES = {
    "google-re2": ("re2", "no /regex/ in rules and replacements; plain words work"),
    "selectolax": ("selectolax", "no CSS selectors (remove)"),
    "argon2-cffi": ("argon2", "no passwords for pages (aggregator passwd)"),
    "brotli": ("brotli", "answers are neither asked for nor sent in br; gzip is used"),
    "backports.zstd": (
        "backports.zstd",
        "answers are not asked for in zstd, and texts are not stored with it; gzip and zlib are",
    ),
}

#: Without these everything works as well, more slowly.
SLOWER = {
    "httptools": ("httptools", "h11 reads requests, so that fewer are answered a second"),
    "uvloop": ("uvloop", "Python's own event loop runs the daemon, more slowly"),
}


def absent_libraries(
    is_there: Callable[[str], bool] | None = None,
    known: Mapping[str, tuple[str, str]] = LOSSES,
) -> tuple[tuple[str, str], ...]:
    """Return the name of each known library that is not installed, and what is lost without it.

    `is_there` tells whether a module can be imported.
    """
    found = is_there or _can_be_imported
    return tuple((name, loss) for name, (module, loss) in known.items() if not found(module))


def _can_be_imported(module: str) -> bool:
    if module == "backports.zstd" and find_spec("compression") is not None:
        return True  # Python 3.14 has it
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # nor the package that it would be in
        return False
