"""`aggregator init`: write the commented example as a configuration to begin with."""

from __future__ import annotations

import os
from pathlib import Path

import click

from aggregator.cli.options import config_option, config_path
from aggregator.cli.speech import echo
from aggregator.language.spoken import is_english
from aggregator.model.errors import AggregatorError, ConfigError

EPILOG = """\b
Examples:
  aggregator init                                    # ./config.toml
  aggregator init --config /etc/aggregator/config.toml

\b
Exit status:
  0   written
  1   there is a configuration already, or it cannot be written
"""


@click.command(epilog=EPILOG, short_help="Write a configuration to begin with.")
@config_option
def init() -> None:
    """Write a configuration with every key explained, where there is none.

    It is written to --config FILE, $AGGREGATOR_CONFIG or ./config.toml, readable by its owner
    alone, and holds a few sources as examples. A file that is there stays as it is. With --lang zh
    its comments are in Chinese.
    """
    from importlib import resources

    from aggregator.config.settings import StoreSettings
    from aggregator.store.copies.named_files import is_of

    path = _free_place()
    if is_of(path.parent / StoreSettings().path, path):
        raise AggregatorError(f"{path}: the database has its own files there; name another file")
    name = "example.toml" if is_english() else "example.zh.toml"
    example = resources.files("aggregator.config").joinpath(name).read_bytes()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise AggregatorError(f"{path} is there already: nothing is written") from error
    except (OSError, ValueError) as error:  # a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise AggregatorError(f"{path}: cannot be written: {reason}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(example)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise AggregatorError(f"{path}: cannot be written: {error.strerror}") from error
    echo(f"{path} is written.\nEdit its [[sources]], or add some with `aggregator add`.")
    echo("Then `aggregator check` tells what it means, `aggregator run` starts the daemon.")


def _free_place() -> Path:
    """Return where a configuration is to be; raises `AggregatorError` where one is found."""
    try:
        path = config_path()
    except ConfigError:  # nowhere
        return Path("config.toml")
    if path.exists():
        raise AggregatorError(
            f"{path} is there already: nothing is written. Name another file with --config"
        )
    return path
