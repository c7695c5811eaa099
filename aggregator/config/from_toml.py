"""From TOML text to a `Config`, or to a `ConfigError` that holds every mistake."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.config import text_values
from aggregator.config.automatic_feeds import automatic
from aggregator.config.cautions import find_cautions
from aggregator.config.checks import check
from aggregator.config.environment import overlaid
from aggregator.config.feed_keys import export_of, feed_of
from aggregator.config.include import INCLUDABLE, NOTHING, Inclusion, patterns_in
from aggregator.config.likely_slips import find_slips
from aggregator.config.list_keys import list_of_sources
from aggregator.config.mistake_list import MistakeList, mistake
from aggregator.config.mistake_messages import lines
from aggregator.config.network_values import Listen
from aggregator.config.notify_keys import receiver_of
from aggregator.config.origins import Origin, Origins
from aggregator.config.postgres_url import postgres_url
from aggregator.config.rule_keys import site_of
from aggregator.config.settings import Config, ServerSettings, StoreSettings
from aggregator.config.source_keys import source_of
from aggregator.config.tables import TABLE_HEADERS, read_tables
from aggregator.model.errors import ConfigError
from aggregator.model.mistakes import MistakeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from aggregator.config.settings import Publish
    from aggregator.model import Feed
    from aggregator.model.mistakes import Mistake

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse(
    text: str,
    path: Path,
    inclusion: Inclusion = NOTHING,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Check a whole configuration; `path` is what messages call it, and its folder the root.

    `inclusion` is what `text` includes, read already. What `environ` says (`environment`) is read
    in place of the text's own values.

    Raises:
        ConfigError: Every mistake, in the order of the files.
    """
    try:
        return _parse(toml_of(text), path, inclusion, environ or {})
    except RecursionError as error:  # a value in a thousand brackets
        raise config_error(path, mistake(MistakeKind.NESTED_TOO_DEEPLY)) from error


def config_error(path: Path, *mistakes: Mistake) -> ConfigError:
    """Return the error for mistakes of a file."""
    return ConfigError(lines(path, mistakes), mistakes)


