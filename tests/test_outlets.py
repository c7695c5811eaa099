"""The daemon writes static files and posts when feeds change, and says what it cannot write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.config_texts import source_toml
from tests.feed_documents import undated
from tests.program import Program

if TYPE_CHECKING:
    from tests.web import Publisher

TOP = '[publish]\ndirectory = "public"\n'
EXPORT = '[[exports]]\nkind = "hexo"\ndirectory = "posts"\ncategories = ["新闻"]\n'


@pytest.fixture
def aggregator(aggregator: Program, web: Publisher) -> Program:
    web.route("/feed", body=undated())
    source = source_toml("one", web.url("/feed"), 'interval = "1s"')
    aggregator.configure(source + EXPORT, top=TOP)
    return aggregator


def posts(aggregator: Program) -> list[str]:
    return sorted(path.name for path in (aggregator.folder / "posts" / "新闻").glob("*.md"))


def test_what_is_published_is_written_and_follows_what_changes(
    aggregator: Program, web: Publisher
) -> None:
    aggregator.start(brisk=True)
    static = aggregator.folder / "public" / "feeds" / "all.json"
    aggregator.wait(lambda: posts(aggregator) == ["0.md"], "the first post")
    aggregator.wait(
        lambda: static.read_bytes() == aggregator.get("/feeds/all.json").body, "the feed's file"
    )
    web.route("/feed", body=undated(2))
    aggregator.wait(lambda: posts(aggregator) == ["0.md", "1.md"], "the second post")
    aggregator.wait(lambda: "正文 1" in static.read_text(encoding="utf-8"), "the feed's file")


def test_what_cannot_be_written_is_named_until_it_can(aggregator: Program) -> None:
    (aggregator.folder / "posts").write_text("a file where a folder is to be")
    aggregator.start(brisk=True)
    aggregator.wait(lambda: "exports " in aggregator.run("status").stdout, "the trouble")
    (aggregator.folder / "posts").unlink()
    aggregator.wait(lambda: posts(aggregator) == ["0.md"], "the post")
    aggregator.wait(lambda: "exports " not in aggregator.run("status").stdout, "its end")
