"""Whether a feed document is as its specification wants it, and as readers need it."""

from aggregator.lint.document import MAX_BYTES, lint
from aggregator.lint.findings import SHOWN_PER_RULE, Finding
from aggregator.lint.rules import RULES, Level, Rule

__all__ = ["MAX_BYTES", "RULES", "SHOWN_PER_RULE", "Finding", "Level", "Rule", "lint"]
