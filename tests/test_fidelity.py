"""What we publish of our own fixtures says what they say: the report of fidelity finds no loss."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.excuses import rules
from benchmarks.fidelity import FIXTURES, GOALS, run, shortfalls

if TYPE_CHECKING:
    from collections.abc import Callable

SEEN = datetime(2026, 11, 23, tzinfo=UTC)


def test_nothing_of_our_fixtures_is_lost_on_the_way(tell: Callable[[str], None]) -> None:
    report = run(FIXTURES, SEEN)
    for name, account in report.accounts.items():
        tell(f"{name}: {account.raw:.2%} of {account.total} as it was, {account.fair:.2%} excepted")
    assert not report.losses
    assert not shortfalls(report)
    assert all(report.accounts[name].total for name in GOALS)


def test_every_exception_says_why_and_is_listed_once() -> None:
    listed = [rule.name for rule in rules()]
    assert len(listed) == len(set(listed))
    assert all(rule.why and rule.fields for rule in rules())
