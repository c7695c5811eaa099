"""Real and hostile documents through parse and refine, in worker processes as in the daemon."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types

from aggregator import parse, refine
from aggregator.daemon.workers import Workers
from aggregator.model import Body, Entry, Problem, ProblemKind, Refined
from aggregator.model.errors import UnreadableError
from aggregator.refine.sanitise import clean
from aggregator.web.visible_text import visible_text
from tests import corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

SEEN = datetime(2026, 11, 23, tzinfo=UTC)
URL = "https://example.com/feed.xml"

#: Documents of the danger folder that may end as a problem, and as which.
REFUSED = {
    "empty.xml": {ProblemKind.NOT_A_FEED},
    "html_page.xml": {ProblemKind.NOT_A_FEED},
    "rsshub_error_page.xml": {ProblemKind.NOT_A_FEED},
}
#: What the first entry's title holds, where the encoding is what is dangerous.
TITLES = dict.fromkeys(
    (
        "gb18030.xml", "gb2312_with_gbk_chars.xml", "gbk_declared_gbk.xml", "gbk_declared_utf8.xml",
        "gbk_no_declaration.xml", "utf16_bom.xml", "utf8_declared_gb2312.xml",
    ),
    "IT之家",
)  # fmt: skip
#: As many whole entries as stand before the cut.
CUT = {"truncated_half.xml": 31, "truncated_half_cdata.xml": 28}


async def refined(
    paths: Iterable[Path], deadline: timedelta, zone: str = "UTC"
) -> dict[str, Refined | Problem]:
    workers = Workers()
    results: dict[str, Refined | Problem] = {}

    async def one(path: Path) -> None:
        body = Body(await asyncio.to_thread(path.read_bytes), None, URL, zone, SEEN)
        try:
            results[path.name] = await workers.run(
                (parse.read, refine.normalise), body, deadline=deadline
            )
        except UnreadableError as error:
            results[path.name] = error.problem

    await asyncio.gather(*map(one, paths))
    await workers.aclose()
    return results


async def test_every_dangerous_document_ends_as_a_result_or_a_named_problem(
    tell: Callable[[str], None],
) -> None:
    paths = sorted(corpus.folder("danger").iterdir())
    results = await refined(paths, timedelta(seconds=5))
    assert len(results) == len(paths)
    refused = {name: found for name, found in results.items() if isinstance(found, Problem)}
    for name, problem in refused.items():
        assert problem.kind in REFUSED.get(name, set()), f"{name}: {problem}"
    tell(f"{len(refused)} of {len(paths)} refused: " + ", ".join(sorted(refused)))
    for name, found in results.items():
        if isinstance(found, Refined):
            assert len(found.entries) == CUT.get(name, 1), name
            assert found.head.truncated == (name in CUT), name
            assert TITLES.get(name, "") in found.entries[0].title, name
            assert "\ufffd" not in found.entries[0].title, name
            assert "root:" not in str(found.entries), name
            assert all(len(entry.content_html) < 3 * 1024 * 1024 for entry in found.entries), name


async def test_real_documents_keep_every_entry_that_feedparser_finds(
    tell: Callable[[str], None],
) -> None:
    paths = [*corpus.folder("real").iterdir(), *corpus.folder("synthetic").iterdir()]
    results = await refined(paths, timedelta(seconds=30))
    explained, entries = Counter[str](), 0
    for path in paths:
        found = results[path.name]
        expected = feedparser.parse(
            io.BytesIO(path.read_bytes()), sanitize_html=False, resolve_relative_uris=False
        ).entries
        if isinstance(found, Problem):
            assert found.kind is ProblemKind.NOT_A_FEED, f"{path.name}: {found}"
            assert not expected, path.name
            explained["no feed"] += 1
            continue
        entries += len(found.entries)
        missing = len(expected) - len(found.entries)
        told = f"{missing} exact repetition{'' if missing == 1 else 's'} left out"
        if missing and told in found.head.notes:
            explained["exact repetitions left out"] += missing
        elif found.head.kind.startswith("json"):
            explained["JSON Feed, which feedparser does not read"] += 1
        else:
            assert missing == 0, f"{path.name}: {found.head.notes}"
        for entry in found.entries:
            check(path, entry)
    tell(f"{entries} entries of {len(paths)} documents; " + ", ".join(f"{n} {why}" for why, n in explained.items()))  # fmt: skip # noqa: E501 - one line told


def check(path: Path, entry: Entry) -> None:
    assert entry.keys, path.name
    assert entry.title, path.name
    for unsafe in ("<script", "<iframe", "<style", "<form", "javascript:", " onerror", " srcset"):
        assert unsafe not in "".join(part for part in tags(entry.content_html)), path.name
    assert entry.content_html.count("<img ") == entry.content_html.count('"no-referrer">')


def tags(content_html: str) -> list[str]:
    return [piece.partition(">")[0] for piece in content_html.split("<")[1:]]


async def test_cleaning_the_cleaned_text_of_real_documents_changes_nothing() -> None:
    results = await refined(sorted(corpus.folder("real").iterdir())[::4], timedelta(seconds=30))
    for name, found in results.items():
        if isinstance(found, Refined):
            for entry in found.entries:
                assert clean(entry.content_html, URL) == entry.content_html, name


async def test_the_seed_comes_out_with_title_link_date_images_and_full_text() -> None:
    seed = corpus.folder().parent / "seed" / "rsshub-ithome-ranking.xml"
    found = (await refined([seed], timedelta(seconds=30), "Asia/Shanghai"))[seed.name]
    assert isinstance(found, Refined)
    (entry,) = found.entries
    assert entry.title == "小米造车迎来新进展，五菱营销高管周钘下个月加盟小米汽车"
    assert entry.url == "https://www.ithome.com/0/630/999.htm"
    assert entry.published_at == datetime(2022, 7, 21, 23, 34, 34, tzinfo=UTC)
    assert entry.content_html.count("<img ") == 3
    assert entry.content_html.count('referrerpolicy="no-referrer"') == 3
    (original,) = feedparser.parse(io.BytesIO(seed.read_bytes())).entries
    assert visible_text(entry.content_html).split() == visible_text(original.summary).split()
