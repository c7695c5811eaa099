"""From a file to a `Config`, or to a `ConfigError` that holds every mistake."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.config import checks, publish_checks, request_values, values
from aggregator.config.automatic_feeds import automatic
from aggregator.config.keys import DEFAULT_STORE_PATH, WRITTEN
from aggregator.config.mistakes import Mistakes
from aggregator.config.read_tables import read_tables
from aggregator.config.rule_tables import RULE_KEYS, rules_of, site_of
from aggregator.config.settings import (
    Config,
    Listen,
    Log,
    Network,
    Polling,
    Publish,
    Rsshub,
    Server,
    StoreSettings,
)
from aggregator.model import Access, Export, Feed, Source
from aggregator.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.config.keys import (
        ExportTable,
        FeedTable,
        PublishTable,
        ServerTable,
        StoreTable,
    )
    from aggregator.config.places import Path as ConfigPath
    from aggregator.config.read_tables import AnyTable, Reading, Tables

#: 5,000 sources take about 1 MB; more than this is another file, named by accident.
MAX_FILE_BYTES = 16 * 1024 * 1024
#: Where a configuration is looked for when nobody names one.
PLACES = (Path("config.toml"), Path("/etc/aggregator/config.toml"))

#: Keys of a source that are its `Access`.
ACCESS_KEYS = frozenset(
    {
        "headers", "user_agent", "username", "password_file", "token_file", "proxy", "tls_verify",
    }
)  # fmt: skip

#: Templates that come with the program are named without folder and ending: "hexo-volantis".
_SHIPPED_TEMPLATE = re.compile(r"[a-z0-9-]+")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the configuration to use: the named one, AGGREGATOR_CONFIG, ./config.toml, /etc.

    A named one is returned whether it exists or not, `./config.toml` relative to `cwd`.

    Raises:
        ConfigError: None is named and none is there.
    """
    if explicit is not None:
        return explicit
    if environ.get("AGGREGATOR_CONFIG"):
        return Path(environ["AGGREGATOR_CONFIG"])
    for place in PLACES:
        path = cwd / place
        try:
            if path.exists():
                return path
        except OSError:  # no permission to look: reading it will say so
            return path
    looked = " nor ".join(str(cwd / place) for place in PLACES)
    raise ConfigError(
        (f"there is neither {looked}; name a file with --config or AGGREGATOR_CONFIG",)
    )


