"""The signature of an entry: what of its title and lead is compared with others', in a few bytes.

A text is read into tokens (`read`); with how often each was seen lately (`Frequencies`, which the
store keeps) they become a `Signature`, which is kept beside the entry: the text is not needed
again. Nothing here is longer than its bounds, whatever a publisher writes.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from heapq import nsmallest
from itertools import islice
from typing import TYPE_CHECKING

from aggregator.model.instants import micros
from aggregator.runtime.values import dataclass
from aggregator.stories.bare_titles import (
    LONGEST_LEAD,
    bare_title,
    is_digest,
    is_personal,
    readable,
)
from aggregator.stories.slots import Against, slots_of
from aggregator.stories.tokens import SCHEME, Kind, token_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Of a title at most so many tokens of each kind, the first; of a lead so many, the rarest.
MOST_OF_TITLE = {
    Kind.GRAM: 48, Kind.WORD: 32, Kind.NAME: 16, Kind.NUMBER: 8, Kind.VERSION: 8, Kind.CHAR: 48,
}  # fmt: skip
MOST_OF_LEAD = 32
#: Values in slots, the first.
MOST_SLOTS = 16

#: The weight of a token that nobody has written yet: weights are whole numbers, kept in a byte.
FULL = 255
#: A title with less than so many tokens is short ("Weekly roundup"): it counts with the lead alone.
_SHORT = 6
#: As if so many entries without any known token had come before the first one: the first entries of
#: an empty database do not take every word of theirs for one that stands everywhere.
_SEEN_BEFORE = 100.0


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of an entry.

    `lead` is the beginning of its visible text, `at` when it was published, `language` what its
    document says (`zh-CN`), if anything.
    """

    title: str
    lead: str
    at: datetime
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text, read: its tokens with what they stand for, and how they are written.

    `slots` has the values that tell a thing from others of its kind, each a token with the token of
    its slot (`slot_token`). `at` is in microseconds
    since the epoch. `is_digest`: it tells several stories. `is_personal`:
    somebody shows or asks something of their own ("Show HN: …").
    """

    at: int
    title: Mapping[int, Kind]
    lead: tuple[int, ...]
    spellings: Mapping[int, str]
    slots: Mapping[int, int]
    is_digest: bool
    is_personal: bool

    @property
    def all(self) -> tuple[int, ...]:
        """Every token once: those whose frequencies `signature` asks for."""
        return (*self.title, *self.lead)


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many of the entries seen lately each token was; both decay together.

    A token that `counts` does not hold was in none.
    """

    total: float = 0.0
    counts: Mapping[int, float] = field(default_factory=dict)

    def weight(self, token: int) -> int:
        """Return how rare a token is, from 0 (in every entry) to `FULL` (in none)."""
        return _weight(self.total, self.counts.get(token, 0.0))


@lru_cache(maxsize=4096)
def _weight(total: float, count: float) -> int:
    seen = total + _SEEN_BEFORE
    return round(FULL * max(0.0, math.log(seen / (count + 0.5)) / math.log(seen / 0.5)))


@dataclass(frozen=True, slots=True)
class Signature:
    """The weights (0 to `FULL`) of an entry's tokens.

    `title` has all of the title but single ideographs, which are `chars`; `lead` what the lead has
    besides. `slots` are as `Tokens` has them. `at` is in microseconds since the epoch.
    """

    at: int
    title: Mapping[int, int]
    chars: Mapping[int, int]
    lead: Mapping[int, int]
    names: frozenset[int]
    numbers: frozenset[int]
    versions: frozenset[int]
    slots: Mapping[int, int]
    is_digest: bool = False
    is_personal: bool = False

    @property
    def is_short(self) -> bool:
        """Whether the title says so little that it counts with the lead alone."""
        return len(self.title) < _SHORT

    @property
    def words(self) -> float:
        """How many words the title has, about: two ideographs are one, three have two pairs."""
        return len(self.title) - len(self.chars) / 2 + bool(self.chars)


def lead_of(visible_text: str, summary: str) -> str:
    """Return what is compared beside a title: how an entry's visible text begins.

    Where that is less than its summary says, as of a teaser or of no text, it is the summary.
    """
    is_long = len(visible_text) >= min(len(summary), LONGEST_LEAD)
    return (visible_text if is_long else summary)[: 2 * LONGEST_LEAD]  # what `readable` reads


def read(text: Text) -> Tokens:
    """Return the tokens of a text: well under a millisecond of work, whatever its length."""
    title: dict[int, Kind] = {}
    spellings: dict[int, str] = {}
    bare = bare_title(text.title)
    slots = {token_of(one.value): slot_token(one.slot, one.against) for one in slots_of(bare)}
    left = dict(MOST_OF_TITLE)
    for token, kind, spelling, slot in tokens_of(bare, text.language):
        if left[kind]:
            if slot:
                against = Against.THING if kind is Kind.VERSION else Against.DETAIL
                slots.setdefault(token, slot_token(slot, against))
            left[kind] -= 1
            title[token] = kind
            spellings[token] = spelling
    lead = (
        token
        for token, kind, *_ in tokens_of(readable(text.lead, LONGEST_LEAD), text.language)
        if kind is not Kind.CHAR and token not in title
    )
    return Tokens(
        at=micros(text.at),
        title=title,
        lead=tuple(lead),
        spellings=spellings,
        slots=dict(islice(slots.items(), MOST_SLOTS)),
        is_digest=is_digest(text.title),
        is_personal=is_personal(text.title),
    )


