"""`aggregator lint`: check a feed document against its specification."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config_if_any, with_own_address
from aggregator.cli.preview_command import is_file, names_a_file
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.terminal_text import concealed, line, theirs
from aggregator.language.spoken import retold, verbatim
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.lint import Finding
    from aggregator.model import Fetched, Outcome

EPILOG = """\b
Examples:
  aggregator lint https://example.org/feed.atom
  aggregator lint public/*.rss
  curl -s http://127.0.0.1:8420/feeds/all.json | aggregator lint -
  aggregator lint --json feed.xml | jq -r '.[] | select(.level == "error") | .rule'

\b
Exit status:
  0   nothing is wrong (notes are no fault)
  1   there are errors or warnings
  66  a document cannot be read or fetched
  78  the configuration has mistakes
"""


class NoInputError(AggregatorError):
    """A document cannot be had."""

    exit_status = 66


@click.command(epilog=EPILOG, short_help="Check a feed document against its specification.")
@click.argument("documents", metavar="URL|FILE|-...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@config_option
def lint(documents: tuple[str, ...], *, as_json: bool) -> int:
    """Check feed documents: Atom 1.0, RSS 2.0 and 0.9x, JSON Feed 1.0 and 1.1.

    Prints a line for each finding, FILE:LINE: LEVEL RULE: what is wrong; what to do. Rules have the
    names that the W3C feed validator gives them. Of each rule the first five findings are shown and
    the others counted. "-" reads standard input; without a scheme, https:// is meant, unless it is
    a FILE that is there or is named like one. Needs neither a database nor, but for [network] of a
    URL, a configuration.
    """
    told: list[tuple[str, Finding]] = []
    unread = 0
    for document in documents:
        try:
            found = _check(document)
        except NoInputError as error:
            echo(f"aggregator: {line(str(error))}", err=True)
            unread = error.exit_status
            continue
        told += [(document, finding) for finding in found]
        if not as_json:
            for finding in found:
                echo(_line(document, finding))
            echo(f"{theirs(document)}: {_summary(found)}")
    if as_json:
        pass_on(_json(told).encode())  # UTF-8, whatever the locale
    return unread or int(any(finding.level != "info" for _, finding in told))


def _check(document: str) -> tuple[Finding, ...]:
    from aggregator import lint as check
    from aggregator.daemon.terms import utc_now
    from aggregator.preview.feed_links import whole_url

    if is_file(document) or names_a_file(document):
        return check.lint(_read(document), now=utc_now())
    document = whole_url(document)
    fetched = _fetch(document)
    # The address asked and the one that answered are both where the document is.
    places = dict.fromkeys((document, fetched.url))
    results = [
        check.lint(fetched.body, content_type=fetched.content_type, url=url, now=utc_now())
        for url in places
    ]
    return min(results, key=len)


def _read(document: str) -> bytes:
    from aggregator.lint import MAX_BYTES

    try:
        if document == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(document).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise NoInputError(f"{theirs(document)}: cannot be read: {why}") from error


def _fetch(url: str) -> Fetched:
    import asyncio

    from aggregator.daemon.log import set_up
    from aggregator.model import Fetched, NotModified
    from aggregator.operations.messages import problem_text

    set_up("error", os.environ)
    outcome = asyncio.run(_ask(with_own_address(load_config_if_any()), url))
    match outcome:
        case Fetched():
            return outcome
        case NotModified():
            raise NoInputError(f"{theirs(url)}: the server answers 304 to a first request")
        case _:
            raise NoInputError(f"{theirs(url)}: {problem_text(outcome.problem)}")


async def _ask(config: Config, url: str) -> Outcome:
    from aggregator.daemon.once import make_fetcher
    from aggregator.model import Access

    known = next((one for one in config.sources if url in one.urls), None)
    fetcher = make_fetcher(config, os.environ)
    try:
        return await fetcher.fetch(url, access=known.access if known else Access())
    finally:
        await fetcher.aclose()


def _line(document: str, finding: Finding) -> str:
    place = document if finding.line is None else f"{document}:{finding.line}"
    level, rule = verbatim(retold(finding.level)), verbatim(finding.rule)
    return line(f"{theirs(f'{place}:')} {level} {rule}: {finding.what}; {finding.remedy}")


def _summary(found: tuple[Finding, ...]) -> str:
    counts = {
        noun: sum(finding.count for finding in found if finding.level == level)
        for level, noun in (("error", "error"), ("warning", "warning"), ("info", "note"))
    }
    parts = [f"{n} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items() if n]
    return ", ".join(parts) or "nothing to say against it"


def _json(told: list[tuple[str, Finding]]) -> str:
    import json
    from dataclasses import asdict

    rows = [
        {"document": concealed(document)}
        | {name: concealed(v) if isinstance(v, str) else v for name, v in asdict(finding).items()}
        for document, finding in told
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)
