"""What is published, and where it goes: values of feeds and exports, and what must hold between."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from aggregator.config import values
from aggregator.config.mistakes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path as FilePath

    from aggregator.config.mistakes import Mistakes
    from aggregator.config.places import Path
    from aggregator.config.readings import Tables
    from aggregator.model import Feed

#: 16 random characters are 2^95 tokens: nobody guesses one in the lifetime of a server.
MIN_TOKEN_CHARS, MAX_TOKEN_CHARS = 16, 128
#: A paragraph that readers show above a feed.
MAX_DESCRIPTION_CHARS = 1000
#: Nested folders of a post; people use three.
MAX_CATEGORIES = 16
#: What RFC 5646 §4.4.1 wants room for.
MAX_LANGUAGE_CHARS = 35
#: The fields of a title_template.
FIELDS = ("{title}", "{source}", "{tag}")

#: What stands in the example's place of a token; everybody can read it there.
_EXAMPLES = "write-your-own"

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{MIN_TOKEN_CHARS},{MAX_TOKEN_CHARS}}}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def token(value: object) -> str:
    """Return the secret part of a private feed's address."""
    word = values.text(value)
    if not _TOKEN.fullmatch(word):
        raise ValueError(
            f'must be {MIN_TOKEN_CHARS} to {MAX_TOKEN_CHARS} of A-Z, a-z, 0-9, "_" and "-"; '
            "make one with: openssl rand -hex 16"
        )
    return word


def language(value: object) -> str:
    """Return a language tag, well-formed as of BCP 47 (RFC 5646 §2.1)."""
    tag = values.text(value)
    if len(tag) > MAX_LANGUAGE_CHARS or not _LANGUAGE.fullmatch(tag):
        raise ValueError('must be a language such as "zh-CN" or "en"')
    return tag


def title_template(value: object) -> str:
    """Return how the titles of a feed's stories are made."""
    template = values.title(value)
    rest = template
    for field in FIELDS:
        rest = rest.replace(field, "")
    if "{" in rest or "}" in rest:
        raise ValueError(f"can hold {', '.join(FIELDS)} and no other braces")
    if rest == template:
        raise ValueError('would give every story the same title; write one such as "{title}"')
    return template


def icon(value: object) -> str:
    """Return the URL of a picture that readers show beside a feed."""
    url = values.http_url(value)
    if "@" in values.split(url).netloc:
        raise ValueError("must not hold a user name or password: it is published")
    return url


def description(value: object) -> str:
    """Return what a feed is about."""
    line = values.text(value)
    if len(line) > MAX_DESCRIPTION_CHARS:
        raise ValueError(f"must have at most {MAX_DESCRIPTION_CHARS} characters")
    return line


def check(tables: Tables, feeds: Sequence[Feed], folder: FilePath, mistakes: Mistakes) -> None:
    """Find the mistakes between feeds, [publish] and exports; `feeds` hold the automatic ones."""
    _tokens(tables, mistakes)
    _exported_feeds(tables, feeds, mistakes)
    _directories(tables, folder, mistakes)


def cautions(tables: Tables, warnings: Mistakes) -> None:
    """Find what is allowed and seldom meant, or dangerous."""
    for index, reading in enumerate(tables.feeds):
        for position, tag in enumerate(reading.table.exclude_tags):
            if tag in (reading.table.tags or ()):
                warnings.add(
                    ("feeds", index, "exclude_tags", position), "is among tags, too: it wins"
                )
    for path, secret in _written_tokens(tables):
        if secret.startswith(_EXAMPLES):
            warnings.add(path, "is that of the example, which everybody knows; make your own")
    for index, export in enumerate(tables.exports):
        if export.table.content == "raw":
            warnings.add(
                ("exports", index, "content"),
                "posts hold the publishers' own HTML: its scripts run where they are shown",
            )


def _written_tokens(tables: Tables) -> Iterator[tuple[Path, str]]:
    if (secret := tables.publish.table.status_token) is not None:
        yield ("publish", "status_token"), secret
    for index, reading in enumerate(tables.feeds):
        if (secret := reading.table.token) is not None:
            yield ("feeds", index, "token"), secret


def _tokens(tables: Tables, mistakes: Mistakes) -> None:
    first: dict[str, Path] = {}
    for path, secret in _written_tokens(tables):
        if first.setdefault(secret, path) != path:
            other = first[secret]
            where = "that of [publish]" if other[0] == "publish" else f"that of feeds[{other[1]}]"
            mistakes.add(path, f"the same token as {where}")


def _exported_feeds(tables: Tables, feeds: Sequence[Feed], mistakes: Mistakes) -> None:
    # What cannot be read may be what is meant.
    if any("name" in reading.broken for reading in tables.feeds) or any(
        not reading.broken.isdisjoint({"name", "tags", "tag"}) for reading in tables.sources
    ):
        return
    names = [feed.name for feed in feeds]
    for index, export in enumerate(tables.exports):
        name = export.table.feed
        if "feed" in export.broken or name in names:
            continue
        if export.says("feed"):
            hint = values.suggestion(name, names)
            mistakes.add(("exports", index, "feed"), f'unknown feed "{printable(name)}"{hint}')
        else:
            mistakes.add(
                ("exports", index, "feed"), "missing: there is no feed named all; name another"
            )


def _directories(tables: Tables, folder: FilePath, mistakes: Mistakes) -> None:
    first: dict[str, str] = {}
    if tables.publish.table.directory is not None:
        first[_spelt(folder, tables.publish.table.directory)] = "[publish] directory"
    for index, export in enumerate(tables.exports):
        if not export.table.directory:
            continue
        place = _spelt(folder, export.table.directory)
        ours = f"exports[{index}]"
        if first.setdefault(place, ours) != ours:
            mistakes.add(
                ("exports", index, "directory"),
                f"the same as {first[place]}; every one needs its own",
            )


def _spelt(folder: FilePath, directory: str) -> str:
    return posixpath.normpath(str(folder / directory))
