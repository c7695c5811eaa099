"""What of config.toml would fail now, each time: files of secrets, addresses that are refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aggregator.model.mistakes import Mistake, MistakeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config import Config
    from aggregator.fetch.secret_files import Secrets
    from aggregator.model import Access, Problem
    from aggregator.model.mistakes import KeyPath

#: Keys that name a file of a secret, with what they are called in `Access`.
_FILES = (
    ("token_file", "token_file"),
    ("password_file", "password_file"),
    ("access_key_file", "rsshub_key_file"),
)


def likely_failures(config: Config) -> tuple[str, ...]:
    """Return what would fail, a line each, with its file and line.

    Raises `ConfigError` where the file cannot be read any longer.
    """
    from aggregator.config import lines_of

    return lines_of(config.path, (*_files(config), *_addresses(config)))


def _files(config: Config) -> Iterator[Mistake]:
    from aggregator.daemon.secret_places import places_of
    from aggregator.daemon.terms import utc_now
    from aggregator.fetch import cookie_problem

    secrets, now = places_of(config, os.environ), utc_now()
    for place, urls, access in _asked(config):
        if urls and (problem := cookie_problem(access, urls[0], secrets, now)) is not None:
            yield _mistake((*place, "cookie_file"), problem)
        for key, name in _FILES:
            yield from _unread((*place, key), getattr(access, name), secrets)
    for index, receiver in enumerate(config.notify):
        yield from _unread(("notify", index, "url_file"), receiver.url_file, secrets)


def _unread(place: KeyPath, name: str | None, secrets: Secrets) -> Iterator[Mistake]:
    from aggregator.fetch.failures import FetchError

    try:
        if name is not None:
            secrets.read(str(place[-1]), name)
    except FetchError as error:
        yield _mistake(place, error.problem)


def _addresses(config: Config) -> Iterator[Mistake]:
    """Yield addresses that the guard refuses; of most names nobody knows before they are asked."""
    from aggregator.fetch.guard import Guard
    from aggregator.fetch.request_target import parse_target
    from aggregator.model import Problem

    for place, urls, access in _asked(config):
        if access.fetch_via is not None:
            continue
        proxied = (config.network.proxy if access.proxy is None else access.proxy) is not None
        guard = Guard(config.network.allow_private, proxied=proxied)
        for url in urls:
            target = parse_target(url)
            refused = target if isinstance(target, Problem) else guard.foreseen(target)
            if refused is not None:
                yield _mistake((*place, "url"), refused)


def _asked(config: Config) -> Iterator[tuple[KeyPath, tuple[str, ...], Access]]:
    """Yield what is asked: its table, URLs and access. What a list brings is in no file of ours."""
    for index, source in enumerate((config.unjoined or config).sources):
        if source.enabled:
            yield ("sources", index), source.urls, source.access
    for index, of in enumerate(config.lists):
        yield ("lists", index), (of.url,), of.template.access
    for index, receiver in enumerate(config.notify):
        urls = () if receiver.url is None else (receiver.url,)
        yield ("notify", index), urls, receiver.access


def _mistake(place: KeyPath, problem: Problem) -> Mistake:
    told = problem.detail if problem.remedy is None else f"{problem.detail}; {problem.remedy}"
    return Mistake(MistakeKind.FAILS_NOW, place, {"detail": told})
