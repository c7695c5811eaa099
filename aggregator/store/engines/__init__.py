"""What keeps rows, SQLite or PostgreSQL: connections, locks, errors; one writer, many readers."""
