"""The search index: a file, or tables, beside what it is made of; nothing needs it."""
