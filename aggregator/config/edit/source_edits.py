"""Sources that are there already, edited by name: removed, switched, renamed, tagged.

Texts come as those of one configuration, by their files. Everything that names a source follows:
`sources` of feeds, `feed` of exports. Whether the result is a configuration is for `config.parse`
to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aggregator.config.edit.toml_text import TomlText
from aggregator.config.text_values import nearest
from aggregator.model import FeedKind
from aggregator.model.errors import AggregatorError
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from aggregator.model.mistakes import KeyPath

#: Keys of `[[feeds]]` that list sources by name.
_LISTS = ("sources", "prefer")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source's keys stand: in which file, on which lines."""

    name: str
    file: Path
    first: int
    last: int


class SourceEdits:
    """The texts of one valid configuration, and edits of its sources.

    Every method takes names; one that no source has is an `AggregatorError` that says which are
    near.
    """

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = {file: TomlText(text) for file, text in texts.items()}
        self._found: dict[str, tuple[Path, KeyPath]] = {}
        self._usual_tags: list[str] = []
        self._usually_enabled = True
        self._listed = [one for text in self._texts.values() for one in _tables(text, "lists")]
        for file, text in self._texts.items():
            for index, table in enumerate(_tables(text, "sources")):
                self._found[cast("str", table["name"])] = file, ("sources", index)
            defaults = cast("dict[str, object]", text.data.get("defaults", {}))
            self._usual_tags += cast("list[str]", defaults.get("tags", []))
            self._usually_enabled &= bool(defaults.get("enabled", True))

    @property
    def texts(self) -> dict[Path, str]:
        """The texts with all edits."""
        return {file: text.text for file, text in self._texts.items()}

    def places(self, names: Sequence[str]) -> list[Place]:
        """Return where each source stands."""
        self._check(names)
        return [
            Place(name, file, *self._texts[file].lines(path))
            for name, (file, path) in ((name, self._found[name]) for name in names)
        ]

    def remove(self, names: Sequence[str]) -> list[str]:
        """Take sources out, and out of the lists of feeds; return the feeds whose lists those are.

        Raises `AggregatorError` where a feed or export would be left with nothing.
        """
        self._check(names)
        touched: dict[str, None] = {}
        for text, at, feed, key, listed in self._lists():
            gone = [position for position, name in enumerate(listed) if name in names]
            if not gone:
                continue
            touched[feed] = None
            if len(gone) < len(listed):
                for position in gone:
                    text.remove((*at, key, position))
            elif key == "prefer":  # "first" is what a feed does that prefers nobody
                text.replace((*at, key), "first")
            else:
                raise AggregatorError(
                    f"feed {feed} would be left without sources: change or remove that feed first"
                )
        for name in names:
            for _, _, directory in self._exports_of(name):
                raise AggregatorError(
                    f"the export to {directory} is of source {name}: remove that first"
                )
            file, path = self._found[name]
            self._texts[file].remove(path)
        return list(touched)

    def switch(self, names: Sequence[str], *, enabled: bool) -> None:
        """Let sources be polled, or not; what is so already stays as it is written.

        The line that said the contrary of what is usual goes, where it stands as this puts it.
        """
        self._check(names)
        for name in names:
            file, path = self._found[name]
            text, own = self._texts[file], self._own(name).get("enabled")
            if enabled == (self._usually_enabled if own is None else own):
                continue
            if (
                own is None
                or enabled != self._usually_enabled
                or not text.take_back(path, "enabled")
            ):
                text.set(path, "enabled", enabled)

    def rename(self, name: str, fresh: str) -> list[str]:
        """Give a source another name, everywhere; return the feeds that list it."""
        self._check([name])
        if fresh in self._found:
            raise AggregatorError(f"there is a source named {fresh} already")
        file, path = self._found[name]
        self._texts[file].replace((*path, "name"), fresh)
        touched: dict[str, None] = {}
        for text, at, feed, key, listed in self._lists():
            for position, one in enumerate(listed):
                if one == name:
                    text.replace((*at, key, position), fresh)
                    touched[feed] = None
        for text, at, _ in self._exports_of(name):
            text.replace((*at, "feed"), FeedKind.SOURCE.name_of(fresh))
        return list(touched)

    def add_tags(self, names: Sequence[str], tags: Sequence[str]) -> None:
        """Give sources tags that they have not; one that had those of `[defaults]` keeps them."""
        self._check(names)
        for name in names:
            file, path = self._found[name]
            text, own = self._texts[file], self._tags(name)
            had = self._usual_tags if own is None else own
            fresh = [one for one in dict.fromkeys(tags) if one not in had]
            if own:
                for one in fresh:
                    text.append((*path, "tags"), one)
            elif fresh:
                text.set(path, "tags", [*had, *fresh])

    def remove_tags(self, names: Sequence[str], tags: Sequence[str]) -> None:
        """Take tags from sources, those of `[defaults]` too."""
        self._check(names)
        for name in names:
            file, path = self._found[name]
            text, own = self._texts[file], self._tags(name)
            if own is None and not {*self._usual_tags}.isdisjoint(tags):
                text.set(path, "tags", [one for one in self._usual_tags if one not in tags])
            for position, one in enumerate(own or ()):
                if one in tags:
                    text.remove((*path, "tags", position))

    def _check(self, names: Sequence[str]) -> None:
        unknown = [name for name in dict.fromkeys(names) if name not in self._found]
        if unknown:
            raise AggregatorError("\n".join(map(self._unknown, unknown)))

    def _unknown(self, name: str) -> str:
        of, slash, _ = name.partition("/")
        if slash and any(one["name"] == of for one in self._listed):
            return (
                f"{name} comes from the list {of}, not from this file: `aggregator add URL` makes "
                "it a source of the file, which can be changed, renamed or disabled"
            )
        near = nearest(name, self._found)
        return f"no source is named {name}" + (f"; did you mean {near}?" if near else "")

    def _own(self, name: str) -> dict[str, object]:
        file, (table, index) = self._found[name]
        return _tables(self._texts[file], str(table))[int(index)]

    def _tags(self, name: str) -> list[str] | None:
        found = self._own(name).get("tags")
        return None if found is None else [str(one) for one in cast("list[object]", found)]

    def _lists(self) -> Iterator[tuple[TomlText, KeyPath, str, str, list[object]]]:
        for text in self._texts.values():
            for index, feed in enumerate(_tables(text, "feeds")):
                for key in _LISTS:
                    listed = feed.get(key)
                    if isinstance(listed, list):
                        yield text, ("feeds", index), str(feed["name"]), key, listed

    def _exports_of(self, name: str) -> Iterator[tuple[TomlText, KeyPath, str]]:
        for text in self._texts.values():
            for index, export in enumerate(_tables(text, "exports")):
                if export.get("feed") == FeedKind.SOURCE.name_of(name):
                    yield text, ("exports", index), str(export["directory"])


def _tables(text: TomlText, name: str) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", text.data.get(name, []))
