"""Lists of sources that others keep (`[[lists]]`): what each lists, and how it fares."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aggregator.model.outcomes import Problem, Validators
from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class ListMember:
    """What a list lists: a source, under a key that stays.

    A key is unique in its list, that of members that are gone included: one that is back is the
    same. `timezone` and `encoding` are those that lists of ours give.
    """

    key: str
    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str | None = None
    encoding: str | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """An answer that lacks so many members that it is not believed yet.

    It has been seen in so many `polls` since `since_at`; the last one lacked `missing` members.
    Those with `keys` are missing in each of them, and are what this doubt is about.
    """

    since_at: datetime
    polls: int
    missing: int
    keys: tuple[str, ...] = ()


class Unlisted(StrEnum):
    """Why an outline is no member; the value is stored."""

    NOT_A_URL = "not-a-url"
    OWN_ADDRESS = "own-address"
    TWICE = "twice"
    TOO_MANY = "too-many"
    TOO_DEEP = "too-deep"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many outlines of a list are no members, for one reason; `example` is a title, or ""."""

    because: Unlisted
    count: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class ListHealth:
    """How a list fares: failures in a row, what is wrong, what of its last answer was not taken.

    `is_new`: the operator gave it another URL, which has listed nothing yet. `failing_since_at` is
    when the first of the failures was, as far as is known.
    """

    failures: int = 0
    problem: Problem | None = None
    doubt: Doubt | None = None
    left_out: tuple[LeftOut, ...] = ()
    is_new: bool = False
    failing_since_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredList:
    """What is known of one list: of its URL, of its polls, and its members, the gone ones last."""

    name: str
    url: str
    next_poll_at: datetime
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    validators: Validators = Validators()
    body_sha256: bytes | None = None
    health: ListHealth = ListHealth()
    members: tuple[ListMember, ...] = ()

    @property
    def present(self) -> tuple[ListMember, ...]:
        """The members that are sources now."""
        return tuple(one for one in self.members if one.gone_at is None)
