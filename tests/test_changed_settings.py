"""A reload names the settings that it took over."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import parse
from aggregator.daemon.changed_settings import changed_settings
from aggregator.operations.messages import change_text

SOURCE = '[[sources]]\nname = "a"\nurl = "https://a.example/"\n'
FIXED = ("server.listen", "store.path")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("", []),
        ("# a comment\n", []),
        ('[store]\nquota = "128MiB"\n', ["settings changed: store.quota"]),
        (
            '[polling]\nconcurrency = 3\n[log]\nlevel = "debug"\n',
            ["settings changed: polling.concurrency, log.level"],
        ),
        ('[store]\npath = "other.db"\n', []),  # takes a restart, which is told apart
        ('[[sites]]\nhost = "a.example"\nremove = ["p.ad"]\n', ["settings changed: sites"]),
    ],
)
def test_settings_that_changed_are_named(settings: str, told: list[str]) -> None:
    old, fresh = (parse(text + SOURCE, Path("config.toml")) for text in ("", settings))
    changes = changed_settings(old, fresh, fixed=FIXED)
    assert [change_text(change) for change in changes] == told
