"""What a command says: messages in the language that is spoken, and what is nobody's message."""

from __future__ import annotations

import click

from aggregator.language.spoken import bare, is_english, retold


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a message of ours."""
    click.echo(bare(retold(text)), err=err, nl=nl)


def pass_on(text: str | bytes) -> None:
    """Print what others wrote, or what other programs read: never retold."""
    click.echo(bare(text) if isinstance(text, str) else text)


def show_error(error: click.ClickException) -> None:
    """Print what is wrong with a command line."""
    # Its frame is click's, translated already; what it says is ours.
    error.message = bare(retold(error.message))  # type: ignore[misc]
    if isinstance(error, click.MissingParameter) and not is_english():
        # It ends with a full stop of its own, which is no message.
        told = error.format_message().removesuffix(".")
        error = click.UsageError(f"{told}。", error.ctx)
    error.show()


def speak_in_help(command: click.Command) -> None:
    """Let `--help` of a command, and of those below it, be in the language that is spoken."""
    if is_english():
        return
    from aggregator.cli.help_in_words import retell_help

    retell_help(command)
