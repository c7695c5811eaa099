"""Where the files of secrets lie that a configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.fetch.secret_files import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.config import Config


def places_of(config: Config, environ: Mapping[str, str]) -> Secrets:
    """Return where to look for them; systemd says where its credentials are."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    return Secrets(config.path.parent, Path(credentials) if credentials else None)
