"""The texts of entries as they are stored: packed, within what a source may hold."""
