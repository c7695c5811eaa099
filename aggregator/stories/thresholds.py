"""How alike entries must be to tell one story, by what a feed calls it."""

from __future__ import annotations

THRESHOLDS = {"wide": 0.40, "story": 0.50, "strict": 0.60}
