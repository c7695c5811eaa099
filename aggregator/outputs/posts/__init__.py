"""Stories as posts for site generators: their names, their text, and which are to be written.

Pure: `aggregator.outputs.post_files` reads and writes the files.
"""

from aggregator.outputs.posts.post import Post, categories_of, digest, post_of, story_digest
from aggregator.outputs.posts.post_manifest import (
    FILE_NAME,
    LOCK_NAME,
    Choice,
    Manifest,
    Mark,
    Written,
    choose,
    read,
)
from aggregator.outputs.posts.post_paths import choose_path, path_key
from aggregator.outputs.posts.post_templates import SHIPPED, Layout, Template, attempt, shipped

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
