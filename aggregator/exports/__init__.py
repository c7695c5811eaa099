"""Stories as posts for site generators: their names, their text, and which are to be written.

Pure: `aggregator.exporting` reads and writes the files.
"""

from aggregator.exports.layouts import SHIPPED, Layout, Template, attempt, shipped
from aggregator.exports.manifest import (
    FILE_NAME,
    LOCK_NAME,
    Choice,
    Manifest,
    Mark,
    Written,
    choose,
    read,
)
from aggregator.exports.names import choose_path, path_key
from aggregator.exports.posts import Post, categories_of, digest, post_of, story_digest

__all__ = [
    "FILE_NAME",
    "LOCK_NAME",
    "SHIPPED",
    "Choice",
    "Layout",
    "Manifest",
    "Mark",
    "Post",
    "Template",
    "Written",
    "attempt",
    "categories_of",
    "choose",
    "choose_path",
    "digest",
    "path_key",
    "post_of",
    "read",
    "shipped",
    "story_digest",
]
