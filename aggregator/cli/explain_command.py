"""`aggregator explain`: why a source is polled when it is; what became of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config, reading
from aggregator.cli.speech import echo
from aggregator.cli.table import GAP, terminal_width, wrapped
from aggregator.cli.terminal_text import (
    line,
    local_time,
    plain,
    show_publishers_addresses,
    theirs,
)
from aggregator.language.spoken import retold, verbatim
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config import Config
    from aggregator.model import Feed, Mirror, PastPoll, PollState, Source, SourceStatus
    from aggregator.schedule.price import Pricing

#: Why a source has a problem, and no failure.
_OWN_NETWORK = "our own network was down"
#: So many past polls are shown.
SHOWN_POLLS = 5

EPILOG = """\b
Examples:
  aggregator explain source ithome
  aggregator explain entry https://www.ithome.com/0/968/171.htm
  aggregator explain entry urn:uuid:1 --with urn:uuid:2

\b
Exit status:
  0   explained
  1   no source or entry has this name
  69  there is no database yet (its path is named)
  78  the configuration or the database cannot be used
"""


@click.group(epilog=EPILOG, short_help="Explain a source's schedule, or what became of an entry.")
def explain() -> None:
    """Explain what the daemon does, and why."""


@explain.command(epilog=EPILOG, short_help="Explain why a source is polled when it is.")
@click.argument("name")
@config_option
def source(name: str) -> None:
    """Explain why the source NAME is polled when it is.

    Prints how it is, the polls that were and that will be with what binds each, how often it
    publishes by hour of the day (weekdays, weekends), the price of a poll, and gaps found. Works
    whether the daemon runs or not.
    """
    config = load_config()
    state, status, pricing, polls = _read(config, name)
    for text in (*_lines(config, state, status, pricing, polls), *_whence(config, state.source)):
        echo(_folded(plain(text), terminal_width()))


@explain.command(epilog=EPILOG, short_help="Explain what became of an entry, and why.")
@click.argument("entry", metavar="ID|URL")
@click.option("--with", "further", metavar="ID|URL", help="Are the two one story, and why?")
@config_option
def entry(entry: str, *, further: str | None) -> None:
    """Explain what became of one entry: named by its id in a feed, its guid or its link.

    Prints each decision with its reason: how its document was decoded and parsed, what cleaning
    removed, what it is recognised by, which rules hold, its story, and for each feed whether it
    is there and why. Works whether the daemon runs or not.
    """
    from aggregator.cli.explain_entry import comparison, decisions

    config = load_config()
    show_publishers_addresses()
    if further is not None:
        with reading(config.path, config.store) as store:
            found = store.compared(entry, further)
        for text in comparison(found):
            echo(text)
        return
    with reading(config.path, config.store) as store:
        named = store.facts(entry, ())
        told = [
            facts
            for source in dict.fromkeys(one.source for one in named)
            for facts in store.facts(entry, _concerned(config, source))
            if facts.source == source
        ]
    if not told:
        raise AggregatorError(
            f"no entry that is stored has this id or link: {theirs(entry)}; ids and links are "
            "those in the feeds, and entries are forgotten after [store] retention"
        )
    for number, facts in enumerate(told):
        if number:
            echo("")
        for text in decisions(facts):
            echo(_folded(plain(text), terminal_width()))


def _concerned(config: Config, source: Source) -> tuple[Feed, ...]:
    """Return the configured feeds, and those automatic ones that select the source."""
    return tuple(feed for feed in config.feeds if not feed.is_automatic or feed.selects(source))


def _folded(text: str, width: int | None) -> str:
    """Break a line to the width, between words only: an address is copied whole."""
    indent = text[: len(text) - len(text.lstrip())]
    return wrapped(text.lstrip(), width, indent=indent, hanging=indent + GAP, within_words=False)


def _read(config: Config, name: str) -> tuple[PollState, SourceStatus, Pricing, list[PastPoll]]:
    from aggregator.schedule import price

    with reading(config.path, config.store) as store:
        states = store.states((name,))
        if states:
            (status,) = store.status((name,))
            polls = store.history(states[0].source_id, most=SHOWN_POLLS)
            return states[0], status, price.recall(store.pricing()), polls
    if any(one.name == name for one in config.sources):
        raise AggregatorError(f"source {theirs(name)} is new: the daemon has not seen it yet")
    raise AggregatorError(f"no source is named {theirs(name)}; `aggregator status` lists the names")


def _lines(
    config: Config,
    state: PollState,
    status: SourceStatus,
    pricing: Pricing,
    polls: list[PastPoll],
) -> Iterator[str]:
    from datetime import datetime

    from aggregator.daemon.terms import make_bounds, utc_now
    from aggregator.schedule import explanation as schedule
    from aggregator.schedule import history

    yield theirs(f"{status.name} ({status.title})" if status.title else status.name)
    for mirror in state.mirrors:
        yield f"  {line(_mirror(mirror, has_others=len(state.mirrors) > 1))}"
    if (solver := state.source.access.fetch_via) is not None:
        yield f"asked by the solver at {theirs(solver)}"
    yield f"state: {line(_health(state, status))}"
    last, success = (
        local_time(moment, otherwise="never")
        for moment in (state.last_poll_at, state.last_success_at)
    )
    yield f"last poll: {last}; last success: {success}"
    if polls:
        yield "last polls:"
    for poll in polls:
        yield f"  {line(_past(poll))}"
    if not state.source.enabled:
        return
    explanation = schedule.explain(
        state,
        history.recall(state.history, state),
        now=utc_now(),
        bounds=make_bounds(config),
        pricing=pricing,
        because=_because(state, status),
    )
    zone = datetime.now().astimezone().tzinfo
    if zone is not None:  # never is: astimezone() gives every moment one
        yield from schedule.lines(explanation, zone)


def _whence(config: Config, source: Source) -> Iterator[str]:
    """Yield which list brings a source, and how that fares."""
    of = next((one for one in config.lists if one.name == source.of_list), None)
    if of is None:
        return
    from aggregator.cli.list_lines import known_lists, list_line, list_notes

    with reading(config.path, config.store) as store:
        lists = [pair for pair in known_lists(config, store.lists()) if pair[0] is of]
    yield "brought by a list:"
    for _, known in lists:
        yield f"  {list_line(of, known)}"
    for _, sentence in list_notes(lists):
        yield f"  {line(sentence)}"


def _health(state: PollState, status: SourceStatus) -> str:
    from aggregator.operations.messages import problem_text

    if not state.source.enabled:
        return "disabled"
    if status.problem is None:
        return "well" if state.last_success_at else "not polled yet"
    since = local_time(state.failing_since_at, otherwise="the last poll")
    if not state.failures:  # none is counted while all hosts fail
        return f"not reached, {_OWN_NETWORK}: {problem_text(status.problem)}"
    count = f"{state.failures} time{'' if state.failures == 1 else 's'}"
    return f"failing since {since} ({count}): {problem_text(status.problem)}"


def _because(state: PollState, status: SourceStatus) -> str | None:
    return status.because if state.failures or status.problem is None else _OWN_NETWORK


def _past(poll: PastPoll) -> str:
    from aggregator.operations.messages import past_poll

    return f"{local_time(poll.polled_at, otherwise='')}  {verbatim(retold(past_poll(poll)))}"


def _mirror(mirror: Mirror, *, has_others: bool) -> str:
    """Return what is known of one URL; what is wrong with the only one is the source's state."""
    text = theirs(mirror.url)
    if mirror.moved_url is not None:
        text += f", asked at {theirs(mirror.moved_url)} where it has moved to"
    if mirror.resting_until_at is not None:
        text += f", resting until {local_time(mirror.resting_until_at, otherwise='')}"
    if has_others and mirror.problem is not None:
        from aggregator.operations.messages import problem_text

        times = f"{mirror.failures} time{'' if mirror.failures == 1 else 's'}"
        text += f", failed {times}: {problem_text(mirror.problem)}"
    return text
