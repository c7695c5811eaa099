"""What a single value may be: each function takes what TOML gave and returns the typed value.

A value that cannot be used raises `ValueError` with a few words for the operator; the words never
repeat a URL, because URLs hold secrets.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from aggregator.model import Allowance
from aggregator.web.addresses import DEFAULT_PORTS, MAX_HOST_CHARS, ascii_host, host_and_port

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import IPNetwork

#: A name is part of a URL (`/feeds/NAME.atom`) and of every log line.
MAX_NAME_CHARS = 64
#: A title stands in a table and in every reader's side bar.
MAX_TITLE_CHARS = 200
MAX_TAG_CHARS = 64
#: What servers and proxies accept in a request line, rounded down.
MAX_URL_CHARS = 4096
#: `sun_path` holds 108 bytes with its closing zero (unix(7)).
MAX_UNIX_PATH_BYTES = 107
#: A source asked less often than monthly is a source forgotten.
MAX_INTERVAL = timedelta(days=31)
#: Ten years: beyond every use, and far below where date arithmetic overflows.
MAX_PERIOD = timedelta(days=3650)

#: A request a minute, of every source, all day.
MAX_BUDGET = 1440
#: The rate of polls goes with the root of the weight: this is from a tenth to ten times.
MIN_WEIGHT, MAX_WEIGHT = 0.01, 100

#: The encodings of the web, by their names there (https://encoding.spec.whatwg.org/#names-and-labels).
ENCODINGS = (
    "utf-8", "ibm866", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6",
    "iso-8859-7", "iso-8859-8", "iso-8859-8-i", "iso-8859-10", "iso-8859-13", "iso-8859-14",
    "iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u", "macintosh", "windows-874", "windows-1250",
    "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255",
    "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic", "gbk", "gb18030", "big5",
    "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "utf-16be", "utf-16le",
)  # fmt: skip
#: Python's names of the same, and of what the web reads as one of them.
_CODECS = frozenset(
    {
        "utf-8", "cp866", "koi8-r", "koi8-u", "mac-roman", "cp874", "mac-cyrillic", "gb2312",
        "gbk", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "shift_jis", "cp932",
        "euc_kr", "cp949", "utf-16-be", "utf-16-le", "ascii",
        *(f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))),
        *(f"cp{page}" for page in range(1250, 1259)),
    }
)  # fmt: skip
_SUCH_AS = '; write one such as "gb18030"'

_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/(day|hour)")
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NAME = re.compile(rf"[a-z0-9-]{{1,{MAX_NAME_CHARS}}}")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_PORT = re.compile(r"[0-9]{1,5}")
# What people write for China's time; the IANA database names it after Shanghai.
_ZONES_PEOPLE_WRITE = {"asia/beijing": "Asia/Shanghai", "beijing": "Asia/Shanghai"}


def suggestion(word: str, choices: Iterable[str]) -> str:
    """Return `, did you mean "…"?` for the choice nearest to `word`, or "" if none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    near = get_close_matches(word.lower()[:MAX_URL_CHARS], by_lower, n=1, cutoff=0.7)
    return f', did you mean "{by_lower[near[0]]}"?' if near else ""


def text(value: object) -> str:
    """Return a string without control characters, as written; not blank."""
    if not isinstance(value, str):
        raise ValueError("must be a string (in quotes)")  # noqa: TRY004  # pydantic catches this
    if not value.strip():
        raise ValueError("must not be empty")
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in value):
        raise ValueError("must not hold control characters")
    return value


def duration(value: object) -> timedelta:
    """Return the period that "90s", "5m", "4h" or "2d" means; positive, at most ten years."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a duration such as "90s", "15m", "4h" or "2d"')
    period = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not timedelta(0) < period <= MAX_PERIOD:
        raise ValueError(f'must be between "1s" and "{written(MAX_PERIOD)}"')
    return period


def interval(value: object) -> timedelta:
    """Return the time between two polls; positive, at most a month."""
    period = duration(value)
    if period > MAX_INTERVAL:
        raise ValueError(f'must be between "1s" and "{written(MAX_INTERVAL)}"')
    return period


def written(period: timedelta) -> str:
    """Return a period of whole seconds as config.toml writes it: the inverse of `duration`."""
    seconds = int(period.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def budget(value: object) -> float:
    """Return how many requests a day "24/day" or "2/hour" is."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be requests of a source, such as "24/day" or "2/hour"')
    requests = float(match[1]) * (24 if match[2] == "hour" else 1)
    if not 1 <= requests <= MAX_BUDGET:
        raise ValueError(f'must be between "1/day" and "{MAX_BUDGET}/day"')
    return requests


