"""The guard against requests into the operator's own network (SSRF).

It decides twice. Before a request, on what the URL says: a port that no feed lives on, a literal
address. While it connects, on the address that is really dialled, whatever DNS said before or will
say next: see `Dial.admits`. docs/adr/0002-guard.md tells what `allow_private` means and why.
"""

from __future__ import annotations

from dataclasses import field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Literal

from aggregator.model import Problem, ProblemKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.fetch.request_target import Target
    from aggregator.model import Allowance, IPAddress, IPNetwork

#: IPv4 that is not the public internet: https://www.iana.org/assignments/iana-ipv4-special-registry
#: An explicit list, because `ipaddress.is_global` changes with the Python version.
REFUSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT; holds a cloud's metadata service
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; holds the clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, abandoned
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks; transparent proxies answer from it ("fake-IP")
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

#: The only part of IPv6 that is handed out to the public internet, and what in it is not that:
#: https://www.iana.org/assignments/iana-ipv6-special-registry
PUBLIC_IPV6 = IPv6Network("2000::/3")
REFUSED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)

#: NAT64: the last 32 bits are the IPv4 address that is reached (RFC 6052 §2.1). On a host with
#: nothing but IPv6 every old site is behind it.
_NAT64 = IPv6Network("64:ff9b::/96")

#: What transparent proxies (Clash, mihomo, sing-box) answer every name with in fake-IP mode.
FAKE_IP = IPv4Network("198.18.0.0/15")

#: Ports of services that take harm from a stray HTTP request, and that no feed lives on: the
#: browsers' list (https://fetch.spec.whatwg.org/#port-blocking), databases and control planes.
REFUSED_PORTS = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563),
        *(587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060),
        *(5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        *(1433, 1521, 2375, 2376, 2379, 2380, 3306, 5432, 5672, 6379, 9042, 9200, 9300),
        *(10250, 11211, 27017),
    }
)


def effective_address(address: IPAddress) -> IPAddress:
    """Return the IPv4 address inside an IPv4-mapped or NAT64 one, else the address itself."""
    if isinstance(address, IPv6Address):
        # A zone names an interface of ours, it is no part of the address.
        address = IPv6Address(int(address))
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: IPAddress) -> bool:
    """Tell whether an address is on the public internet, seen through mappings (RFC 6890)."""
    found = effective_address(address)
    if isinstance(found, IPv4Address):
        return not any(found in network for network in REFUSED_IPV4)
    return found in PUBLIC_IPV6 and not any(found in network for network in REFUSED_IPV6)


@dataclass(slots=True)
class Dial:
    """What one request may dial, and what became of it; made by `Guard`, used up by the request.

    `anywhere`: any address will do (a declared name, or the proxy). `ranges` will do beside public
    addresses: those of a literal that is covered, or of transparent proxies. Connections are shared
    only inside a `pool`: one into the operator's network must never be at hand for a request that
    could not have opened it. `direct` goes past the proxy.
    """

    pool: Literal["public", "ranges", "named"] = "public"
    direct: bool = True
    anywhere: bool = False
    ranges: tuple[IPNetwork, ...] = ()
    admitted: int = 0
    refused: list[IPAddress] = field(default_factory=list)

    def admits(self, address: IPAddress) -> bool:
        """Decide on one address that is about to be dialled, and remember the decision."""
        found = effective_address(address)
        declared = any(found.version == r.version and found in r for r in self.ranges)
        if self.anywhere or declared or is_public(found):
            self.admitted += 1
            return True
        self.refused.append(found)
        return False


#: What can be done about a private address that a list has brought.
_NOT_FOR_LISTS = "allow_private covers nothing that a list brings; write it as a [[sources]]"


