"""How much of the server each client address holds, so that none can shut the others out.

A client is an address; of IPv6 a /64 network, since nobody is given less. Callers on this machine,
those of a Unix socket, and `[server] trusted_proxies` are proxies or the operator: they are not
counted, and what they pass on for another address is counted as that one's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Protocol

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from aggregator.model import IPAddress, IPNetwork

#: Callers from here are on this machine (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

#: What an IPv6 client is given at least (RFC 6177 §2).
_IPV6_CLIENT_BITS = 64


class OpenConnection(Protocol):
    """An open connection."""

    @property
    def unsent_bytes(self) -> int:
        """What waits in our memory until its reader takes it."""

    def give_way(self) -> None:
        """Leave at once, for another connection."""


def client_of(
    peer: str | None, forwarded_for: Iterable[str], proxies: Iterable[IPNetwork]
) -> str | None:
    """Return the client that a connection, or a request on it, is counted for; `None` for nobody.

    `peer` is the address that connected, `None` over a Unix socket; `forwarded_for` are the values
    of X-Forwarded-For. A proxy appends who came to it, so the last address that is no proxy of
    ours counts: what stands before it is its own claim.
    """
    trusted = tuple(proxies)
    path = [place.strip() for value in forwarded_for for place in value.split(",")]
    found = None if peer is None else _address(peer)
    if peer is not None and (found is None or not _is_in(found, trusted)):
        return None if found is None else _client(found)
    for place in reversed(path):
        address = _address(place)
        if address is None:
            return None
        if not _is_in(address, trusted):
            return _client(address)
    return None


@dataclass(slots=True)
class ClientConnections:
    """The connections that clients have, or are being answered on; `proxies` are not counted."""

    proxies: Callable[[], tuple[IPNetwork, ...]]
    _held: dict[str, dict[OpenConnection, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def client_of(self, peer: str | None, forwarded_for: Iterable[str] = ()) -> str | None:
        """Return the client to count for, as `client_of` above."""
        return client_of(peer, forwarded_for, self.proxies())

    def take(self, client: str | None, connection: OpenConnection) -> None:
        """Count a connection for a client, until it is given back as often."""
        if client is not None:
            self._held[client][connection] += 1

    def give_back(self, client: str | None, connection: OpenConnection) -> None:
        """Take back what `take` counted."""
        if client is None:
            return
        held = self._held[client]
        held[connection] -= 1
        if not held[connection]:
            del held[connection]
        if not held:
            del self._held[client]

    def connections(self, client: str | None) -> int:
        """Return how many connections are counted for a client."""
        return 0 if client is None else len(self._held.get(client, ()))

    def greediest(self, newcomer: str | None) -> Collection[OpenConnection]:
        """Return the connections of the client that has most, if more than the newcomer's has."""
        most: Collection[OpenConnection] = max(self._held.values(), key=len, default=())
        return most if len(most) > max(self.connections(newcomer), 1) else ()

    def unsent_bytes(self, client: str | None) -> int:
        """Return what waits in our memory until the client takes it."""
        if client is None:
            return 0
        return sum(connection.unsent_bytes for connection in self._held.get(client, ()))


def _address(text: str) -> IPAddress | None:
    """Return an address as proxies write it: with brackets or a port, too."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_in(address: IPAddress, networks: tuple[IPNetwork, ...]) -> bool:
    return any(address.version == one.version and address in one for one in networks)


def _client(address: IPAddress) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_CLIENT_BITS), strict=False))
    return str(address)
