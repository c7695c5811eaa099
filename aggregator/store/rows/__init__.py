"""Between rows and values: columns in JSON, lists of values in a statement, work in slices."""
