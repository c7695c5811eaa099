"""All of a database at another place: backups, exports and imports, a move to the other engine."""
