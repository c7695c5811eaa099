"""Everything that we publish passes our own check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import parse, refine
from aggregator.lint import lint
from aggregator.lint.registries import words
from aggregator.model import Body, Feed, Source, Story
from aggregator.model.errors import UnreadableError
from aggregator.preview.dry_run import rehearse
from aggregator.publish import Addresses, Format, render
from aggregator.refine.sanitise import clean
from tests import FIXTURES, corpus
from tests.any_stories import instants, stories, unicode_text
from tests.golden import STORIES, documents
from tests.hostile_html import PAYLOADS
from tests.publishing import config, selection, story
from tests.serving import Stock, running, site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Selection

BASE = "https://feeds.example.org"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
#: Longer documents say the same more often.
LARGE_BYTES = 100_000
SOURCE = Source("one", "https://source.example/feed")

#: A feed need not be in one language, a text may be about HTML, and a formula is MathML. An id that
#: its publisher has spelt wrongly is kept as it is: it is what subscribers know the entry by.
NO_FAULT = {
    ("info", "MissingDCLanguage"),
    ("info", "ContainsHTML"),
    ("info", "TwiceEncoded"),
    ("info", "NotHtml"),
    ("error", "InvalidURN"),
    ("error", "InvalidUUID"),
    ("error", "InvalidTAG"),
}


def faults(body: bytes, **known: str) -> list[str]:
    """Return everything that there is to say against a document of ours."""
    return [
        f"{finding.line}: {finding}"
        for finding in lint(body, now=NOW, **known)
        if (finding.level, finding.rule) not in NO_FAULT
    ]


def faults_of(selected: Selection, forms: Iterable[Format] = Format) -> list[str]:
    """Return everything that there is to say against a selection in these formats."""
    return [
        f"{form.value}:{fault}"
        for form in forms
        for fault in faults(render(selected, form, Addresses(BASE)))
    ]


def republished(path: Path) -> Selection | None:
    """Return what would be published of a document; `None` for one that cannot be read."""
    body = Body(
        body=path.read_bytes(), content_type=None, source_url=SOURCE.url, timezone="UTC",
        seen_at=NOW, encoding=None, max_entries=2000,
    )  # fmt: skip
    try:
        refined = refine.normalise(parse.read(body))
    except UnreadableError:
        return None
    return rehearse(SOURCE, Feed("feed", "Feed"), refined, now=NOW).selection


@pytest.mark.parametrize("name", [name for name in documents() if not name.endswith(".opml")])
def test_the_golden_documents_pass(name: str) -> None:
    assert faults(documents()[name]) == []


@pytest.mark.parametrize("form", Format)
async def test_what_is_served_passes_with_its_header_and_address(form: Format) -> None:
    async with running(site(Stock(STORIES), lambda: config(base_url=BASE))) as server:
        path = f"/feeds/all.{form.value}"
        answer = await server.get(path)
    assert answer.status == 200
    served = faults(answer.body, content_type=answer.headers["content-type"], url=f"{BASE}{path}")
    assert served == []


@pytest.mark.parametrize(
    "path",
    sorted(path for path in FIXTURES.iterdir() if path.is_file()),
    ids=lambda path: path.name,
)
def test_what_we_make_of_our_fixtures_passes(path: Path) -> None:
    selected = republished(path)
    assert selected is None or faults_of(selected) == []


def test_what_we_make_of_real_feeds_passes() -> None:
    wrong = []
    paths = sorted(
        path for path in corpus.folder("real").iterdir() if path.stat().st_size < LARGE_BYTES
    )
    for path, form in zip(paths, cycle(Format), strict=False):
        selected = republished(path)
        if selected is not None:
            wrong += [f"{path.name}: {fault}" for fault in faults_of(selected, (form,))]
    assert wrong == []


def test_hostile_html_passes_once_it_is_cleaned() -> None:
    stories = tuple(
        story(
            id=f"urn:x-test:{number}",
            order_key=number,
            updated_at=NOW - timedelta(minutes=number + 1),
            content_html=clean(payload, "https://source.example/"),
        )
        for number, payload in enumerate(PAYLOADS)
    )
    assert faults_of(selection(*stories)) == []


any_text = unicode_text(40)
tags = words(
    "<p> </p> <b> </b> </a> <table> <tr> <td> </td> <li> <ul> </ul> <div> </div> <a/href=/x>"
    " <img/src=x> <math> <mi> <svg> <script> <style> <!-- --> &amp; &copy &#x80; text &"
)
any_html = any_text | st.lists(st.sampled_from(sorted(tags)), max_size=20).map(" ".join)
#: When entries are published: since the web, and before now.
any_moment = instants(datetime(1990, 1, 2, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC))
#: The ids that the store mints: addresses and URNs in their canonical form.
ids = st.integers(0, 5).map("urn:x-test:{}".format) | any_text.map(
    lambda text: "https://example.com/" + quote(text, errors="replace")
)
any_published_html = any_html.map(lambda html: clean(html, "https://source.example/"))
any_story = stories(any_text, any_moment, ids=ids, html=any_published_html)


@settings(max_examples=100, deadline=None)
@given(st.lists(any_story, max_size=4).map(tuple), any_text)
def test_any_stored_entry_passes(chosen: tuple[Story, ...], title: str) -> None:
    ordered = (replace(one, order_key=number) for number, one in enumerate(chosen, start=1))
    assert faults_of(selection(*ordered, title=title)) == []
