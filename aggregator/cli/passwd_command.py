"""`aggregator passwd`: set the password with which the operator logs in on pages."""

from __future__ import annotations

import sys

import click

from aggregator.cli.options import config_option, config_path, load_file
from aggregator.cli.speech import echo
from aggregator.language.spoken import retold
from aggregator.model.errors import AggregatorError

EPILOG = """\b
Examples:
  aggregator passwd                   # asks for it twice
  aggregator passwd < password.txt    # the first line
  aggregator passwd --remove          # nobody can log in any more

\b
Exit status:
  0   done
  1   it cannot be a password, or cannot be written
  78  the configuration has mistakes
"""


@click.command(epilog=EPILOG)
@click.option("--remove", is_flag=True, help="Remove it: only this machine is obeyed again.")
@config_option
def passwd(*, remove: bool) -> int:
    """Set the password with which you log in at /login.

    Its hash (Argon2id) is kept beside the database in NAME.password, mode 0600. A running daemon
    takes it over at once, and ends every session that began with another. With a password, poll,
    pause and add on pages take a log-in on this machine, too.
    """
    from aggregator.cli.private_file import write_privately
    from aggregator.store.operator_password import hash_of, password_path

    config = load_file(config_path())
    path = password_path(config.store.path)
    if remove:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise AggregatorError(f"{path}: cannot be removed: {error.strerror}") from error
        echo("there is no password now")
        return 0
    if path.exists() and not path.is_file():
        raise AggregatorError(f"{path}: is no regular file; remove it")
    write_privately(path, (hash_of(_password()).encode() + b"\n",), as_folder=True)
    echo(f"the password is set: log in at {config.server.base_url}/login")
    return 0


def _password() -> str:
    from aggregator.store.operator_password import LEAST_CHARS, MOST_CHARS

    if sys.stdin.isatty():
        password: str = click.prompt(retold("Password"), hide_input=True, confirmation_prompt=True)
    else:
        # A character has up to four bytes.
        line = sys.stdin.buffer.readline(4 * MOST_CHARS + 2)
        password = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
    if any("\ud800" <= char <= "\udfff" for char in password):
        raise AggregatorError("the password is not UTF-8; write it in UTF-8")
    if not LEAST_CHARS <= len(password) <= MOST_CHARS:
        raise AggregatorError(f"a password has {LEAST_CHARS} to {MOST_CHARS} characters")
    return password
