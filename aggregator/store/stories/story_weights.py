"""Weights by which stories are told together, fitted to what the operator said of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.rows.codec import loads
from aggregator.store.stories.story_index import StoryIndex
from aggregator.stories import own_weights
from aggregator.stories.signatures import Text, read, signature
from aggregator.stories.tuning import LabelledPair, tune

if TYPE_CHECKING:
    import sqlite3

    from aggregator.stories.likeness_weights import Model
    from aggregator.stories.tuning import Tuning

#: So many pairs are fitted to, those that were spoken of last: a second or two of work.
MOST_PAIRS = 2000


def kept(connection: sqlite3.Connection) -> Model:
    """Return the weights that hold: the operator's own, else as shipped."""
    (text,) = connection.execute("SELECT weights FROM story_index").fetchone()
    return own_weights.from_text(text)


def keep(connection: sqlite3.Connection, model: Model | None) -> None:
    """Let weights hold from now on; `None`: as shipped. What has been joined stays."""
    text = None if model is None else own_weights.to_text(model)
    connection.execute("UPDATE story_index SET weights = ?", (text,))


def tuned(connection: sqlite3.Connection, now: int) -> Tuning:
    """Fit the shipped weights to all pairs that were merged or parted. Writes nothing."""
    rows = connection.execute(
        "SELECT one, other, is_same FROM overrides ORDER BY id DESC LIMIT ?", (MOST_PAIRS,)
    ).fetchall()
    index = StoryIndex()
    texts = sorted({text for row in rows for text in (row["one"], row["other"])})
    numbers = {text: number for number, text in enumerate(texts)}
    signed = []
    for text in texts:
        tokens = read(loads(Text, text))
        signed.append(signature(tokens, index.frequencies(connection, tokens.all, now)))
    pairs = []
    for row in rows:
        a, b = numbers[row["one"]], numbers[row["other"]]
        pairs.append(LabelledPair((a, b), signed[a], signed[b], bool(row["is_same"])))
    return tune(pairs)
