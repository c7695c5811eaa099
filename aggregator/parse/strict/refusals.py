"""Why the strict reader leaves a document to feedparser."""

from __future__ import annotations

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that is not read here; `reason` names what stands in the way, for statistics."""

    reason: str


class RefusedError(Exception):
    """Raised inside of this folder alone, where reading stops: `args` is the reason."""
