"""The only way out to the network: one guarded, bounded, polite HTTP client."""
