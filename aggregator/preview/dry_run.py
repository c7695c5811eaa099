"""What would become of a document: the whole way, in a database that is thrown away.

The same code stores and selects as in the daemon, so that what is shown is what would be published.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model import Attempt, Decision, Fetched, Plan, Validators
from aggregator.runtime.values import dataclass
from aggregator.store.sqlite import open_store

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import EntryFacts, Feed, News, Refined, Selection, Source

#: All entries that a document may bring are shown, however old they are.
ALL = 10_000


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A feed as it would be published, and what is known of each of the document's entries.

    `entries` are in the document's order.
    """

    selection: Selection
    entries: tuple[EntryFacts, ...]


def rehearse(
    source: Source,
    feed: Feed,
    refined: Refined,
    *,
    now: datetime,
    others: tuple[Source, ...] = (),
    further_secrets: tuple[str, ...] = (),
) -> Rehearsal:
    """Return what the feed would publish of this document if its source had just been added.

    What is secret in the `others` that are configured, and `further_secrets` (as for
    `Store.apply`), are concealed as what is secret in the source.
    """
    whole = replace(feed, min_entries=ALL, limit=ALL, exclude_sources=())
    if not feed.selects(source):
        whole = replace(whole, sources=(source.name,), tags=None)
    with tempfile.TemporaryDirectory(prefix="aggregator-") as folder:
        store = open_store(Path(folder) / "preview.db")
        try:
            rest = tuple(one for one in others if one.name != source.name)
            store.apply((source, *rest), (whole,), now=now, further_secrets=further_secrets)
            (state,) = store.states((source.name,))
            attempt = Attempt(
                state.mirrors[0].url,
                Fetched(
                    url=state.mirrors[0].url,
                    status=200,
                    body=b"",
                    sha256=hashlib.sha256(b"").digest(),
                    content_type=None,
                    validators=Validators(),
                ),
            )

            def decide(_: News) -> Decision:
                return Decision(Plan(now, "a preview"))

            store.absorb(state, (attempt,), refined, decide, now=now)
            facts = (store.facts(entry.keys[0], (whole,)) for entry in refined.entries)
            return Rehearsal(store.select(whole), tuple(one[0] for one in facts if one))
        finally:
            store.close()
