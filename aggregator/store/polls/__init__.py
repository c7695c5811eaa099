"""One poll, committed whole: its entries, its source, the mirrors and hosts that it asked."""
