"""A machine that cannot have some libraries."""

from __future__ import annotations

#: Lines that a program begins with, after `HIDDEN = {…}`, where these modules cannot be imported.
HIDING = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
"""
