"""`[[notify]]`, key by key, and the `Receiver` that it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config import network_values, text_values
from aggregator.config.kinds import ValueKind, choice, key, list_of
from aggregator.config.settings import SECRET_FILE
from aggregator.config.source_keys import NAME
from aggregator.model import Access
from aggregator.model.notices import Receiver
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import timedelta

#: What there is to be told of: the kinds of alarms, and their ends.
EVENTS = (
    "broken", "gone", "silent", "moved", "gap", "unstable-ids", "certificate", "cap", "config",
    "recovered",
)  # fmt: skip
#: Templates that come with the program.
SHIPPED = (
    "json", "text", "ntfy", "gotify", "apprise", "slack", "discord", "telegram", "feishu",
    "dingtalk", "wecom",
)  # fmt: skip
_RECEIVER, _ACCESS = Receiver(""), Access()


@dataclass(frozen=True, slots=True)
class NotifyTable:
    """One `[[notify]]`; an empty name is one that could not be read."""

    name: str = key(
        NAME, "", "What `aggregator notify test NAME` and messages call it.", required=True
    )
    url: str | None = key(
        ValueKind(network_values.http_url, "URL"),
        _RECEIVER.url,
        "Where messages are sent to, by POST. A private address needs `[network] allow_private`, "
        "as for sources.",
        shown="`url_file`",
    )
    url_file: str | None = key(
        SECRET_FILE,
        _RECEIVER.url_file,
        "The same in a [file of its own](#secrets): the address of a bot is its password.",
    )
    events: tuple[str, ...] = key(
        list_of(choice(*EVENTS), "list of events", least=1, most=len(EVENTS)),
        EVENTS,
        "What is told: what [the operations feed](publishing.md#the-operations-feed) tells, by its "
        'kinds, and `"recovered"`, the end of any of them.',
        shown="all",
    )
    template: Path = key(
        ValueKind(text_values.file_path, "name of a shipped one, or file"),
        Path(_RECEIVER.template),
        "The form of a message: "
        + ", ".join(f'`"{name}"`' for name in SHIPPED)
        + ", or a Jinja2 template of your own, relative to config.toml "
        "([how](observing.md#a-template-of-your-own)).",
    )
    content_type: str | None = key(
        ValueKind(
            network_values.header_value,
            f"plain ASCII, up to {network_values.MAX_HEADER_CHARS} characters",
        ),
        _RECEIVER.content_type,
        "The Content-Type of a message.",
        shown="that of the template",
    )
    language: str = key(
        choice("en", "zh"), _RECEIVER.language, "The language of what messages say."
    )
    bundle: timedelta = key(
        ValueKind(text_values.duration, "duration"),
        _RECEIVER.bundle,
        "What happens within this time is one message.",
    )
    headers: tuple[tuple[str, str], ...] = key(
        ValueKind(
            network_values.headers,
            f"table, up to {network_values.MAX_HEADERS}",
            lambda _: "{}",
        ),
        _ACCESS.headers,
        "Headers to send with each message.",
    )
    username: str | None = key(
        ValueKind(
            network_values.username,
            f"text without `:`, up to {network_values.MAX_USERNAME_CHARS} characters",
        ),
        _ACCESS.username,
        "A login (HTTP Basic), with `password_file`.",
    )
    password_file: str | None = key(
        SECRET_FILE, _ACCESS.password_file, "The password, in a [file of its own](#secrets)."
    )
    token_file: str | None = key(
        SECRET_FILE,
        _ACCESS.token_file,
        "A login by bearer token, in a [file of its own](#secrets); instead of `username`.",
    )


def receiver_of(table: NotifyTable, folder: Path) -> Receiver:
    """Return the receiver that a table means; `folder` is that of config.toml."""
    template = str(table.template)
    return Receiver(
        name=table.name,
        url=table.url,
        url_file=table.url_file,
        events=table.events,
        template=template if template in SHIPPED else str((folder / template).absolute()),
        content_type=table.content_type,
        language=table.language,
        bundle=table.bundle,
        access=Access(
            headers=table.headers,
            username=table.username,
            password_file=table.password_file,
            token_file=table.token_file,
        ),
    )
