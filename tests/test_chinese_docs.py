"""docs/zh/ says what docs/ says: the same sections, code, tables and links."""

from __future__ import annotations

import posixpath
import re

import pytest

from tests import ROOT

PAGES = ("install", "cli", "config", "publishing")

FENCE = re.compile(r"^ *```\w*\n.*?^ *```$", re.DOTALL | re.MULTILINE)
#: A name in code that is in no language.
NAME = re.compile(r"^\| `([^`]+)`")


def read(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def headings(text: str) -> list[tuple[int, str | None]]:
    """Return the level of each heading, and its text where that is a name."""
    found = re.findall(r"^(#+) (.*)$", FENCE.sub("", text), re.MULTILINE)
    return [
        (len(marks), name if re.fullmatch(r"(aggregator \w+|\[.*\]|config\.toml)", name) else None)
        for marks, name in found
    ]


def rows(text: str) -> list[tuple[int, str | None]]:
    """Return how many cells each row of a table has, and the name that it begins with."""
    found = []
    for line in FENCE.sub("", text).split("\n"):
        if line.startswith("|"):
            name = NAME.match(line)
            cells = re.sub(r"\\\||`[^`]*`", "", line).count("|")
            found.append((cells, name[1] if name else None))
    return found


def links(text: str, folder: str) -> list[str]:
    """Return where a page leads, in either language the same."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            found.append(link)
        elif file := link.partition("#")[0]:
            found.append(
                posixpath.normpath(posixpath.join(folder, file)).replace("docs/zh/", "docs/")
            )
        else:
            found.append("#")
    return sorted(found)


@pytest.mark.parametrize("page", PAGES)
def test_the_same_sections(page: str) -> None:
    assert headings(read(f"zh/{page}.md")) == headings(read(f"{page}.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_same_code(page: str) -> None:
    assert FENCE.findall(read(f"zh/{page}.md")) == FENCE.findall(read(f"{page}.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_same_tables(page: str) -> None:
    assert rows(read(f"zh/{page}.md")) == rows(read(f"{page}.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_same_links(page: str) -> None:
    chinese, english = links(read(f"zh/{page}.md"), "docs/zh"), links(read(f"{page}.md"), "docs")
    assert set(english) <= set(chinese)


@pytest.mark.parametrize("page", PAGES)
def test_the_same_keys_and_commands_are_named(page: str) -> None:
    """What stands in code in one language stands in it in the other."""

    def names(text: str) -> set[str]:
        found = re.findall(r"`([a-z_]{4,})`", FENCE.sub("", text))
        return {name for name in found if "_" in name}

    assert names(read(f"{page}.md")) == names(read(f"zh/{page}.md"))


@pytest.mark.parametrize("page", PAGES)
def test_no_paragraph_was_left_in_english(page: str) -> None:
    text = FENCE.sub("", read(f"zh/{page}.md"))
    text = re.sub(r"`[^`]*`|\([^)]*\)|“[^”]*”|^>.*$", "", text, flags=re.MULTILINE)
    assert re.findall(r"(?:\b[a-z]{2,} ){4,}", text) == []
