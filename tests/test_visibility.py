"""Who may see what: the policy as a table, and every route and file held against it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route, compile_path

from aggregator.config import Listen, Publish, ServerSettings, StoreSettings
from aggregator.config.automatic_feeds import automatic, newly_withheld, withheld
from aggregator.model import Condition, Feed, Rules, Source
from aggregator.operations.change_sentences import change_text
from aggregator.outputs.static_files import publish_all
from aggregator.outputs.written_marks import FILE_NAME
from aggregator.publish import Format
from aggregator.publish.pages.story_keys import story_key
from aggregator.rules.visibility import (
    ANYBODY,
    Caller,
    Subject,
    View,
    Visibility,
    feeds_in,
    hidden_sources,
    may_read,
    might_read,
    sources_in,
)
from aggregator.serve import Site, create_app
from aggregator.serve.callers import Arrival, ListenerKind, is_local
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import DAY, START, absorb, document, entry
from tests.publishing import config
from tests.serving import running

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import Config

TOKEN = "t0ken-of-the-family"  # noqa: S105 - nobody's
WRONG = "t0ken-of-the-familx"
STATUS_TOKEN = "t0ken-of-the-operator"  # noqa: S105 - nobody's

LOCAL = Caller(is_local=True)
CALLERS = [
    LOCAL, ANYBODY, Caller(token=STATUS_TOKEN), Caller(token=WRONG),
    Caller(is_local=True, token=WRONG), Caller(is_known=True),
]  # fmt: skip

ALL, OPEN, REFUSED, HIDDEN = View.WHOLE, View.OPEN, View.REFUSED, View.HIDDEN
OPERATOR = Visibility(status_token=STATUS_TOKEN)

#: For each policy and subject, what each of `CALLERS` sees.
POLICIES = [
    (Visibility(), Subject.PAGE, (ALL, OPEN, OPEN, OPEN, ALL, ALL)),
    (Visibility(), Subject.FEEDS, (OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)),
    (Visibility(), Subject.SOURCES, (ALL, REFUSED, REFUSED, REFUSED, ALL, ALL)),
    (Visibility(), Subject.REASONS, (ALL, OPEN, OPEN, OPEN, ALL, ALL)),
    (Visibility(), Subject.HEALTH, (ALL, REFUSED, REFUSED, REFUSED, ALL, ALL)),
    (Visibility(), Subject.ACTIONS, (ALL, REFUSED, REFUSED, REFUSED, ALL, ALL)),
    (
        Visibility(takes_log_in=True),
        Subject.ACTIONS,
        (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, ALL),
    ),
    (Visibility(takes_log_in=True), Subject.HEALTH, (ALL, REFUSED, REFUSED, REFUSED, ALL, ALL)),
    (Visibility(public_opml=True), Subject.HEALTH, (ALL, REFUSED, REFUSED, REFUSED, ALL, ALL)),
    (Visibility(), Subject.OPERATIONS, (ALL, REFUSED, HIDDEN, HIDDEN, HIDDEN, ALL)),
    (Visibility(public_opml=True), Subject.PAGE, (ALL, ALL, ALL, ALL, ALL, ALL)),
    (Visibility(public_opml=True), Subject.FEEDS, (OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)),
    (Visibility(public_opml=True), Subject.SOURCES, (ALL, OPEN, OPEN, OPEN, ALL, ALL)),
    (Visibility(public_opml=True), Subject.REASONS, (ALL, OPEN, OPEN, OPEN, ALL, ALL)),
    (Visibility(public_opml=True), Subject.OPERATIONS, (ALL, REFUSED, HIDDEN, HIDDEN, HIDDEN, ALL)),
    (
        Visibility(status_token=STATUS_TOKEN),
        Subject.OPERATIONS,
        (ALL, REFUSED, ALL, HIDDEN, HIDDEN, ALL),
    ),
]


@pytest.mark.parametrize(("policy", "subject", "views"), POLICIES)
def test_the_policy(policy: Visibility, subject: Subject, views: tuple[View, ...]) -> None:
    assert tuple(policy.view(caller, subject) for caller in CALLERS) == views
    for caller, view in zip(CALLERS, views, strict=True):
        assert policy.is_for_all(caller, subject) == (view is policy.view(ANYBODY, subject))


def test_a_feed_with_a_token_is_for_one_who_knows_it_and_else_as_if_it_were_not_there() -> None:
    secret, policy = Feed("family", "Family", token=TOKEN), Visibility(True, STATUS_TOKEN)
    assert policy.view(Caller(token=TOKEN), secret) is View.WHOLE
    for caller in CALLERS:
        assert policy.view(caller, secret) is View.HIDDEN
        assert policy.view(caller, Feed("all", "All")) is View.WHOLE
    removed = replace(secret, token=secret.token_digest)
    assert might_read(Caller(token=TOKEN), removed)
    assert not might_read(Caller(token=removed.token), removed)
    assert not might_read(ANYBODY, removed)
    assert might_read(ANYBODY, Feed("all", "All"))
    assert not may_read(Caller(token="ö"), secret)


NAMES = ("a", "b", "c")
TAGS = ("x", "y")

tags = st.lists(st.sampled_from(TAGS), unique=True, max_size=2).map(tuple)
chosen = st.none() | st.lists(st.sampled_from(NAMES), unique=True, max_size=2).map(tuple)
rules = st.sampled_from([Rules(), Rules(block=(Condition(words=("spam",)),))])
feeds = st.builds(
    Feed,
    st.just(""),
    st.just(""),
    sources=chosen,
    tags=st.none() | tags,
    exclude_tags=tags,
    content=st.sampled_from(["full", "link"]),
    rules=rules,
    token=st.sampled_from([None, TOKEN]),
)


def numbered(found: list[Feed]) -> tuple[Feed, ...]:
    return tuple(replace(one, name=f"f{number}") for number, one in enumerate(found))


@given(
    st.tuples(tags, tags, tags).map(
        lambda three: tuple(
            Source(name, f"https://{name}.example/", tags=own)
            for name, own in zip(NAMES, three, strict=True)
        )
    ),
    st.lists(feeds, max_size=3).map(numbered),
)
def test_what_is_hidden_is_in_no_automatic_feed_and_in_no_list(
    sources: tuple[Source, ...], configured: tuple[Feed, ...]
) -> None:
    every = (*configured, *automatic(sources, configured))
    hidden = hidden_sources(sources, every)
    of_sources = {feed.name for feed in every if feed.path.startswith("sources/")}
    shown = {source.name for source in sources} - hidden
    assert of_sources == {f"sources/{name}" for name in shown}
    for feed, source in itertools.product(every, sources):
        if feed.is_automatic and source.name in hidden:
            assert not feed.selects(source)
    assert {source.name for source in sources_in(View.OPEN, sources, every)} == shown
    assert sources_in(View.WHOLE, sources, every) == sources
    assert sources_in(View.REFUSED, sources, every) == sources_in(View.HIDDEN, sources, every) == ()
    whole, some = feeds_in(View.WHOLE, every), feeds_in(View.OPEN, every)
    assert set(some) <= set(whole)
    assert all(feed.token is None for feed in whole)
    assert not any(feed.path.startswith("sources/") for feed in some)
    assert feeds_in(View.REFUSED, every) == feeds_in(View.HIDDEN, every) == ()


# --- every route --------------------------------------------------------------------------------

SOURCES = (
    Source("paper", "https://paper.example/feed.xml", tags=("news",)),
    Source("hush", "https://hush.example/feed.xml"),  # only the feed with a token shows it
)
CONFIGURED = (
    Feed("open", "Open", sources=("paper",)),
    Feed("family", "Family", sources=("hush",), token=TOKEN),
)


def served(folder: Path, *, public_opml: bool) -> tuple[Config, SqliteStore]:
    """Return a configuration and its database, in which each source has told one thing."""
    feeds = (*CONFIGURED, *automatic(SOURCES, CONFIGURED))
    present = replace(
        config(sources=SOURCES, feeds=feeds, public_opml=public_opml),
        store=StoreSettings(folder / "aggregator.db", 180 * DAY, 30 * DAY),
        publish=Publish(directory=folder / "public", status_token=STATUS_TOKEN),
    )
    store = open_store(present.store.path)
    store.apply(SOURCES, feeds, now=START)
    for source in SOURCES:
        told = entry(source.name, text=f"what {source.name} says", published_at=START)
        absorb(store, document(told), START, name=source.name)
    return present, store


@dataclass(frozen=True, slots=True)
class Kind:
    """A caller as requests show it, and whether it is the operator's, with what of `[server]`."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()
    is_local: bool = False
    base_url: str = "http://127.0.0.1:8420"
    has_listener: bool = False
    comes_to_it: bool = False