def slot_token(slot: str, against: Against) -> int:
    """Return the token of a slot: its last two bits say what another value there is against."""
    return token_of(slot) & ~3 | against


def signature(tokens: Tokens, frequencies: Frequencies) -> Signature:
    """Return the signature of what was read, weighed by how rare each token is now."""
    weights = {token: frequencies.weight(token) for token in tokens.all}
    of_lead = nsmallest(MOST_OF_LEAD, tokens.lead, key=lambda token: (-weights[token], token))

    def those(*kinds: Kind) -> list[int]:
        return [token for token, kind in tokens.title.items() if kind in kinds]

    return Signature(
        at=tokens.at,
        title={t: weights[t] for t, kind in tokens.title.items() if kind is not Kind.CHAR},
        chars={t: weights[t] for t in those(Kind.CHAR)},
        lead={t: weights[t] for t in of_lead},
        names=frozenset(those(Kind.NAME, Kind.VERSION)),
        numbers=frozenset(those(Kind.NUMBER)),
        versions=frozenset(those(Kind.VERSION)),
        slots=tokens.slots,
        is_digest=tokens.is_digest,
        is_personal=tokens.is_personal,
    )


def rare_tokens(of: Signature, most: int = 10) -> tuple[int, ...]:
    """Return the rarest tokens of an entry, by which others find it.

    A third of them are names, figures and versions, where there are any: of words that nobody has
    written yet, these are the likeliest to come again. Those of the lead come where the title has
    too few. A digest has none: it is like nothing.
    """
    if of.is_digest:
        return ()
    special = {token: of.title[token] for token in of.names | of.numbers}
    found = _rarest(special, most // 3)
    found += _rarest({t: of.title[t] for t in of.title.keys() - set(found)}, most - len(found))
    return (*found, *_rarest(of.lead, most - len(found)))


def asked_tokens(of: Signature, most: int = 10) -> tuple[int, ...]:
    """Return the rarest tokens of an entry that others have, by which it looks for these.

    What nobody had written when it was signed finds nothing.
    """
    if of.is_digest:
        return ()
    found = _rarest({token: w for token, w in of.title.items() if w < FULL}, most)
    known = {token: weight for token, weight in of.lead.items() if weight < FULL}
    return (*found, *_rarest(known, most - len(found)))


def _rarest(weights: Mapping[int, int], most: int) -> list[int]:
    return nsmallest(most, weights, key=lambda token: (-weights[token], token))


#: Scheme, flags, instant, and how many tokens there are of: words, names, numbers, versions,
#: ideographs, lead, slots.
_HEAD = struct.Struct("<BBq7B")
_DIGEST, _PERSONAL = 1, 2


def pack(of: Signature) -> bytes:
    """Return a signature as bytes: 17, 5 for each token, and 8 for each slot."""
    special = of.names | of.numbers
    groups = [
        [token for token in of.title if token not in special],
        sorted(of.names - of.versions), sorted(of.numbers), sorted(of.versions),
        list(of.chars), list(of.lead),
    ]  # fmt: skip
    flags = _DIGEST * of.is_digest | _PERSONAL * of.is_personal
    head = _HEAD.pack(SCHEME, flags, of.at, *map(len, groups), len(of.slots))
    tokens = array("I", [token for group in groups for token in group])
    tokens.extend((*of.slots, *of.slots.values()))
    if sys.byteorder == "big":
        tokens.byteswap()
    weights = {**of.title, **of.chars, **of.lead}
    return head + tokens.tobytes() + bytes(weights[token] for group in groups for token in group)


def unpack(packed: bytes) -> Signature | None:
    """Return the signature that was packed, or `None` where another scheme made it."""
    if not packed or packed[0] != SCHEME:
        return None
    _, flags, at, words, names, numbers, versions, chars, lead, slots = _HEAD.unpack_from(packed)
    tokens = array("I")
    of_title = words + names + numbers + versions
    most = of_title + chars + lead
    end = _HEAD.size + 4 * (most + 2 * slots)
    tokens.frombytes(packed[_HEAD.size : end])
    if sys.byteorder == "big":
        tokens.byteswap()
    weights = packed[end:]
    after_names, after_numbers = words + names, words + names + numbers
    of_versions = tokens[after_numbers:of_title]
    return Signature(
        at=at,
        title=dict(zip(tokens[:of_title], weights[:of_title], strict=True)),
        chars=dict(
            zip(
                tokens[of_title : of_title + chars],
                weights[of_title : of_title + chars],
                strict=True,
            )
        ),
        lead=dict(zip(tokens[of_title + chars : most], weights[of_title + chars :], strict=True)),
        names=frozenset(tokens[words:after_names] + of_versions),
        numbers=frozenset(tokens[after_names:after_numbers]),
        versions=frozenset(of_versions),
        slots=dict(zip(tokens[most : most + slots], tokens[most + slots :], strict=True)),
        is_digest=bool(flags & _DIGEST),
        is_personal=bool(flags & _PERSONAL),
    )
