"""`[[sources]]` and `[defaults]`, key by key, and the `Source` that they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.config import network_values, text_values
from aggregator.config.kinds import ValueKind, choice, key, list_of, number
from aggregator.config.rule_keys import BLOCK, KEEP, REPLACEMENTS, TAG, TAGGINGS, rules_of
from aggregator.config.settings import DURATION, INTERVAL, SECRET_FILE, SWITCH
from aggregator.model import Access, Source
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import timedelta

    from aggregator.config.settings import Rsshub
    from aggregator.model import Condition, Replacement, Tagging

MAX_BACKFILL = 10_000
#: The parser's own bound on a document.
MAX_ENTRIES = 2000
#: More than these are a list of something else; a poll asks three of them at most.
MAX_URLS = 16
#: More than these are a list of something else.
MAX_PARAMETERS = 32

NAME = ValueKind(text_values.name, "name")
TITLE = ValueKind(text_values.title, "title")
TAGS = list_of(TAG, "list of tags")

_SOURCE = Source(name="", url="")
_ACCESS = Access()
#: The keys of a source that are its `Access`.
ACCESS_KEYS = frozenset(
    {
        "headers", "user_agent", "username", "password_file", "token_file", "proxy", "tls_verify",
        "cookie_file", "cookies", "fetch_via",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One `[[sources]]`; an empty name, or no URL, is one that could not be read.

    `[defaults]` has the same keys, but for those of each source's own.
    """

    name: str = key(
        NAME,
        "",
        "The source's stable key, in logs, `status`, and feeds' `sources`.",
        required=True,
        own=True,
    )
    url: tuple[str, ...] = key(
        list_of(
            ValueKind(network_values.source_url, "URL"),
            "URL, or a list of them",
            least=1,
            most=MAX_URLS,
            alone=True,
        ),
        (),
        "The RSS, Atom or JSON Feed document. May hold `user:password@` and secret parameters: "
        "neither is published or logged. It is asked for exactly as written. A list is "
        "[mirrors](#mirrors-and-rsshub) of one document, tried in order; "
        '`"rsshub://ithome/ranking/24h"` is a mirror at each of `[rsshub] instances`. Two sources '
        "cannot have the same URL, in any place of their lists.",
        required=True,
        own=True,
    )
    title: str | None = key(
        TITLE,
        _SOURCE.title,
        "What readers see as the source of an entry.",
        shown="what the document says",
    )
    tags: tuple[str, ...] = key(TAGS, _SOURCE.tags, "Groups that feeds select by.")
    timezone: str = key(
        ValueKind(text_values.timezone, "IANA name"),
        _SOURCE.timezone,
        'For dates that the publisher writes without a zone: `"Asia/Shanghai"`.',
    )
    interval: timedelta | None = key(
        INTERVAL,
        _SOURCE.interval,
        "A fixed time between two polls. It overrides `min_interval` and `max_interval`; what a "
        "server asks for (Retry-After) overrides it.",
        shown="adaptive",
    )
    enabled: bool = key(SWITCH, _SOURCE.enabled, "`false`: not polled; its entries stay.")
    backfill: int = key(
        number(0, MAX_BACKFILL),
        _SOURCE.backfill,
        "How many of its newest entries a source brings into a feed that existed before it. All "
        "are stored.",
    )
    private: bool = key(
        SWITCH,
        _SOURCE.private,
        "Publish the source's site link, never its URL. See [below](#private-sources).",
    )
    weight: float = key(
        ValueKind(
            text_values.weight, f"number, {text_values.MIN_WEIGHT} to {text_values.MAX_WEIGHT}"
        ),
        _SOURCE.weight,
        "How much a delay of this source counts when the budget is shared out. With `4` it is "
        "polled about twice as often as it would be.",
    )
    max_entries: int | None = key(
        number(1, MAX_ENTRIES),
        _SOURCE.max_entries,
        "Read only the first entries of the document.",
        shown="all",
    )
    encoding: str | None = key(
        ValueKind(text_values.encoding, "name of an encoding"),
        _SOURCE.encoding,
        'For a document that lies about it: `"gb18030"`, `"big5"`, `"windows-1251"`. Only a byte '
        "order mark overrides it.",
        shown="what the document says",
    )
    headers: tuple[tuple[str, str], ...] = key(
        ValueKind(
            network_values.headers,
            f"table, up to {network_values.MAX_HEADERS}",
            lambda _: "{}",
        ),
        _ACCESS.headers,
        "Headers to send with each request to the source's own host: "
        '`{ Accept-Language = "zh-CN" }`. See [below](#how-a-source-is-asked).',
    )
    user_agent: str | None = key(
        ValueKind(
            network_values.header_value,
            f"plain ASCII, up to {network_values.MAX_HEADER_CHARS} characters",
        ),
        _ACCESS.user_agent,
        "The User-Agent of this source's requests.",
        shown="`aggregator/VERSION (+CONTACT; 1 subscriber)`",
    )
    username: str | None = key(
        ValueKind(
            network_values.username,
            f"text without `:`, up to {network_values.MAX_USERNAME_CHARS} characters",
        ),
        _ACCESS.username,
        "A login (HTTP Basic), with `password_file`.",
        own=True,
    )
    password_file: str | None = key(
        SECRET_FILE,
        _ACCESS.password_file,
        "The password, in a [file of its own](#secrets).",
        own=True,
    )
    token_file: str | None = key(
        SECRET_FILE,
        _ACCESS.token_file,
        "A login by bearer token, in a [file of its own](#secrets); instead of `username`.",
        own=True,
    )
    cookie_file: str | None = key(
        SECRET_FILE,
        _ACCESS.cookie_file,
        "The cookies of a login, in a [file](#cookies-of-a-login) that a browser has exported.",
        own=True,
    )
    proxy: str | None = key(
        ValueKind(network_values.source_proxy, 'URL or `"direct"`'),
        _ACCESS.proxy,
        "A proxy for this source alone, or none. See [below](#proxies).",
        shown="that of `[network]`",
    )
    tls_verify: bool = key(
        SWITCH,
        _ACCESS.tls_verify,
        "`false`: believe any certificate. Anybody between you and the publisher can then read and "
        "change what comes; the daemon warns at each start.",
    )
    cookies: str = key(
        choice("poll", "off"),
        _ACCESS.cookies,
        "Some sites redirect in a circle until their cookie comes back. With `poll` it goes back "
        "to the host that set it, and is forgotten when the poll ends; with `off` it does not.",
    )
    fetch_via: str | None = key(
        ValueKind(network_values.solver_url, "URL"),
        _ACCESS.fetch_via,
        "A solver that asks in our place, for a site that lets only browsers in: "
        '`"http://flaresolverr:8191"`. See [below](#sites-that-let-only-browsers-in).',
        shown="none",
        own=True,
    )
    keep: tuple[Condition, ...] = key(
        KEEP,
        _SOURCE.rules.keep,
        "Only entries that meet one of them. See [Rules](#rules).",
        shown="everything",
    )
    block: tuple[Condition, ...] = key(
        BLOCK,
        _SOURCE.rules.block,
        "Entries that meet one of them are left out, also where `keep` wants them.",
        shown="nothing",
    )
    tag: tuple[Tagging, ...] = key(
        TAGGINGS,
        _SOURCE.rules.tag,
        "Tags for the entries that meet a condition; feeds select by them as by `tags`.",
        shown="none",
    )
    replace: tuple[Replacement, ...] = key(
        REPLACEMENTS,
        _SOURCE.rules.replace,
        "Other text for what a pattern finds, in titles and texts.",
        shown="none",
    )
    edits: str = key(
        choice("show", "ignore"),
        _SOURCE.edits,
        "What becomes of an entry that its publisher [edits](publishing.md#what-is-the-same): "
        "shown with a new date of change, or left as it was first seen.",
    )
    retention: timedelta | None = key(
        DURATION,
        _SOURCE.retention,
        "How long its entries are kept, longer or shorter than those of others. What a feed's "
        "window shows stays in any case, and a story that several tell as long as the longest.",
        shown="that of `[store]`",
    )
    expected_every: timedelta | None = key(
        DURATION,
        _SOURCE.expected_every,
        "When nothing new has come for longer, the operations feed tells.",
    )
    site: tuple[str, ...] = key(
        list_of(
            ValueKind(network_values.publishers_host, "host"),
            "host, or a list of them",
            most=MAX_URLS,
            alone=True,
        ),
        _SOURCE.site,
        "Whose articles are the source's own besides those of the domain that is polled: "
        '`"example.org"` for a feed at feedburner.com. See '
        "[what is the same](publishing.md#what-is-the-same).",
        shown="none",
        own=True,
    )
    secret_params: tuple[str, ...] | None = key(
        list_of(
            ValueKind(network_values.parameter_name, "name"), "list of names", most=MAX_PARAMETERS
        ),
        _SOURCE.secret_params,
        "Further parameters of the source's URLs whose values are secret. Those that are called "
        "key, code, auth, sig, pass or pwd are anyway, and names with a word such as token, "
        "secret or password; with `[]` none is. `aggregator check` lists them. See "
        "[below](#secrets-in-urls).",
        shown="by their names",
    )
    dedupe: bool = key(
        SWITCH,
        _SOURCE.dedupe,
        "`false`: its entries never tell the [same story](stories.md) as another source's, however "
        "alike: for digests, price lists, releases. What has the same address still is the same.",
    )


def source_of(said: dict[str, Any], rsshub: Rsshub) -> Source:
    """Return the source that the keys of its table and of `[defaults]` mean; `said` is used up."""
    written: tuple[str, ...] = said.pop("url", ())
    urls = tuple(url for one in written for url in network_values.expand(one, rsshub.instances))
    access = _access(said)
    if rsshub.access_key_file is not None and any(url not in written for url in urls):
        access["rsshub_key_file"] = rsshub.access_key_file
        access["rsshub_instances"] = rsshub.instances
    rules = rules_of(said)
    return Source(
        name=said.pop("name", ""),
        rules=rules,
        url=written[0] if written else "",
        mirrors=urls if urls != written[:1] else (),
        access=Access(**access) if access else _ACCESS,
        **said,
    )


def _access(said: dict[str, Any]) -> dict[str, Any]:
    if ACCESS_KEYS.isdisjoint(said):
        return {}
    return {name: said.pop(name) for name in ACCESS_KEYS & said.keys()}
