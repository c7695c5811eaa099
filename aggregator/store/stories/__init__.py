"""What several tell in their words: found, kept, and what the operator says of it."""
