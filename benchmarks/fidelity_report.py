"""The report of benchmarks/fidelity.py: what was counted, what the goals are, how it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.excuses import rules
from benchmarks.second_judge import EXCUSES, Judgement
from benchmarks.second_judge import FIELDS as SECOND_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The least share of each field that must survive, exceptions aside.
GOALS = {"entry": 1.0, "id": 1.0, "link": 1.0, "published": 1.0, "updated": 1.0, "title": 1.0,
         "text": 0.999, "image": 0.999, "author": 1.0, "category": 1.0, "scheme": 1.0, "label": 1.0,
         "enclosure": 1.0}  # fmt: skip
#: The same for the second judge.
SECOND_GOALS = {"item": 1.0, "link": 1.0, "link in text": 1.0, "date": 1.0, "character": 0.999,
                "picture": 0.999, "enclosure": 1.0, "author": 1.0}  # fmt: skip
FIELDS = ("entry", "id", "title", "link", "published", "updated", "author", "category", "scheme",
          "label", "enclosure", "text", "image")  # fmt: skip
#: Losses shown on the terminal for each field; all are in the results.
SHOWN = 8


@dataclass(slots=True)
class Account:
    """What was there of one field, how much of it survived, and how much is excepted, by rule."""

    total: int = 0
    kept: int = 0
    excepted: Counter[str] = field(default_factory=Counter)

    @property
    def raw(self) -> float:
        return self.kept / self.total if self.total else 1.0

    @property
    def fair(self) -> float:
        return (self.kept + self.excepted.total()) / self.total if self.total else 1.0

    def add(self, other: Account) -> None:
        self.total += other.total
        self.kept += other.kept
        self.excepted.update(other.excepted)


@dataclass(slots=True)
class Report:
    """What was found in one document, or in all of a folder."""

    accounts: dict[str, Account] = field(
        default_factory=lambda: {name: Account() for name in FIELDS}
    )
    losses: list[dict[str, str]] = field(default_factory=list)
    documents: int = 0
    not_compared: list[str] = field(default_factory=list)
    second: Judgement = field(default_factory=Judgement)
    gaps: list[dict[str, str]] = field(default_factory=list)
    again: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        for name, account in other.accounts.items():
            self.accounts[name].add(account)
        self.losses += other.losses
        self.documents += other.documents
        self.not_compared += other.not_compared
        self.second.add(other.second)
        self.gaps += other.gaps
        self.again += other.again


def summary(report: Report) -> dict[str, object]:
    """Return the report as it is written to the results."""
    return {
        "documents": report.documents,
        "not_compared": report.not_compared,
        "fields": {
            name: {
                "total": account.total,
                "raw": round(account.raw, 6),
                "excepted": round(account.fair, 6),
                "exceptions": dict(account.excepted.most_common()),
            }
            for name, account in report.accounts.items()
        },
        "losses": report.losses,
        "second judge": {
            name: {
                "total": tally.total,
                "kept": tally.kept,
                "excused": dict(tally.excused.most_common()),
            }
            for name, tally in report.second.tallies.items()
        },
        "gaps": report.gaps,
        "shown again": report.again,
    }


def shortfalls(report: Report) -> list[str]:
    """Return the goals that are not met, one line each."""
    fair = {name: report.accounts[name].fair for name in GOALS}
    second = {name: report.second.tallies[name].fair for name in SECOND_GOALS}
    return [
        *(
            f"{name}: {fair[name]:.4%} survives, {goal:.1%} is the goal"
            for name, goal in GOALS.items()
            if fair[name] < goal
        ),
        *(
            f"{name}, by the second judge: {second[name]:.4%} survives, {goal:.1%} is the goal"
            for name, goal in SECOND_GOALS.items()
            if second[name] < goal
        ),
        *report.again,
    ]


def tell(report: Report) -> None:
    print(f"{report.documents} documents, {len(report.not_compared)} of them not compared")
    for text in report.not_compared:
        print(f"  not compared: {text}")
    print(f"\n{'field':<10}{'of':>10}{'raw':>11}{'excepted':>11}")
    for name, account in report.accounts.items():
        print(f"{name:<10}{account.total:>10}{account.raw:>11.3%}{account.fair:>11.3%}")
    print("\nexceptions")
    for rule in rules():
        used = {
            name: account.excepted[rule.name]
            for name, account in report.accounts.items()
            if account.excepted[rule.name]
        }
        if used:
            counts = ", ".join(f"{name} {count}" for name, count in used.items())
            print(f"  {rule.name}: {counts}\n    {rule.why}")
    _tell_losses(FIELDS, report.losses)
    print(f"\nby the second judge\n{'field':<14}{'of':>10}{'kept':>11}{'excused':>11}")
    for name, tally in report.second.tallies.items():
        raw = tally.kept / tally.total if tally.total else 1.0
        print(f"{name:<14}{tally.total:>10}{raw:>11.3%}{tally.fair:>11.3%}")
    for excuse in EXCUSES:
        count = sum(tally.excused[excuse.name] for tally in report.second.tallies.values())
        if count:
            print(f"  {excuse.name}: {count}\n    {excuse.why}")
    _tell_losses(SECOND_FIELDS, report.gaps)


def _tell_losses(fields: Sequence[str], losses: Sequence[dict[str, str]]) -> None:
    for name in fields:
        found = [loss for loss in losses if loss["field"] == name]
        if found:
            print(f"\n{name}: {len(found)} losses")
        for loss in found[:SHOWN]:
            print(
                f"  {loss['document']} ({loss['format']}) {loss['entry'][:80]}\n"
                f"    - {loss['original'][:150]}\n    + {loss['published'][:150]}"
            )
        if len(found) > SHOWN:
            print(f"  and {len(found) - SHOWN} more, in the results")
