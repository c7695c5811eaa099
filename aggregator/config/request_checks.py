"""How sources are asked: what must hold between the keys that say it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.config import request_values, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.config.keys import SourceTable
    from aggregator.config.mistakes import Mistakes
    from aggregator.config.places import Path
    from aggregator.config.read_tables import Reading, Tables
    from aggregator.config.settings import Rsshub
    from aggregator.model import Source


def check(tables: Tables, sources: Sequence[Source], rsshub: Rsshub, mistakes: Mistakes) -> None:
    """Find the mistakes between the keys that say how sources are asked."""
    if tables.rsshub.says("access_key_file") and not (
        rsshub.instances or "instances" in tables.rsshub.broken
    ):
        mistakes.add(("rsshub", "access_key_file"), "means nothing without instances")
    _same_urls(tables, rsshub, mistakes)
    _twice(("defaults", "headers"), tables.defaults.table.headers, mistakes)
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        if reading.says("headers"):
            _twice(("sources", index, "headers"), reading.table.headers, mistakes)
        _login(("sources", index), reading, source, mistakes)


def cautions(tables: Tables, sources: Sequence[Source], warnings: Mistakes) -> None:
    """Find what is allowed, and dangerous."""
    text = "certificates are not verified: anybody on the way can read and change what comes"
    if not tables.defaults.table.tls_verify:
        warnings.add(("defaults", "tls_verify"), text)
    allowances = tables.network.table.allow_private
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        if reading.says("tls_verify") and not source.access.tls_verify:
            warnings.add(("sources", index, "tls_verify"), text)
        for key in ("token_file", "password_file"):
            if reading.says(key) and any(
                url.lower().startswith("http:")
                and not any(allowance.covers(*values.origin(url)) for allowance in allowances)
                for url in request_values.asked(source)
            ):
                warnings.add(("sources", index, key), "is sent unencrypted, over http://")


def _same_urls(tables: Tables, rsshub: Rsshub, mistakes: Mistakes) -> None:
    seen: dict[tuple[str | int, ...], int] = {}
    for index, reading in enumerate(tables.sources):
        for path, url in _places(index, reading):
            expanded = request_values.expand(url, rsshub)
            if not expanded and "instances" not in tables.rsshub.broken:
                mistakes.add(
                    path,
                    "needs an RSSHub instance: "
                    'write [rsshub] and under it instances = ["https://…"]',
                )
            keys = [values.same_url_key(one) for one in expanded]
            others = [seen[key] for key in keys if key in seen]
            if others:
                same = "the same URL stands twice in this source"
                told = same if others[0] == index else f"the same URL as sources[{others[0]}]"
                mistakes.add(path, told)
            seen.update({key: index for key in keys if key not in seen})


def _places(index: int, reading: Reading[SourceTable]) -> Iterator[tuple[Path, str]]:
    urls = reading.table.url
    for position, url in enumerate(urls):
        yield ("sources", index, "url", *([position] if len(urls) > 1 else [])), url


def _twice(path: Path, headers: dict[str, str], mistakes: Mistakes) -> None:
    if len(headers) > request_values.MAX_HEADERS:
        mistakes.add(path, f"must have at most {request_values.MAX_HEADERS}")
    first: dict[str, str] = {}
    for name in headers:
        if first.setdefault(name.lower(), name) != name:
            mistakes.add((*path, name), f"the same header as {first[name.lower()]}")


def _login(at: Path, reading: Reading[SourceTable], source: Source, mistakes: Mistakes) -> None:
    says = [key for key in ("username", "password_file", "token_file") if reading.says(key)]
    if not says or reading.broken.intersection(("username", "password_file", "token_file", "url")):
        return
    if "token_file" in says and len(says) > 1:
        mistakes.add((*at, "token_file"), "a request has one login: this, or username")
        return
    if says == ["username"]:
        mistakes.add((*at, "username"), "needs password_file beside it")
    if says == ["password_file"]:
        mistakes.add((*at, "password_file"), "needs username beside it")
    if any("@" in urlsplit(url).netloc for url in request_values.asked(source)):
        mistakes.add((*at, says[-1]), "the url holds a login already")
    if len({(urlsplit(u).scheme, *values.origin(u)) for u in request_values.asked(source)}) > 1:
        mistakes.add(
            (*at, says[-1]),
            "would go to every server in url; write user:password@ into the URL that needs it, "
            "or make it a source of its own",
        )
