"""What an entry is, which story it belongs to, and where a feed shows it: pure decisions."""
