"""What partitions of the store's tables bring and cost (docs/adr/0049-partitions.md)."""