def load(path: Path) -> Config:
    """Read and check the file.

    Raises:
        ConfigError: It cannot be read or used; every mistake is in it.
    """
    return parse(_text(path), path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError((f"{path}: there is no such file",)) from error
    except OSError as error:
        raise ConfigError((f"{path}: cannot be read: {error.strerror or error}",)) from error
    except ValueError as error:  # a NUL in the name
        raise ConfigError((f"{path!s}: is not a file name",)) from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError((f"{path}: is larger than {MAX_FILE_BYTES // 1024**2} MiB",))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError((f"{path}:{line}: is not UTF-8; save the file as UTF-8",)) from error


def lines_of(path: Path, found: Iterable[tuple[ConfigPath, str]]) -> tuple[str, ...]:
    """Return as lines what is wrong with what a valid file names, as `load` does for its own.

    Raises:
        ConfigError: The file cannot be read any longer.
    """
    mistakes = Mistakes()
    for place, text in found:
        mistakes.add(place, text)
    return mistakes.lines(str(path), _toml_of(_text(path))) if mistakes else ()


def store_path(path: Path) -> Path | None:
    """Return where the database of a file lies that has mistakes elsewhere, or `None`.

    So that a broken edit hides neither the daemon that still runs nor what it knows. Where not even
    the TOML is valid, what stands above the first `[[` must be: most edits are below it.
    """
    try:
        text = path.read_bytes()[:MAX_FILE_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    except (OSError, ValueError):
        return None
    for part in (text, text.partition("\n[[")[0]):
        with suppress(ValueError, RecursionError):
            store = tomllib.loads(part).get("store", {})
            raw = store.get("path", DEFAULT_STORE_PATH) if isinstance(store, dict) else None
            return path.parent / values.store_path(raw)
    return None


def parse(text: str, path: Path) -> Config:
    """Check a whole configuration; `path` is what messages call it, and its folder the root.

    Raises:
        ConfigError: One line a mistake, in the order of the file.
    """
    try:
        return _parse(text, path)
    except RecursionError as error:  # a value in a thousand brackets
        raise ConfigError((f"{path}: is nested too deeply",)) from error


def _toml_of(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _parse(text: str, path: Path) -> Config:
    toml = _toml_of(text)
    mistakes, warnings = Mistakes(), Mistakes()
    tables = read_tables(_toml(toml, path), mistakes)
    rsshub = Rsshub(tuple(tables.rsshub.table.instances), tables.rsshub.table.access_key_file)
    sources = _sources(tables, rsshub)
    configured = tuple(_feed(reading) for reading in tables.feeds)
    feeds = (*configured, *automatic(sources, configured))
    server = _server(tables.server, path, mistakes)
    checks.check(tables, sources, feeds, rsshub, mistakes)
    publish_checks.check(tables, feeds, path.parent, mistakes)
    if mistakes:
        raise ConfigError(mistakes.lines(str(path), toml))
    checks.cautions(tables, sources, configured, warnings)
    polling, network = tables.polling.table, tables.network.table
    return Config(
        path=path,
        server=server,
        store=_store(tables.store, feeds, path),
        polling=Polling(
            polling.min_interval, polling.max_interval, polling.concurrency, polling.budget
        ),
        network=Network(tuple(network.allow_private), network.proxy, network.contact),
        log=Log(tables.log.table.level),
        sources=sources,
        feeds=feeds,
        warnings=warnings.lines(str(path), toml),
        rsshub=rsshub,
        publish=_publish(tables.publish, path),
        exports=tuple(_export(reading, path) for reading in tables.exports),
        sites=tuple(site_of(reading.table) for reading in tables.sites),
    )


def _toml(toml: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(toml)
    except ValueError as error:  # TOMLDecodeError, and int() of thousands of digits
        raise ConfigError((_syntax_mistake(str(error), toml, path),)) from error


def _syntax_mistake(message: str, toml: str, path: Path) -> str:
    """Say what tomllib says, in the shape of our own lines."""
    place = _TOML_PLACE.search(message)
    what = message[: place.start()] if place else message
    what = what[:1].lower() + what[1:]
    if what == "invalid value":
        what += " (text needs quotes)"
    elif what == "cannot overwrite a value":
        what = "this key was given before"
    elif twice := re.fullmatch(r"cannot declare \('(\w+)',\) twice", what):
        written = WRITTEN.get(twice[1], f"[{twice[1]}]")
        what = f"[{twice[1]}] was given before"
        what += f"; write {written} each time" if written.startswith("[[") else ""
    if place is None:
        return f"{path}: {what}"
    if place[1] is None:
        return f"{path}:{len(toml.splitlines()) or 1}: {what} (at the end of the file)"
    return f"{path}:{place[1]}: column {place[2]}: {what}"


def _said(reading: Reading[AnyTable]) -> dict[str, Any]:
    """Return the keys that the file gives a usable value, in the types of the domain."""
    values = {key: getattr(reading.table, key) for key in reading.table.model_fields_set}
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }


def _sources(tables: Tables, rsshub: Rsshub) -> tuple[Source, ...]:
    base = _said(tables.defaults)
    return tuple(_source({**base, **_said(reading)}, rsshub) for reading in tables.sources)


def _source(said: dict[str, Any], rsshub: Rsshub) -> Source:
    written: tuple[str, ...] = said.pop("url", ())
    urls = tuple(url for one in written for url in request_values.expand(one, rsshub))
    access = {key: said.pop(key) for key in ACCESS_KEYS & said.keys()}
    if "headers" in access:
        access["headers"] = tuple(access["headers"].items())
    if rsshub.access_key_file is not None and any(url not in written for url in urls):
        access["rsshub_key_file"] = rsshub.access_key_file
        access["rsshub_instances"] = rsshub.instances
    rules = rules_of({key: said.pop(key) for key in RULE_KEYS & said.keys()})
    return Source(
        **{"name": "", **said},
        rules=rules,
        url=written[0] if written else "",
        mirrors=urls if urls != written[:1] else (),
        access=Access(**access),
    )


def _feed(reading: Reading[FeedTable]) -> Feed:
    said = _said(reading)
    rules = rules_of({key: said.pop(key) for key in RULE_KEYS & said.keys()})
    feed = Feed(**{"name": "", "title": reading.table.name, **said}, rules=rules)
    if feed.min_entries <= feed.limit:
        return feed
    # The one that the file gives draws the default of the other along.
    if "limit" in said:
        return replace(feed, min_entries=feed.limit)
    return replace(feed, limit=feed.min_entries)


def _server(reading: Reading[ServerTable], path: Path, mistakes: Mistakes) -> Server:
    table = reading.table
    if isinstance(table.listen, str):
        listen = Listen(None, None, path.parent / table.listen)
        if len(bytes(path.parent / table.listen)) > values.MAX_UNIX_PATH_BYTES:
            mistakes.add(
                ("server", "listen"),
                f"the path of a Unix socket must have at most {values.MAX_UNIX_PATH_BYTES} bytes",
            )
        return Server(listen, table.base_url or "http://localhost", table.public_opml)
    host, port = table.listen
    reachable = "localhost" if host in ("0.0.0.0", "::") else host  # noqa: S104  # only compared
    shown = f"[{reachable}]" if ":" in reachable else reachable
    default = f"http://{shown}" if port == 80 else f"http://{shown}:{port}"
    return Server(Listen(host, port, None), table.base_url or default, table.public_opml)


def _store(reading: Reading[StoreTable], feeds: tuple[Feed, ...], path: Path) -> StoreSettings:
    table = reading.table
    return StoreSettings(
        path=path.parent / table.path,
        retention=max(table.retention, *(feed.window for feed in feeds)),
        keep_raw=table.keep_raw,
    )


def _publish(reading: Reading[PublishTable], path: Path) -> Publish:
    table = reading.table
    directory = _absolute(table.directory, path) if table.directory is not None else None
    return Publish(directory, table.status_token, table.alert_after)


def _export(reading: Reading[ExportTable], path: Path) -> Export:
    said = _said(reading)
    if "directory" in said:
        said["directory"] = str(_absolute(said["directory"], path))
    if "template" in said and not _SHIPPED_TEMPLATE.fullmatch(said["template"]):
        said["template"] = str(_absolute(said["template"], path))
    return Export(**said)


def _absolute(written: str, path: Path) -> Path:
    return (path.parent / written).absolute()
