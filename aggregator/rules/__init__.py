"""What an operator wants of entries: kept, left out, tagged, said in other words; seen by whom.

A pattern is plain words or a `/regex/` (`patterns`), a rule is put to what is known of an entry
(`verdicts`), a replacement acts on text (`replacements`), a CSS selector on markup (`selectors`);
who may see which feed and whose name is asked of `visibility`.
Nothing here changes what is stored of an entry: not its id, not its dates, not its place.
"""

from aggregator.rules.patterns import (
    MAX_PATTERN_CHARS,
    MAX_TEXT_CHARS,
    fold,
    mistake_in,
    mistake_in_replacement,
)
from aggregator.rules.replacements import replaced, replaced_html, replaced_text
from aggregator.rules.selectors import MAX_SELECTOR_CHARS, mistake_in_selector, remove
from aggregator.rules.verdicts import (
    Facts,
    Verdict,
    blocked,
    feed_tags,
    judge,
    may_leave_out,
    shown_alike,
    tags,
    verdict,
)

__all__ = [
    "MAX_PATTERN_CHARS",
    "MAX_SELECTOR_CHARS",
    "MAX_TEXT_CHARS",
    "Facts",
    "Verdict",
    "blocked",
    "feed_tags",
    "fold",
    "judge",
    "may_leave_out",
    "mistake_in",
    "mistake_in_replacement",
    "mistake_in_selector",
    "remove",
    "replaced",
    "replaced_html",
    "replaced_text",
    "shown_alike",
    "tags",
    "verdict",
]