PUBLIC = "https://feeds.example.org"
KINDS = [
    Kind("here", is_local=True),
    Kind("stranger", (("host", "feeds.example.org"),)),
    Kind("behind a proxy", (("x_forwarded_for", "127.0.0.1"),)),
    Kind("behind Cloudflare", (("cf_connecting_ip", "127.0.0.1"),)),
    Kind("behind a proxy without marks", base_url=PUBLIC),
    Kind("behind one, and the operator has a listener", has_listener=True),
    Kind("the operator", base_url=PUBLIC, has_listener=True, comes_to_it=True, is_local=True),
    Kind("a web page at the operator's", (("host", "evil.example:8421"),), comes_to_it=True),
    Kind("a proxy at the operator's", (("via", "1.1 proxy"),), comes_to_it=True),
    Kind("a user, not a host", (("host", "evil@localhost"),)),
    Kind("a path, not a host", (("host", "localhost/evil"),)),
]

#: An archive's part that everybody has before anything has left the window.
PART = "archive/2026-11"

#: Target, then the status here, the status elsewhere, and that with `public_opml`; the target of a
#: document in one of its formats.
IN_ONE_FORMAT = [
    ("/", 200, 200, 200),
    ("/feeds", 200, 200, 200),
    *((f"{page}/", 308, 308, 308) for page in ("/feeds", "/sources", "/overview", "/search")),
    *((f"{page}/", 308, 308, 308) for page in ("/login", "/add", "/feeds/open")),
    ("/feeds/family/", 404, 404, 404),
    (f"/feeds/{TOKEN}/family/", 308, 308, 308),
    (f"/feeds/{WRONG}/family/", 404, 404, 404),
    ("/feeds/open", 200, 200, 200),
    ("/feeds/all", 200, 200, 200),
    ("/feeds/family", 404, 404, 404),
    (f"/feeds/{TOKEN}/family", 200, 200, 200),
    (f"/feeds/{WRONG}/family", 404, 404, 404),
    ("/tags/news", 200, 200, 200),
    ("/sources/paper", 200, 200, 200),
    ("/sources/hush", 404, 404, 404),
    ("/stories/0", 404, 404, 404),
    (f"/feeds/{TOKEN}/family/stories/0", 404, 404, 404),
    ("/sources", 200, 403, 403),
    ("/overview", 200, 403, 403),
    ("/sources/paper/health", 200, 403, 403),
    ("/sources/none/health", 404, 403, 403),
    ("/sources/paper/poll", 404, 404, 404),
    ("/sources/paper/pause", 404, 404, 404),
    ("/sources/paper/resume", 404, 404, 404),
    ("/add", 404, 404, 404),
    ("/login", 404, 404, 404),  # nobody is there to do anything
    ("/logout", 405, 405, 405),  # a form's alone
    ("/events/feeds/family", 404, 404, 404),
    ("/assets/none", 404, 404, 404),
    ("/feeds.opml", 200, 200, 200),
    ("/sources.opml", 200, 403, 200),
    ("/healthz", 503, 503, 503),
    ("/readyz", 503, 503, 503),
    ("/metrics", 200, 401, 401),
    ("/feeds/_status.atom", 200, 403, 403),
    (f"/feeds/{STATUS_TOKEN}/_status.atom", 200, 200, 200),
    (f"/feeds/{WRONG}/_status.atom", 404, 404, 404),
    (f"/feeds/{TOKEN}/_status.atom", 404, 404, 404),
    ("/feeds/open.atom", 200, 200, 200),
    ("/feeds/all.json", 200, 200, 200),
    (f"/feeds/open/{PART}.atom", 200, 200, 200),
    (f"/feeds/{TOKEN}/open.atom", 404, 404, 404),
    ("/feeds/family.atom", 404, 404, 404),
    (f"/feeds/family/{PART}.atom", 404, 404, 404),
    (f"/feeds/{TOKEN}/family.atom", 200, 200, 200),
    (f"/feeds/{TOKEN}/family/{PART}.atom", 200, 200, 200),
    (f"/feeds/{WRONG}/family.atom", 404, 404, 404),
    (f"/feeds/{WRONG}/family/{PART}.atom", 404, 404, 404),
    (f"/feeds/{STATUS_TOKEN}/family.atom", 404, 404, 404),
    ("/tags/news.rss", 200, 200, 200),
    ("/sources/paper.rss", 200, 200, 200),
    ("/sources/hush.rss", 404, 404, 404),
    (f"/sources/hush/{PART}.rss", 404, 404, 404),
    (f"/tags/news/{PART}.rss", 200, 200, 200),
    (f"/sources/paper/{PART}.rss", 200, 200, 200),
]

