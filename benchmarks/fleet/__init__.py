"""What a fleet costs where there are a million sources: `make bench-fleet` (docs/scale.md)."""
