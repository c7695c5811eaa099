"""Who is asking: a program or person on this machine, or anybody else.

A caller's address alone proves little: behind a reverse proxy on this machine every caller comes
from loopback, and a web page can make its visitor's browser call us under its own name (DNS
rebinding). So a caller is local only when nothing speaks against it; where we are not sure, what
is shown to local callers needs the operator's word (`public_opml`), and the feeds are for everyone.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from aggregator.rules.visibility import Caller
from aggregator.web.addresses import host_of

if TYPE_CHECKING:
    from starlette.requests import Request

#: A request with one of these was passed on by somebody (RFC 7239, RFC 9110 §7.6.3, and custom).
FORWARDING_FIELDS = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)


def caller_of(request: Request, base_url: str, *, token: str | None = None) -> Caller:
    """Return the caller that sends a request, with the token of the address that it asks for."""
    return Caller(_is_local(request, base_url), token)


def _is_local(request: Request, base_url: str) -> bool:
    """Tell whether the caller is surely on this machine.

    Not so over a Unix socket (a proxy's way in), when a proxy left its mark, when HTTP/1.0 is
    spoken (nginx leaves no other mark by default), when Host is not this machine's name for
    itself, or when `base_url` says that readers reach us by another name, so by a proxy.
    """
    client = request.client
    return (
        client is not None
        and _is_loopback(client.host)
        and request.scope["http_version"] != "1.0"
        and not any(field in request.headers for field in FORWARDING_FIELDS)
        and _is_this_machine(f"//{request.headers.get('host', '')}")
        and _is_this_machine(base_url)
    )


def _is_this_machine(url: str) -> bool:
    host = host_of(url)
    return host == "localhost" or host.endswith(".localhost") or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    # An unspecified address is what `listen` on every interface makes of base_url.
    return address.is_loopback or address.is_unspecified
