"""`aggregator check`: check config.toml and show what it means."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import click

from aggregator.cli.notify_command import try_template
from aggregator.cli.options import config_option, load_config
from aggregator.cli.output_folders import folder_warnings, in_the_way
from aggregator.cli.speech import echo
from aggregator.cli.table import table, terminal_width
from aggregator.cli.terminal_text import line, plain, theirs
from aggregator.model import FeedKind
from aggregator.model.errors import AggregatorError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config import Config
    from aggregator.model import Feed, Rules, Source

#: The formats under which a feed is served.
FORMATS = ("atom", "rss", "json")
#: Of automatic feeds, so many of each kind are listed.
MOST_SHOWN = 10

EPILOG = """\b
Examples:
  aggregator check
  aggregator check --config new.toml && mv new.toml config.toml && aggregator reload

\b
Exit status:
  0   the file can be used (warnings are on standard error)
  78  it, or a template, has mistakes; each is on standard error with file and line
"""


@click.command(epilog=EPILOG, short_help="Check the configuration; print what it would do.")
@config_option
def check() -> None:
    """Check the configuration; print what would be polled and published.

    Templates, folders of exports and files of cookies are looked at, too. Where there is a
    database, what would change is told last, and what subscribers would lose by it. Needs neither
    a database nor the network, and changes nothing.
    """
    from aggregator.cli.likely_failures import likely_failures
    from aggregator.config import environment

    config = load_config()
    for warning in (
        *config.warnings,
        *_library_warnings(),
        *likely_failures(config),
        *folder_warnings(config),
    ):
        echo(f"warning: {plain(warning)}", err=True)
    if wrong := _mistakes_beside(config):
        raise ConfigError(wrong)
    own = [feed for feed in config.feeds if not feed.kind.is_minor]
    others = [feed for feed in config.feeds if feed.kind.is_minor]
    feeds = _count(own, "feed")
    if others:
        feeds = f"{feeds} and {len(others)} automatic"
    database = config.store.url or config.store.path
    echo(f"{config.path}: {_count(config.sources, 'source')}, {feeds}; database {database}")
    if overlaid := environment.named(os.environ):
        echo(f"Instead of the file's own: {', '.join(f'${name}' for name in overlaid)}")
    if config.sources:
        echo("\nPolled:\n")
        echo(_sources(config))
    echo("\nPublished:")
    for feed in own:
        echo(f"\n{_feed(feed, config)}")
    if others:
        echo(f"\nPublished, too, each as .{', .'.join(FORMATS)}:\n")
        echo(_minor(others, config))
    for heading, lines in (
        ("Lists of sources", _lists(config)),
        ("Held secret", _held(config)),
        ("Open to nobody without a token", _withheld(config)),
        ("Written", _written_files(config)),
        ("Known of sites", _sites(config)),
        ("Told", _alarms(config)),
    ):
        if lines:
            echo(f"\n{heading}:\n\n" + "\n".join(f"  {line(told)}" for told in lines))
    _tell_plan(config)


def _tell_plan(config: Config) -> None:
    """Say what is not as the database and the daemon have it."""
    from aggregator.cli.planned import planned

    try:
        changes, losses = planned(config)
    except AggregatorError as error:
        echo(f"warning: what it changes is not known: {plain(str(error))}", err=True)
        return
    for heading, lines in (("Would change", changes), ("Subscribers would lose", losses)):
        if lines:
            echo(f"\n{heading}:\n\n" + "\n".join(f"  {line(told)}" for told in lines))


def _library_warnings() -> list[str]:
    """Return what is to be known of the libraries of this machine, a line each."""
    from aggregator.operations.absent_libraries import absent_libraries
    from aggregator.operations.expat import old_expat
    from aggregator.operations.messages import absent_library_text, old_expat_text

    version = old_expat()
    return [
        *([] if version is None else [old_expat_text(version)]),
        *(absent_library_text(name, loss) for name, loss in absent_libraries()),
    ]


def _mistakes_beside(config: Config) -> tuple[str, ...]:
    """Return what is wrong with files that the configuration names, each with file and line."""
    from aggregator.config import lines_of
    from aggregator.model.mistakes import Mistake, MistakeKind

    in_templates: dict[str, None] = {}  # several exports may have the same
    found: list[Mistake] = []
    if (published := config.publish.directory) and (there := in_the_way(published)):
        found.append(Mistake(MistakeKind.NOT_A_FOLDER, ("publish", "directory"), {"there": there}))
    for index, export in enumerate(config.exports):
        from aggregator.daemon.workers import Worker
        from aggregator.outputs.post_files import check_template

        if there := in_the_way(config.path.parent / export.directory):
            found.append(
                Mistake(MistakeKind.NOT_A_FOLDER, ("exports", index, "directory"), {"there": there})
            )
        try:
            check_template(export, config.path.parent, make_worker=Worker)
        except ConfigError as error:
            in_templates |= dict.fromkeys(error.lines)
        except AggregatorError as error:
            at = ("exports", index, "template")
            found.append(Mistake(MistakeKind.TEMPLATE, at, {"detail": str(error)}))
    for index, receiver in enumerate(config.notify):
        try:
            try_template(receiver)
        except ConfigError as error:
            in_templates |= dict.fromkeys(error.lines)
        except AggregatorError as error:
            at = ("notify", index, "template")
            found.append(Mistake(MistakeKind.TEMPLATE, at, {"detail": str(error)}))
    return (*lines_of(config.path, found), *in_templates)


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _lists(config: Config) -> list[str]:
    if not config.lists:
        return []
    from aggregator.cli.list_lines import known_lists, list_line
    from aggregator.model.errors import StoreError
    from aggregator.store.opening import open_reader

    try:
        store = open_reader(config.store)
    except StoreError:
        return [list_line(of, None) for of in config.lists]
    try:
        return [list_line(of, known) for of, known in known_lists(config, store.lists())]
    finally:
        store.close()


def _sources(config: Config) -> str:
    from aggregator.config import written

    polling = config.polling
    adaptive = f"{written(polling.min_interval)} to {written(polling.max_interval)}"
    ruled = any(_of_source(source) for source in config.sources)
    rows = []
    for source in config.sources:
        interval = written(source.interval) if source.interval else adaptive
        rows.append(
            (
                source.name,
                interval if source.enabled else "disabled",
                theirs(source.timezone),
                ", ".join(map(theirs, source.tags)),
                *([_of_source(source)] if ruled else []),
                theirs(" ".join(source.urls)),  # no URL holds a space
            )
        )
    headers = ("source", "interval", "time zone", "tags", *(["rules"] if ruled else []), "url")
    return table(headers, rows, width=terminal_width())


def _of_source(source: Source) -> str:
    """Return in a few words what the operator wants of a source's entries."""
    from aggregator.config import written

    words = _rules(source.rules)
    if source.edits != "show":
        words.append(f"edits: {source.edits}")
    if source.retention is not None:
        words.append(f"kept for {written(source.retention)}")
    if source.expected_every is not None:
        words.append(f"expected every {written(source.expected_every)}")
    if source.site:
        words.append(f"site: {theirs(' '.join(source.site))}")
    return ", ".join(words)


