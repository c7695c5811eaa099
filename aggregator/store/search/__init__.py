"""The search index: a file of its own beside the database, made of it and never needed by it."""
