"""What a second poll shows again, and what the feed of all sources loses of one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.lint import lint
from benchmarks.pipe import pipe, rendered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.model import Document, Selection

#: So many entries are taken off the beginning, unless that were more than half of them.
TAKEN_OFF = 3
LATER = timedelta(hours=1)


def shown_again(document: Document, now: datetime) -> list[str]:
    """Return what is wrong after a second poll, a sentence each.

    A document without its first entries, as after a deletion, brings nothing new and changes no
    date; one with entries before those of the poll before brings just these.
    """
    wrong = []
    taken_off = min(TAKEN_OFF, len(document.entries) // 2)
    rest = replace(document, entries=document.entries[taken_off:])
    whole, after_deletion = _polled(document, rest, now)
    if after_deletion != whole:
        wrong.append(_difference("after its first entries were deleted", whole, after_deletion))
    first, grown = _polled(rest, document, now)
    if not first.items() <= grown.items() or len(grown) != len(whole):
        wrong.append(_difference("after it grew", whole, grown))
    return wrong


def merged(documents: Mapping[str, Document], now: datetime) -> list[str]:
    """Return what is wrong with the feed of all these documents, a sentence each.

    Every story of a source's own feed is in it, once, and no rule of the formats is broken.
    """
    wrong = []
    with pipe({name: one.source_url for name, one in documents.items()}, now) as all_of_them:
        for name, document in documents.items():
            all_of_them.absorb(name, document, now)
        everything = all_of_them.selection()
        ids = [story.id for story in everything.stories]
        if len(ids) != len({*ids}):
            wrong.append(f"the merged feed holds {len(ids) - len({*ids})} ids twice")
        elsewhere = Counter(also.name for one in everything.stories for also in one.also)
        for name in documents:
            own = {story.id for story in all_of_them.selection(name).stories}
            missing = len(own - {*ids})
            if missing > elsewhere[name]:
                wrong.append(
                    f"{name}: of {len(own)} entries {missing - elsewhere[name]} are not in the "
                    "merged feed"
                )
    for form, body in rendered(everything).items():
        wrong += [
            f"merged {form.value}: {finding}"
            for finding in lint(body, now=now)
            # One document of everything is longer than any feed; the others are.
            if finding.level != "info" and finding.rule != "ValidatorLimit"
        ]
    return wrong


def _polled(first: Document, second: Document, now: datetime) -> tuple[dict[str, datetime], ...]:
    """Return ids with their `updated` after each of two polls."""
    with pipe({"one": first.source_url}, now) as one:
        one.absorb("one", first, now)
        before = _updated(one.selection())
        one.absorb("one", second, now + LATER)
        return before, _updated(one.selection())


def _updated(selection: Selection) -> dict[str, datetime]:
    return {story.id: story.updated_at for story in selection.stories}


def _difference(when: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    new, gone = sorted({*after} - {*before}), sorted({*before} - {*after})
    moved = sum(after[one] != before[one] for one in {*before} & {*after})
    return f"{when}: new {new[:3]}, gone {gone[:3]}, of another date {moved}"
