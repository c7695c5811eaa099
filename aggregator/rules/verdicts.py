"""Keep, block and tag rules applied to an entry, and the reason when one leaves it out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.rules.patterns import first_found, searchable
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Condition, Feed, Rules, Source, Tagging

#: A rule is quoted in `explain` up to this many characters.
_MAX_QUOTED_CHARS = 80


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules are put to: an entry as it is stored, before any replacement.

    `text` is the plain text of content and summary. `categories` are terms and labels. `age` is how
    old the entry was when it was first seen, `None` without a date of its publisher. `tags` are
    what rules of its source gave it, as `tags` tells.
    """

    title: str = ""
    text: str = ""
    author: str | None = None
    url: str | None = None
    categories: tuple[str, ...] = ()
    age: timedelta | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say of an entry: those of its source, and of each feed that was asked, in order.

    `left_out` is why a feed leaves it out, `None`: it shows the entry.
    """

    tags: tuple[str, ...]
    blocked: str | None
    left_out: tuple[str | None, ...]


def verdict(source: Source, feeds: Iterable[Feed], facts: Facts) -> Verdict:
    """Return what all rules say of an entry; feeds are asked with the tags that it is given."""
    given = tags(source, facts)
    tagged = replace(facts, tags=given)
    return Verdict(
        tags=given,
        blocked=blocked(source, facts),
        left_out=tuple(judge(source, feed, tagged) for feed in feeds),
    )


def may_leave_out(feed: Feed, source: Source) -> bool:
    """Tell whether the feed may leave out single entries of a source that it selects."""
    return bool(feed.rules.keep or feed.rules.block or source.rules.tag)


def shown_alike(before: Source, source: Source) -> bool:
    """Tell whether a feed that selects a source both ways shows the same of its entries.

    Its name and its own tags select it as a whole, unless its rules tag single entries: then they
    decide about those as well.
    """
    one, other = before.rules, source.rules
    if (one.keep, one.block, one.tag) != (other.keep, other.block, other.tag):
        return False
    if before.dedupe != source.dedupe:
        return False
    return not other.tag or (before.name, before.tags) == (source.name, source.tags)


def judge(source: Source, feed: Feed, facts: Facts) -> str | None:
    """Return why `feed` leaves out an entry of `source`; `None`: it shows the entry.

    Covers the selection by source and tag, `exclude_tags`, and the feed's keep and block; not
    those of the source (`blocked`).
    """
    carried = (*source.tags, *facts.tags)
    for tag in carried:
        if tag in feed.exclude_tags:
            return f'carries the tag "{tag}", which the feed excludes'
    if source.name in feed.exclude_sources:
        return "only feeds with a token show its source"
    return _not_selected(source, feed, carried) or _left_out(feed.rules, facts)


def blocked(source: Source, facts: Facts) -> str | None:
    """Return why rules of the source leave the entry out of every feed; `None`: they do not."""
    return _left_out(source.rules, facts)


def tags(source: Source, facts: Facts) -> tuple[str, ...]:
    """Return the tags that rules of the source give the entry, each once, in their order."""
    return _given(source.rules.tag, facts)


def feed_tags(feed: Feed, facts: Facts) -> tuple[str, ...]:
    """Return the tags that rules of the feed give the entry, to be published as categories."""
    return _given(feed.rules.tag, facts)


def _not_selected(source: Source, feed: Feed, carried: tuple[str, ...]) -> str | None:
    if feed.sources is None and feed.tags is None:
        return None
    if feed.names(source):
        return None
    if feed.tags is None:
        return "its source is not among the feed's sources"
    if not set(carried).isdisjoint(feed.tags):
        return None
    if len(feed.tags) == 1:
        return f'does not carry the tag "{feed.tags[0]}"'
    return f"carries none of the tags {_quoted(feed.tags)}"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _left_out(rules: Rules, facts: Facts) -> str | None:
    if not (rules.block or rules.keep):
        return None
    entry = _Searchable(facts)
    for condition in rules.block:
        if (met := entry.meets(condition)) is not None:
            return f"blocked by {met}"
    if rules.keep and all(entry.meets(condition) is None for condition in rules.keep):
        return "none of keep matches"
    return None


def _given(taggings: tuple[Tagging, ...], facts: Facts) -> tuple[str, ...]:
    if not taggings:
        return ()
    entry = _Searchable(facts)
    given = [tag for tagging in taggings if entry.meets(tagging.when) for tag in tagging.tags]
    return tuple(dict.fromkeys(given))


class _Searchable:
    """The texts of one entry, folded once for all conditions."""

    def __init__(self, facts: Facts) -> None:
        self._age = facts.age
        title, text = searchable(facts.title), searchable(facts.text)
        self._fields: dict[str, tuple[bytes, ...]] = {
            "words": (title, text),
            "title": (title,),
            "text": (text,),
            "author": (searchable(facts.author or ""),),
            "url": (searchable(facts.url or ""),),
            "category": tuple(searchable(category) for category in facts.categories),
        }

    def meets(self, condition: Condition) -> str | None:
        """Return what of a condition the entry meets, all of it, quoted; `None`: it does not."""
        met = []
        if condition.older_than is not None:
            if self._age is None or self._age <= condition.older_than:
                return None
            met.append(f"age {condition.older_than / timedelta(days=1):g}d")
        for field, texts in self._fields.items():
            patterns: tuple[str, ...] = getattr(condition, field)
            if not patterns:
                continue
            found = first_found(patterns, texts)
            if found is None:
                return None
            met.append(_rule(field, found))
        return " and ".join(met) or None


def _rule(field: str, pattern: str) -> str:
    pattern = shortened(pattern, _MAX_QUOTED_CHARS)
    return f'"{pattern}"' if field == "words" else f'{field} "{pattern}"'
