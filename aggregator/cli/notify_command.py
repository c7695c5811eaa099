"""`aggregator notify test`: one message to a receiver, to see that it comes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain, theirs
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model.notices import Notice, Receiver

EPILOG = """\b
Example:
  aggregator notify test phone

\b
Exit status:
  0   its server took the message
  1   it did not, and why; or no [[notify]] has this name
  78  the configuration has mistakes
"""


@click.group(short_help="Try who is told of trouble.")
@config_option
def notify() -> None:
    """Try who is told of trouble: the receivers that [[notify]] tables configure."""


@notify.command(epilog=EPILOG, short_help="Send one message to a receiver.")
@click.argument("name")
@config_option
def test(name: str) -> None:
    """Send a message to a receiver now, as the daemon would, without one."""
    import asyncio

    config = load_config()
    receiver = next((one for one in config.notify if one.name == name), None)
    if receiver is None:
        names = ", ".join(one.name for one in config.notify)
        known = f"no [[notify]] is named {theirs(name)}; there are: {names or 'none'}"
        raise AggregatorError(known)
    failed = asyncio.run(_send(config, receiver))
    if failed is not None:
        raise AggregatorError(f"{theirs(name)}: {plain(failed)}")
    echo(f"{theirs(name)}: sent")


async def _send(config: Config, receiver: Receiver) -> str | None:
    from aggregator.daemon.notifying import deliver
    from aggregator.daemon.once import make_fetcher

    fetcher = make_fetcher(config, os.environ)
    try:
        failed = await deliver(receiver, (_trial(),), config, fetcher, os.environ)
    finally:
        await fetcher.aclose()
    return None if failed is None else failed[0]


def _trial() -> Notice:
    from aggregator.daemon.terms import utc_now
    from aggregator.model.notices import Notice

    return Notice(
        event="test",
        title="This is a test",
        text="What goes wrong with sources will be told here.",
        happened_at=utc_now(),
        chinese_title="这是一条测试消息",
        chinese="来源出现问题时会在此通知。",
    )


def try_template(receiver: Receiver) -> None:
    """Make a message that goes nowhere; raises what is wrong with the receiver's template."""
    from aggregator.daemon.notifying import message_of

    message_of(receiver, (_trial(),))
