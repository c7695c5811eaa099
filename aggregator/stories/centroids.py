"""The centroid of a story: what its entries' titles say on the whole, against chains.

A is like B and B like C, yet C has nothing to do with A: an entry joins a story only if it is also
like what the story is about. Bounded, and kept beside the story.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from heapq import nsmallest
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.stories.tokens import SCHEME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.stories.signatures import Signature

#: So many tokens are kept of a story, those that weigh most.
MOST = 64


@dataclass(frozen=True, slots=True)
class Centroid:
    """The weights of the tokens of a story's titles, added up; of short ones, with their leads."""

    weights: Mapping[int, int]

    def with_member(self, one: Signature) -> Centroid:
        """Return the centroid of the story with one more entry."""
        added = dict(self.weights)
        for token, weight in _told(one).items():
            added[token] = added.get(token, 0) + weight
        if len(added) <= MOST:
            return Centroid(added)
        return Centroid(
            {t: added[t] for t in nsmallest(MOST, added, key=lambda token: (-added[token], token))}
        )

    def cosine(self, one: Signature) -> float:
        """Return how near an entry is to the story, from 0 to 1: its title, or with its lead."""
        near = _cosine(self.weights, one.title)
        return max(near, _cosine(self.weights, _told(one))) if one.is_short and one.lead else near


def centroid_of(*members: Signature) -> Centroid:
    """Return the centroid of some entries."""
    match members:
        case (alone,) if len(told := _told(alone)) <= MOST:
            return Centroid(told)  # most stories have one entry
    centroid = Centroid({})
    for member in members:
        centroid = centroid.with_member(member)
    return centroid


def _told(one: Signature) -> Mapping[int, int]:
    return {**one.title, **one.lead} if one.is_short else one.title


def _cosine(a: Mapping[int, int], b: Mapping[int, int]) -> float:
    dot = sum(a[token] * b[token] for token in a.keys() & b)
    squares = _squares(a) * _squares(b)
    return dot / math.sqrt(squares) if squares else 0.0


def _squares(weights: Mapping[int, int]) -> int:
    return sum(weight * weight for weight in weights.values())


_HEAD = struct.Struct("<BB")


def pack_centroid(centroid: Centroid) -> bytes:
    """Return a centroid as bytes: 2, and 8 for each token."""
    values = array("I", [*centroid.weights, *centroid.weights.values()])
    if sys.byteorder == "big":
        values.byteswap()
    return _HEAD.pack(SCHEME, len(centroid.weights)) + values.tobytes()


def unpack_centroid(packed: bytes) -> Centroid | None:
    """Return the centroid that was packed, or `None` where another scheme made it."""
    if not packed or packed[0] != SCHEME:
        return None
    values = array("I")
    values.frombytes(packed[_HEAD.size :])
    if sys.byteorder == "big":
        values.byteswap()
    half = packed[1]
    return Centroid(dict(zip(values[:half], values[half:], strict=True)))
