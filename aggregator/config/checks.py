"""What must hold between the keys of a file, each of which is fine by itself."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from aggregator.config import network_values
from aggregator.config.list_keys import MAX_LISTS
from aggregator.config.settings import SHORTEST_PUBLIC_INTERVAL
from aggregator.config.text_values import nearest
from aggregator.model import FeedKind
from aggregator.model.mistakes import MistakeKind
from aggregator.web.addresses import has_user_info, host_and_port, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aggregator.config.mistake_list import MistakeList
    from aggregator.config.notify_keys import NotifyTable
    from aggregator.config.settings import NetworkSettings, Rsshub
    from aggregator.config.source_keys import SourceTable
    from aggregator.config.tables import Reading, Tables
    from aggregator.model import Allowance, Feed, Source
    from aggregator.model.mistakes import KeyPath

#: Looking for the name that was meant compares with every name there is; a file full of unknown
#: names must not cost minutes.
MAX_SUGGESTIONS = 20

_ROOT = "/"
_LOGIN = ("username", "password_file", "token_file")
#: What belongs to a request of ours, and a solver's browser knows nothing of.
_OURS = (
    "headers", "user_agent", "username", "password_file", "token_file", "cookie_file", "proxy",
    "tls_verify",
)  # fmt: skip


def check(
    tables: Tables,
    sources: Sequence[Source],
    feeds: Sequence[Feed],
    folder: Path,
    mistakes: MistakeList,
) -> None:
    """Find the mistakes that need more than one key.

    `sources` and `feeds` are in the order of the file, with the defaults filled in; a name or
    URL that could not be read is empty. Automatic feeds come last.
    """
    _socket(tables, folder, mistakes)
    _unique("sources", tables.sources, "name", MistakeKind.SAME_NAME, mistakes)
    _lists(tables, mistakes)
    _unique("feeds", tables.feeds, "name", MistakeKind.SAME_NAME, mistakes)
    _unique("sites", tables.sites, "host", MistakeKind.SAME_HOST, mistakes)
    rsshub = tables.rsshub.table
    if rsshub.access_key_file and not rsshub.instances and _is_sound(tables.rsshub, "instances"):
        mistakes.add(("rsshub", "access_key_file"), MistakeKind.KEY_WITHOUT_INSTANCES)
    _same_urls(tables, rsshub, mistakes)
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        _login(("sources", index), reading, source, mistakes)
        _solver(("sources", index), reading, source, mistakes)
    _polling(tables, mistakes)
    _short_intervals(tables, sources, mistakes)
    _selections(tables, mistakes)
    _limits(tables, mistakes)
    _retention(tables, feeds, mistakes)
    _tokens(tables, mistakes)
    _exported_feeds(tables, feeds, mistakes)
    _directories(tables, folder, mistakes)
    _unique("notify", tables.notify, "name", MistakeKind.SAME_NAME, mistakes)
    for index, receiver in enumerate(tables.notify):
        _receiver(("notify", index), receiver, mistakes)


def written_tokens(tables: Tables) -> Iterator[tuple[KeyPath, str]]:
    """Yield every token of a file with its place."""
    if tables.publish.says("status_token"):
        yield ("publish", "status_token"), tables.publish.said["status_token"]
    for index, reading in enumerate(tables.feeds):
        if reading.says("token"):
            yield ("feeds", index, "token"), reading.said["token"]


def _is_sound(reading: Reading[object], *names: str) -> bool:
    return reading.broken.isdisjoint(names)


def _socket(tables: Tables, folder: Path, mistakes: MistakeList) -> None:
    server = tables.server.table
    for key, where in (("listen", server.listen), ("operator_listen", server.operator_listen)):
        path = None if where is None else where.unix_path
        if path is not None and len(bytes(folder / path)) > network_values.MAX_UNIX_PATH_BYTES:
            mistakes.add(
                ("server", key),
                MistakeKind.SOCKET_TOO_LONG,
                most=network_values.MAX_UNIX_PATH_BYTES,
            )
    if server.operator_listen == server.listen:
        mistakes.add(("server", "operator_listen"), MistakeKind.SAME_LISTENER)


def _unique(
    table: str,
    readings: Sequence[Reading[object]],
    name: str,
    kind: MistakeKind,
    mistakes: MistakeList,
) -> None:
    first: dict[str, int] = {}
    for index, reading in enumerate(readings):
        value = reading.said.get(name)
        if value and (other := first.setdefault(value, index)) != index:
            mistakes.add((table, index, name), kind, table=table, other=other)


def _lists(tables: Tables, mistakes: MistakeList) -> None:
    _unique("lists", tables.lists, "name", MistakeKind.SAME_NAME, mistakes)
    if len(tables.lists) > MAX_LISTS:
        mistakes.add(("lists",), MistakeKind.TOO_MANY, most=MAX_LISTS)
    first: dict[tuple[str | int, ...], int] = {}
    for index, reading in enumerate(tables.lists):
        if reading.said.get("name") in tables.source_names:
            mistakes.add(("lists", index, "name"), MistakeKind.NAME_OF_A_SOURCE)
        if reading.says("url"):
            same = network_values.same_url_key(reading.said["url"])
            if (other := first.setdefault(same, index)) != index:
                at = ("lists", index, "url")
                mistakes.add(at, MistakeKind.SAME_LIST, other=other)


def _is_of_a_list(name: str, tables: Tables) -> bool:
    """Tell whether a name is of a source that a list may bring: which ones it does, changes."""
    of, slash, own = name.partition("/")
    return bool(slash and own) and of in tables.list_names


def _same_urls(tables: Tables, rsshub: Rsshub, mistakes: MistakeList) -> None:
    seen: dict[tuple[str | int, ...], int] = {}
    for index, reading in enumerate(tables.sources):
        for path, url in _places(index, reading):
            expanded = network_values.expand(url, rsshub.instances)
            if not expanded and _is_sound(tables.rsshub, "instances"):
                mistakes.add(path, MistakeKind.NO_INSTANCE)
            keys = [network_values.same_url_key(one) for one in expanded]
            other = next((seen[key] for key in keys if key in seen), None)
            if other == index:
                mistakes.add(path, MistakeKind.URL_TWICE)
            elif other is not None:
                mistakes.add(path, MistakeKind.SAME_URL, other=other)
            for key in keys:
                seen.setdefault(key, index)


def _places(index: int, reading: Reading[SourceTable]) -> Iterator[tuple[KeyPath, str]]:
    urls = reading.said.get("url", ())
    for position, url in enumerate(urls):
        yield ("sources", index, "url", *([position] if len(urls) > 1 else [])), url


def _login(
    at: KeyPath, reading: Reading[SourceTable], source: Source, mistakes: MistakeList
) -> None:
    origins = {origin_of(url) for url in network_values.asked(source)}
    if len(origins) > 1 and reading.says("cookie_file") and _is_sound(reading, "url"):
        mistakes.add((*at, "cookie_file"), MistakeKind.LOGIN_FOR_SEVERAL)
    says = [name for name in _LOGIN if reading.says(name)]
    if not says or not _is_sound(reading, *_LOGIN, "url"):
        return
    if "token_file" in says and len(says) > 1:
        mistakes.add((*at, "token_file"), MistakeKind.TWO_LOGINS)
        return
    if says == ["username"]:
        mistakes.add((*at, "username"), MistakeKind.NEEDS_BESIDE, key="password_file")
    if says == ["password_file"]:
        mistakes.add((*at, "password_file"), MistakeKind.NEEDS_BESIDE, key="username")
    if any(map(has_user_info, network_values.asked(source))):
        mistakes.add((*at, says[-1]), MistakeKind.LOGIN_IN_URL)
    if len(origins) > 1:
        mistakes.add((*at, says[-1]), MistakeKind.LOGIN_FOR_SEVERAL)


def _receiver(at: KeyPath, reading: Reading[NotifyTable], mistakes: MistakeList) -> None:
    says = [name for name in ("url", "url_file") if reading.says(name)]
    if len(says) > 1:
        mistakes.add((*at, "url_file"), MistakeKind.TWO_ADDRESSES)
    elif not says and _is_sound(reading, "url", "url_file"):
        mistakes.add(at, MistakeKind.NO_ADDRESS)
    login = [name for name in _LOGIN if reading.says(name)]
    if "token_file" in login and len(login) > 1:
        mistakes.add((*at, "token_file"), MistakeKind.TWO_LOGINS)
    elif len(login) == 1 and login != ["token_file"] and _is_sound(reading, *_LOGIN):
        (other,) = {"username", "password_file"}.difference(login)
        mistakes.add((*at, login[0]), MistakeKind.NEEDS_BESIDE, key=other)


def _solver(
    at: KeyPath, reading: Reading[SourceTable], source: Source, mistakes: MistakeList
) -> None:
    if not reading.says("fetch_via"):
        return
    for key in filter(reading.says, _OURS):
        mistakes.add((*at, key), MistakeKind.NOT_BY_SOLVER, key="fetch_via")
    if source.access.rsshub_key_file is not None or any(
        map(has_user_info, network_values.asked(source))
    ):
        mistakes.add((*at, "fetch_via"), MistakeKind.LOGIN_BY_SOLVER)


def _polling(tables: Tables, mistakes: MistakeList) -> None:
    polling = tables.polling
    shortest, longest = polling.table.min_interval, polling.table.max_interval
    if not _is_sound(polling, "min_interval", "max_interval") or shortest <= longest:
        return
    if not polling.says("min_interval"):
        mistakes.add(("polling", "max_interval"), MistakeKind.MAX_BELOW_MIN, default=shortest)
    elif polling.says("max_interval"):
        mistakes.add(("polling", "min_interval"), MistakeKind.MIN_ABOVE_MAX, longest=longest)
    else:
        mistakes.add(("polling", "min_interval"), MistakeKind.MIN_ABOVE_MAX, default=longest)


def _short_intervals(tables: Tables, sources: Sequence[Source], mistakes: MistakeList) -> None:
    floor = SHORTEST_PUBLIC_INTERVAL
    all_short = tables.polling.table.min_interval < floor
    short = {
        index
        for index, source in enumerate(sources)
        if source.interval is not None and source.interval < floor
    }
    if not all_short and not short:
        return
    allowances, doubtful = _allowances(tables.network)
    public = [
        index
        for index, source in enumerate(sources)
        if (all_short or index in short)
        and any(
            not any(allowance.covers(*host_and_port(url)) for allowance in allowances)
            and not _may_be_meant(host_and_port(url)[0], doubtful)
            for url in network_values.asked(source)
        )
    ]
    if public and all_short:
        mistakes.add(
            ("polling", "min_interval"),
            MistakeKind.MIN_INTERVAL_SHORT,
            least=floor,
            index=public[0],
            more=len(public) - 1 or None,
        )
    elif all_short and tables.lists:
        at = ("polling", "min_interval")
        mistakes.add(at, MistakeKind.MIN_INTERVAL_SHORT, least=floor, of_list=0)
    own = [index for index in public if index in short and tables.sources[index].says("interval")]
    for index in own:
        mistakes.add(("sources", index, "interval"), MistakeKind.INTERVAL_SHORT, least=floor)
    for index in [index for index in public if index in short and index not in own][:1]:
        mistakes.add(("defaults", "interval"), MistakeKind.INTERVAL_SHORT, least=floor, index=index)


def _allowances(network: Reading[NetworkSettings]) -> tuple[list[Allowance], list[str]]:
    """Return what `allow_private` allows, and its entries that cannot be read."""
    raw = network.raw.get("allow_private", [])
    good, bad = [], []
    for entry in raw if isinstance(raw, list) else [raw]:
        try:
            good.append(network_values.allowance(entry))
        except ValueError:
            bad.append(str(entry).lower())
    return good, bad


def _may_be_meant(host: str, entries: Sequence[str]) -> bool:
    """Tell whether an entry that cannot be read may have been meant for this host."""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return bool(entries) and (is_address or any(host in entry for entry in entries))


def _selections(tables: Tables, mistakes: MistakeList) -> None:
    unknown = 0
    for index, feed in enumerate(tables.feeds):
        for name in ("sources", "tags"):
            if feed.said.get(name) == ():
                mistakes.add(("feeds", index, name), MistakeKind.NO_SELECTION)
        for key in ("sources", "prefer"):
            names = feed.raw.get(key)
            for position, name in enumerate(names if isinstance(names, list) else ()):
                if not isinstance(name, str) or name in tables.source_names:
                    continue
                if _is_of_a_list(name, tables) and (key == "sources" or name[-2:] != "/*"):
                    continue
                unknown += 1
                names = {*tables.source_names, *(f"{one}/*" for one in tables.list_names)}
                near = nearest(name, names) if unknown <= MAX_SUGGESTIONS else None
                at = ("feeds", index, key, position)
                mistakes.add(at, MistakeKind.UNKNOWN_SOURCE, written=name, near=near)


def _limits(tables: Tables, mistakes: MistakeList) -> None:
    for index, feed in enumerate(tables.feeds):
        limit, least = feed.said.get("limit"), feed.said.get("min_entries")
        if limit is not None and least is not None and limit < least:
            mistakes.add(("feeds", index, "limit"), MistakeKind.LIMIT_BELOW_MIN, least=least)


def _retention(tables: Tables, feeds: Sequence[Feed], mistakes: MistakeList) -> None:
    if not tables.store.says("retention") or any("window" in feed.broken for feed in tables.feeds):
        return
    longest = max(feeds, key=lambda feed: feed.window)
    if longest.window > tables.store.table.retention:
        mistakes.add(
            ("store", "retention"),
            MistakeKind.RETENTION_BELOW_WINDOW,
            feed=longest.name,
            least=longest.window,
        )


def _tokens(tables: Tables, mistakes: MistakeList) -> None:
    first: dict[str, KeyPath] = {}
    for path, secret in written_tokens(tables):
        if (other := first.setdefault(secret, path)) != path:
            index = other[1] if other[0] == "feeds" else None
            mistakes.add(path, MistakeKind.SAME_TOKEN, other=index)


def _exported_feeds(tables: Tables, feeds: Sequence[Feed], mistakes: MistakeList) -> None:
    # What cannot be read may be what is meant.
    if not all(_is_sound(reading, "name") for reading in tables.feeds) or not all(
        _is_sound(reading, "name", "tags", "tag") for reading in tables.sources
    ):
        return
    names = [feed.name for feed in feeds]
    for index, export in enumerate(tables.exports):
        name = export.table.feed
        if "feed" in export.broken or name in names:
            continue
        folder, _, own = name.partition("/")
        if folder == FeedKind.SOURCE.folder and _is_of_a_list(own, tables):
            continue
        if folder == FeedKind.TAG.folder and own and tables.lists:
            continue
        at = ("exports", index, "feed")
        if export.says("feed"):
            mistakes.add(at, MistakeKind.UNKNOWN_FEED, written=name, near=nearest(name, names))
        else:
            mistakes.add(at, MistakeKind.NO_FEED_NAMED_ALL)


def _directories(tables: Tables, folder: Path, mistakes: MistakeList) -> None:
    files = tables.publish.table.directory
    published = None if files is None else _spelt(folder, files)
    if published == _ROOT:
        mistakes.add(("publish", "directory"), MistakeKind.ROOT_DIRECTORY)
        published = None
    first: dict[tuple[str, str], int] = {}
    for index, reading in enumerate(tables.exports):
        export = reading.table
        if export.directory is None:
            continue
        place = _spelt(folder, export.directory)
        at = ("exports", index, "directory")
        if place == _ROOT:
            mistakes.add(at, MistakeKind.ROOT_DIRECTORY)
        elif published is not None and (how := _overlap(place, published)):
            mistakes.add(at, how)
        # Several feeds may share a folder: the manifest there says whose a post is.
        other = first.setdefault((place, export.feed), index)
        if other != index:
            mistakes.add(at, MistakeKind.SAME_EXPORT, other=other)


def _overlap(place: str, published: str) -> MistakeKind | None:
    if place == published:
        return MistakeKind.SAME_AS_PUBLISHED
    if place.startswith(f"{published}/"):
        return MistakeKind.IN_PUBLISHED
    return MistakeKind.HOLDS_PUBLISHED if published.startswith(f"{place}/") else None


def _spelt(folder: Path, directory: Path) -> str:
    # POSIX leaves open what two slashes at the start mean; here they are one.
    return posixpath.normpath(str(folder.absolute() / directory)).replace("//", "/", 1)
