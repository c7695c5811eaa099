"""`aggregator rules try`: what rules would do to what is stored, before they hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.options import config_option, load_config, reading
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.terminal_text import (
    concealed,
    line,
    plain,
    show_publishers_addresses,
    theirs,
)
from aggregator.model.errors import AggregatorError
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config import Config
    from aggregator.model import Feed, Rules, Source
    from aggregator.model.trials import Effect, Touched, Trial

#: So many entries are asked about unless another number is asked for.
ASKED = 1_000
#: So many entries are named of each effect.
EXAMPLES = 5

EPILOG = """\b
Examples:
  aggregator rules try 'block = "sponsored"'
  aggregator rules try --source ithome 'keep = ["Linux", "/\\bGPU\\b/"]' --json
  aggregator rules try --feed all  # the feed's rules as config.toml has them

\b
Exit status:
  0   shown
  1   no source or feed has this name
  69  there is no database yet (its path is named)
  78  a rule, the configuration or the database cannot be used
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rules are asked about which sources; `name` is what is told of it."""

    name: str
    sources: tuple[Source, ...]
    feed: Feed | None = None


@click.group(epilog=EPILOG, short_help="Try rules on what is stored.")
def rules() -> None:
    """Look at what rules would do."""


@rules.command("try", epilog=EPILOG, short_help="Show what rules would do to what is stored.")
@click.argument("texts", metavar="[RULE]...", nargs=-1)
@click.option("--source", "source_name", metavar="NAME", help="As a rule of this source.")
@click.option("--feed", "feed_name", metavar="NAME", help="As a rule of this feed.")
@click.option(
    "--most",
    type=click.IntRange(1, 100_000),
    default=ASKED,
    show_default=True,
    help="So many entries are asked about, the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def try_(
    texts: tuple[str, ...],
    *,
    source_name: str | None,
    feed_name: str | None,
    most: int,
    as_json: bool,
) -> None:
    """Show what rules would do to what is stored: how many entries, which first. Changes nothing.

    A RULE is written as in config.toml: keep, block, tag or replace. It is tried by itself,
    without those of the file, on every source, or as one of a source or a feed. Without any, the
    rules of the file are tried, saved or not yet taken over.
    """
    if source_name is not None and feed_name is not None:
        raise click.UsageError("either --source or --feed")
    config = load_config()
    show_publishers_addresses()
    tried = None
    if texts:
        from aggregator.config.rule_texts import rules_in

        tried, slips = rules_in(texts)
        for slip in slips:
            echo(f"warning: {plain(slip)}", err=True)
    scopes = tuple(_scopes(config, source_name, feed_name, tried))
    with reading(config.path, config.store) as store:
        found = [
            (scope, store.try_rules(scope.sources, scope.feed, most=most, examples=EXAMPLES))
            for scope in scopes
        ]
    if as_json:
        _print(found)
        return
    if not found:
        echo(f"nothing to try: {config.path} has no rules")
    for number, (scope, trial) in enumerate(found):
        echo("\n".join((*([""] if number else []), *_lines(scope, trial))))


def _scopes(
    config: Config, source_name: str | None, feed_name: str | None, tried: Rules | None
) -> Iterator[Scope]:
    """Yield whose rules are tried: what is named, or every source, or whoever has any."""
    sources = {source.name: source for source in config.sources}
    feeds = {feed.name: feed for feed in config.feeds if not feed.is_automatic}
    if source_name is not None:
        if source_name not in sources:
            raise AggregatorError(f"no source is named {theirs(source_name)} in {config.path}")
        yield _of_source(sources[source_name], tried)
    elif feed_name is not None:
        if feed_name not in feeds:
            raise AggregatorError(f"no feed is named {theirs(feed_name)} in {config.path}")
        yield _of_feed(feeds[feed_name], config, tried)
    elif tried is not None:
        yield Scope("every source", tuple(replace(one, rules=tried) for one in config.sources))
    else:
        from aggregator.model import Rules

        yield from (_of_source(one, None) for one in config.sources if one.rules != Rules())
        yield from (_of_feed(one, config, None) for one in feeds.values() if one.rules != Rules())


def _of_source(source: Source, tried: Rules | None) -> Scope:
    ruled = source if tried is None else replace(source, rules=tried)
    return Scope(f"source {source.name}", (ruled,))


def _of_feed(feed: Feed, config: Config, tried: Rules | None) -> Scope:
    ruled = feed if tried is None else replace(feed, rules=tried)
    sources = tuple(source for source in config.sources if feed.selects(source))
    return Scope(f"feed {feed.name}", sources, ruled)


def _lines(scope: Scope, trial: Trial) -> Iterator[str]:
    asked = f"{trial.asked} entr{'y' if trial.asked == 1 else 'ies'} asked about"
    yield line(f"{scope.name}: {asked}" + ("" if trial.effects else ", none would change"))
    for effect in trial.effects:
        yield f"  {line(_effect(effect))}"
        for one in effect.examples:
            where = "" if len(scope.sources) == 1 else f"{one.source}: "
            yield f"    {theirs(where + one.title)}"
            if one.after is not None:
                yield f"      → {theirs(one.after)}"
        if (more := effect.entries - len(effect.examples)) > 0:
            yield f"    … and {more} more"


def _effect(effect: Effect) -> str:
    from aggregator.model.trials import EffectKind

    already = f", {effect.already} of them left out today" if effect.already else ""
    is_reason = effect.kind in {EffectKind.LEFT_OUT, EffectKind.KEPT}
    because = effect.because if is_reason else theirs(effect.because)
    return f"{effect.kind}: {effect.entries} ({because}{already})"


def _print(found: list[tuple[Scope, Trial]]) -> None:
    import json

    told = [
        {
            "rules_of": scope.name,
            "entries": trial.asked,
            "effects": [
                {
                    "what": str(effect.kind),
                    "because": concealed(effect.because),
                    "entries": effect.entries,
                    "left_out_today": effect.already,
                    "examples": [_example(one) for one in effect.examples],
                }
                for effect in trial.effects
            ],
        }
        for scope, trial in found
    ]
    pass_on(json.dumps(told, ensure_ascii=False, indent=2).encode())


def _example(one: Touched) -> dict[str, Any]:
    return {
        "source": one.source,
        "title": concealed(one.title),
        "url": one.url and concealed(one.url),
        "after": one.after and concealed(one.after),
    }