SUFFIXES = tuple(f".{form.value}" for form in Format)
ROUTES = [
    (target.removesuffix(suffix) + other, here, elsewhere, open_to_all)
    for target, here, elsewhere, open_to_all in IN_ONE_FORMAT
    for suffix in (next(filter(target.endswith, SUFFIXES), ""),)
    for other in (SUFFIXES if suffix else ("",))
] + [
    ("/search", 200, 200, 200),
    ("/search?q=story", 200, 200, 200),
    ("/search.atom", 404, 404, 404),  # nothing is asked
    (f"/feeds/{TOKEN}/family/search", 200, 200, 200),
    (f"/feeds/{WRONG}/family/search", 404, 404, 404),
    ("/api/v1/openapi.json", 200, 200, 200),
    ("/api/v1/feeds", 200, 200, 200),
    ("/api/v1/stories", 200, 200, 200),
    ("/api/v1/stories?feed=family", 404, 404, 404),
    ("/api/v1/stories/none", 404, 404, 404),
    ("/api/v1/search?q=story", 200, 200, 200),
    ("/api/v1/search", 400, 400, 400),
    ("/api/v1/entries", 200, 401, 401),
    ("/api/v1/sources", 200, 401, 401),
    ("/api/v1/status", 200, 401, 401),
    ("/api/v1/other", 404, 404, 404),
]


