"""A week of polling: what a publisher sees of us, by the manners that strict ones ask for.

One week is lived once, with a clock that steps from due moment to due moment, against publishers
that record what they are asked and answer with every oddity that our manners are about. The tests
read the record. P1 to P13 are the rules of the "feed reader score" (https://rachelbythebay.com/fs/)
and of Open RSS (https://openrss.org); the hour of P5 is here the sources' own interval.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

import aggregator
from aggregator.model import ProblemKind
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.polling import DAY, HOUR, START, Clock, House, house
from tests.program import program
from tests.web import Publisher, Reply, Request, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Script = Callable[["Site", Request], Reply]

END = START + 7 * DAY
CONTACT = "https://operator.example/feeds"
PATH = "/feed.xml"
#: What all sources have for a shortest interval, the hour of P5; and what an average one may cost.
FLOOR = HOUR
BUDGET_A_DAY = 12

#: From here the daemon is down for so long.
DOWN_AT, DOWN_FOR = START + 3.5 * DAY, 8 * HOUR
#: And here it is restarted at once.
RESTARTED_AT = START + 5 * DAY + timedelta(minutes=20)


@dataclass(frozen=True)
class Asked:
    """One request: when it came and was answered, by our clock, and with what."""

    site: str
    at: datetime
    answered_at: datetime
    request: Request
    reply: Reply


@dataclass
class Site:
    """One source's publisher: its script answers, what it was asked is recorded."""

    name: str
    clock: Clock
    script: Script
    changes_every: timedelta = 7 * HOUR
    target: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def since(self) -> timedelta:
        """How long the week has lasted."""
        return self.clock.now - START

    @property
    def entries(self) -> int:
        """How many entries have been published by now."""
        return 1 + self.since // self.changes_every

    def body(self, channel: str = "") -> bytes:
        """Return the document of now, newest entry first."""
        newest = [item(f"{self.name}-{n}") for n in range(self.entries, 0, -1)]
        return rss(channel, *newest[:20])

    def __call__(self, request: Request) -> Reply:
        at = self.clock.now
        reply = self.script(self, request)
        self.asked.append(Asked(self.name, at, self.clock.now, request, reply))
        return reply


@dataclass
class Week:
    """What the publishers recorded, and the polls that there were."""

    sites: dict[str, Site]
    webs: dict[str, Publisher]
    polls: int = 0
    resumed_at: list[datetime] = field(default_factory=list)
    titles: set[str] = field(default_factory=set)
    problems: dict[str, ProblemKind | None] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    because: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: float = 0.0

    @property
    def asked(self) -> list[Asked]:
        """Every request, in order."""
        found = [asked for site in self.sites.values() for asked in site.asked]
        return sorted(found, key=lambda asked: asked.at)

    def of(self, name: str) -> list[Asked]:
        """Return the requests for one source's URL."""
        return self.sites[name].asked


# --- how the publishers answer ------------------------------------------------------------------


def conditional(
    etag: Callable[[int], bytes] | None = None,
    modified: Callable[[int], bytes] | None = None,
    headers: dict[str, str] | None = None,
    channel: str = "",
) -> Callable[[Site, Request], Reply]:
    """Answer as most do: 304 to the validators of now, else the document with them."""

    def script(site: Site, request: Request) -> Reply:
        tag = etag(site.entries) if etag else None
        date = modified(site.entries) if modified else None
        sent_tag, sent_date = request.header("If-None-Match"), request.header("If-Modified-Since")
        # To be served what is known already both must be exact, as with the strictest servers.
        same = (sent_tag, sent_date) == (tag, date) and (tag or date)
        return Reply(
            status=304 if same else 200,
            body=b"" if same else site.body(channel),
            etag=tag,
            last_modified=date,
            headers=headers or {},
        )

    return script


plain = conditional(lambda n: b'"v%d"' % n, lambda n: b"Mon, 23 Nov 2026 08:00:%02d GMT" % (n % 60))


def renewed_by_304(site: Site, request: Request) -> Reply:
    """Give a new ETag with every 304, as some behind several servers do; any of them will do."""
    given = [asked.reply.etag for asked in site.asked]
    tag = b'"%d-%d"' % (site.entries, len(site.asked))
    sent = request.header("If-None-Match")
    if sent is not None and sent in given and sent.startswith(b'"%d-' % site.entries):
        return Reply(status=304, etag=tag)
    return Reply(body=site.body(), etag=tag)


