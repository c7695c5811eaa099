"""A file for its owner alone, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_privately(file: Path, parts: Iterable[bytes], *, as_folder: bool = False) -> None:
    """Write a file that only its owner can read (mode 0600), in place of one that is there.

    It takes its place when all parts are written; a device is written to. With `as_folder` root
    gives it to the owner of its folder, whose service reads it. Raises `AggregatorError`
    where it cannot be written, and whatever `parts` raises.
    """
    fresh: Path | None = None
    try:
        if file.exists() and not file.is_file():
            with file.open("wb") as opened:
                opened.writelines(parts)
            return
        file = file.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
        fresh = Path(name)
        with os.fdopen(handle, "wb") as opened:
            if as_folder and os.geteuid() == 0:
                owner = file.parent.stat()
                os.fchown(handle, owner.st_uid, owner.st_gid)
            opened.writelines(parts)
            opened.flush()
            os.fsync(handle)
        fresh.replace(file)
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise AggregatorError(f"{file}: cannot be written: {reason}") from error
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)
