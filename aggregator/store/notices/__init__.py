"""The operations feed, and notices on their way to their receivers."""
