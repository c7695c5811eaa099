"""What a document says in, entries fit to store and publish out.

Pure and slow: runs in the same worker process as parsing, right after it.
"""

from __future__ import annotations

from aggregator.refine.normalise import normalise
from aggregator.refine.removals import removed

__all__ = ["normalise", "removed"]
