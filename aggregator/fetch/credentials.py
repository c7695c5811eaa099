"""What the settings of one source add to its requests: headers, credentials, cookies, a signature.

All of it is for the configured origin; where a redirect leads elsewhere, only the name by which we
introduce ourselves goes along.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from aggregator.fetch.cookie_file import read_cookies
from aggregator.fetch.failures import FetchError
from aggregator.model import Problem, ProblemKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.fetch.cookie_file import StoredCookie
    from aggregator.fetch.request_target import Target
    from aggregator.fetch.secret_files import Secrets
    from aggregator.model import Access

#: `Access.proxy` of a source that goes past the proxy of all others.
DIRECT = "direct"

# Percent-encodings that decodeURI() leaves alone: reserved characters, and here the percent sign.
_DECODED = re.compile(r"(?:%(?!2[3-6BCF]|3[ABDF]|40)[0-9A-F]{2})+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """A source's own way to ask, its secrets read.

    `own` is the configured target with its signature and credentials. `headers` go to its origin
    only, in place of ours of the same name, and so do `cookies`; `user_agent` goes everywhere.
    `returns_cookies`: what an answer sets goes back to its origin within the poll.
    """

    own: Target
    user_agent: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    returns_cookies: bool = True
    cookies: tuple[StoredCookie, ...] = ()


async def manner(access: Access, url: str, own: Target, secrets: Secrets, now: datetime) -> Manner:
    """Return how the configured `url`, which is `own`, is asked at `now`.

    Raises `FetchError` (ACCESS) when a secret cannot be read or used; files are read in a thread.
    """
    if access.password_file or access.token_file or access.rsshub_key_file:
        own = await asyncio.to_thread(_with_secrets, access, url, own, secrets)
    cookies: tuple[StoredCookie, ...] = ()
    if access.cookie_file is not None:
        cookies = await asyncio.to_thread(read_cookies, access.cookie_file, own, secrets, now)
    return Manner(
        own,
        access.user_agent.encode() if access.user_agent else None,
        tuple((name.encode(), value.encode()) for name, value in access.headers),
        access.cookies == "poll",
        cookies,
    )


def _with_secrets(access: Access, url: str, own: Target, secrets: Secrets) -> Target:
    if access.token_file is not None:
        token = secrets.read("token_file", access.token_file)
        if not token.isascii() or " " in token:
            problem = Problem(ProblemKind.ACCESS, "token_file holds what is no bearer token")
            raise FetchError(problem)
        own = replace(own, authorization=f"Bearer {token}")
    elif access.password_file is not None:
        password = secrets.read("password_file", access.password_file)
        pair = f"{access.username}:{password}".encode()  # RFC 7617 §2.1: UTF-8
        own = replace(own, authorization=f"Basic {base64.b64encode(pair).decode()}")
    instance = next((i for i in access.rsshub_instances if url.startswith(f"{i}/")), None)
    if access.rsshub_key_file is not None and instance is not None:
        key = secrets.read("access_key_file", access.rsshub_key_file)
        return replace(own, signature=f"code={rsshub_code(own, instance, key)}")
    return own


def rsshub_code(own: Target, instance: str, key: str) -> str:
    """Return the access code of a route (https://docs.rsshub.app/deploy/config#access-control).

    It is the MD5 of the route's path and the key. The path is the one that RSSHub sees: without
    what a server in front of it takes away, and decoded as its framework does it (`decodeURI`).
    """
    prefix = "/" + instance.partition("://")[2].partition("/")[2]
    path = own.target.partition("?")[0].removeprefix(prefix.rstrip("/"))
    route = _DECODED.sub(_decode, path)
    return hashlib.md5(f"{route}{key}".encode(), usedforsecurity=False).hexdigest()


def _decode(match: re.Match[str]) -> str:
    try:
        return unquote_to_bytes(match[0]).decode()
    except UnicodeDecodeError:
        return match[0]
