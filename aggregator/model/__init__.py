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
    Condition,
    Export,
    Feed,
    ImageRewrite,
    IPAddress,
    IPNetwork,
    Replacement,
    Rules,
    SiteRule,
    Source,
    Tagging,
)
from aggregator.model.documents import (
    Body,
    Category,
    Document,
    DocumentHead,
    DocumentHints,
    Enclosure,
    Entry,
    FeedLink,
    Provenance,
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
    ArchivePart,
    Decision,
    EntryFacts,
    Exportable,
    Mirror,
    News,
    Origin,
    PastPoll,
    Placement,
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
    "ArchivePart",
    "Attempt",
    "Body",
    "Category",
    "Condition",
    "Decision",
    "Document",
    "DocumentHead",
    "DocumentHints",
    "Enclosure",
    "Entry",
    "EntryFacts",
    "Export",
    "Exportable",
    "Failed",
    "Feed",
    "FeedLink",
    "Fetched",
    "Gone",
    "HttpHints",
    "IPAddress",
    "IPNetwork",
    "ImageRewrite",
    "Mirror",
    "News",
    "NotModified",
    "Origin",
    "Outcome",
    "PastPoll",
    "Placement",
    "Plan",
    "PollResult",
    "PollState",
    "Problem",
    "ProblemKind",
    "Provenance",
    "RawEntry",
    "Refined",
    "Replacement",
    "Rules",
    "Selection",
    "SiteRule",
    "Source",
    "SourceStatus",
    "Story",
    "Tagging",
    "Tally",
    "Validators",
]
