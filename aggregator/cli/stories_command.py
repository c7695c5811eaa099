"""`aggregator stories`: what several sources report, and what the operator says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.options import config_option, load_config, reading
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.terminal_text import (
    concealed,
    line,
    local_time,
    plain,
    show_publishers_addresses,
    theirs,
)
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model.reports import Reported, StoryReport

#: So many stories are listed unless another number is asked for.
LISTED = 20

EPILOG = """\b
Examples:
  aggregator stories list
  aggregator stories show https://www.ithome.com/0/968/171.htm
  aggregator stories split https://www.ithome.com/0/968/171.htm
  aggregator stories tune

\b
Exit status:
  0   done
  1   no entry has this name, or it is so already; too little was said to tune
  69  there is no database yet (its path is named)
  78  the configuration or the database cannot be used
"""

_entry = click.argument("entry", metavar="ID|URL")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, times in UTC.")

#: Reasons of stories, in words; what is not here is said as it is kept.
_DECIDED = {
    "digest": "a digest of several stories is told by itself",
    "personal": "what somebody shows or asks is told by itself",
    "too short": "its title is too short to tell",
    "nothing alike": "nothing that was stored when it came was like it",
    "too little alike": "what was stored when it came was too little like it",
    "far from the story": "the story that it is like is about something else as a whole",
    "own source": "the story that it is like had an entry of its source when it came",
    "full": "the story that it is like took no more",
    "split": "split by hand",
    "locked": "its story is locked",
}


@click.group(epilog=EPILOG, short_help="What several sources report: list it, correct it.")
def stories() -> None:
    """Look at what feeds with `dedupe = "story"` tell together, and correct it.

    An entry is named by its id in a feed, its guid or its link. What you say of a story is kept,
    and holds at once; what a feed has shown stays.
    """


@stories.command("list", epilog=EPILOG, short_help="List the stories that several articles tell.")
@click.option("--most", type=click.IntRange(1, 10_000), default=LISTED, show_default=True)
@_json
@config_option
def list_(*, most: int, as_json: bool) -> None:
    """List the stories that several articles tell, those that were told last first."""
    config = load_config()
    show_publishers_addresses()
    with reading(config.path, config.store) as store:
        found = store.reported(most=most)
    if as_json:
        _print(found)
        return
    if not found:
        echo('No story is told by several articles: does a feed have dedupe = "story"?')
    for story in found:
        pass_on(f"{len(story.entries)}  {_entry_line(story.entries[0])}")


@stories.command(epilog=EPILOG, short_help="Show who tells a story, how surely, and why.")
@_entry
@_json
@config_option
def show(entry: str, *, as_json: bool) -> None:
    """Show who tells the story of an entry, how surely it is the same, and why."""
    config = load_config()
    show_publishers_addresses()
    with reading(config.path, config.store) as store:
        found = store.story_report(entry)
    if found is None:
        raise AggregatorError(f"no story of {theirs(entry)} is stored")
    if as_json:
        _print((found,))
        return
    for text in lines(found):
        echo(text)


@stories.command(epilog=EPILOG, short_help="Let an article be told by itself.")
@_entry
@config_option
def split(entry: str) -> int:
    """Take the article of an entry out of its story: it is told by itself from now on."""
    return _say({"what": "split", "entries": [entry]})


@stories.command(epilog=EPILOG, short_help="Let two stories be one.")
@_entry
@click.argument("further", metavar="ID|URL")
@config_option
def merge(entry: str, further: str) -> int:
    """Let the stories of two entries be one: that which began first goes on."""
    return _say({"what": "merge", "entries": [entry, further]})


@stories.command(epilog=EPILOG, short_help="Let a story take no further articles.")
@_entry
@click.option("--off", is_flag=True, help="Let it take them again.")
@config_option
def lock(entry: str, *, off: bool) -> int:
    """Let the story of an entry take no further articles."""
    return _say({"what": "unlock" if off else "lock", "entries": [entry]})


@stories.command(epilog=EPILOG, short_help="Fit what counts as alike to what you said.")
@click.option("--write", is_flag=True, help="Let new entries be compared so from now on.")
@click.option("--shipped", is_flag=True, help="Let them be compared as shipped again.")
@config_option
def tune(*, write: bool, shipped: bool) -> int:
    """Fit the weights of likeness to what you merged and split, and show what comes of it.

    Precision and recall are those of your pairs: as shipped, and fitted, each pair judged by
    weights that were fitted without it. Nothing is written without --write; what has been told
    together stays.
    """
    if write and shipped:
        raise click.UsageError("either --write or --shipped")
    if shipped:
        return _say({"what": "shipped", "entries": []})
    from aggregator.cli.story_tuning import report, too_few
    from aggregator.daemon.terms import utc_now

    config = load_config()
    with reading(config.path, config.store) as store:
        tuning = store.tuned(utc_now())
    if not tuning.is_fitted:
        raise AggregatorError(too_few(tuning))
    for text in report(tuning):
        echo(text)
    if write:
        return _say({"what": "tune", "entries": []})
    echo("nothing is written: --write lets new entries be compared so")
    return 0


def lines(story: StoryReport) -> Iterator[str]:
    """Yield a line for each entry of a story, and why it is in it; and what parts it has."""
    yield f"story: {theirs(story.story_id)}{', locked' if story.locked else ''}"
    for number, one in enumerate(story.entries, 1):
        yield f"  {number}  {_entry_line(one)}"
        if one.because is not None and one.score is not None:
            yield f"    {why(one.score, one.because)}"
        if one.like:
            like = ", ".join(f"{other} ({score:.2f})" for other, score in one.like)
            yield f"    like {theirs(like)}"
    for strictness, parts in story.parts.items():
        if len(parts) > 1:
            told = " | ".join(" ".join(map(str, part)) for part in parts)
            yield f'  with dedupe_strictness = "{strictness}": {told}'


def why(score: float, because: dict[str, Any]) -> str:
    """Return why an article joined a story, in a few words."""
    if because.get("kind") == "merged":
        return "merged by hand"
    shared = ", ".join(theirs(str(word)) for word in because.get("shared", ()))
    told = f"{because.get('kind', 'joined')} by {score:.2f}"
    return line(f"{told}: {shared}" if shared else told)


def why_alone(because: dict[str, Any]) -> str:
    """Return why an article is told by itself, in a few words."""
    return decided(str(because.get("kind")))


def decided(kind: str) -> str:
    """Return what a reason that is kept says: of the moment when an article came."""
    return _DECIDED.get(kind, kind)


def _entry_line(one: Reported) -> str:
    at = local_time(one.published_at, otherwise="")
    return f"{at}  {theirs(f'{one.source}  {one.title}  {one.url or one.entry_id}')}"


def _print(found: tuple[StoryReport, ...]) -> None:
    told = [
        {
            "id": story.story_id,
            "locked": story.locked,
            "entries": [
                {
                    "id": one.entry_id,
                    "source": one.source,
                    "title": concealed(one.title),
                    "url": one.url and concealed(one.url),
                    "published_at": one.published_at.isoformat(),
                    "score": one.score,
                    "because": one.because,
                    "like": [
                        {"id": story.entries[place - 1].entry_id, "score": score}
                        for place, score in one.like
                    ],
                }
                for one in story.entries
            ],
            "parts": {
                strictness: [[story.entries[place - 1].entry_id for place in one] for one in parts]
                for strictness, parts in story.parts.items()
            },
        }
        for story in found
    ]
    pass_on(json.dumps(told, ensure_ascii=False, indent=2).encode())


def _say(request: dict[str, Any]) -> int:
    """Let the daemon do it, or do it here where none runs."""
    from aggregator.daemon import control
    from aggregator.daemon.story_work import correct_here

    config = load_config()
    events = control.ask(config.store.path, {"do": "stories", **request})
    if events is None:
        correct_here(config, request["what"], request["entries"])
        echo("done")
        return 0
    for event in events:
        if event["event"] == "done":
            echo("done")
            return 0
        echo(f"aggregator: {plain(str(event['text']))}", err=True)
        return int(event["exit_status"])
    raise AggregatorError("the daemon gave no answer")
