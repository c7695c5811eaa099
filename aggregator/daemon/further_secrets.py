"""Secrets that are in no URL and no header: files that the configuration names, tokens of feeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.daemon.secret_places import places_of
from aggregator.fetch.cookie_file import MAX_FILE_BYTES
from aggregator.fetch.credentials import rsshub_code
from aggregator.fetch.failures import FetchError
from aggregator.fetch.request_target import Target, parse_target
from aggregator.model import Source
from aggregator.rules.held_secrets import looks_minted, secrets_of, user_info_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.config import Config
    from aggregator.fetch.secret_files import Secrets as Places
    from aggregator.model import Access, Source
    from aggregator.model.notices import Receiver
    from aggregator.rules.secrets import Secrets


#: Between the parts of a path and a query.
_PARTS = re.compile(r"[/?&=#]")


def further_secrets(config: Config, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the configuration holds secret besides its sources' URLs and headers.

    That is also what URLs of lists hold.

    Files are read as they are now; one that cannot be read has nothing to hide, and is told of
    when its source is polled. Blocks on the disk.
    """
    found = dict.fromkeys(_of_files(config, places_of(config, environ)))
    if config.network.proxy is not None:
        found |= dict.fromkeys(sorted(user_info_secrets(config.network.proxy).values))
    for receiver in config.notify:
        found |= dict.fromkeys(_of_receiver(receiver, places_of(config, environ)))
    for of in config.lists:
        found |= dict.fromkeys(sorted(secrets_of((Source(of.name, of.url),)).values))
    tokens = (*(feed.token for feed in config.feeds), config.publish.status_token)
    found |= dict.fromkeys(token for token in tokens if token is not None)
    return tuple(found)


def all_secrets(config: Config, environ: Mapping[str, str]) -> Secrets:
    """Return everything that the configuration holds secret. Blocks on the disk."""
    return secrets_of(config.sources, further_secrets(config, environ))


def _of_files(config: Config, places: Places) -> Iterator[str]:
    for source in config.sources:
        access = source.access
        if access.password_file is not None:
            yield from _read(places, "password_file", access.password_file)
        if access.token_file is not None:
            yield from _read(places, "token_file", access.token_file)
        if access.cookie_file is not None:
            yield from _cookies(places, access.cookie_file)
        if access.rsshub_key_file is not None:
            for secret in _read(places, "access_key_file", access.rsshub_key_file):
                yield secret
                yield from _codes(source, access, secret)


def _of_receiver(receiver: Receiver, places: Places) -> Iterator[str]:
    """Yield what opens a receiver to whoever knows it: most bots have no other password."""
    access = receiver.access
    if receiver.url_file is not None:
        yield from _read(places, "url_file", receiver.url_file)
    if access.password_file is not None:
        yield from _read(places, "password_file", access.password_file)
    if access.token_file is not None:
        yield from _read(places, "token_file", access.token_file)
    if receiver.url is not None:
        yield from sorted(user_info_secrets(receiver.url).values)
        _, _, way = receiver.url.partition("://")
        for part in _PARTS.split(way)[1:]:
            if looks_minted(part):
                yield part
    for _, value in access.headers:
        if looks_minted(value):
            yield value


def _read(places: Places, key: str, name: str) -> tuple[str, ...]:
    try:
        return (places.read(key, name),)
    except FetchError:
        return ()


def _cookies(places: Places, name: str) -> Iterator[str]:
    """Yield the values of cookies that no person has thought of."""
    try:
        text = places.read_text("cookie_file", name, most=MAX_FILE_BYTES, remedy="")
    except FetchError:
        return
    for line in text.splitlines():
        _, tab, value = line.rpartition("\t")
        if tab and looks_minted(value):
            yield value


def _codes(source: Source, access: Access, key: str) -> Iterator[str]:
    """Yield what is sent in place of an RSSHub's key."""
    for url in source.urls:
        instance = next((one for one in access.rsshub_instances if url.startswith(f"{one}/")), None)
        own = parse_target(url)
        if instance is not None and isinstance(own, Target):
            yield rsshub_code(own, instance, key)
