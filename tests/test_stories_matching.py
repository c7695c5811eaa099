from __future__ import annotations

import pytest

from aggregator.model import RawEntry
from aggregator.stories.matching import KINDS, Known, match
from tests.raw_entries import refine

NUMBER = "site:ithome.com:630999"


@pytest.mark.parametrize(("title", "entry_id"), [("标题", 7), ("另一篇", None)])
def test_a_known_articles_number_needs_its_title_where_id_and_url_differ(
    title: str, entry_id: int | None
) -> None:
    entries = refine(
        RawEntry(raw_title=title, raw_guid="2", raw_link="https://m.ithome.com/html/630999.htm")
    )
    known = {7: Known(7, "标题", None, frozenset({"guid", "url", "site"}))}
    (found,) = match(entries, {NUMBER: 7}, known)
    assert found.entry_id == entry_id


def test_a_known_articles_number_decides_alone_where_nothing_stronger_differs() -> None:
    entries = refine(RawEntry(raw_title="x", raw_link="https://m.ithome.com/html/630999.htm"))
    known = {7: Known(7, "标题", None, frozenset({"site"}))}
    (found,) = match(entries, {NUMBER: 7}, known)
    assert (found.entry_id, found.because) == (7, "same site")
    assert KINDS.index("site") < KINDS.index("path") < KINDS.index("text")