#: What names every source.
OF_OPERATOR = {"/sources.opml", "/sources", "/api/v1/sources", "/api/v1/entries"}


def of_stories(present: Config, store: SqliteStore) -> list[tuple[str, int, int, int]]:
    """Return what `ROUTES` are, of the pages of stories that there are."""
    by_name = {feed.name: feed for feed in present.feeds}
    keys = {
        name: story_key(store.select(by_name[name]).stories[0].order_key)
        for name in ("open", "family")
    }
    return [
        (f"/stories/{keys['open']}", 200, 200, 200),
        (f"/stories/{keys['family']}", 404, 404, 404),
        (f"/feeds/{TOKEN}/family/stories/{keys['family']}", 200, 200, 200),
        (f"/feeds/{TOKEN}/family/stories/{keys['open']}", 404, 404, 404),
        (f"/feeds/{WRONG}/family/stories/{keys['family']}", 404, 404, 404),
        (f"/feeds/{TOKEN}/open/stories/{keys['open']}", 404, 404, 404),
        (f"/feeds/open/stories/{keys['open']}", 404, 404, 404),
    ]


@pytest.mark.parametrize("public_opml", [False, True])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_every_route_shows_a_caller_what_the_policy_says(
    tmp_path: Path, kind: Kind, public_opml: bool
) -> None:
    present, store = served(tmp_path, public_opml=public_opml)
    own = Listen("127.0.0.1", 8421, None) if kind.has_listener else None
    server_settings = replace(present.server, base_url=kind.base_url, operator_listen=own)
    present = replace(present, server=server_settings)
    site = Site(lambda: present, store, lambda: "the disk is full", lambda: START + DAY)
    async with running(site) as both:
        server = both.for_operator if kind.comes_to_it else both
        for target, here, elsewhere, open_to_all in (*ROUTES, *of_stories(present, store)):
            answer = await server.get(target, **dict(kind.fields))
            status = here if kind.is_local else open_to_all if public_opml else elsewhere
            assert answer.status == status, target
            body, cached = answer.body.decode(), answer.headers["cache-control"]
            # What somebody sees that a stranger does not see there is in no shared cache.
            below_token = status == 200 and (TOKEN in target or "_status" in target)
            tells = "hush" in body or (target == "/feeds" and "sources/paper" in body)
            if below_token or (kind.is_local and tells and not public_opml):
                assert cached.startswith("private"), target
            if TOKEN not in target:
                assert TOKEN not in body, target
                of_operator = target in OF_OPERATOR
                assert ("hush" in body) == (kind.is_local and of_operator), target
            if target == "/feeds":
                assert ("sources/paper.atom" in body) == (kind.is_local or public_opml)
            if target in {"/healthz", "/readyz"}:
                assert ("the disk is full" in body) == kind.is_local
    store.close()


