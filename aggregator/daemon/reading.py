"""What a worker does with a body: parse, then refine. Both are loaded in the worker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.model import Body, Refined


def read(body: Body) -> Refined:
    """Return the entries of a body; raises `UnreadableError` for what is no document."""
    from aggregator import parse, refine

    return refine.normalise(parse.read(body))
