"""Body bytes in, what the document says out: decoded, read, and nothing repaired.

Pure and slow: runs in a worker process that can be killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.late_names import late

if TYPE_CHECKING:
    from aggregator.parse.documents import read
else:  # what tells a challenge from a feed is asked elsewhere, too, and needs no reader
    __getattr__ = late(__name__, {"read": "documents"})

__all__ = ["read"]
