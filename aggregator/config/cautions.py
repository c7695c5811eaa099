"""What a valid file may say, but seldom means, or what is dangerous."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.config import network_values
from aggregator.config.checks import written_tokens
from aggregator.model.mistakes import MistakeKind
from aggregator.web.addresses import host_and_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config.mistake_list import MistakeList
    from aggregator.config.tables import Tables
    from aggregator.model import Feed, Source

#: How the tokens of the example begin; everybody can read them there.
_EXAMPLES = "write-your-own"
#: Keys of feeds that show what tells the same once.
_OF_STORIES = ("dedupe_strictness", "dedupe_window", "prefer", "hold")
_DAY = timedelta(days=1)


def find_cautions(
    tables: Tables, sources: Sequence[Source], feeds: Sequence[Feed], cautions: MistakeList
) -> None:
    """Find the cautions of a file without mistakes; `feeds` are the configured ones."""
    if not sources and not tables.lists:
        cautions.add(("sources",), MistakeKind.NO_SOURCES)
    if tables.server.table.listen.unix_path is not None and not tables.server.says("base_url"):
        cautions.add(("server", "base_url"), MistakeKind.NO_BASE_URL)
    _budget(tables, cautions)
    _asking(tables, sources, cautions)
    _ranges(tables, cautions)
    _tags(tables, sources, feeds, cautions)
    _stories(tables, sources, feeds, cautions)
    for path, secret in written_tokens(tables):
        if secret.startswith(_EXAMPLES):
            cautions.add(path, MistakeKind.TOKEN_OF_EXAMPLE)
    for index, export in enumerate(tables.exports):
        if export.table.content == "raw":
            cautions.add(("exports", index, "content"), MistakeKind.RAW_POSTS)


def _ranges(tables: Tables, cautions: MistakeList) -> None:
    for index, allowance in enumerate(tables.network.table.allow_private):
        if allowance.network is not None and allowance.network.prefixlen == 0:
            cautions.add(("network", "allow_private", index), MistakeKind.EVERY_ADDRESS)
    for index, proxies in enumerate(tables.server.table.trusted_proxies):
        if proxies.prefixlen == 0:
            cautions.add(("server", "trusted_proxies", index), MistakeKind.EVERY_PROXY)
    if tables.pages.table.operator_header and not tables.server.table.trusted_proxies:
        cautions.add(("pages", "operator_header"), MistakeKind.NO_TRUSTED_PROXY)


def _tags(
    tables: Tables, sources: Sequence[Source], feeds: Sequence[Feed], cautions: MistakeList
) -> None:
    carried = {tag for source in sources for tag in source.carried_tags}
    for index, feed in enumerate(feeds):
        for position, tag in enumerate(feed.exclude_tags):
            if tag in (feed.tags or ()):
                cautions.add(("feeds", index, "exclude_tags", position), MistakeKind.TAG_EXCLUDED)
        for position, tag in enumerate(feed.tags or ()):
            if tag not in carried and not tables.lists:  # which may bring it
                cautions.add(("feeds", index, "tags", position), MistakeKind.UNUSED_TAG)


def _stories(
    tables: Tables, sources: Sequence[Source], feeds: Sequence[Feed], cautions: MistakeList
) -> None:
    by_name = {source.name: source for source in sources}
    for index, (reading, feed) in enumerate(zip(tables.feeds, feeds, strict=True)):
        if feed.dedupe != "story":
            for key in filter(reading.says, _OF_STORIES):
                at = ("feeds", index, key)
                cautions.add(at, MistakeKind.NO_EFFECT, wanted='dedupe = "story"')
            if feed.dedupe == "off" and feed.show_also:
                at = ("feeds", index, "show_also")
                cautions.add(at, MistakeKind.NO_EFFECT, wanted='dedupe = "exact" or "story"')
            continue
        for position, name in enumerate(feed.prefer.sources):
            if name in by_name and not feed.selects(by_name[name]):
                cautions.add(("feeds", index, "prefer", position), MistakeKind.NOT_IN_FEED)


def _budget(tables: Tables, cautions: MistakeList) -> None:
    polling = tables.polling.table
    most, least = (_DAY / pause for pause in (polling.min_interval, polling.max_interval))
    if not tables.polling.says("budget") or least <= polling.budget <= most:
        return
    key, bound = ("max_interval", least) if polling.budget < least else ("min_interval", most)
    cautions.add(("polling", "budget"), MistakeKind.BUDGET_NOT_MET, because=key, bound=bound)


def _asking(tables: Tables, sources: Sequence[Source], cautions: MistakeList) -> None:
    if not tables.defaults.table.tls_verify:
        cautions.add(("defaults", "tls_verify"), MistakeKind.UNVERIFIED)
    allowances = tables.network.table.allow_private
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        if reading.says("tls_verify") and not source.access.tls_verify:
            cautions.add(("sources", index, "tls_verify"), MistakeKind.UNVERIFIED)
        for key in ("token_file", "password_file", "cookie_file"):
            if reading.says(key) and any(
                url.lower().startswith("http:")
                and not any(one.covers(*host_and_port(url)) for one in allowances)
                for url in network_values.asked(source)
            ):
                cautions.add(("sources", index, key), MistakeKind.UNENCRYPTED_LOGIN)