HERE = Arrival(ListenerKind.READERS, "127.0.0.1", "1.1", "127.0.0.1:8420", frozenset())
OWN = replace(HERE, listener=ListenerKind.OPERATOR)
USUAL = ServerSettings(base_url="http://127.0.0.1:8420")
FORWARDED = (
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    "x-forwarded-port", "x-forwarded-prefix", "x-forwarded", "x-real-ip", "cf-connecting-ip",
    "true-client-ip", "fastly-client-ip", "x-client-ip", "x-cluster-client-ip",
)  # fmt: skip
NOT_HERE = (
    "", "feeds.example.org", "evil@localhost", "localhost/evil", "localhost?", "localhost#a",
    "localhost:8420@evil.example", "evil.example#localhost", "127.0.0.1.evil.example", "[::1",
    "localhost.evil.example", "[::2]", "10.0.0.1", "local host", "localhost\\evil", "::1",
    "notlocalhost", "localhost:80:80", "127.0.0.1:x",
    "0.0.0.0", "0.0.0.0:8420",  # noqa: S104 -- names, nothing binds
    "[::]", "[::]:8420", "[::ffff:0.0.0.0]",
)  # fmt: skip


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        (HERE, True),
        (OWN, True),
        *((replace(HERE, host=host), True) for host in (
            "localhost", "LocalHost:80", "a.localhost", "[::1]:8420", "127.8.9.10", "127.0.0.1:",
        )),
        *((replace(one, host=host), False) for host in NOT_HERE for one in (HERE, OWN)),
        *(
            (replace(one, fields=frozenset({"host", "accept", field})), False)
            for field in FORWARDED
            for one in (HERE, OWN, replace(OWN, peer=None))
        ),
        # Fields of callers that only look alike.
        (replace(HERE, fields=frozenset({"host", "ip", "x-forward", "viaduct", "x-ip-a"})), True),
        (replace(HERE, http_version="1.0"), False),
        (replace(OWN, http_version="1.0"), False),
        (replace(HERE, peer="192.0.2.1"), False),
        (replace(OWN, peer="192.0.2.1"), False),
        (replace(HERE, peer="::ffff:127.0.0.1"), True),
        (replace(HERE, peer=None), False),  # a Unix socket: a proxy's way in, or the operator's own
        (replace(OWN, peer=None), True),
        (replace(OWN, peer=None, host="whatever"), True),
    ],
)  # fmt: skip
def test_who_is_surely_here(arrival: Arrival, expected: bool) -> None:
    assert is_local(arrival, USUAL) == expected
    # Where readers come by another name, or the operator has a listener, that one alone will do.
    for server in (
        replace(USUAL, base_url="https://feeds.example.org"),
        replace(USUAL, operator_listen=Listen("127.0.0.1", 8421, None)),
    ):
        its_own = arrival.listener is ListenerKind.OPERATOR
        assert is_local(arrival, server) == (expected and its_own)


def test_no_route_is_left_out(tmp_path: Path) -> None:
    present, store = served(tmp_path, public_opml=True)
    for route in create_app(Site(lambda: present, store, lambda: None)).routes:
        assert isinstance(route, Route)
        pattern, _, _ = compile_path(route.path)
        assert any(pattern.match(target) for target, *_ in ROUTES), route.path
    store.close()


@pytest.mark.parametrize("public_opml", [False, True])
async def test_files_are_what_a_stranger_sees_and_what_stands_below_tokens(
    tmp_path: Path, public_opml: bool
) -> None:
    present, store = served(tmp_path, public_opml=public_opml)
    publish_all(present, store)
    folder = tmp_path / "public"
    written = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".gz", ".br") and path.name != FILE_NAME
    }
    assert {f"feeds/{TOKEN}/family.atom", f"feeds/{STATUS_TOKEN}/_status.atom"} <= written
    assert ("sources.opml" in written) == public_opml
    async with running(Site(lambda: present, store, lambda: None)) as server:
        for name in written:
            body = (folder / name).read_bytes()
            # The list of feeds as one file is no page that is served.
            target = "/feeds" if name == "index.html" else f"/{name}"
            answer = await server.get(target, host="feeds.example.org")
            if name == "index.html":
                answer = replace(answer, body=body)
            assert (answer.status, answer.body) == (200, body), name
            if TOKEN not in name:
                assert b"hush" not in body, name
                assert TOKEN.encode() not in body, name
    store.close()


