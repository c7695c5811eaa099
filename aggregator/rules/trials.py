"""What the rules of a source, or of a feed, would do to one entry, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Rules
from aggregator.model.trials import EffectKind
from aggregator.rules.replacements import replaced_html, replaced_text
from aggregator.rules.verdicts import blocked, feed_tags, judge, tags, verdict
from aggregator.web.excerpts import excerpt
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Feed, Source
    from aggregator.rules.verdicts import Facts

#: Of a text that is reworded, so many characters are shown, some of them before the other words.
_SHOWN_CHARS = 80
_BEFORE_CHARS = 16

#: A kind of effect, its reason, and what becomes of the words where they change.
Effected = tuple[EffectKind, str, str | None]


def concerns(source: Source, feed: Feed | None, facts: Facts) -> bool:
    """Tell whether the rules of a feed are asked about an entry at all; a source's always are."""
    if feed is None:
        return True
    found = verdict(source, (replace(feed, rules=Rules()),), facts)
    return found.blocked is None and found.left_out == (None,)


def effects(
    source: Source, feed: Feed | None, facts: Facts, content_html: str, summary: str
) -> Iterator[Effected]:
    """Yield what the rules of `feed`, or else of `source`, do to an entry that they concern."""
    tagged = replace(facts, tags=tags(source, facts))
    because = blocked(source, facts) if feed is None else judge(source, feed, tagged)
    if because is not None:
        yield EffectKind.LEFT_OUT, because, None
        return
    ruled = source.rules if feed is None else feed.rules
    if ruled.keep:
        yield EffectKind.KEPT, "meets keep", None
    for tag in tagged.tags if feed is None else feed_tags(feed, tagged):
        yield EffectKind.TAGGED, tag, None
    title = facts.title
    if feed is not None:  # which rewords what its source's rules have made
        title = replaced_text(source.rules.replace, title, "title")
        summary = replaced_text(source.rules.replace, summary, "text")
        content_html = replaced_html(source.rules.replace, content_html)
    for rule in ruled.replace:
        before = title, summary, content_html
        title = replaced_text((rule,), title, "title")
        summary = replaced_text((rule,), summary, "text")
        content_html = replaced_html((rule,), content_html)
        if title != before[0]:
            yield EffectKind.RETITLED, rule.find, title
        if (summary, content_html) != before[1:]:
            was, became = (
                one_line(f"{visible_text(html)} {text}")
                for text, html in (before[1:], (summary, content_html))
            )
            yield EffectKind.REWORDED, rule.find, _around_change(was, became)


def _around_change(before: str, after: str) -> str:
    """Return what stands in `after` where it begins to differ."""
    pairs = enumerate(zip(before, after, strict=False))
    at = next((place for place, (one, other) in pairs if one != other), len(after))
    begin = max(0, at - _BEFORE_CHARS)
    return ("…" if begin else "") + excerpt(after[begin:], _SHOWN_CHARS)
