"""What of config.toml is at a private address that the guard will refuse, each time."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from aggregator.fetch.guard import is_public
from aggregator.web.addresses import host_and_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config import Config


def private_address_warnings(config: Config) -> list[str]:
    """Return what asks a private address that no `allow_private` covers, a line each.

    Of names nobody knows that before they are resolved, and of what goes through a proxy not here.
    """
    if config.network.proxy is not None:
        return []
    return [
        f"{what}: {host} is a private address; add "
        f'"{f"[{host}]" if ":" in host else host}:{port}" to allow_private'
        for what, url in _asked(config)
        for host, port in (host_and_port(url),)
        if _is_private(host)
        and not any(one.covers(host, port) for one in config.network.allow_private)
    ]


def _asked(config: Config) -> Iterator[tuple[str, str]]:
    for source in config.sources:
        ways = (source.access.proxy, source.access.fetch_via, source.of_list)
        if source.enabled and ways == (None, None, None):
            yield from ((f"source {source.name}", url) for url in source.urls)
    for receiver in config.notify:
        if receiver.url is not None and receiver.access.proxy is None:
            yield f"notify {receiver.name}", receiver.url


def _is_private(host: str) -> bool:
    try:
        return not is_public(ip_address(host))
    except ValueError:  # a name
        return False
