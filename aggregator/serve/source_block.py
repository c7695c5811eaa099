"""The block of a source as its page shows it: whole but for what is secret, which it names.

Pasted into the same config.toml, its secrets filled in, it means the same source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config.network_values import written_urls
from aggregator.rules.held_secrets import is_open_header, open_url, secrets_of
from aggregator.rules.secrets import united
from aggregator.runtime.late_modules import LateModule
from aggregator.web.redaction import without_user_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Config, edit, opml_settings
    from aggregator.config.edit import Block
    from aggregator.config.opml_settings import Written
    from aggregator.config.rule_values import RuleValue
    from aggregator.model import Source
    from aggregator.publish.pages.look import Look
    from aggregator.rules.secrets import Secrets
else:
    edit = LateModule("aggregator.config.edit")  # writes TOML; few pages need it
    opml_settings = LateModule("aggregator.config.opml_settings")

#: Keys that `opml_settings` has elsewhere, or that leave the file on no other way.
_OF_SOURCES = ("title", "tags", "private")
_OF_ACCESS = (
    "username", "password_file", "token_file", "cookie_file", "proxy", "tls_verify", "fetch_via",
)  # fmt: skip


def source_block(source: Source, config: Config, secrets: Secrets, look: Look) -> Block:
    """Return the block that makes `source` of this configuration, without any secret.

    `secrets` are all that are known, also of other sources. A text that held one stands without it,
    and the remark names its key.
    """
    known = united((secrets, secrets_of((source,))))
    urls = _urls(source, config)
    usual = config.usual
    settings: dict[str, Written] = {
        "url": urls[0] if len(urls) == 1 else list(urls),
        **opml_settings.differing(source, usual, _OF_SOURCES),
        **opml_settings.settings_of(source, usual),
        **opml_settings.differing(source.access, usual.access, _OF_ACCESS),
    }
    if source.access.headers != usual.access.headers:
        settings["headers"] = dict(source.access.headers)
    name = source.name.rpartition("/")[2]
    shown = {key: _shown(key, value, source, known) for key, value in settings.items()}
    shown_name = known.conceal(name)
    emptied = [key for key, value in settings.items() if shown[key] != value]
    emptied += ["name"] if shown_name != name else []
    open_urls = shown.pop("url")
    return edit.Block(
        name=shown_name,
        url="" if isinstance(open_urls, list) else str(open_urls),
        mirrors=tuple(map(str, open_urls)) if isinstance(open_urls, list) else (),
        settings=tuple(shown.items()),
        remark=look.say("Secrets to fill in: {keys}", keys=", ".join(emptied)) if emptied else "",
    )


def _urls(source: Source, config: Config) -> tuple[str, ...]:
    """Return its URLs such that they are read as this source again, to its key of RSSHub."""
    if source.access.rsshub_key_file is None and config.rsshub.access_key_file is not None:
        return source.urls  # none of them was written as a route
    return written_urls(source, config.rsshub.instances)


def _shown(key: str, value: Written, source: Source, secrets: Secrets) -> Written:
    """Return the value of a key without what is secret in it."""
    match key, value:
        case "url", _:
            return _each(value, lambda url: secrets.conceal(open_url(source, url)))
        case "headers", dict():
            return {
                secrets.conceal(name): secrets.conceal(text) if is_open_header(name) else ""
                for name, text in value.items()
            }
        case "username", _:
            return ""  # some logins are a key as the user and no password
        case "proxy", _:
            return _each(value, lambda url: secrets.conceal(without_user_info(url)))
        case _:
            return _each(value, secrets.conceal)


def _each(value: Written, change: Callable[[str], str]) -> Written:
    """Return a value with each text in it changed; what is no text holds nothing."""
    match value:
        case str():
            return change(value)
        case list():
            return [_of_rule(one, change) for one in value]
        case _:
            return value


def _of_rule(value: RuleValue, change: Callable[[str], str]) -> RuleValue:
    if isinstance(value, str):
        return change(value)
    return {
        key: change(said) if isinstance(said, str) else [change(one) for one in said]
        for key, said in value.items()
    }