def lacking(site: Site, request: Request) -> Reply:
    """Send no validators on the third day."""
    if site.since // DAY == 2:
        return Reply(body=site.body())
    return plain(site, request)


def broken(site: Site, request: Request) -> Reply:
    """Serve a login page with validators of its own on the second day."""
    if site.since // DAY == 1:
        return Reply(body=b"<html><title>Log in</title></html>", etag=b'"login"')
    return plain(site, request)


def slow(site: Site, request: Request) -> Reply:
    """Take ten minutes to answer, by our clock."""
    site.clock.now += timedelta(minutes=10)
    return plain(site, request)


def limiting(site: Site, request: Request) -> Reply:
    """Ask to wait: three hours on the second day, until a date on the third, 503 on the fourth."""
    day = site.since // DAY
    asked_before = [one for one in site.asked if one.at - START >= day * DAY]
    told_before = any(one.reply.status in {429, 503} for one in asked_before)
    if day in {1, 2, 3} and not told_before:
        if day == 1:
            return Reply(status=429, headers={"Retry-After": "10800"})
        if day == 2:
            until = format_datetime(site.clock.now + 5 * HOUR, usegmt=True)
            now = format_datetime(site.clock.now, usegmt=True)
            return Reply(status=503, headers={"Retry-After": until, "Date": now})
        return Reply(status=429)
    return plain(site, request)


def down(site: Site, request: Request) -> Reply:
    """Fail for a day."""
    return Reply(status=500) if site.since // DAY == 2 else plain(site, request)


def gone(site: Site, request: Request) -> Reply:
    """Be gone from the third day on."""
    return Reply(status=410) if site.since // DAY >= 2 else plain(site, request)


def tracking(site: Site, request: Request) -> Reply:
    """Set cookies, and name an icon, a page and a hub."""
    reply = plain(site, request)
    headers = [
        ("Set-Cookie", "id=1; Path=/"),
        ("Set-Cookie", "track=2"),
        ("Link", '</favicon.ico>; rel="icon", </page>; rel="alternate"'),
    ]
    body = reply.body.replace(b"https://site.example/", b"http://tracking.example:%d/")
    return Reply(reply.status, headers, body, reply.etag, reply.last_modified)


def moving(site: Site, _: Request) -> Reply:
    """Redirect for good to the site's target."""
    return Reply(status=301, headers={"Location": site.target})


def lodging(site: Site, _: Request) -> Reply:
    """Redirect for the time being."""
    return Reply(status=302, headers={"Location": site.target})


def straying(site: Site, request: Request) -> Reply:
    """Redirect "for good" for a day, as half-done migrations do."""
    return moving(site, request) if site.since // DAY == 1 else plain(site, request)


def page(_: Site, __: Request) -> Reply:
    """Be a page that wants money for the name."""
    return Reply(body=b"<html><title>Buy this name</title></html>", etag=b'"page"')


