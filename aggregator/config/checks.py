"""What must hold between the keys of a file, each of which is fine by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.config import publish_checks, request_checks, request_values, values
from aggregator.config.mistakes import printable
from aggregator.config.settings import SHORTEST_PUBLIC_INTERVAL
from aggregator.config.values import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config.keys import NetworkTable
    from aggregator.config.mistakes import Mistakes
    from aggregator.config.read_tables import Reading, Tables
    from aggregator.config.settings import Rsshub
    from aggregator.model import Allowance, Feed, Source

#: Looking for the name that was meant compares with every name there is; a file full of unknown
#: names must not cost minutes.
MAX_SUGGESTIONS = 20

DAY = timedelta(days=1)


def check(
    tables: Tables,
    sources: Sequence[Source],
    feeds: Sequence[Feed],
    rsshub: Rsshub,
    mistakes: Mistakes,
) -> None:
    """Find the mistakes that need more than one key.

    `sources` and `feeds` stand in the order of the file, with the defaults filled in; a name or
    URL that could not be read is empty. Automatic feeds come last.
    """
    _unique("sources", [source.name for source in sources], mistakes)
    _unique("feeds", [reading.table.name for reading in tables.feeds], mistakes)
    _unique("sites", [reading.table.host for reading in tables.sites], mistakes, key="host")
    request_checks.check(tables, sources, rsshub, mistakes)
    _polling(tables, mistakes)
    _short_intervals(tables, sources, mistakes)
    _selections(tables, mistakes)
    _limits(tables, mistakes)
    _retention(tables, feeds, mistakes)


def cautions(
    tables: Tables, sources: Sequence[Source], feeds: Sequence[Feed], warnings: Mistakes
) -> None:
    """Find what is allowed but seldom meant, in a file without mistakes."""
    if not sources:
        warnings.add(("sources",), "there are none, so nothing is polled")
    if isinstance(tables.server.table.listen, str) and tables.server.table.base_url is None:
        warnings.add(
            ("server", "base_url"),
            "is needed with a Unix socket: it is how readers reach the server in front; "
            'until then "http://localhost" is published',
        )
    _budget(tables, warnings)
    request_checks.cautions(tables, sources, warnings)
    for index, allowance in enumerate(tables.network.table.allow_private):
        if allowance.network is not None and allowance.network.prefixlen == 0:
            warnings.add(
                ("network", "allow_private", index), "lets every source reach every address"
            )
    publish_checks.cautions(tables, warnings)
    carried = {tag for source in sources for tag in source.carried_tags}
    for index, feed in enumerate(feeds):
        for position, tag in enumerate(feed.tags or ()):
            if tag not in carried:
                warnings.add(("feeds", index, "tags", position), "no source carries this tag")


def _unique(section: str, found: Sequence[str], mistakes: Mistakes, *, key: str = "name") -> None:
    first: dict[str, int] = {}
    for index, value in enumerate(found):
        if value and first.setdefault(value, index) != index:
            mistakes.add((section, index, key), f"the same {key} as {section}[{first[value]}]")


def _polling(tables: Tables, mistakes: Mistakes) -> None:
    polling = tables.polling
    if polling.broken.isdisjoint({"min_interval", "max_interval"}):
        shortest, longest = polling.table.min_interval, polling.table.max_interval
        if shortest > longest and polling.says("min_interval"):
            what = "max_interval" if polling.says("max_interval") else "the default max_interval"
            mistakes.add(
                ("polling", "min_interval"), f'must be at most {what} ("{written(longest)}")'
            )
        elif shortest > longest:
            mistakes.add(
                ("polling", "max_interval"),
                f'must be at least the default min_interval ("{written(shortest)}")',
            )


def _short_intervals(tables: Tables, sources: Sequence[Source], mistakes: Mistakes) -> None:
    allowances, doubtful = _allowances(tables.network)
    public = [
        index
        for index, source in enumerate(sources)
        if any(
            not any(allowance.covers(*values.origin(url)) for allowance in allowances)
            and not _may_be_meant(values.origin(url)[0], doubtful)
            for url in request_values.asked(source)
        )
    ]
    floor = f'under "{written(SHORTEST_PUBLIC_INTERVAL)}"'
    if public and tables.polling.table.min_interval < SHORTEST_PUBLIC_INTERVAL:
        others = f" and {len(public) - 1} more" if len(public) > 1 else ""
        mistakes.add(
            ("polling", "min_interval"),
            f"{floor} only when [network] allow_private covers every source; "
            f"it does not cover sources[{public[0]}]{others}",
        )
    default_told = False
    for index in public:
        own = tables.sources[index].says("interval")
        interval = sources[index].interval
        if interval is None or interval >= SHORTEST_PUBLIC_INTERVAL or (default_told and not own):
            continue
        default_told = default_told or not own
        mistakes.add(
            ("sources", index, "interval") if own else ("defaults", "interval"),
            f"{floor} only for sources that [network] allow_private covers"
            + ("" if own else f"; it does not cover sources[{index}]"),
        )


def _allowances(network: Reading[NetworkTable]) -> tuple[list[Allowance], list[str]]:
    """Return what `allow_private` allows, and its entries that cannot be read."""
    raw = network.raw.get("allow_private", [])
    good, bad = [], []
    for entry in raw if isinstance(raw, list) else [raw]:
        try:
            good.append(values.allowance(entry))
        except ValueError:
            bad.append(str(entry).lower())
    return good, bad


def _may_be_meant(host: str, entries: Sequence[str]) -> bool:
    """Tell whether an entry that cannot be read may have been meant for this host."""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return bool(entries) and (is_address or any(host in entry for entry in entries))


def _budget(tables: Tables, warnings: Mistakes) -> None:
    polling = tables.polling.table
    most, least = (DAY / pause for pause in (polling.min_interval, polling.max_interval))
    if tables.polling.says("budget") and not least <= polling.budget <= most:
        which, bound = ("max_interval", least) if polling.budget < least else ("min_interval", most)
        warnings.add(
            ("polling", "budget"), f"cannot be met: {which} makes it {bound:g}/day for every source"
        )


def _selections(tables: Tables, mistakes: Mistakes) -> None:
    unknown = 0
    for index, feed in enumerate(tables.feeds):
        for key in ("sources", "tags"):
            if getattr(feed.table, key) == []:
                mistakes.add(
                    ("feeds", index, key),
                    "must not be empty; to select every source leave out both sources and tags",
                )
        names = feed.raw.get("sources")
        for position, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name not in tables.source_names:
                unknown += 1
                hint = (
                    values.suggestion(name, tables.source_names)
                    if unknown <= MAX_SUGGESTIONS
                    else ""
                )
                mistakes.add(
                    ("feeds", index, "sources", position),
                    f'unknown source "{printable(name)}"{hint}',
                )


def _limits(tables: Tables, mistakes: Mistakes) -> None:
    for index, feed in enumerate(tables.feeds):
        if (
            feed.says("limit")
            and feed.says("min_entries")
            and feed.table.limit < feed.table.min_entries
        ):
            mistakes.add(
                ("feeds", index, "limit"),
                f"must be at least min_entries ({feed.table.min_entries})",
            )


def _retention(tables: Tables, feeds: Sequence[Feed], mistakes: Mistakes) -> None:
    if not tables.store.says("retention") or any("window" in feed.broken for feed in tables.feeds):
        return
    longest = max(feeds, key=lambda feed: feed.window)
    if longest.window > tables.store.table.retention:
        mistakes.add(
            ("store", "retention"),
            f'must be at least the window of feed "{longest.name}" ("{written(longest.window)}")',
        )
