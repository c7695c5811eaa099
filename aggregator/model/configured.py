"""What the operator configured: sources, feeds, and what may be private."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Access:
    """How a source is asked, where that differs from everybody else's way.

    Secrets are named by their file, never held here: a file's path is absolute, or is looked up in
    `$CREDENTIALS_DIRECTORY` (systemd.exec(5)), then beside config.toml. `token_file` is a bearer
    token, `password_file` goes with `username`, `rsshub_key_file` is the access key of every one of
    `rsshub_instances` (URLs without a slash at the end). `proxy` is http:// or socks5://, or
    "direct" for none.
    """

    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str | None = None
    username: str | None = None
    password_file: str | None = None
    token_file: str | None = None
    rsshub_key_file: str | None = None
    rsshub_instances: tuple[str, ...] = ()
    proxy: str | None = None
    tls_verify: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """One `[[sources]]` of config.toml: what we poll, and how the operator wants it.

    `url` is what the source is known by, as configured; `urls` are what is asked, in order of
    preference: the same URL, or a list of mirrors, or what `rsshub://…` stands for.
    """

    name: str
    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str = "UTC"
    interval: timedelta | None = None
    enabled: bool = True
    backfill: int = 10
    private: bool = False
    weight: float = 1.0  # so many times does a delay of this source count
    mirrors: tuple[str, ...] = ()
    access: Access = Access()
    encoding: str | None = None
    max_entries: int | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """The URLs to ask, the preferred one first."""
        return self.mirrors or (self.url,)

    @property
    def host(self) -> str:
        """The host that a poll asks first: scheme, name and port (RFC 6454 §4)."""
        return host_of(self.urls[0])


def host_of(url: str) -> str:
    """Return scheme, name and port of a URL, the port always written out."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


@dataclass(frozen=True, slots=True)
class Feed:
    """One `[[feeds]]` of config.toml: a named selection of stories that we publish.

    `sources` and `tags` select by union; both `None` selects every source. `dedupe` shows an
    article that several sources carry once ("exact"), or as often as it comes ("off").
    """

    name: str
    title: str
    sources: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    window: timedelta = timedelta(days=3)
    min_entries: int = 50
    limit: int = 1000
    dedupe: str = "exact"

    def selects(self, source: Source) -> bool:
        """Tell whether stories of `source` belong to this feed."""
        if self.sources is None and self.tags is None:
            return True
        if self.sources is not None and source.name in self.sources:
            return True
        return self.tags is not None and not set(self.tags).isdisjoint(source.tags)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of `[network] allow_private`: a host or an address range, with an optional port.

    Exactly one of `host` (lower case, not an address) and `network` is set. `text` is the entry
    as written, for messages.
    """

    text: str
    host: str | None = None
    network: IPNetwork | None = None
    port: int | None = None

    def covers(self, host: str, port: int) -> bool:
        """Tell whether a URL with this host (name or literal address) and port is covered.

        A range covers literal addresses only; what a name resolves to is known when it is dialled.
        """
        if self.port is not None and self.port != port:
            return False
        if self.network is None:
            return self.host == host.lower().rstrip(".")
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            return False
        return self.contains(address)

    def contains(self, address: IPAddress) -> bool:
        """Tell whether this is a range that holds `address` (an IPv4-mapped one is unwrapped)."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        network = self.network
        return network is not None and address.version == network.version and address in network
