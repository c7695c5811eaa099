"""A reload names the settings that it took over, with their values where these are short."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import parse
from aggregator.daemon.changed_settings import FIXED, changes_between, fixed_between, settings_of
from aggregator.operations.change_sentences import change_text
from aggregator.operations.plan_lines import plan_lines

SOURCE = '[[sources]]\nname = "a"\nurl = "https://a.example/"\n'
LIST = '[[lists]]\nname = "planet"\nurl = "https://planet.example/{}.opml"\n'
RECEIVER = '[[notify]]\nname = "phone"\nurl = "https://ntfy.example/{}"\nbundle = "{}"\n'
SITE = '[[sites]]\nhost = "a.example"\nremove = ["p.ad"]\n'


@pytest.mark.parametrize(
    ("before", "after", "told", "planned"),
    [
        ("", "", [], []),
        ("", "# a comment\n", [], []),
        (
            "",
            '[store]\nquota = "128MiB"\n',
            ["settings changed: store.quota"],
            ["~ [store] quota"],  # what it was is no number
        ),
        (
            "",
            '[store]\nretention = "30d"\n',
            ["settings changed: store.retention 180d → 30d"],
            ["~ [store] retention 180d → 30d"],
        ),
        (
            "",
            '[polling]\nconcurrency = 3\nbudget = "2/hour"\n[log]\nlevel = "debug"\n',
            [
                (
                    "settings changed: polling.budget 24/day → 48/day, "
                    "polling.concurrency 16 → 3, log.level info → debug"
                )
            ],
            [
                "~ [polling] budget 24/day → 48/day",
                "~ [polling] concurrency 16 → 3",
                "~ [log] level info → debug",
            ],
        ),
        (
            "",
            '[network]\nproxy = "http://me:CANARY@127.0.0.1:1"\n[publish]\nper_source = "1/3"\n',
            ["settings changed: network.proxy, publish.per_source none → 1/3"],
            ["~ [network] proxy", "~ [publish] per_source none → 1/3"],
        ),
        ("", '[store]\npath = "other.db"\n', [], []),  # takes a restart, which is told apart
        ("", '[server]\nlisten = "127.0.0.1:99"\n', [], []),  # so does what follows from it
        (
            '[server]\nbase_url = "https://a.example"\n',
            "",
            ["settings changed: server.base_url https://a.example → from listen"],
            ["~ [server] base_url https://a.example → from listen"],
        ),
        ("", SITE, ["[[sites]] a.example added"], ["+ [[sites]] a.example"]),
        (
            SITE + LIST.format("a"),
            SITE.replace("p.ad", "p.b") + LIST.format("b") + 'tags = ["x"]\nbackfill = 3\n',
            [
                "[[sites]] a.example changed: remove",
                "[[lists]] planet changed: url, tags no tags → x, backfill 10 → 3",
            ],
            [
                "~ [[sites]] a.example remove",
                "~ [[lists]] planet url, tags no tags → x, backfill 10 → 3",
            ],
        ),
        (
            RECEIVER.format("CANARY", "1m") + RECEIVER.format("c", "1m").replace("phone", "pad"),
            RECEIVER.format("CANARX", "5m"),
            ["[[notify]] phone changed: url, bundle 1m → 5m", "[[notify]] pad removed"],
            ["~ [[notify]] phone url, bundle 1m → 5m", "- [[notify]] pad"],
        ),
    ],
)
def test_settings_that_changed_are_named(
    before: str, after: str, told: list[str], planned: list[str]
) -> None:
    parsed = (parse(text + SOURCE, Path("config.toml")) for text in (before, after))
    old, fresh = map(settings_of, parsed)
    changes = changes_between(old, fresh, fixed=FIXED)
    assert [change_text(change) for change in changes] == told
    assert plan_lines(changes) == (planned, [])


def test_what_takes_a_restart_is_named_apart() -> None:
    text = '[server]\nlisten = "127.0.0.1:99"\n[store]\npath = "other.db"\n'
    old, fresh = (settings_of(parse(t + SOURCE, Path("config.toml"))) for t in ("", text))
    assert [one.key for one in fixed_between(old, fresh)] == ["server.listen", "store.path"]
    assert fixed_between(old, old) == ()
