"""Whether a feed document is as its specification wants it, and as readers need it."""

from aggregator.lint.findings import SHOWN_PER_RULE, Finding
from aggregator.lint.lint_rules import RULES, Level, Rule
from aggregator.lint.linter import MAX_BYTES, lint

__all__ = ["MAX_BYTES", "RULES", "SHOWN_PER_RULE", "Finding", "Level", "Rule", "lint"]
