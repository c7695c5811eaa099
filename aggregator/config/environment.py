"""What the environment says instead of config.toml: where a container, or a package, keeps things.

A variable that is set is read in place of its key, by the key's own rules; an empty one is not set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config import network_values, text_values
from aggregator.config.mistake_list import WrongValueError
from aggregator.config.mistake_messages import lines
from aggregator.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Each variable with the table, the key, and what reads its value.
VARIABLES: Mapping[str, tuple[str, str, Callable[[object], object]]] = {
    "AGGREGATOR_LISTEN": ("server", "listen", network_values.listen),
    "AGGREGATOR_OPERATOR_LISTEN": (
        "server",
        "operator_listen",
        network_values.operator_listen,
    ),
    "AGGREGATOR_BASE_URL": ("server", "base_url", network_values.base_url),
    "AGGREGATOR_DATABASE": ("store", "path", text_values.file_path),
}


def named(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that are set, in the order of `VARIABLES`."""
    return tuple(name for name in VARIABLES if environ.get(name))


def overlaid(document: dict[str, object], environ: Mapping[str, str]) -> dict[str, object]:
    """Return a document of TOML with the values of the environment in place of its own.

    A table that is none stays as it is, for its own mistake to be told.

    Raises:
        ConfigError: A variable has a value that its key cannot have; it is named.
    """
    changed = dict(document)
    for name in named(environ):
        table, key, read = VARIABLES[name]
        try:
            read(environ[name])
        except WrongValueError as error:
            raise ConfigError(lines(f"${name}", error.mistakes), error.mistakes) from error
        given = changed.get(table, {})
        if isinstance(given, dict):
            changed[table] = {**given, key: environ[name]}
    return changed
