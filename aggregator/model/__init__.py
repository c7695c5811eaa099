"""The words of the house, as types: source, document, entry, story, feed, poll.

A source is what we poll, a document is one response body as the publisher wrote it, an entry is
one normalised item of one source, a story is what a reader sees (one or more entries), a feed is
what we publish, a poll is one attempt at one source.

Every type is frozen. Names carry unit and trust: `_at` is an aware UTC datetime, `_html` is
sanitised, `raw_` is the publisher's own and untrusted, `_url` is absolute, `_bytes` counts bytes;
durations are `timedelta`.
"""

from __future__ import annotations

from aggregator.model.configured import (
    Access,
    Allowance,
    Feed,
    IPAddress,
    IPNetwork,
    Source,
)
from aggregator.model.documents import (
    Body,
    Document,
    DocumentHead,
    DocumentHints,
    Enclosure,
    Entry,
    FeedLink,
    RawEntry,
    Refined,
)
from aggregator.model.outcomes import (
    Attempt,
    Failed,
    Fetched,
    Gone,
    HttpHints,
    NotModified,
    Outcome,
    Problem,
    ProblemKind,
    Validators,
)
from aggregator.model.stored import (
    Decision,
    Mirror,
    News,
    Origin,
    PastPoll,
    Plan,
    PollResult,
    PollState,
    Selection,
    SourceStatus,
    Story,
    Tally,
)

__all__ = [
    "Access",
    "Allowance",
    "Attempt",
    "Body",
    "Decision",
    "Document",
    "DocumentHead",
    "DocumentHints",
    "Enclosure",
    "Entry",
    "Failed",
    "Feed",
    "FeedLink",
    "Fetched",
    "Gone",
    "HttpHints",
    "IPAddress",
    "IPNetwork",
    "Mirror",
    "News",
    "NotModified",
    "Origin",
    "Outcome",
    "PastPoll",
    "Plan",
    "PollResult",
    "PollState",
    "Problem",
    "ProblemKind",
    "RawEntry",
    "Refined",
    "Selection",
    "Source",
    "SourceStatus",
    "Story",
    "Tally",
    "Validators",
]
