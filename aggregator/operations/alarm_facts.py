"""What an alarm or its end says, as values; `event_sentences` has the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from aggregator.model import Problem, ProblemKind
    from aggregator.model.notes import Fact
    from aggregator.operations.watched import AlarmKind


@dataclass(frozen=True, slots=True)
class Failing:
    """Every poll has failed for so long; `problem` is the last one's, `None` where it is secret.

    `of_list`: it is a list of sources, which stay.
    """

    lasted: timedelta
    kind: ProblemKind
    problem: Problem | None
    of_list: bool = False


@dataclass(frozen=True, slots=True)
class GoneForGood:
    """The publisher says that the source will not come back."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A source, or a list (`of_list`), that was broken or gone for so long works again."""

    was: AlarmKind
    lasted: timedelta
    of_list: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing new since `newest_at`, for longer than something is expected `every` so often."""

    newest_at: datetime
    lasted: timedelta
    every: timedelta


@dataclass(frozen=True, slots=True)
class HeardAgain:
    """A source that was silent for so long has news."""

    lasted: timedelta


@dataclass(frozen=True, slots=True)
class Noted:
    """What a note says; nothing of where a source is found if it is `private`."""

    fact: Fact
    private: bool = False


@dataclass(frozen=True, slots=True)
class IdsChange:
    """The ids of a source's entries change from poll to poll."""


@dataclass(frozen=True, slots=True)
class IdsHold:
    """They do not any more."""


@dataclass(frozen=True, slots=True)
class CertificateGood:
    """A source has a certificate that is good for long enough."""

    until_at: datetime


@dataclass(frozen=True, slots=True)
class InEffect:
    """What the configuration's files say holds."""


Beginning = Failing | GoneForGood | Silent | Noted | IdsChange
End = Recovered | HeardAgain | IdsHold | CertificateGood | InEffect
AlarmFact = Beginning | End