#: name: script, keys of its [[sources]], where its redirects lead
SITES: dict[str, tuple[Script, str, str]] = {
    "plain": (plain, "", ""),
    "hourly": (plain, 'interval = "1h"', ""),
    "slow": (slow, 'interval = "2h"', ""),
    "odd-tag": (conditional(lambda n: b'W/"a, b;c=\\ %d \xc3\xa9"' % n), "", ""),
    "no-quotes": (conditional(lambda n: b"tag-%d" % n), "", ""),
    "odd-date": (
        conditional(modified=lambda n: b"Mon, 3 Nov 2026 8:00:%02d +0000" % (n % 60)),
        "",
        "",
    ),
    "renewed": (renewed_by_304, "", ""),
    "lacking": (lacking, "", ""),
    "broken": (broken, "", ""),
    "fresh": (
        conditional(lambda n: b'"%d"' % n, headers={"Cache-Control": "max-age=14400"}),
        "",
        "",
    ),
    "stale": (
        conditional(lambda n: b'"%d"' % n, headers={"Cache-Control": "no-store", "Expires": "0"}),
        "",
        "",
    ),
    "hinting": (
        conditional(
            lambda n: b'"%d"' % n,
            channel="<ttl>180</ttl><skipHours><hour>0</hour><hour>1</hour><hour>2</hour></skipHours>",
        ),
        "",
        "",
    ),
    "tracking": (tracking, "", ""),
    "limiting": (limiting, "", ""),
    "down": (down, "", ""),
    "gone": (gone, "", ""),
    "moving": (moving, "", "new"),
    "lodging": (lodging, "", "lodge"),
    "straying": (straying, "", "astray"),
    "sold": (
        lambda site, request: (moving if site.since // DAY else plain)(site, request),
        "",
        "page",
    ),
}
#: What no source names: where redirects lead to.
TARGETS: dict[str, Script] = {"new": plain, "lodge": plain, "astray": plain, "page": page}
#: Sources that always give validators and never lead elsewhere.
STEADY = (
    *("plain", "hourly", "slow", "odd-tag", "no-quotes", "odd-date", "renewed", "broken"),
    *("fresh", "stale", "hinting", "tracking", "limiting", "neighbour", "down", "gone"),
)


# --- the week -----------------------------------------------------------------------------------


async def live(folder: Path) -> Week:
    clock = Clock()
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        week = Week({}, {})
        for name, script in {
            **TARGETS,
            **{name: script for name, (script, _, _) in SITES.items()},
        }.items():
            site = Site(name, clock, script)
            web = await stack.enter_async_context(Publisher())
            web.route(PATH, site)
            week.sites[name], week.webs[name] = site, web
        # A second document of the host that asks to wait.
        neighbour = Site("neighbour", clock, plain)
        week.sites["neighbour"] = neighbour
        week.webs["limiting"].route("/neighbour.xml", neighbour)
        toml = (
            f'[network]\nallow_private = ["127.0.0.0/8"]\ncontact = "{CONTACT}"\n'
            f'[polling]\nmin_interval = "1h"\nbudget = "{BUDGET_A_DAY}/day"\n'
            + source_toml("neighbour", week.webs["limiting"].url("/neighbour.xml"))
        )
        for name, (_, more, target) in SITES.items():
            toml += source_toml(name, week.webs[name].url(PATH), more)
            if target:
                week.sites[name].target = week.webs[target].url(PATH)
        for until, pause in (
            (DOWN_AT, DOWN_FOR),
            (RESTARTED_AT, timedelta(0)),
            (END, timedelta(0)),
        ):
            week.resumed_at.append(clock.now)
            async with house(folder, clock, toml, resumed=True) as home:
                await home.run_until(until)
                note(week, home)
            clock.now += pause
    week.seconds = time.monotonic() - began
    return week


def note(week: Week, home: House) -> None:
    week.polls += home.polls
    week.titles = home.titles()
    for name, results in home.results.items():
        week.because[name] |= {result.plan.because for result in results}
    for status in home.store.status():
        week.problems[status.name] = None if status.problem is None else status.problem.kind
        week.entries[status.name] = status.entries


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return asyncio.run(live(tmp_path_factory.mktemp("week")))


def test_the_week_was_lived(week: Week, tell: Callable[[str], None]) -> None:
    tell(f"{week.polls} polls in {week.seconds:.1f} s")
    adaptive = [len(week.of(name)) / 7 for name in ("plain", "odd-tag", "no-quotes", "renewed")]
    assert all(BUDGET_A_DAY / 3 < each < BUDGET_A_DAY * 2 for each in adaptive), adaptive
    for name in STEADY:
        if name != "gone":
            assert week.problems[name] is None, name
            assert f"Entry {name}-{week.sites[name].entries - 1}" in week.titles


# --- P1 to P4, P6: validators -------------------------------------------------------------------


def expected(before: tuple[bytes | None, bytes | None], reply: Reply) -> tuple[bytes | None, ...]:
    """Return the validators to send after an answer, given those held before it."""
    if reply.status == 304:
        return (reply.etag or before[0], reply.last_modified or before[1])
    if reply.status == 200 and b"<rss" in reply.body:
        return (reply.etag, reply.last_modified)
    return before


def sent(asked: Asked) -> tuple[bytes | None, bytes | None]:
    return asked.request.header("If-None-Match"), asked.request.header("If-Modified-Since")


@pytest.mark.parametrize("name", [*STEADY, "lacking", *TARGETS])
def test_p1_to_p4_validators_come_back_byte_for_byte(week: Week, name: str) -> None:
    held: tuple[bytes | None, ...] = (None, None)
    assert len(week.of(name)) > 1
    for asked in week.of(name):
        assert sent(asked) == held
        held = expected(held, asked.reply)
    assert {asked.reply.status for asked in week.of(name)} & {200, 304}


def test_p3_the_oddities_came_up(week: Week) -> None:
    assert len({asked.reply.etag for asked in week.of("renewed")}) > 50
    assert sum(asked.reply.etag is None for asked in week.of("lacking")) > 3
    assert sum(asked.reply.etag == b'"login"' for asked in week.of("broken")) > 1
    assert sum(asked.reply.status == 304 for asked in week.of("odd-tag")) > 20
    assert sum(asked.reply.status == 304 for asked in week.of("odd-date")) > 20


@pytest.mark.parametrize("name", [*STEADY, "new", "lodge"])
def test_p6_one_request_in_a_lifetime_is_unconditional(week: Week, name: str) -> None:
    assert [sent(asked) for asked in week.of(name)].count((None, None)) == 1
    assert sent(week.of(name)[0]) == (None, None)


# --- P5, P7, P8: when ---------------------------------------------------------------------------


def pauses(asked: list[Asked]) -> list[timedelta]:
    """Return the time from each answer to the next request."""
    return [later.at - earlier.answered_at for earlier, later in pairwise(asked)]


@pytest.mark.parametrize("name", [*STEADY, "lacking"])
def test_p5_no_source_is_asked_before_its_interval_has_passed(week: Week, name: str) -> None:
    own = {"slow": 2 * HOUR}.get(name, FLOOR)
    assert min(pauses(week.of(name))) >= own


def test_p5_the_interval_counts_from_the_end_of_the_answer(week: Week) -> None:
    assert all(asked.answered_at > asked.at for asked in week.of("slow"))
    assert len(week.of("slow")) > 50


def test_p7_the_timer_survives_a_restart(week: Week) -> None:
    for name in ("hourly", "plain", "fresh", "hinting"):
        asked = week.of(name)
        across = [
            later.at - earlier.answered_at
            for earlier, later in pairwise(asked)
            if earlier.at < RESTARTED_AT <= later.at
        ]
        assert len(across) == 1, name
        assert across[0] >= FLOOR, name
    # It is the old timer that goes on, not a new one: the hourly source is asked within its hour
    # (and the ten minutes for which another's answer may move the clock).
    assert max(pauses([a for a in week.of("hourly") if a.at > DOWN_AT + DOWN_FOR])) < 1.2 * HOUR


def test_p8_after_a_long_pause_the_overdue_are_spread(week: Week) -> None:
    up_at = DOWN_AT + DOWN_FOR
    first = [
        min(asked.at for asked in site.asked if asked.at >= up_at)
        for name, site in week.sites.items()
        if name in STEADY and name != "gone"
    ]
    # A publisher takes its time to answer, and the clock of this week with it: those that are asked
    # when it has done so, at once, are overdue by no doing of the spread.
    answers = [one for one in week.of("slow") if one.at >= up_at]
    late_at = min(one.answered_at for one in answers)
    soon = [at - up_at for at in first if at < up_at + timedelta(minutes=5)]
    assert len(soon) + sum(at == late_at for at in first) > len(first) / 2
    for second in range(300):
        assert sum(second <= wait.total_seconds() < second + 1 for wait in soon) <= 2


# --- P9: 429 and 503 ----------------------------------------------------------------------------


def test_p9_a_host_that_asks_to_wait_is_left_alone_by_all_its_sources(week: Week) -> None:
    of_host = sorted([*week.of("limiting"), *week.of("neighbour")], key=lambda asked: asked.at)
    for status, wait in ((429, 3 * HOUR), (503, 5 * HOUR)):
        (told,) = [
            asked for asked in of_host if asked.reply.status == status and dict(asked.reply.headers)
        ]
        after = [asked.at for asked in of_host if asked.at > told.answered_at]
        assert told.answered_at + wait <= min(after) <= told.answered_at + wait + HOUR, status
    (bare,) = [
        asked for asked in of_host if asked.reply.status == 429 and not tuple(asked.reply.headers)
    ]
    own = [asked.at for asked in week.of("limiting") if asked.at > bare.answered_at]
    assert min(own) >= bare.answered_at + HOUR


# --- P10 to P13: what a request is --------------------------------------------------------------


def test_p10_a_request_says_this_and_nothing_more(week: Week) -> None:
    allowed = {
        *(b"host", b"accept", b"accept-encoding", b"user-agent"),
        *(b"if-none-match", b"if-modified-since"),
    }
    for asked in week.asked:
        names = [name.lower() for name, _ in asked.request.headers]
        assert set(names) <= allowed
        assert len(names) == len(set(names))
        assert asked.request.method == "GET"


def test_p11_it_says_who_it_is_the_same_each_time(week: Week) -> None:
    for name in ("User-Agent", "Accept", "Accept-Encoding"):
        assert len({asked.request.header(name) for asked in week.asked}) == 1, name
    agent = f"aggregator/{aggregator.__version__} (+{CONTACT}; 1 subscriber)"
    assert week.asked[0].request.header("User-Agent") == agent.encode()


def test_p12_nothing_but_the_document_is_asked_for(week: Week) -> None:
    for name, web in week.webs.items():
        expected = {PATH.encode()} | ({b"/neighbour.xml"} if name == "limiting" else set())
        assert {request.target for request in web.requests} == expected


def test_p13_freshness_and_hints_are_waited_for(week: Week) -> None:
    assert min(pauses(week.of("fresh"))) >= 4 * HOUR
    assert min(pauses(week.of("hinting"))) >= 3 * HOUR
    assert not [asked.at for asked in week.of("hinting")[1:] if asked.at.hour in {0, 1, 2}]
    accept = (week.asked[0].request.header("Accept") or b"").split(b",")
    assert {b"application/atom+xml", b"application/rss+xml"} <= set(map(bytes.strip, accept))
    assert not [part for part in accept if part.strip().startswith(b"text/html")]


def test_p13_one_request_at_a_time(week: Week) -> None:
    assert max(web.most_at_once for web in week.webs.values()) == 1


def test_one_request_a_slot(week: Week) -> None:
    hops = sum(asked.reply.status in {301, 302} for asked in week.asked)
    assert len(week.asked) - hops == week.polls
    # And a source is asked for one URL in a slot, the same moment never twice.
    for name, site in week.sites.items():
        assert len({asked.at for asked in site.asked}) == len(site.asked), name


# --- failures, ends and moves -------------------------------------------------------------------


def test_a_server_that_fails_is_asked_less(week: Week) -> None:
    failed = [asked for asked in week.of("down") if asked.reply.status == 500]
    waits = pauses(failed)
    assert 3 <= len(failed) <= 6
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits))


