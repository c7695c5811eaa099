"""The documentation as a site: every page has its place, nothing is wrong, nobody else is asked."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.docs_site import build, moved, navigation, place, sources
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BUILDER = ROOT / "build" / "zensical" / "bin" / "zensical"
needs_builder = pytest.mark.skipif(
    not BUILDER.exists() and not os.environ.get("VERIFY_DOCS"),
    reason="no zensical in build/: make site",
)

#: What makes a browser ask: scripts, pictures, frames, and links that are not for people to follow.
ASKING = re.compile(r"<(?:script|img|iframe|source|video|audio|link|object|embed)\b[^>]*>")
ELSEWHERE = re.compile(r"(?:src|href|srcset|data)\s*=\s*[\"']?\s*(?:https?:)?//[^\s\"'>]+")


def test_every_page_is_in_the_navigation_once() -> None:
    paths = sources()
    listed = [name for section in navigation(paths) for names in section.values() for name in names]
    pages = [place(path) for path in paths if path.endswith(".md")]
    assert sorted(listed) == sorted(pages)


@pytest.mark.parametrize(
    ("page", "link", "then"),
    [
        ("docs/cli.md", "[a](config.md#every-key)", "[a](config.md#every-key)"),
        ("docs/cli.md", "[what changed](../CHANGELOG.md)", "[what changed](CHANGELOG.md)"),
        ("docs/adr/0001-http-client.md", "[a](../polling.md)", "[a](../polling.md)"),
        ("CHANGELOG.md", "[a](docs/cli.md#x)", "[a](cli.md#x)"),
        ("docs/index.md", "[code](../tests/web.py)", "code"),
        ("docs/index.md", "[a](nowhere.md)", "[a](nowhere.md)"),
        ("docs/index.md", "`[[feeds]](../x.py)` [a](https://a.example/)", None),
        ("docs/index.md", "[`[[sites]]`](config.md#sites)", None),
        ("docs/index.md", "```toml\n[a](../x.py)\n```\n", None),
    ],
)
def test_links_lead_where_the_page_stands_in_the_site(
    page: str, link: str, then: str | None
) -> None:
    pages = frozenset({"docs/cli.md", "docs/config.md", "docs/polling.md", "CHANGELOG.md"})
    assert moved(link, page, pages) == (link if then is None else then)


@given(st.text(alphabet="ab[]()`#/.\n ", max_size=60))
def test_a_page_without_links_into_the_repository_stays_as_it_is(text: str) -> None:
    if "](" not in text:
        assert moved(text, "docs/index.md", frozenset()) == text


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    told = build(BUILDER, folder)
    assert told.returncode == 0, told.stdout
    return folder / "site"


@needs_builder
def test_the_site_is_built_without_a_warning_and_asks_nobody_else(site: Path) -> None:
    asked = []
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        asked += [one for tag in ASKING.findall(text) for one in ELSEWHERE.findall(tag)]
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        asked += re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)]+", text)
    assert not asked
    for path in sources():
        if path.endswith(".md"):
            name = place(path).removesuffix(".md")
            assert (site / ("" if name == "index" else name) / "index.html").is_file(), path


@needs_builder
@pytest.mark.parametrize("link", ["nowhere.md", "config.md#nothing"])
def test_a_link_that_leads_nowhere_is_an_error(link: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "config.md").write_text("# Config\n", encoding="utf-8")
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n[a]({link})\n", encoding="utf-8")
    for name in ("CHANGELOG.md", "SECURITY.md"):
        (tmp_path / name).write_text("# Page\n", encoding="utf-8")
    assert build(BUILDER, tmp_path / "made", tmp_path).returncode != 0