def weight(value: object) -> float:
    """Return how much a delay of a source counts."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number (without quotes)")  # noqa: TRY004  # pydantic catches this
    if not MIN_WEIGHT <= value <= MAX_WEIGHT:
        raise ValueError(f"must be between {MIN_WEIGHT} and {MAX_WEIGHT}")
    return float(value)


def encoding(value: object) -> str:
    """Return the name of an encoding that documents are read in, in lower case."""
    label = text(value).lower()
    if label not in ENCODINGS:
        with suppress(LookupError, ValueError):
            if codecs.lookup(label).name in _CODECS:
                return label
        raise ValueError(f"unknown encoding{suggestion(label, ENCODINGS) or _SUCH_AS}")
    return label


def name(value: object) -> str:
    """Return a stable key of a source or feed."""
    word = text(value)
    if _NAME.fullmatch(word):
        return word
    likely = re.sub(r"[\s_.]+", "-", word.strip().lower())
    hint = f', did you mean "{likely}"?' if _NAME.fullmatch(likely) else ""
    raise ValueError(f'must be 1 to {MAX_NAME_CHARS} of a-z, 0-9 and "-"{hint}')


def title(value: object) -> str:
    """Return a line for people."""
    line = text(value)
    if len(line) > MAX_TITLE_CHARS:
        raise ValueError(f"must have at most {MAX_TITLE_CHARS} characters")
    return line


def tag(value: object) -> str:
    """Return a word that groups sources."""
    word = text(value)
    if len(word) > MAX_TAG_CHARS:
        raise ValueError(f"must have at most {MAX_TAG_CHARS} characters")
    if word in (".", ".."):
        raise ValueError(
            "must not be a dot or two: in addresses and as a folder they mean another place"
        )
    return word


def timezone(value: object) -> str:
    """Return the name of a time zone of the IANA database."""
    zone = text(value)
    if not _is_zone(zone):
        hint = _zone_hint(zone) or '; write one such as "Asia/Shanghai"'
        raise ValueError(f"unknown time zone{hint}")
    return zone


@lru_cache(maxsize=1024)
def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; not a relative path; a folder ("Asia")
        return False
    return True


@lru_cache(maxsize=1024)
def _zone_hint(zone: str) -> str:
    if zone.lower() in _ZONES_PEOPLE_WRITE:
        return f', did you mean "{_ZONES_PEOPLE_WRITE[zone.lower()]}"?'
    zones = sorted(available_timezones())
    cities = {known.rsplit("/", 1)[-1].lower(): known for known in zones}
    city = zone.replace(" ", "_").lower()
    return f', did you mean "{cities[city]}"?' if city in cities else suggestion(zone, zones)


def http_url(value: object) -> str:
    """Return an absolute http or https URL, exactly as written; user info is allowed."""
    url = text(value)
    split(url)
    return url


def origin(url: str) -> tuple[str, int]:
    """Return the lower-case host (without brackets) and the port that a checked URL leads to."""
    return host_and_port(url)


def same_url_key(url: str) -> tuple[str, str, str, int, str, str]:
    """Return what two spellings of one checked URL share: they would be the same request."""
    parts = urlsplit(url)
    host, port = origin(url)
    user_info = parts.netloc.rpartition("@")[0]
    return parts.scheme, user_info, host.rstrip("."), port, parts.path or "/", parts.query


def base_url(value: object) -> str:
    """Return the URL under which readers reach us, without a trailing slash."""
    url = text(value)
    parts = split(url)
    wrong = []
    if "?" in url or "#" in url:
        wrong.append("must not have a query or fragment")
    if "@" in parts.netloc:
        wrong.append("must not hold a user name or password: it is published")
    if wrong:
        raise ValueError("; ".join(wrong))
    return url.rstrip("/")


def contact(value: object) -> str:
    """Return a URL or mailto: address that goes into the User-Agent."""
    line = text(value)
    if not line.isascii() or " " in line or "(" in line or ")" in line:
        raise ValueError("must be plain ASCII without spaces and parentheses")
    if line.lower().startswith("mailto:"):
        if not re.fullmatch(r"[^@?]{1,64}@[^@?]{1,253}", line[len("mailto:") :]):
            raise ValueError('must be such as "mailto:you@example.org"')
        return line
    try:
        parts = split(line)
    except ValueError as error:
        raise ValueError('must be an http(s) URL or "mailto:you@example.org"') from error
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or password: every publisher reads it")
    return line


def store_path(value: object) -> str:
    """Return the path of a file, as written."""
    path = text(value)
    if path.startswith("~"):
        raise ValueError('"~" is not expanded; write the whole path')
    return path


def listen(value: object) -> tuple[str, int] | str:
    """Return host and port, or the path of a Unix socket as written."""
    where = text(value)
    if where.startswith("unix:"):
        path = where.removeprefix("unix:")
        if not path or path.endswith("/") or path.startswith("//"):
            raise ValueError('must name a socket, such as "unix:/run/aggregator/http.sock"')
        return path
    host, colon, port = where.rpartition(":")
    if colon and not host:
        raise ValueError(f'has no host; for every interface write "0.0.0.0:{port}"')
    if not colon or (":" in host and not host.startswith("[")):
        raise ValueError('must be "host:port", "[::1]:8420" or "unix:/path"')
    return _host(host).strip("[]"), _port(port)


def allowance(value: object) -> Allowance:
    """Return what an `allow_private` entry exempts: a host or address range, with optional port."""
    entry = text(value)
    if "//" in entry:
        raise ValueError('must be without scheme and path, such as "rsshub:1200"')
    if entry.startswith("["):
        inside, bracket, rest = entry[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError('must be such as "[fd00::5]:80"')
        where, port = inside, _port(rest[1:]) if rest else None
    elif entry.count(":") == 1:
        where, _, port_text = entry.partition(":")
        port = _port(port_text)
    else:
        where, port = entry, None
    network = _network(where)
    if network is not None:
        return Allowance(text=entry, network=network, port=port)
    return Allowance(text=entry, host=_host(where).rstrip("."), port=port)


def _network(where: str) -> IPNetwork | None:
    """Return the range that an address or CIDR notation means, or `None` for a name."""
    if not (":" in where or "/" in where or re.fullmatch(r"[0-9.]+", where)):
        return None
    try:
        network = ip_network(where, strict=False)
    except ValueError as error:
        raise ValueError("is neither an address nor a range nor a host") from error
    if "/" in where and str(network.network_address) != str(ip_address(where.partition("/")[0])):
        raise ValueError(f'is not the start of its range, did you mean "{network}"?')
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return ip_network((mapped, network.prefixlen - 96))
    return network


def split(url: str) -> SplitResult:
    """Take an http(s) URL apart; `ValueError` says what is wrong with it."""
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"must have at most {MAX_URL_CHARS} characters")
    if any(char.isspace() or char == "\\" for char in url):
        raise ValueError("must not hold spaces or backslashes")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError("is not a URL") from error
    if parts.scheme not in DEFAULT_PORTS or not url[len(parts.scheme) :].startswith("://"):
        raise ValueError("must be an http:// or https:// URL")
    authority = parts.netloc.rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = authority, ""
    _host(host)
    if port:
        _port(port)
    return parts


def _port(digits: str) -> int:
    if not _PORT.fullmatch(digits) or not 1 <= int(digits) <= 65535:
        raise ValueError("the port must be between 1 and 65535")
    return int(digits)


def _host(host: str) -> str:
    """Return a host as DNS knows it, in ASCII; an IPv6 address keeps its brackets."""
    if not host:
        raise ValueError("has no host")
    if len(host) > MAX_HOST_CHARS:
        raise ValueError(f"the host must have at most {MAX_HOST_CHARS} characters")
    if host.startswith("["):
        try:
            address = ip_address(host[1:-1] if host.endswith("]") else "")
        except ValueError as error:
            raise ValueError("is not an IPv6 address") from error
        if address.version != 6 or "%" in host:
            raise ValueError("must hold an IPv6 address without zone in the brackets")
        return host.lower()
    try:
        name = ascii_host(host)
    except ValueError as error:
        raise ValueError("the host is not a valid name") from error
    labels = name.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the host is not a valid name")
    if labels[-1].isdigit():
        try:
            ip_address(name.removesuffix("."))
        except ValueError as error:
            raise ValueError("the host is not a valid IPv4 address") from error
    return name
