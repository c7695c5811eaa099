"""The option that every command has: which configuration; and the database that it names."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.config import Config
    from aggregator.store import Store

Command = TypeVar("Command", bound="Callable[..., object]")


def config_option(command: Command) -> Command:
    """Add `--config`, before or after the command's name; `config_path` reads it."""
    return click.option(
        "--config",
        "config_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember,
        help="The configuration. Default: $AGGREGATOR_CONFIG, ./config.toml, "
        "/etc/aggregator/config.toml, the first that is there.",
    )(command)


def _remember(context: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    if value is not None:
        context.find_root().obj = value
    return value


def config_path() -> Path:
    """Return the configuration file to use; raises `ConfigError` when there is none."""
    from aggregator.config import find

    named: Path | None = click.get_current_context().find_root().obj
    return find(named, os.environ, Path())


def load_config() -> Config:
    """Return the checked configuration; raises `ConfigError` with every mistake."""
    from aggregator.config import load

    return load(config_path())


def load_config_if_any() -> Config:
    """Return the checked configuration, or one of nothing where there is none to be found."""
    from aggregator.config import load, parse
    from aggregator.model.errors import ConfigError

    try:
        path = config_path()
    except ConfigError:
        return parse("", Path("config.toml"))
    return load(path)


@contextmanager
def reading(config: Path, database: Path) -> Iterator[Store]:
    """Open the database for reading; an error names both files whole, as a folder may be wrong.

    Raises:
        NoStoreError: There is none yet.
        StoreError: It cannot be used.
    """
    from aggregator.model.errors import NoStoreError
    from aggregator.store.sqlite import open_reader

    try:
        store = open_reader(database.absolute())
    except NoStoreError as error:
        told = f"{error} (configuration: {config.absolute()}; --config names another)"
        raise NoStoreError(told) from error
    try:
        yield store
    finally:
        store.close()
