"""Who is asking: a program or person on this machine, somebody who has logged in, or anybody else.

A caller's address alone proves little: behind a reverse proxy on this machine every caller comes
from loopback, and a web page can make its visitor's browser call us under its own name (DNS
rebinding). So a caller is local only when nothing speaks against it; where we are not sure, what
is shown to local callers needs the operator's word (`public_opml`), and the feeds are for everyone.
A proxy that leaves no mark cannot be told from a local caller: for that there is a listener that
no proxy is to know of, the operator's.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, assert_never

from aggregator.rules.visibility import Caller
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import host_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from aggregator.config import ServerSettings

#: A request with one of these was passed on by somebody (RFC 7239, RFC 9110 §7.6.3).
FORWARDING_FIELDS = frozenset({"forwarded", "via"})
#: And with one that begins or ends so: X-Forwarded-For, X-Real-IP, CF-Connecting-IP, and others.
FORWARDING_PREFIX = "x-forwarded"
FORWARDING_SUFFIX = "-ip"

#: `uri-host [":" port]` (RFC 9110 §7.2), as far as it can be a name of this machine.
_HOST_FIELD = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+))(?::[0-9]*)?")

#: Where an ASGI scope has the listener that a request came to; a reader's, where it says nothing.
_LISTENER = "aggregator.listener"
#: And the name of a caller that is known to be the operator, wherever it is.
_KNOWN = "aggregator.known"


class ListenerKind(Enum):
    """Whose listener a request came to."""

    READERS = auto()  # `[server] listen`: proxies are in front of it
    OPERATOR = auto()  # `[server] operator_listen`: of this machine, never behind a proxy


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a request came: what a caller's place is judged by.

    `peer` is the address that connected, `None` over a Unix socket; `host` the value of Host, and
    `fields` are the names of all header fields in lower case.
    """

    listener: ListenerKind
    peer: str | None
    http_version: str
    host: str
    fields: frozenset[str]


def caller_of(request: Request, server: ServerSettings, *, token: str | None = None) -> Caller:
    """Return the caller that sends a request, with the token of the address that it asks for."""
    arrival = Arrival(
        request.scope.get(_LISTENER, ListenerKind.READERS),
        None if request.client is None else request.client.host,
        request.scope["http_version"],
        request.headers.get("host", ""),
        frozenset(request.headers.keys()),
    )
    return Caller(is_local(arrival, server), token, name_of(request) is not None)


def known_as(scope: Scope, name: str) -> Scope:
    """Return the scope of a request whose caller is known to be the operator."""
    return {**scope, _KNOWN: name}


def name_of(request: Request) -> str | None:
    """Return the name of a caller that is known to be the operator, else `None`."""
    found: str | None = request.scope.get(_KNOWN)
    return found


def is_local(arrival: Arrival, server: ServerSettings) -> bool:
    """Tell whether the caller is surely on this machine.

    Not so when a proxy left its mark, or HTTP/1.0 is spoken (nginx leaves no other mark by
    default). At the readers' listener, not so either over a Unix socket (a proxy's way in), where
    Host is not this machine's name for itself, where `base_url` says that readers reach us by
    another name, so by a proxy, or where the operator has a listener of their own.
    """
    if arrival.http_version == "1.0" or any(map(_is_of_a_proxy, arrival.fields)):
        return False
    if arrival.peer is not None and not (
        _is_loopback(arrival.peer) and names_this_machine(arrival.host)
    ):
        return False
    match arrival.listener:
        case ListenerKind.OPERATOR:
            return True
        case ListenerKind.READERS:
            return (
                arrival.peer is not None
                and server.operator_listen is None
                and _is_name_of_this_machine(host_of(server.base_url))
            )
        case _:
            assert_never(arrival.listener)


def names_this_machine(field: str) -> bool:
    """Tell whether the value of a Host field is a name that only this machine has for itself."""
    found = _HOST_FIELD.fullmatch(field)
    if found is None:
        return False
    host = (found[1] or found[2]).lower()
    return _is_name_of_this_machine(host) and not _is_unspecified(host)


def from_the_operator(app: ASGIApp) -> ASGIApp:
    """Return `app` as it answers what comes to the operator's listener."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, _LISTENER: ListenerKind.OPERATOR}, receive, send)

    return answer


def _is_of_a_proxy(field: str) -> bool:
    return (
        field in FORWARDING_FIELDS
        or field.startswith(FORWARDING_PREFIX)
        or field.endswith(FORWARDING_SUFFIX)
    )


def _is_name_of_this_machine(host: str) -> bool:
    return (
        host == "localhost"
        or host.endswith(".localhost")
        or _is_loopback(host)
        or _is_unspecified(host)  # what `listen` on every interface may make of base_url
    )


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


def _is_unspecified(host: str) -> bool:
    """Tell whether a host is `0.0.0.0` or `::`: browsers of any page may ask us by it."""
    address = _address(host)
    return address is not None and address.is_unspecified


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
