"""What one request teaches of the URL that was asked: how it fares, and where it has moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from aggregator.model import Failed, Fetched, Gone, NotModified, ProblemKind
from aggregator.model.outcomes import Validators
from aggregator.runtime.values import dataclass
from aggregator.schedule.mirror_choice import rest
from aggregator.schedule.permanent_redirects import (
    FAILURES_TO_FORGET,
    RedirectSighting,
    is_lasting,
    sight,
)

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Attempt, Problem


@dataclass(frozen=True, slots=True)
class MirrorRecord:
    """What is remembered of one URL of a source.

    `validators` and `body_sha256` are of the document that it answered last, at `document_at`;
    `failures` are those in a row.
    `unconditional` counts the requests for which validators were held and could not be sent.
    `sighting` is a permanent redirect that is not believed yet, `moved_url` is where one led that
    is.
    """

    validators: Validators = Validators()
    body_sha256: bytes | None = None
    document_at: datetime | None = None
    failures: int = 0
    resting_until_at: datetime | None = None
    certificate_until_at: datetime | None = None
    unconditional: int = 0
    sighting: RedirectSighting | None = None
    moved_url: str | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is remembered of a URL after a request, and what that says of a move.

    `believed_url` is where permanent redirects lead for so long that it is believed now;
    `forgot_move`: one that was believed is not any more.
    """

    record: MirrorRecord
    believed_url: str | None = None
    forgot_move: bool = False


def learn(before: MirrorRecord, attempt: Attempt, *, has_others: bool, now: datetime) -> Lesson:
    """Return what one more request teaches of a URL, which ended at `now`.

    Without other URLs of its source (`has_others`) a failing one does not rest: the source's own
    schedule waits.
    """
    if attempt.unconditional:
        before = replace(before, unconditional=before.unconditional + 1)
    match attempt.outcome:
        case Fetched(validators=validators, sha256=sha256) as answer:
            record = replace(before, validators=validators, body_sha256=sha256, document_at=now)
            return _answered(record, answer, now)
        case NotModified(validators=validators) as answer:
            record = replace(before, validators=_refreshed(before.validators, validators))
            return _answered(record, answer, now)
        case Failed(problem=problem) | Gone(problem=problem):
            return _failed(before, problem, has_others=has_others, now=now)
        case _:
            assert_never(attempt.outcome)


def _refreshed(held: Validators, sent: Validators) -> Validators:
    """Return the validators after a 304: what it carried, else what is held (RFC 9111 §4.3.4)."""
    return replace(
        held,
        etag=held.etag if sent.etag is None else sent.etag,
        last_modified=held.last_modified if sent.last_modified is None else sent.last_modified,
    )


def _answered(before: MirrorRecord, answer: Fetched | NotModified, now: datetime) -> Lesson:
    sighting = sight(before.sighting, answer.permanent_url, now)
    is_believed = sighting is not None and is_lasting(sighting, now)
    believed_url = sighting.url if sighting is not None and is_believed else None
    return Lesson(
        replace(
            before,
            failures=0,
            resting_until_at=None,
            certificate_until_at=answer.certificate_until_at,
            sighting=None if is_believed else sighting,
            moved_url=believed_url or before.moved_url,
        ),
        believed_url=believed_url,
    )


def _failed(before: MirrorRecord, problem: Problem, *, has_others: bool, now: datetime) -> Lesson:
    failures = before.failures + 1
    forgot_move = before.moved_url is not None and (
        failures >= FAILURES_TO_FORGET or problem.kind is ProblemKind.GONE
    )
    return Lesson(
        replace(
            before,
            failures=failures,
            resting_until_at=now + rest(failures) if has_others else None,
            moved_url=None if forgot_move else before.moved_url,
        ),
        forgot_move=forgot_move,
    )