def toml_of(text: str) -> str:
    """Return the text of a file without a byte order mark, in Unix line breaks."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


#: What `[store]` says of where the database is.
_PLACE: dict[str, Callable[[object], Any]] = {
    "path": text_values.file_path,
    "url": postgres_url,
}


def store_in(text: str) -> StoreSettings | None:
    """Return `path` and `url` of the `[store]` of a text that has mistakes elsewhere, or `None`.

    Where not even the TOML is valid, what is above the first `[[` must be: most edits are below it.
    """
    for part in (toml_of(text), toml_of(text).partition("\n[[")[0]):
        with suppress(ValueError, RecursionError):
            store = tomllib.loads(part).get("store", {})
            if not isinstance(store, dict):
                return StoreSettings()
            said = {name: read(store[name]) for name, read in _PLACE.items() if name in store}
            return StoreSettings(**said)
    return None


def _parse(toml: str, path: Path, inclusion: Inclusion, environ: Mapping[str, str]) -> Config:
    mistakes, cautions = MistakeList(), MistakeList()
    origins = origins_of(toml, path, inclusion)
    mistakes.take((), inclusion.mistakes)
    cautions.take((), inclusion.cautions)
    mistakes.take((), patterns_in(origins.files[-1].data)[1])
    mistakes.take((), _not_included(origins))
    tables = read_tables(overlaid(origins.tables(INCLUDABLE), environ), mistakes)
    rsshub, defaults = tables.rsshub.table, tables.defaults.said
    sources = tuple(source_of({**defaults, **one.said}, rsshub) for one in tables.sources)
    configured = tuple(feed_of(dict(one.said)) for one in tables.feeds)
    publish = tables.publish.table
    feeds = tuple(
        replace(feed, emails=publish.emails)
        for feed in (*configured, *automatic(sources, configured, publish.per_source))
    )
    check(tables, sources, feeds, path.parent, mistakes)
    if mistakes:
        raise config_error(path, *mistakes.in_order(origins))
    find_cautions(tables, sources, configured, cautions)
    find_slips(tables, sources, cautions)
    return Config(
        path=path,
        server=_server(tables.server.table, path.parent),
        store=_store(tables.store.table, feeds, path.parent),
        polling=tables.polling.table,
        network=tables.network.table,
        log=tables.log.table,
        sources=sources,
        feeds=feeds,
        rsshub=rsshub,
        publish=_publish(publish, path.parent),
        pages=tables.pages.table,
        exports=tuple(export_of(one.table, path.parent) for one in tables.exports),
        sites=tuple(site_of(one.table) for one in tables.sites),
        lists=tuple(list_of_sources(one.said, dict(defaults), rsshub) for one in tables.lists),
        notify=tuple(receiver_of(one.table, path.parent) for one in tables.notify),
        cautions=cautions.in_order(origins),
        included=tuple(file for file, _ in inclusion.files),
        usual=source_of(dict(defaults), rsshub),
    )


def origins_of(toml: str, path: Path, inclusion: Inclusion) -> Origins:
    """Return where the tables of a configuration stand; its texts are valid TOML."""
    texts = [(file, toml_of(text)) for file, text in inclusion.files]
    others = [Origin(str(file), text, toml_table(text, file)) for file, text in texts]
    return Origins((*others, Origin("", toml, toml_table(toml, path))))


def _not_included(origins: Origins) -> Iterator[Mistake]:
    """Yield a mistake for each table of an included file that stands in config.toml alone."""
    headers = tuple(TABLE_HEADERS[name] for name in INCLUDABLE)
    for origin in origins.files[:-1]:
        for name, value in origin.data.items():
            if name not in INCLUDABLE:
                found = mistake(MistakeKind.NOT_INCLUDED, name, headers=headers)
            elif not isinstance(value, list):
                header = TABLE_HEADERS[name]
                found = mistake(MistakeKind.NOT_A_LIST_OF_TABLES, name, header=header, table=name)
            else:
                continue
            yield replace(found, file=origin.file)


def toml_table(toml: str, path: Path) -> dict[str, object]:
    """Return what a text of TOML holds; raises `ConfigError` for one that is none."""
    try:
        return tomllib.loads(toml)
    except ValueError as error:  # TOMLDecodeError, and int() of thousands of digits
        raise config_error(path, _syntax_mistake(str(error), toml)) from error


def _syntax_mistake(complaint: str, toml: str) -> Mistake:
    """Return what tomllib says as a mistake of ours; it has no other form than its English."""
    place = _TOML_PLACE.search(complaint)
    detail = complaint[: place.start()] if place else complaint
    detail = detail[:1].lower() + detail[1:]
    if place is None:
        return mistake(MistakeKind.SYNTAX, whole=detail)
    if place[1] is None:
        at_end = mistake(MistakeKind.SYNTAX, at_end=detail)
        return replace(at_end, line=len(toml.splitlines()) or 1)
    line, column = int(place[1]), int(place[2])
    return replace(_known_syntax_mistake(detail, column), line=line)


def _known_syntax_mistake(detail: str, column: int) -> Mistake:
    if detail == "invalid value":
        return mistake(MistakeKind.NO_QUOTES, column=column)
    if detail == "cannot overwrite a value":
        return mistake(MistakeKind.KEY_TWICE, column=column)
    if twice := re.fullmatch(r"cannot declare \('(\w+)',\) twice", detail):
        header = TABLE_HEADERS.get(twice[1], "")
        each = header if header.startswith("[[") else None
        return mistake(MistakeKind.TABLE_TWICE, column=column, table=twice[1], each=each)
    return mistake(MistakeKind.SYNTAX, column=column, detail=detail)


def _server(table: ServerSettings, folder: Path) -> ServerSettings:
    own = table.operator_listen
    if own is not None and own.unix_path is not None:
        table = replace(table, operator_listen=Listen(None, None, folder / own.unix_path))
    listen = table.listen
    if listen.unix_path is not None:
        listen = Listen(None, None, folder / listen.unix_path)
    return replace(table, listen=listen, base_url=table.base_url or usual_base_url(listen))


def usual_base_url(listen: Listen) -> str:
    """Return where readers reach a listener of whose address the file says nothing else."""
    if listen.unix_path is not None:
        return "http://localhost"
    reachable = "localhost" if listen.host in ("0.0.0.0", "::") else listen.host  # noqa: S104 -- only compared
    shown = f"[{reachable}]" if ":" in str(reachable) else reachable
    return f"http://{shown}" if listen.port == 80 else f"http://{shown}:{listen.port}"


def _store(table: StoreSettings, feeds: tuple[Feed, ...], folder: Path) -> StoreSettings:
    retention = max(table.retention, *(feed.window for feed in feeds))
    return replace(table, path=folder / table.path, retention=retention)


def _publish(table: Publish, folder: Path) -> Publish:
    if table.directory is None:
        return table
    return replace(table, directory=(folder / table.directory).absolute())
