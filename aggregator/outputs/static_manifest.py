"""What was written, so that only changes are, and so that what is published no more goes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, field
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

#: It names the tokens of feeds.
_MODE = 0o600


@dataclass(frozen=True, slots=True)
class File:
    """A document that was written: what for, and the suffixes that are beside it."""

    made_for: str = ""
    suffixes: tuple[str, ...] = ()


@dataclass(slots=True)
class Share:
    """What was written of one feed, and for which state of it; documents by their paths.

    `refused` are the paths at which somebody else's files are.
    """

    made_for: str = ""
    documents: dict[str, File] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


Shares = dict[str, Share]


def read(memory: Path, directory: Path) -> Shares:
    """Return what was written to `directory`, by feed; nothing where nobody knows any more."""
    try:
        said = json.loads(memory.read_bytes())
        if said["directory"] != str(directory):
            return {}
        return {
            name: Share(
                share["made_for"],
                {
                    path: File(file["made_for"], tuple(file["suffixes"]))
                    for path, file in share["documents"].items()
                },
                tuple(share.get("refused", ())),  # none before 0.3.0
            )
            for name, share in said["feeds"].items()
        }
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    except OSError as error:
        raise AggregatorError(f"{memory}: cannot be read: {error.strerror}") from error


def remember(memory: Path, directory: Path, shares: Shares) -> None:
    """Keep what was written, whole or not at all; raises `AggregatorError`."""
    said = {
        "directory": str(directory),
        "feeds": {name: asdict(share) for name, share in shares.items()},
    }
    body = json.dumps(said, ensure_ascii=False).encode(errors="surrogatepass")
    fresh = memory.with_name(f"{memory.name}.tmp")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
        with os.fdopen(handle, "wb") as opened:
            opened.write(body)
            opened.flush()
            os.fsync(handle)
        fresh.replace(memory)
    except OSError as error:
        raise AggregatorError(f"{memory}: cannot be written: {error.strerror}") from error
