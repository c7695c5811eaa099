"""Configurations as operators write them, and what they mean or where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import Config, parse
from aggregator.model.errors import ConfigError


def source_toml(name: str, url: str | None = None, more: str = "") -> str:
    """Return a `[[sources]]`, with `more` lines in it."""
    url = url or f"https://{name}.example/rss"
    return f'[[sources]]\nname = "{name}"\nurl = "{url}"\n' + (f"{more}\n" if more else "")


#: The shortest source there is; further lines of it may follow.
SOURCE = source_toml("a")


def parsed(text: str, path: str = "config.toml") -> Config:
    """Return what a configuration means."""
    return parse(text, Path(path))


def mistakes(text: str, path: str = "config.toml") -> list[str]:
    """Return everything that is wrong with a configuration, line by line."""
    with pytest.raises(ConfigError) as caught:
        parsed(text, path)
    assert str(caught.value) == "\n".join(caught.value.lines)
    return list(caught.value.lines)