def test_what_is_gone_is_asked_once_a_week(week: Week) -> None:
    assert [asked.reply.status for asked in week.of("gone")].count(410) == 1
    assert week.problems["gone"] is ProblemKind.GONE
    published = [asked.reply.body.count(b"<item>") for asked in week.of("gone")]
    assert week.entries["gone"] == max(published)


def test_a_move_is_believed_after_two_days_and_three_polls(week: Week) -> None:
    old, new = week.of("moving"), week.of("new")
    assert len(old) >= 3
    assert old[-1].at - old[0].at >= 48 * HOUR
    assert old[-1].at < START + 3.5 * DAY
    assert [asked for asked in new if asked.at > old[-1].at + DAY]


def test_no_other_redirect_is_believed(week: Week) -> None:
    for name in ("lodging", "sold"):
        assert week.of(name)[-1].at > END - DAY
    last_astray = week.of("astray")[-1]
    assert last_astray.at < START + 2 * DAY
    assert week.of("straying")[-1].reply.status in {200, 304}
    assert week.problems["sold"] is ProblemKind.NOT_A_FEED


# --- beside it: the real process ----------------------------------------------------------------


def test_the_program_itself_asks_so(tmp_path: Path) -> None:
    with (
        ThreadedPublisher() as web,
        program(tmp_path, allow_private=[f"127.0.0.1:{web.port}"]) as made,
    ):
        web.route(PATH, body=rss(item(1)), etag=b'W/"1"', last_modified=b"yesterday")
        made.configure(source_toml("one", web.url(PATH), 'interval = "1s"'))
        made.start()
        made.wait(lambda: len(web.requests) > 1, "two requests")
        assert made.stop() == 0
        asked = len(web.requests)
        made.start()
        made.wait(lambda: len(web.requests) > asked, "a request after the restart")
        made.stop()
        first, *others = web.requests
        assert first.header("If-None-Match") is None
        for request in others:
            assert request.header("If-None-Match") == b'W/"1"'
            assert request.header("If-Modified-Since") == b"yesterday"
        assert {request.target for request in web.requests} == {PATH.encode()}
        agent = f"aggregator/{aggregator.__version__} (1 subscriber)"
        assert {request.header("User-Agent") for request in web.requests} == {agent.encode()}
        assert all(later.at - earlier.at >= 1 for earlier, later in pairwise(web.requests))
