"""A `[[sources]]` block as text, and a configuration's text with more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit

from aggregator.runtime.values import dataclass
from aggregator.web.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tomlkit.items import Array, InlineTable

    from aggregator.config.opml_settings import Written

#: A remark is one line of a file that people read in an editor.
MAX_REMARK_CHARS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """One source to write; `remark` comes above its keys as a comment, made safe for one.

    `mirrors` are all its URLs, where there are several. `settings` are further keys with their
    values as TOML has them, in the order given.
    """

    name: str
    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    private: bool = False
    mirrors: tuple[str, ...] = ()
    settings: tuple[tuple[str, Written], ...] = ()
    remark: str = ""


def append(text: str, blocks: Sequence[Block]) -> str:
    """Return `text` with `blocks` after it, each after a blank line, in the line breaks of `text`.

    Every character of `text` stays where it is. Whether the result is a configuration is for
    `config.parse` to say.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    parts = [text]
    bare = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if bare and not bare.endswith("\n"):
        parts.append(newline)
    separated = not bare or bare.endswith("\n\n") or bare == "\n"
    for block in blocks:
        if not separated:
            parts.append(newline)
        parts.append(_written(block).replace("\n", newline))
        separated = False
    return "".join(parts)


def _inline(value: Written) -> Written | Array | InlineTable:
    """Return a value that stands on its key's own lines, tables in it as well."""
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return table
    if not isinstance(value, list):
        return value
    found = tomlkit.array()
    for one in value:
        if isinstance(one, dict):
            inner = tomlkit.inline_table()
            inner.update(one)
            found.append(inner)
        else:
            found.append(one)
    return found


def _written(block: Block) -> str:
    table = tomlkit.table()
    remark = printable(block.remark)
    if remark.strip():
        table.add(tomlkit.comment(remark.strip()[:MAX_REMARK_CHARS]))
    table.add("name", block.name)
    table.add("url", list(block.mirrors) or block.url)
    if block.title is not None:
        table.add("title", block.title)
    if block.tags:
        table.add("tags", list(block.tags))
    if block.private:
        table.add("private", True)
    for name, value in block.settings:
        table.add(name, _inline(value))
    sources = tomlkit.aot()
    sources.append(table)
    document = tomlkit.document()
    document.add("sources", sources)
    return tomlkit.dumps(document)
