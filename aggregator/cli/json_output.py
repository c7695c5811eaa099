"""Lists of objects on standard output, for other programs."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from aggregator.cli.speech import pass_on
from aggregator.cli.terminal_text import concealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


def print_objects(objects: Iterable[Mapping[str, object]]) -> None:
    """Print a list of objects as JSON in UTF-8, whatever the locale, with nothing secret in it."""
    import json

    told = [
        {name: concealed(value) if isinstance(value, str) else value for name, value in one.items()}
        for one in objects
    ]
    pass_on(json.dumps(told, ensure_ascii=False, indent=2).encode())


def utc(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
