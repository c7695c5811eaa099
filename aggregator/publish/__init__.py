"""Stories to documents: Atom, RSS, JSON Feed and OPML, as pure functions."""
