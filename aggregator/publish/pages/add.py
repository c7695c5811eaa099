"""The page on which a source is added: an address, what is there, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.health import Wrong, span, wrong
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model.candidates import Added, Candidate, Found
    from aggregator.publish.pages.look import Look


@dataclass(frozen=True, slots=True)
class AddView:
    """What the page shows; `token` lets its forms be sent, `typed` is what stands in the first.

    `found` is what was looked up, `trouble` why nothing came of the last form, `added` the block
    to paste.
    """

    token: str
    typed: str = ""
    found: Found | None = None
    trouble: str = ""
    added: Added | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A feed to choose, every figure as text."""

    url: str
    title: str
    offer: str | None
    known: str | None
    wrong: Wrong | None
    facts: tuple[str, ...]
    newest: tuple[tuple[str, str], ...]


def add_page(view: AddView, look: Look, local: Callable[[datetime], datetime]) -> bytes:
    """Return the page in UTF-8."""
    found = view.found
    candidates = () if found is None else found.candidates
    choices = [_choice(one, look, local) for one in candidates]
    offered = [one for one in candidates if one.offer is not None]
    fields: dict[str, object] = {
        "view": view,
        "choices": choices,
        "first": offered[0].offer if offered else None,
        "name": offered[0].name if len(offered) == 1 else "",
        "wrong": None if found is None else wrong(found.problem, look),
    }
    return html_page("pages/add", fields, look)


def _choice(one: Candidate, look: Look, local: Callable[[datetime], datetime]) -> Choice:
    facts: list[str] = []
    if one.offer is not None or one.entries:  # what is a source already was not read
        facts.append(look.count(one.entries, "{n} entry", "{n} entries"))
    if one.newest_at is not None and one.oldest_at is not None:
        facts.append(
            look.say(
                "{first} to {last}",
                first=f"{local(one.oldest_at):%Y-%m-%d}",
                last=f"{local(one.newest_at):%Y-%m-%d}",
            )
        )
    if one.pause is not None:
        facts.append(look.say("about one every {time}", time=span(one.pause, look)))
    if one.language is not None:
        facts.append(look.say("Language: {language}", language=one.language))
    return Choice(
        url=one.url,
        title=one.title or one.url,
        offer=one.offer,
        known=None if one.known_as is None else f"{look.root}sources/{one.known_as}/health",
        wrong=wrong(one.problem, look),
        facts=tuple(facts),
        newest=tuple(
            (title, "" if at is None else look.moment(local(at))) for title, at in one.newest
        ),
    )