# --- what was open, and is not any more ----------------------------------------------------------

#: Everything that a stranger can ask for where both sources are open, in each format.
PLACES = ("feeds/all", "feeds/open", "tags/news", "tags/quiet", "sources/paper", "sources/hush")
EVERY_TARGET = [
    f"/{place}{part}.{form.value}"
    for place in PLACES
    for part in ("", f"/{PART}", "/archive/2026-12")
    for form in Format
]
OPENED = (
    SOURCES[0],
    replace(SOURCES[1], tags=("news", "quiet")),
)


def opened(folder: Path, *, secret: bool) -> Config:
    """Return a configuration in which everybody, or only a feed with a token, shows `hush`."""
    configured: tuple[Feed, ...] = (Feed("open", "Open", tags=("news",), exclude_tags=("secret",)),)
    sources = OPENED
    if secret:
        configured = (*configured, replace(CONFIGURED[1], sources=("hush",)))
        sources = (OPENED[0], replace(OPENED[1], tags=("news", "quiet", "secret")))
    present = config(
        sources=sources, feeds=(*configured, *automatic(sources, configured)), public_opml=True
    )
    return replace(
        present,
        store=StoreSettings(folder / "aggregator.db", 180 * DAY, 30 * DAY),
        publish=Publish(directory=folder / "public"),
    )


async def test_what_a_token_takes_is_gone_at_once_from_archives_files_and_memory(
    tmp_path: Path,
) -> None:
    present = opened(tmp_path, secret=False)
    store = open_store(present.store.path)
    folder = tmp_path / "public"
    try:
        store.apply(present.sources, present.feeds, now=START)
        for month, moment in (("nov", START), ("dec", START + 20 * DAY)):
            for source in present.sources:
                told = entry(f"{month}-{source.name}", text=f"what {source.name} says in {month}")
                absorb(store, document(told), moment, name=source.name)
        site = Site(lambda: present, store, lambda: None, lambda: START + 21 * DAY)
        async with running(site) as server:
            for target in EVERY_TARGET:
                answer = await server.get(target)
                assert answer.status == 200, target
                assert (b"hush" in answer.body) == ("paper" not in target), (
                    target
                )  # it is frozen, kept in memory and written from here on
            publish_all(present, store)
            assert b"hush" in (folder / f"feeds/all/{PART}.atom").read_bytes()
            kept = (folder / f"sources/paper/{PART}.atom").stat().st_mtime_ns

            present = opened(tmp_path, secret=True)
            store.apply(present.sources, present.feeds, now=START + 21 * DAY)
            publish_all(present, store)
            for target in EVERY_TARGET:
                answer = await server.get(target)
                is_gone = "hush" in target or "quiet" in target
                assert answer.status == (404 if is_gone else 200), target
                assert b"hush" not in answer.body, target
                if is_gone:  # not 410, at which readers unsubscribe for good
                    assert "不再公开" in answer.body.decode()
                    assert "no longer open" in answer.body.decode()
                assert (folder / target[1:]).exists() != is_gone, target
            for path in folder.rglob("*"):
                if path.is_file() and TOKEN not in str(path) and path.suffix not in (".gz", ".br"):
                    assert b"hush" not in path.read_bytes(), path
            names = {path.name for path in folder.rglob("*")}
            assert not {"hush", "quiet"} & names  # no empty folder either
            # A neighbour keeps its bytes and its files; those with the token have everything.
            assert (folder / f"sources/paper/{PART}.atom").stat().st_mtime_ns >= kept
            for form in Format:
                answer = await server.get(f"/feeds/{TOKEN}/family.{form.value}")
                assert b"what hush says" in answer.body
    finally:
        store.close()


def test_what_is_withheld_is_told_by_source_feed_and_address(tmp_path: Path) -> None:
    before, now = opened(tmp_path, secret=False), opened(tmp_path, secret=True)
    (told,) = newly_withheld(before, now)
    assert change_text(told) == (
        "source hush is for readers with a token only (feed family); "
        "not in /feeds/all, /tags/news; 404 at /tags/quiet, /tags/secret, /sources/hush"
    )
    assert newly_withheld(now, now) == newly_withheld(now, before) == ()
    # What was never open loses nothing.
    assert newly_withheld(replace(before, sources=before.sources[:1]), now) == ()
    hidden = hidden_sources(now.sources, now.feeds)
    assert withheld(now.sources, now.feeds, hidden) == (told,)
