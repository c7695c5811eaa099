"""What of a configuration is secret: nothing but the operator's own words decides that.

User info, headers that a source sends, logins of proxies; of a private source its path and query;
of any other those parameters of its URLs whose names say so, or that the operator names. What is
secret in a file of its own comes from whoever reads it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from aggregator.rules.secrets import LEAST_CHARS, Address, Login, Parameter, Secrets, united
from aggregator.web.addresses import host_of, shown_host
from aggregator.web.redaction import without_user_info
from aggregator.web.secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Source

#: Headers that say what is wanted, not who wants it.
_OPEN_HEADERS = frozenset(
    {
        "accept", "accept-charset", "accept-language", "content-language", "dnt", "from", "origin",
        "priority", "save-data", "upgrade-insecure-requests", "via", "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-proto", "x-requested-with",
    }
)  # fmt: skip
_OPEN_HEADER_KINDS = ("if-", "sec-")

_QUERY_PART = re.compile(r"([?&;])([^=&;#]*)=([^&;#]*)")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}$")
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")
#: No word is as long, and no number that is not one.
_LONG_WORD, _LONG_NUMBER = re.compile(r"[A-Za-z]{20,}"), re.compile(r"\d{12,}")


def secrets_of(sources: tuple[Source, ...], further: tuple[str, ...] = ()) -> Secrets:
    """Return all that is secret in these sources; `further` are secrets from elsewhere.

    Of those, what is too short to be known from a word is left out.
    """
    return united((Secrets(values=_long(further)), *map(_of_source, sources)))


def holds_secrets(source: Source) -> bool:
    """Tell whether anything of a source's configuration is secret.

    The store keeps the answer: when more is taken for a secret than before, a migration lets it ask
    again (`sources.may_hold_secrets`).
    """
    return secrets_of((source,)) != Secrets()


def held_parameters(source: Source, secrets: Secrets) -> tuple[str, ...]:
    """Return the names of the parameters of a source's URLs of which the values are secret.

    By their names, or because one of all `secrets` is in the value.
    """
    found = (
        name
        for url in source.urls
        for name, value in _parameters(url)
        if _is_held(source, name)
        or secrets.tells(f"//{host_of(url)}/?{quote(name, safe='')}={quote(value, safe='')}")
    )
    return tuple(dict.fromkeys(found))


def open_url(source: Source, url: str) -> str:
    """Return one of a source's URLs without user info, its secret parameters empty.

    Of a private source it is the address of its host.
    """
    if source.private:
        try:
            parts = urlsplit(without_user_info(url))
        except ValueError:
            return ""
        return f"{parts.scheme}://{parts.netloc}/"

    def shown(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}=" if _is_held(source, unquote(match[2])) else match[0]

    return _QUERY_PART.sub(shown, without_user_info(url))


def is_open_header(name: str) -> bool:
    """Tell whether a header says what is wanted, and not who wants it: its value is no secret."""
    known = name.lower()
    return known in _OPEN_HEADERS or known.startswith(_OPEN_HEADER_KINDS)


def user_info_secrets(url: str) -> Secrets:
    """Return what is secret in the user info of a URL.

    A name beside a password is one that people choose, and may be a word: everywhere it is secret
    only where it looks like nothing that is one.
    """
    parts = _split(url)
    if parts is None or "@" not in parts.netloc:
        return Secrets()
    user_info = parts.netloc.rpartition("@")[0]
    user, _, password = user_info.partition(":")
    values = [unquote(password)]
    if not password or looks_minted(unquote(user)):
        values.append(unquote(user))
    return Secrets(
        values=_long(values),
        logins=frozenset(Login(host, user_info) for host in _hosts(url)),
    )


def _of_source(source: Source) -> Secrets:
    access = source.access
    found = [Secrets(values=_long(_of_headers(access.headers)))]
    if access.proxy is not None:
        found.append(user_info_secrets(access.proxy))
    for url in source.urls:
        found += user_info_secrets(url), _of_query(source, url)
        if source.private:
            found.append(_of_path(url))
    return united(found)


def _of_headers(headers: Iterable[tuple[str, str]]) -> Iterable[str]:
    for name, value in headers:
        if not is_open_header(name):
            yield value
            yield value.rpartition(" ")[2]  # "Token abc": the scheme is no part of it


def _of_query(source: Source, url: str) -> Secrets:
    values, parameters = [], set()
    for name, value in _parameters(url):
        if not value or not _is_held(source, name):
            continue
        # All of a private query is secret, also what is a word of everybody's.
        if len(value) >= LEAST_CHARS and (_is_named(source, name) or looks_minted(value)):
            values.append(value)
        else:
            parameters |= {Parameter(host, name, value) for host in _hosts(url)}
    return Secrets(values=frozenset(values), parameters=frozenset(parameters))


def _of_path(url: str) -> Secrets:
    """Return what is secret in the path of a private URL: the address, and what was minted for it.

    A path of everybody's words ("/members/feed.xml") is secret only as that host's.
    """
    parts = _split(url)
    if parts is None:
        return Secrets()
    segments = [segment for segment in parts.path.split("/") if segment]
    words = (unquote(word) for one in segments for word in (one, _EXTENSION.sub("", one)))
    path = parts.path.rstrip("/")
    try:
        port = parts.port
    except ValueError:
        port = None
    addresses = (Address(host, path, port) for host in _hosts(url)) if path else ()
    return Secrets(
        values=frozenset(word for word in _long(words) if looks_minted(word)),
        addresses=frozenset(addresses),
    )


def _is_held(source: Source, name: str) -> bool:
    return source.private or _is_named(source, name)


def _is_named(source: Source, name: str) -> bool:
    named = source.secret_params
    if named is None:
        return is_secret_name(name)
    return name in named or (bool(named) and is_secret_name(name))


def looks_minted(value: str) -> bool:
    """Tell whether a value was made by a machine, and is nobody's word, name, year or place."""
    if _LETTER.search(value) and (_DIGIT.search(value) or value.isupper()):
        return True
    return bool(_LONG_WORD.search(value) or _LONG_NUMBER.search(value))


def _long(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in values if len(value) >= LEAST_CHARS)


def _parameters(url: str) -> list[tuple[str, str]]:
    parts = _split(url)
    if parts is None:
        return []
    return [
        (unquote(match[2]), unquote(match[3])) for match in _QUERY_PART.finditer(f"?{parts.query}")
    ]


def _hosts(url: str) -> tuple[str, ...]:
    """Return a URL's host as DNS knows it and as people read it."""
    return tuple(dict.fromkeys(host for host in (host_of(url), shown_host(url)) if host))


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
