"""The option that every command has: which configuration; and the database that it names."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from aggregator.language.choice import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.config import Config
    from aggregator.model import Source
    from aggregator.rules.secrets import Secrets
    from aggregator.store import Store
    from aggregator.store.opening import Place

Command = TypeVar("Command", bound="Callable[..., object]")


def config_option(command: Command) -> Command:
    """Add `--config` and `--lang`, before or after the command's name; `config_path` reads the one.

    The other was read before (`language.choice`): the help that click writes goes by it.
    """
    command = click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help="The language of messages. Default: what the locale says.",
    )(command)
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
    return load_file(config_path())


def load_file(path: Path) -> Config:
    """Return the checked configuration of a file; what is secret in it is printed nowhere."""
    from aggregator.cli.terminal_text import conceal
    from aggregator.config import load

    config = load(path)
    if config.lists:
        config = _with_lists(config)
    conceal(all_secrets(config))
    return config


def _with_lists(config: Config) -> Config:
    """Return the configuration with what its lists list, as far as the database can be read.

    One that cannot be yet, or needs an upgrade, is for whoever opens it to tell of.
    """
    from aggregator.daemon.joined import with_lists
    from aggregator.model.errors import StoreError
    from aggregator.store.opening import open_reader

    try:
        store = open_reader(config.store)
    except StoreError:
        return with_lists(config, ())
    try:
        return with_lists(config, store.lists())
    finally:
        store.close()


def all_secrets(config: Config, *further: Source) -> Secrets:
    """Return all that is secret in a configuration, and in sources that are not in it yet."""
    from aggregator.rules.held_secrets import secrets_of

    return secrets_of((*config.sources, *further), secrets_beside(config))


def secrets_beside(config: Config) -> tuple[str, ...]:
    """Return what is secret besides URLs and headers; most configurations have no such thing."""
    from aggregator.model import Access

    accesses = (source.access for source in config.sources)
    tokens = any(feed.token for feed in config.feeds) or config.publish.status_token
    if (
        not tokens
        and not config.notify
        and not config.lists
        and config.network.proxy is None
        and all(one == Access() for one in accesses)
    ):
        return ()
    from aggregator.daemon.further_secrets import further_secrets

    return further_secrets(config, os.environ)


def with_own_address(config: Config) -> Config:
    """Return the configuration with the daemon's own address allowed, for whoever types it.

    A publisher's redirect leads there no more than before: only an address that is allowed itself
    may lead to one that is (`fetch.guard`).
    """
    from dataclasses import replace

    from aggregator.config import allowance
    from aggregator.web.addresses import host_and_port

    host, port = host_and_port(config.server.base_url)
    shown = f"[{host}]" if ":" in host else host
    listening = config.server.listen.port
    own = [f"{shown}:{port}"]
    if listening is not None:
        own += [f"{name}:{listening}" for name in ("127.0.0.1", "[::1]", "localhost")]
    network = config.network
    allowed = (*network.allow_private, *map(allowance, own))
    return replace(config, network=replace(network, allow_private=allowed))


def load_config_if_any() -> Config:
    """Return the checked configuration, or one of nothing where there is none to be found."""
    from aggregator.config import parse
    from aggregator.model.errors import ConfigError

    try:
        path = config_path()
    except ConfigError:
        return parse("", Path("config.toml"))
    return load_file(path)


def database_file(store: Place, instead: str) -> Path:
    """Return the file of the database; `instead` is what to do where a server has it.

    Raises `AggregatorError` there.
    """
    from aggregator.model.errors import AggregatorError

    if store.url is not None:
        raise AggregatorError(f"the database is on PostgreSQL ([store] url); {instead}")
    return store.path.absolute()


@contextmanager
def reading(config: Path, store: Place, further_secrets: tuple[str, ...] = ()) -> Iterator[Store]:
    """Open the database for reading; an error names both files whole, as a folder may be wrong.

    `further_secrets` as for `Store.apply`, where what is read is published.

    Raises:
        NoStoreError: There is none yet.
        StoreError: It cannot be used.
    """
    from aggregator.daemon import control
    from aggregator.model.errors import NoStoreError, StoreError
    from aggregator.operations.messages import starting_text
    from aggregator.store.opening import name_of, open_reader

    try:
        opened = open_reader(store, further_secrets=further_secrets)
    except StoreError as error:
        if (pid := control.starting(store.path)) is not None:
            what = name_of(store) if isinstance(error, NoStoreError) else error
            raise type(error)(f"{what}: {starting_text(pid)}") from error
        if not isinstance(error, NoStoreError):
            raise
        told = f"{error} (configuration: {config.absolute()}; --config names another)"
        raise NoStoreError(told) from error
    try:
        yield opened
    finally:
        opened.close()