@dataclass(frozen=True, slots=True)
class Guard:
    """`allow_private` and the proxy, as decisions.

    `proxied`: requests go through a proxy, but for what an allowance covers; `always`: that too,
    because the proxy is the source's own. `public` are networks where names may lead besides the
    internet: those that play the internet in tests, none otherwise. `is_listed`: the source's URL
    is somebody else's word, which no allowance covers.
    """

    allowances: tuple[Allowance, ...]
    proxied: bool = False
    always: bool = False
    public: tuple[IPNetwork, ...] = ()
    is_listed: bool = False

    def check(self, own: Target, target: Target) -> Dial | Problem:
        """Decide on a request to `target` for the source whose configured URL is `own`.

        A refusal names the host and, where it helps, the line to paste into config.toml.
        """
        covering = [
            allowance
            for allowance in self.allowances
            if not self.is_listed
            and allowance.covers(own.host, own.port)
            and allowance.covers(target.host, target.port)
        ]
        if target.port in REFUSED_PORTS and not any(a.port is not None for a in covering):
            return self._port_refusal(own, target)
        literal = target.address
        if covering:
            named = any(allowance.network is None for allowance in covering)
            ranges = tuple(a.network for a in covering if a.network is not None)
            return Dial(
                pool="named" if named else "ranges",
                direct=not self.always,
                anywhere=named or self.always,
                ranges=ranges,
            )
        if literal is not None and not is_public(literal):
            return self.refusal(own, target, [effective_address(literal)])
        if self.proxied and _is_this_machine(target.host):
            # To a proxy such a name is the proxy's own machine, and often ours.
            return self.refusal(own, target, [])
        if self.proxied:
            # The one address that is dialled is the proxy's; names resolve there.
            return Dial(direct=False, anywhere=True)
        if literal is not None:
            return Dial()
        # What a name resolves to is its publisher's choice (DNS rebinding): no other range counts.
        fake_ip = tuple(
            allowance.network
            for allowance in self.allowances
            if allowance.network is not None
            and allowance.port in {None, target.port}
            and _is_fake_ip(allowance.network)
        )
        return Dial(ranges=fake_ip + self.public)

    def foreseen(self, target: Target) -> Problem | None:
        """Return why a configured URL will be refused, whatever DNS says of its host."""
        decided = self.check(target, target)
        if isinstance(decided, Problem):
            return decided
        if decided.pool == "public" and _is_this_machine(target.host):
            return self.refusal(target, target, [])
        return None

    def refusal(self, own: Target, target: Target, refused: list[IPAddress]) -> Problem:
        """Say that `target` is not public, without saying where its name leads to."""
        answers = [address for address in refused if address.version == 4]
        remedy = self._remedy(own, target)
        if target.address is None and answers and all(a in FAKE_IP for a in answers):
            remedy = (
                f'add "{FAKE_IP}" to allow_private in [network] if a transparent proxy '
                "answers DNS here"
            )
        to, is_own = target.host_and_port, target.origin == own.origin
        if target.address:
            alone = f"{to} is not a public address"
            led = f"{own.host} redirects to {to}, which is not a public address"
        else:
            alone = f"{to} leads to no public address"
            led = f"{own.host} redirects to {to}, which leads to no public address"
        return Problem(ProblemKind.BLOCKED, alone if is_own else led, remedy)

    def _port_refusal(self, own: Target, target: Target) -> Problem:
        to, is_own = target.host_and_port, target.origin == own.origin
        alone = f"{to} uses a port that feeds do not live on"
        led = f"{own.host} redirects to {to}, which uses a port that feeds do not live on"
        return Problem(ProblemKind.BLOCKED, alone if is_own else led, self._remedy(own, target))

    def _remedy(self, own: Target, target: Target) -> str | None:
        if target.origin != own.origin:
            return None
        return _NOT_FOR_LISTS if self.is_listed else _line(target)


def _is_this_machine(host: str) -> bool:
    """Tell whether a name means the machine that looks it up (RFC 6761 §6.3, Debian's hosts(5))."""
    name = host.rstrip(".").lower()
    return name.endswith((".localhost", ".localdomain")) or name in {
        "localhost",
        "ip6-localhost",
        "ip6-loopback",
    }


def _is_fake_ip(network: IPNetwork) -> bool:
    return isinstance(network, IPv4Network) and network.subnet_of(FAKE_IP)


def _line(target: Target) -> str:
    return f'add "{target.host_and_port}" to allow_private in [network]'