def _rules(rules: Rules) -> list[str]:
    counts = {
        # All words of a list are one condition.
        "keep": sum(max(1, len(condition.words)) for condition in rules.keep),
        "block": sum(max(1, len(condition.words)) for condition in rules.block),
        "tag": len(rules.tag),
        "replace": len(rules.replace),
    }
    return [f"{key} {count}" for key, count in counts.items() if count]


def _feed(feed: Feed, config: Config) -> str:
    from aggregator.config import written

    chosen = [source.name for source in config.sources if feed.selects(source)]
    names = ", ".join(map(theirs, chosen)) or "none yet"
    every = "every source: " if len(chosen) == len(config.sources) > 0 else ""
    lines = [theirs(f"{feed.name} ({feed.title})")]
    lines += [f"  {theirs(f'{_address(feed, config)}.{suffix}')}" for suffix in FORMATS]
    lines.append(f"  sources: {every}{names}")
    lines.append(
        f"  {written(feed.window)} of stories, at least {feed.min_entries}, at most {feed.limit}"
    )
    special = _special(feed)
    if special:
        lines.append(f"  {line(', '.join(special))}")
    if feed.token is not None:
        lines.append("  private: TOKEN stands for its token")
    return "\n".join(lines)


def _special(feed: Feed) -> list[str]:
    """Return what is not as in every feed."""
    from aggregator.config import written_share, written_size

    words = _rules(feed.rules)
    if feed.exclude_tags:
        words.append(f"without {', '.join(map(theirs, feed.exclude_tags))}")
    usual = {field.name: field.default for field in fields(feed)}
    words += [
        f'{key} "{theirs(str(value))}"'
        for key in ("order", "content", "title_template", "language", "dedupe", "script")
        if (value := getattr(feed, key)) != usual[key]
    ]
    words += [
        f'{key} "{written_size(value)}"'
        for key in ("entry_size", "document_size")
        if (value := getattr(feed, key)) != usual[key]
    ]
    words += _of_stories(feed)
    if feed.per_source is not None:
        words.append(f"per_source {written_share(feed.per_source)}")
    return words


