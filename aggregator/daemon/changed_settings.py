"""Which settings a reload took over, besides sources, feeds and the network."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from aggregator.model.changes import ChangedSettings

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.config import Config

_TABLES = ("server", "store", "polling", "log", "rsshub", "publish", "pages")
_LISTS = ("exports", "sites")


def changed_settings(
    old: Config, fresh: Config, *, fixed: Collection[str]
) -> tuple[ChangedSettings, ...]:
    """Return the keys whose values differ ("store.quota"), as one change or none.

    `fixed` are those that take effect at the next start only.
    """
    keys = [
        f"{table}.{field.name}"
        for table in _TABLES
        for field in fields(getattr(fresh, table))
        if getattr(getattr(old, table), field.name) != getattr(getattr(fresh, table), field.name)
    ]
    keys += [name for name in _LISTS if getattr(old, name) != getattr(fresh, name)]
    found = tuple(key for key in keys if key not in fixed)
    return (ChangedSettings(found),) if found else ()
