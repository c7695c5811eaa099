"""The operator's password: its hash (Argon2id, RFC 9106) in a file beside the database."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.lock import beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import argon2
else:
    argon2 = LateModule("argon2")  # costs 30 ms, for a log-in that few need

#: Each try takes this memory, and some 75 ms of one core: small machines run us, too.
_MEMORY_KIB, _PASSES, _LANES = 32 * 1024, 3, 1

LEAST_CHARS, MOST_CHARS = 10, 1000
#: A hash takes about 100.
_MOST_BYTES = 1024


def hash_of(password: str) -> str:
    """Return what is kept of a password, in the PHC string format; takes a salt of its own.

    Raises `AggregatorError` where argon2-cffi is not installed.
    """
    return _hasher().hash(password)


def is_right(password: str, kept: str) -> bool:
    """Tell whether a password is the one of which `kept` is the hash; no other thing is one."""
    hasher = _hasher()
    try:
        return hasher.verify(kept, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, ValueError):
        return False


def _hasher() -> argon2.PasswordHasher:
    try:
        return argon2.PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
    except ImportError as error:
        raise AggregatorError(
            "passwords need argon2-cffi, which is not installed here: pip install argon2-cffi"
        ) from error


def password_path(store_path: Path) -> Path:
    """Return where the hash lies: `NAME.password`."""
    return beside(store_path, "password")


class KeptPassword:
    """The hash beside a database, read anew when its file is another one."""

    def __init__(self, store_path: Callable[[], Path]) -> None:
        self._store_path = store_path
        self._seen: tuple[Path, int, int, int] | None = None
        self._hash: str | None = None

    def hash(self) -> str | None:
        """Return the hash, `None` where there is none; costs a stat(2)."""
        path = password_path(self._store_path())
        try:
            found = path.stat()
        except OSError:
            self._seen = None
            return None
        if not stat.S_ISREG(found.st_mode):  # a pipe would never be read to its end
            return None
        present = (path, found.st_ino, found.st_size, found.st_mtime_ns)
        if present != self._seen:
            try:
                with path.open("rb") as file:
                    text = file.read(_MOST_BYTES).decode("ascii", "replace").strip()
            except OSError:
                return None
            self._seen, self._hash = present, text or None
        return self._hash
