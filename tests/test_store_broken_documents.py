"""A document that ends in the middle is told by the poll and in `status`, until a whole comes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.operations.messages import poll_line
from aggregator.refine import normalise
from tests.feed_documents import item, read, rss
from tests.making import HOUR, START, absorb, said, source

if TYPE_CHECKING:
    from aggregator.store import Store


pytestmark = pytest.mark.usefixtures("one_source")


def test_a_document_that_broke_off_is_told_until_a_whole_one_comes(store: Store) -> None:
    text = rss(item(1), item(2), item(3)).decode()
    cut = normalise(read(text[: text.index("<title>Entry 3")], source().url))
    result = absorb(store, cut, START)
    assert "; the document broke off" in poll_line(result, "soon")
    assert "broke off after 2 entries" in said(store)["length one"]
    result = absorb(store, normalise(read(text, source().url)), START + HOUR)
    assert "broke off" not in poll_line(result, "soon")
    assert "length one" not in said(store)


def test_a_document_that_is_only_long_did_not_break_off(store: Store) -> None:
    whole = normalise(read(rss(item(1), item(2)), source().url))
    long = replace(whole, head=replace(whole.head, truncated=True, read_up_to=2))
    assert "broke off" not in poll_line(absorb(store, long, START), "soon")
    assert "only the first 2 entries" in said(store)["length one"]
