"""Real and hostile documents through the real program: every one served, polled, published."""

from __future__ import annotations

import io
import json
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types
import pytest
from lxml import etree

from tests import corpus
from tests.config_texts import source_toml
from tests.program import Program
from tests.web import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Feeds that hold everything, whatever its age.
EVERYTHING = """
[[feeds]]
name = "all"
title = "All"
min_entries = 10000
limit = 10000
document_size = "64MiB"
dedupe = "off"
"""


def publish(web: Publisher, aggregator: Program, documents: list[Path]) -> dict[str, Path]:
    """Serve documents and configure a source for each; return them by the source's name."""
    named = {f"d{number}": path for number, path in enumerate(documents)}
    for name, path in named.items():
        web.route(f"/{name}", body=path.read_bytes())
    aggregator.configure(
        "".join(source_toml(name, web.url(f"/{name}")) for name in named),
        EVERYTHING,
    )
    return named


def found_by_feedparser(path: Path) -> list[tuple[object, ...]]:
    parsed = feedparser.parse(io.BytesIO(path.read_bytes()))
    return [
        (
            entry.get("id"),
            entry.get("link"),
            entry.get("title"),
            entry.get("summary"),
            json.dumps(entry.get("content"), sort_keys=True),
        )
        for entry in parsed.entries
    ]


def stored(aggregator: Program) -> Counter[str]:
    connection = sqlite3.connect(aggregator.database)
    rows = connection.execute(
        "SELECT s.name, count(*) FROM entries e JOIN sources s ON s.id = e.source_id GROUP BY 1"
    )
    counts = Counter(dict(rows.fetchall()))
    connection.close()
    return counts


def test_real_documents_are_stored_whole_and_published_well_formed(
    aggregator: Program, web: Publisher, tell: Callable[[str], None]
) -> None:
    documents = sorted(corpus.folder("real").iterdir()) + sorted(
        corpus.folder("synthetic").iterdir()
    )
    named = publish(web, aggregator, documents)
    told = aggregator.run("poll", patience=240)
    assert "Traceback" not in told.stderr
    assert len(told.stdout.splitlines()) == len(named)

    counts, explained = stored(aggregator), Counter[str]()
    for name, path in named.items():
        found = found_by_feedparser(path)
        if counts[name] == len(found):
            continue
        if counts[name] == len(set(found)):
            explained["an entry repeated word for word counts once"] += 1
        elif not found and path.read_bytes().lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
            explained["JSON Feed, which feedparser does not read"] += 1
        else:
            pytest.fail(f"{path.name}: stored {counts[name]}, feedparser finds {len(found)}")
    for reason, count in sorted(explained.items()):
        tell(f"{count} of {len(named)} documents: {reason}")

    version = sqlite3.connect(aggregator.database)
    before = version.execute("SELECT count(*), max(changed_at) FROM entries").fetchone()
    again = aggregator.run("poll", "--force", patience=240)
    assert "Traceback" not in again.stderr
    assert version.execute("SELECT count(*), max(changed_at) FROM entries").fetchone() == before
    version.close()

    aggregator.start()
    items = json.loads(aggregator.get("/feeds/all.json").body)["items"]
    total = min(counts.total(), 10_000)
    assert len(items) == len({item["id"] for item in items}) == total
    for form in ("atom", "rss"):
        body = aggregator.get(f"/feeds/all.{form}").body
        etree.fromstring(body)
        parsed = feedparser.parse(io.BytesIO(body))
        assert not parsed.bozo, parsed.get("bozo_exception")
        assert len(parsed.entries) == total
    assert aggregator.stop() == 0


def test_the_seed_comes_out_whole(aggregator: Program, web: Publisher) -> None:
    seed = corpus.folder().parent / "seed" / "rsshub-ithome-ranking.xml"
    if not seed.exists():
        pytest.skip(f"no {seed}")
    publish(web, aggregator, [seed])
    assert aggregator.run("poll").returncode == 0
    aggregator.start()
    (item,) = aggregator.items()
    assert item["title"] == "小米造车迎来新进展，五菱营销高管周钘下个月加盟小米汽车"
    assert item["url"] == "https://www.ithome.com/0/630/999.htm"
    assert item["date_published"] == "2022-07-21T23:34:34Z"
    content = item["content_html"]
    assert content.count("<img") == content.count('referrerpolicy="no-referrer"') == 3
    for image in (
        "8e01070c-e47f-4cc1-a223-1ee9663f3c33.png",
        "03720c13-010a-4c0c-a2d8-fd8c86514c80",
    ):
        assert image in content
    (source_entry,) = feedparser.parse(io.BytesIO(seed.read_bytes())).entries
    assert plain(content) == plain(source_entry.summary)
    for form in ("atom", "rss"):
        (entry,) = feedparser.parse(io.BytesIO(aggregator.get(f"/feeds/all.{form}").body)).entries
        assert plain(entry.content[0].value if "content" in entry else entry.summary) == plain(
            content
        )


def plain(html: str) -> str:
    return "".join(map(str, etree.fromstring(f"<div>{html}</div>", etree.HTMLParser()).itertext()))


def test_hostile_documents_end_in_time_and_the_daemon_lives(
    aggregator: Program, web: Publisher, tell: Callable[[str], None]
) -> None:
    named = publish(web, aggregator, sorted(corpus.folder("danger").iterdir()))
    aggregator.start()
    aggregator.wait(
        lambda: all(row["last_poll_at"] for row in aggregator.status().values()),
        "every document to be polled",
        patience=240,
    )
    rows = aggregator.status()
    for name, path in named.items():
        problem, entries = rows[name]["problem"], rows[name]["entries"]
        tell(f"{path.name}: {problem or f'{entries} entries'}")
        assert entries > 0 if problem is None else not problem.startswith("internal")
    assert aggregator.get("/healthz").status == 200
    etree.fromstring(aggregator.get("/feeds/all.atom").body)
    assert aggregator.stop() == 0
