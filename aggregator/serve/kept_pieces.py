"""What was laid out of stories, kept for the next document: bounded, safe for several threads."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.publish.pieces import Key, Piece

#: Some sixteen hundred stories of four kilobytes in one format.
KEPT_BYTES = 16 * 1024 * 1024


class KeptPieces:
    """The pieces that were used most recently; what was not for longest goes first."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._kept: OrderedDict[Key, tuple[Piece, int]] = OrderedDict()
        self.bytes_held = 0

    def get(self, key: Key) -> Piece | None:
        """Return what is kept of a story in a feed's taste."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._kept.move_to_end(key)
            return kept[0]

    def keep(self, key: Key, piece: Piece) -> None:
        """Keep it, and how large it is now; what was not used for longest is forgotten for it."""
        size = piece.bytes_held
        with self._lock:
            _, former = self._kept.pop(key, (None, 0))
            self._kept[key] = piece, size
            self.bytes_held += size - former
            while self.bytes_held > self._most_bytes:
                _, (_, gone) = self._kept.popitem(last=False)
                self.bytes_held -= gone
