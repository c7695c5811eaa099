"""What the check found, and the one collector that keeps it bounded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aggregator.lint.lint_rules import RULES
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import shortened

if TYPE_CHECKING:
    from aggregator.lint.lint_rules import Level

#: Findings of one rule that are told each by itself; the rest are counted. A feed with one mistake
#: has it in every entry.
SHOWN_PER_RULE = 5
#: Tags and texts of HTML, or members of JSON, that are looked at in one document: some ten seconds
#: of work. The largest real feeds seen have 20,000.
MAX_TOKENS = 1_000_000
#: A value that is shown: as much as tells which one is meant.
MAX_QUOTED_CHARS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a document, or worth knowing about it.

    `rule` is a key of `RULES`. `line` counts from 1; `None` where it is of the document as a whole
    or not known. `what` names the element or member and the value, shortened; `remedy` says what
    to change. Both quote the document, unescaped. `count` is how many breaches it stands for.
    """

    level: Level
    rule: str
    line: int | None
    what: str
    remedy: str
    count: int = 1

    def __str__(self) -> str:
        """Return `level RULE: what; remedy`."""
        return f"{self.level} {self.rule}: {self.what}; {self.remedy}"


class Report:
    """Collects findings: of each rule the first few, and how many more there are."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[tuple[str, Level]] = Counter()
        self._tokens_left = MAX_TOKENS

    def add(
        self, rule: str, what: str, *, line: int | None = None, level: Level | None = None
    ) -> None:
        """Add a finding of a rule; `level` replaces the rule's own where a case weighs less."""
        told = RULES[rule]
        weight = level or told.level
        self._counts[rule, weight] += 1
        if self._counts[rule, weight] <= SHOWN_PER_RULE:
            self._found.append(Finding(weight, rule, line, what, told.remedy))

    def afford(self, what: str, *, line: int | None) -> bool:
        """Tell whether one more token may be looked at; the first that may not be is reported."""
        self._tokens_left -= 1
        if self._tokens_left == -1:
            self.add("ValidatorLimit", f"more than {MAX_TOKENS} {what}", line=line)
        return self._tokens_left >= 0

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found by line, and after that what was only counted."""
        more = [
            Finding(level, rule, None, f"{rest} more", RULES[rule].remedy, rest)
            for (rule, level), count in self._counts.items()
            if (rest := count - SHOWN_PER_RULE) > 0
        ]
        return (*sorted(self._found, key=lambda finding: finding.line or 0), *more)


def quoted(text: str) -> str:
    """Return a value as a message shows it: on one line, in quotation marks, shortened."""
    line = " ".join(text[: 4 * MAX_QUOTED_CHARS].split())
    return f"“{shortened(line, MAX_QUOTED_CHARS)}”"
