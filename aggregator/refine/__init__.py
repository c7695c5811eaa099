"""What the publisher said to what a reader may see: repaired, sanitised, identified."""
