"""Which settings a reload took over, or would, besides sources and feeds."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config import Listen
from aggregator.model.changes import ChangedSettings

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.config import Config

_TABLES = ("server", "store", "polling", "network", "log", "rsshub", "publish", "pages")
_LISTS = ("exports", "sites", "notify", "lists")


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


#: Those that a daemon keeps for as long as it runs.
FIXED = ("server.listen", "server.operator_listen", "store.path", "store.url", "log.format")


def fixed_settings(config: Config) -> dict[str, object]:
    """Return what a daemon keeps for as long as it runs, by its key."""
    tables = (key.split(".") for key in FIXED)
    return {f"{table}.{name}": getattr(getattr(config, table), name) for table, name in tables}


def setting_digests(config: Config) -> dict[str, str]:
    """Return of each setting, by its key, what tells whether another process has the same value.

    A value cannot be read from it: some are secret.
    """
    values = {
        f"{table}.{field.name}": getattr(getattr(config, table), field.name)
        for table in _TABLES
        for field in fields(getattr(config, table))
    }
    values |= {name: getattr(config, name) for name in _LISTS}
    return {key: _digest(value) for key, value in values.items()}


def _digest(value: object) -> str:
    if isinstance(value, Listen) and value.unix_path is not None:
        value = value.unix_path
    if isinstance(value, Path):
        value = str(value.absolute())
    return sha256(repr(value).encode("utf-8", "replace")).hexdigest()
