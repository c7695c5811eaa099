"""A URL as we ask for it: origin, request target byte for byte, and credentials kept apart."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from aggregator.model import Problem, ProblemKind
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import DEFAULT_PORTS, ascii_host, shown_host

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from aggregator.model import IPAddress

#: Longer than any URL that a browser or a proxy passes on reliably.
MAX_URL_BYTES = 4096

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"(?=.{1,254}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?\Z")
# Both spellings of a last label that the C library reads as a part of an IPv4 address
# (https://url.spec.whatwg.org/#ends-in-a-number-checker).
_NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
# What cannot be in a request target as it is; all else is the publisher's own spelling.
_UNSENDABLE = re.compile(r"[ \"<>`]|[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes.

    `host` is ASCII and lower case (an IPv6 address without brackets); `target` is the path with its
    query as it is configured. `authorization` is the value of a header: Basic, from the URL's user
    info, or what the source's settings say. `signature` is a query parameter that is sent with the
    target, and told to nobody else.
    """

    scheme: str
    host: str
    port: int
    target: str
    authorization: str | None = None
    signature: str | None = None

    @property
    def sent(self) -> str:
        """The request target as it leaves."""
        if self.signature is None:
            return self.target
        path, asks, query = self.target.partition("?")
        return f"{path}?{query}&{self.signature}" if asks and query else f"{path}?{self.signature}"

    @property
    def address(self) -> IPAddress | None:
        """The address that the host is spelled as, if it is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials, validators and a connection belong to."""
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        """Host and, unless it is the scheme's own, port; as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def host_and_port(self) -> str:
        """Host and port, as an entry of allow_private has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host.rstrip('.')}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without user info, signature and fragment."""
        return f"{self.scheme}://{self.netloc}{self.target}"


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Why a URL cannot be asked for."""

    why: str


@lru_cache(maxsize=1024)
def parse_target(url: str) -> Target | Problem:
    """Take a configured URL apart; a `Problem` says why we cannot ask for it."""
    found = _read(url)
    if isinstance(found, _Unusable):
        detail = f"the url cannot be used: {found.why}"
        return Problem(ProblemKind.PROTOCOL, detail, "check the source's url")
    return found


def _read(url: str) -> Target | _Unusable | Problem:
    """Take a URL apart; the `Problem` is that of an address that is refused however it came."""
    if len(url.encode(errors="replace")) > MAX_URL_BYTES:
        return _Unusable(f"longer than {MAX_URL_BYTES} bytes")
    if _FORBIDDEN.search(url):
        return _Unusable("control characters in it")
    try:
        parts = urlsplit(url.strip(" "))
        port = parts.port
    except ValueError:
        return _Unusable("host or port cannot be read")
    if parts.scheme not in DEFAULT_PORTS:
        return _Unusable("only http and https are spoken")
    if port == 0:
        return _Unusable("there is no port 0")
    host = _host(parts)
    if not isinstance(host, str):
        return host
    path = parts.path or "/"
    # An empty query is part of the target too, though urlsplit does not tell it from none.
    asks = "?" if "?" in url.partition("#")[0] else ""
    return Target(
        parts.scheme,
        host,
        port or DEFAULT_PORTS[parts.scheme],
        _UNSENDABLE.sub(_escape, path + asks + parts.query),
        _basic(parts),
    )


def redirect_target(source: Target, location: bytes) -> Target | Problem:
    """Resolve a Location (RFC 9110 §10.2.2) that `source` answered with."""
    try:
        text = location.decode()
    except UnicodeDecodeError:
        text = location.decode("latin-1")
    text = text.strip(" \t")
    if not text:
        return _bad_redirect(source, "without saying where to")
    try:
        scheme = urlsplit(text).scheme
        url = urljoin(source.url, text)
    except ValueError:
        return _bad_redirect(source, "to what is no URL")
    if scheme and scheme not in DEFAULT_PORTS:
        return _bad_redirect(source, f"to {scheme[:20]}:, which is not spoken")
    found = _read(url)
    if isinstance(found, _Unusable):
        return _bad_redirect(source, f"to an unusable URL ({found.why})")
    if isinstance(found, Problem):
        return found
    if found.authorization is not None:
        return _bad_redirect(source, "to a URL with user info in it")
    return found


def without_signature(found: Target, signature: str | None) -> Target:
    """Return a target that a redirect led to, the `signature` that it repeats kept apart."""
    path, _, query = found.target.partition("?")
    parameters = query.split("&")
    if signature is None or signature not in parameters:
        return found
    rest = "&".join(parameter for parameter in parameters if parameter != signature)
    return replace(found, target=f"{path}?{rest}" if rest else path, signature=signature)


def _host(parts: SplitResult) -> str | _Unusable | Problem:
    name = shown_host(f"//{parts.netloc}")
    if not name or "\\" in parts.netloc or "%" in name:
        return _Unusable("no host that can be asked")
    if ":" in name:
        try:
            return str(ip_address(name))
        except ValueError:
            return _Unusable("no host that can be asked")
    try:
        host = ascii_host(name)
    except ValueError:
        return _Unusable("no host that can be asked")
    if not _NAME.match(host):
        return _Unusable("no host that can be asked")
    if _NUMERIC_LABEL.match(host.rstrip(".").rpartition(".")[2]):
        try:
            return str(ip_address(host))
        except ValueError:
            return Problem(
                ProblemKind.BLOCKED,
                f"{host} is an address in disguise",
                "write it as four decimal numbers",
            )
    return host


def _basic(parts: SplitResult) -> str | None:
    if "@" not in parts.netloc:
        return None
    user = unquote_to_bytes(parts.username or "")
    password = unquote_to_bytes(parts.password or "")
    return "Basic " + base64.b64encode(user + b":" + password).decode()


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode(errors="replace"))


def _bad_redirect(source: Target, how: str) -> Problem:
    return Problem(ProblemKind.REDIRECT, f"{source.host} redirects {how}")
