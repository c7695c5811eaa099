"""Whether the ids of a source's entries change from one document to the next."""

from __future__ import annotations

from aggregator.model.notes import UnstableIds

#: So many known entries under strange ids make a document one of changed ids, and so many such
#: documents in a row a source of unstable ones: a publisher may change its ids once.
UNSTABLE_IDS = 2
UNSTABLE_POLLS = 2


def polls_in_a_row(before: int, *, strange: int, known: int) -> int:
    """Return how many documents in a row had changed ids, after one more; `before` it, so many.

    Of its `known` entries that have an id, `strange` came under one that they never had. A
    document of few strange ids neither counts nor ends the row.
    """
    if strange >= UNSTABLE_IDS and 2 * strange > known:
        return before + 1
    return before if strange or not known else 0


def note_of(polls: int) -> UnstableIds | None:
    """Return what there is to say of a source with so many such documents in a row."""
    return UnstableIds(polls) if polls >= UNSTABLE_POLLS else None
