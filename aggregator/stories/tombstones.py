"""What pruned entries keep away: a document that still lists one does not bring it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.stories.signs import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aggregator.model import Entry

#: Kinds of keys by each of which what was pruned is kept away.
_LASTING_KINDS = frozenset({"guid", "url", "site", "text"})
#: Of the weaker ones it takes all of these together.
_LASTING_TOGETHER = frozenset({"path", "brief"})


@dataclass(frozen=True, slots=True)
class TombstoneSighting:
    """Tombstones that a document shows again, and those that it shows no more, by their keys.

    A tombstone is dropped some time after the document last showed its entry.
    """

    returned: frozenset[str] = frozenset()
    vanished: frozenset[str] = frozenset()


def keeps_away(keys: Collection[str], entry: Entry) -> bool:
    """Tell whether an entry that is not known was pruned; `keys` are those of tombstones."""
    found = {kind_of(key) for key in entry.keys if key in keys}
    return not found.isdisjoint(_LASTING_KINDS) or found >= _LASTING_TOGETHER


def sighting(
    absent: Mapping[str, bool], shown: Collection[str], *, truncated: bool
) -> TombstoneSighting:
    """Return for which tombstones a document with the keys `shown` makes a difference.

    `absent` tells of each tombstone's key whether the documents before have ceased to show it. A
    `truncated` document proves nothing about what is missing.
    """
    returned = (key for key, is_absent in absent.items() if is_absent and key in shown)
    vanished = (key for key, is_absent in absent.items() if not is_absent and key not in shown)
    return TombstoneSighting(frozenset(returned), frozenset(() if truncated else vanished))
