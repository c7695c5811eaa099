"""The real way of documents through the program: refined, stored, selected, rendered."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import publish, refine
from aggregator.model import (
    Attempt,
    Decision,
    Document,
    Feed,
    Fetched,
    News,
    Plan,
    Source,
    Validators,
)
from aggregator.model.configured import MIB
from aggregator.publish import Addresses, Format
from aggregator.store.sqlite import SqliteStore, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from aggregator.model import Selection

ADDRESSES = Addresses("https://feeds.example")
#: As many entries as anything may have: what is measured is no window.
LONGEST = 10_000
#: The feed of all sources.
ALL = Feed("all", "All", min_entries=LONGEST, limit=LONGEST, document_size=64 * MIB)


class Pipe:
    """A store with a feed of all its sources, and one of each; `urls` are these by name."""

    def __init__(self, store: SqliteStore, urls: Mapping[str, str], now: datetime) -> None:
        self._store = store
        sources = tuple(Source(name, url, backfill=LONGEST) for name, url in urls.items())
        self._feeds = {name: replace(ALL, name=name, sources=(name,)) for name in urls}
        store.apply(sources, (ALL, *self._feeds.values()), now=now)

    def absorb(self, name: str, document: Document, now: datetime) -> None:
        """Take a document as what a source answered."""
        (state,) = self._store.states((name,))
        refined = refine.normalise(document)
        outcome = Fetched(
            url=state.source.url,
            status=200,
            body=b"",
            sha256=sha256(f"{name} {now}".encode()).digest(),
            content_type=None,
            validators=Validators(),
        )

        def decide(_: News) -> Decision:
            return Decision(Plan(now + timedelta(hours=1), "once"))

        self._store.absorb(state, (Attempt(state.source.url, outcome),), refined, decide, now=now)
        self._store.advance(now)

    def selection(self, name: str | None = None) -> Selection:
        """Return what the feed of all shows, or the feed of one source."""
        return self._store.select(ALL if name is None else self._feeds[name])


@contextmanager
def pipe(urls: Mapping[str, str], now: datetime) -> Iterator[Pipe]:
    """Open a pipe with these sources, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "pipe.db")
        try:
            yield Pipe(store, urls, now)
        finally:
            store.close()


def rendered(selection: Selection) -> dict[Format, bytes]:
    """Return the documents of a feed."""
    return {form: publish.render(selection, form, ADDRESSES) for form in Format}
