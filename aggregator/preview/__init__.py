"""Before there is a source: which feeds a page names, and what would become of a document."""
