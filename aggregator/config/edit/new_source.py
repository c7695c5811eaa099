"""One source that is to be added: what it would be, and its block in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config.config_file import edit, included, read
from aggregator.config.edit.blocks import Block, append
from aggregator.config.edit.trial import trial
from aggregator.config.mistake_messages import message
from aggregator.config.source_names import derive_name
from aggregator.model.errors import AggregatorError
from aggregator.model.mistakes import MistakeKind
from aggregator.runtime.values import dataclass
from aggregator.web.text import printable_line

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import date
    from pathlib import Path

    from aggregator.config.settings import Config
    from aggregator.model import Source


class KnownSourceError(AggregatorError):
    """`url` is asked already, for `source`."""

    def __init__(self, url: str, source: Source) -> None:
        super().__init__(f"{url} is there already: source {source.name}")
        self.url = url
        self.source = source


class UnfitSourceError(AggregatorError):
    """It cannot be a source: `key` is what is wrong ("name", "tags", "url"), `words` say how."""

    def __init__(self, key: str, words: str) -> None:
        super().__init__(f"{key}: {words}")
        self.key = key
        self.words = words


@dataclass(frozen=True, slots=True)
class NewSource:
    """What is known of it; `title` is the feed's, `name` the one that was chosen, if one was."""

    url: str
    title: str = ""
    name: str | None = None
    tags: tuple[str, ...] = ()

    def block(self, taken: Container[str], today: date) -> Block:
        """Return its block, under a name that is not `taken`, with the day as a remark."""
        title = printable_line(self.title)
        remark = ", ".join(part for part in (title, f"added {today}") if part)
        name = self.name or derive_name(title, self.url, taken)
        return Block(name, self.url, tags=self.tags, remark=remark)


def proposed(path: Path, url: str, name: str | None, tags: Sequence[str]) -> Source:
    """Return the source that the configuration would have.

    Raises `KnownSourceError` if it has it, `UnfitSourceError` if it cannot, and `ConfigError` for
    mistakes elsewhere.
    """
    text, config = read(path)
    taken = config.taken_names
    block = Block(name or derive_name(None, url, taken), url, tags=tuple(tags))
    found = trial(text, [block], path, included(path, text))
    if isinstance(found, tuple):
        return found[0]
    refusal = found[0]
    if refusal.same_as is not None:
        raise KnownSourceError(url, config.sources[refusal.same_as])
    if refusal.mistake.kind is MistakeKind.SAME_NAME:  # its place in the file says little
        raise UnfitSourceError("name", f"there is a source named {name} already")
    raise UnfitSourceError(refusal.key, message(refusal.mistake))


def write(path: Path, source: NewSource, today: date) -> tuple[Config, str]:
    """Append its block; return the configuration that this makes, and the source's name.

    Raises as `config_file.edit`.
    """

    def change(text: str, now: Config) -> str:
        return append(text, [source.block(now.taken_names, today)])

    config = edit(path, change)
    return config, config.sources[-1].name
