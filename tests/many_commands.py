"""Run many commands in one process, in a language: `python -m tests.many_commands zh CONFIG`.

Standard input holds them, a JSON list of lists of words; standard output gets what each printed.
The configuration is as it was before each of them.
"""

from __future__ import annotations

import contextlib
import contextvars
import io
import json
import sys
from pathlib import Path

import click

from aggregator.cli import commands
from aggregator.cli.speech import echo, show_error
from aggregator.cli.terminal_text import plain
from aggregator.language.spoken import speak
from aggregator.model.errors import AggregatorError, ConfigError


def run(words: list[str], config: str) -> str:
    """Return what a command prints, its errors as the program prints them."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            commands.main([*words, "--config", config], "aggregator", standalone_mode=False)
        except click.ClickException as error:
            show_error(error)
        except AggregatorError as error:
            for line in error.lines if isinstance(error, ConfigError) else (str(error),):
                echo(plain(line))
    out.seek(0)
    return out.read()


if __name__ == "__main__":
    language, file = sys.argv[1:]
    speak(language)
    before = Path(file).read_bytes()
    told = []
    for command in json.load(sys.stdin):
        told.append(contextvars.copy_context().run(run, command, file))
        Path(file).write_bytes(before)
    json.dump(told, sys.stdout)