def _of_stories(feed: Feed) -> list[str]:
    """Return how it tells stories, where that is not as usual."""
    from aggregator.config import written, written_preference

    words = []
    if feed.show_also is not None:
        words.append("others are named" if feed.shows_also else "others are not named")
    if feed.dedupe != "story":
        return words
    usual = {field.name: field.default for field in fields(feed)}
    if feed.dedupe_strictness != usual["dedupe_strictness"]:
        words.append(f'dedupe_strictness "{feed.dedupe_strictness}"')
    words += [
        f'{key} "{written(value)}"'
        for key in ("dedupe_window", "hold")
        if (value := getattr(feed, key)) != usual[key]
    ]
    if feed.prefer != usual["prefer"]:
        words.append(f"prefer {theirs(written_preference(feed.prefer))}")
    return words


def _address(feed: Feed, config: Config) -> str:
    """Return a feed's URL without its extension; nobody reads a token from a terminal."""
    from aggregator.publish import Addresses, Format

    url = Addresses(config.server.base_url).feed(feed.masked, Format.ATOM)
    return url.removesuffix(f".{Format.ATOM.value}")


def _minor(feeds: Sequence[Feed], config: Config) -> str:
    """Return the addresses of automatic feeds, of a long list only the first ones."""
    lines = []
    for kind in FeedKind:
        of_kind = [feed for feed in feeds if feed.kind is kind]
        lines += [f"  {theirs(_address(feed, config))}" for feed in of_kind[:MOST_SHOWN]]
        if len(of_kind) > MOST_SHOWN:
            lines.append(f"  and {len(of_kind) - MOST_SHOWN} more {kind.folder}/…")
    return "\n".join(lines)


def _held(config: Config) -> list[str]:
    """Return what of URLs is secret, a line a source: names of parameters, no values."""
    from aggregator.cli.options import all_secrets
    from aggregator.rules.held_secrets import held_parameters
    from aggregator.stories.concealment import public_poll_url

    lines, secrets = [], all_secrets(config)
    for source in config.sources:
        words = [theirs(one) for one in held_parameters(source, secrets)]
        if source.private:
            words.insert(0, "its whole URL (private)")
        elif any(public_poll_url(source, url, secrets) is None for url in source.urls):
            words.insert(0, "its whole URL (another secret is in it)")
        if words:
            lines.append(f"{theirs(source.name)}: {', '.join(words)}")
    return lines


def _withheld(config: Config) -> list[str]:
    """Return what automatic feeds lose to feeds with a token, a line a source."""
    from aggregator.config.automatic_feeds import withheld
    from aggregator.rules.visibility import hidden_sources

    hidden = hidden_sources(config.sources, config.feeds)
    found = list(withheld(config.sources, config.feeds, hidden))
    if not found:
        return []
    from aggregator.operations.change_sentences import withheld_text

    return [withheld_text(one) for one in found]


def _written_files(config: Config) -> list[str]:
    lines = [
        f"{export.kind} posts of {theirs(export.feed)} in {theirs(str(export.directory))}"
        f" ({export.content}"
        + (f", by {theirs(str(export.template))})" if export.template else ")")
        for export in config.exports
    ]
    if config.publish.directory is not None:
        lines.insert(0, f"every feed in {theirs(str(config.publish.directory))}")
    return lines


def _sites(config: Config) -> list[str]:
    return [
        f"{theirs(site.host)}: "
        + ", ".join(
            (
                *([f"removes {theirs(' '.join(site.remove))}"] if site.remove else []),
                *([_count(site.images, "image rule")] if site.images else []),
                *([f"referrer {theirs(str(site.referrer))}"] if site.referrer else []),
            )
        )
        for site in config.sites
    ]


def _alarms(config: Config) -> list[str]:
    from aggregator.config import Publish, written

    if replace(config.publish, directory=None) == Publish():
        return []
    where = "to this machine"
    if config.publish.status_token is not None:
        where += " and to anyone who knows the status_token"
    period = written(config.publish.alert_after)
    return [f"sources that are broken for longer than {period}, in the operations feed, {where}"]
