"""The operator's pages: how sources fare, who may see that, and what forms of theirs do."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator.model import Access, Failed, NotModified, PollOutcome, Problem, ProblemKind, Source
from aggregator.model.errors import AggregatorError
from aggregator.model.health import SourceDay
from aggregator.operations import AlarmKind
from aggregator.publish.html_pages import ASSETS
from aggregator.publish.pages.health import SOURCES, wrong
from aggregator.publish.pages.look import Language, Look
from aggregator.publish.pages.problems import REMEDIES, SENTENCES
from aggregator.publish.pages.retold import Retold
from aggregator.publish.pages.source_health import OUTCOMES, TROUBLES
from aggregator.publish.pages.strips import DAYS, LEVELS, heat, strip
from tests.making import DAY, HOUR, START, failed, finish
from tests.page_world import World, configured, make_world, story_of, told
from tests.serving import Answer, running

if TYPE_CHECKING:
    from aggregator.model.candidates import Added, Found
    from aggregator.store import Store
    from tests.serving import Running


@dataclass
class Acting:
    """Remembers what it is asked for, or refuses it."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    refusal: str | None = None

    async def poll(self, name: str) -> None:
        self._note("poll", name)

    async def switch(self, name: str, *, enabled: bool) -> None:
        self._note("resume" if enabled else "pause", name)

    async def find(self, who: str, typed: str) -> Found:
        raise AssertionError((who, typed))

    async def add(self, who: str, offer: str, name: str | None, tags: tuple[str, ...]) -> Added:
        raise AssertionError((who, offer, name, tags))

    def note(self, what: str, client: str) -> None:
        self._note(what, client)

    def _note(self, what: str, name: str) -> None:
        if self.refusal is not None:
            raise AggregatorError(self.refusal)
        self.asked.append((what, name))


@pytest.fixture
def world(store: Store) -> World:
    """A world in which one source has failed since yesterday, and another is quiet."""
    made = make_world(store)
    for hours in range(10, 30, 2):
        finish(store, failed("no answer in 30 s"), START + hours * HOUR, name="echo")
        finish(
            store, NotModified("https://echo.example/feed"), START + hours * HOUR, name="letters"
        )
    return made


def parsed(answer: Answer) -> html.HtmlElement:
    assert answer.status == 200, answer
    return html.document_fromstring(answer.body.decode())


def words(answer: Answer) -> str:
    return " ".join(parsed(answer).text_content().split())


async def test_the_list_shows_what_needs_the_operator_first(world: World) -> None:
    async with running(world.site) as server:
        answer = await server.get("/sources")
        page = parsed(answer)
        rows = page.xpath("//tbody/tr/th")
        assert "Echo of the news" in rows[0].text_content()
        assert "Failing" in rows[0].text_content()
        assert "Its server answers too late (no answer in 30 s)" in words(answer)
        (first, *_) = page.xpath("//tbody")
        assert "In 14 days: 11 polls, 2 new entries, 10 failures" in first.xpath(
            ".//*[local-name()='svg']/@aria-label"
        )
        letters = next(one for one in page.xpath("//tbody") if "Letters" in one.text_content())
        assert letters.xpath("tr/td[5]/text()") == ["91%"]
        assert not re.search(r"\b(gongkai|echo)\b(?!\.example)", words(answer))
        for way, expected in (
            ("?sort=title", "Echo of the news"),
            ("?sort=new", "Letters & Notes"),
            ("?show=failing", "Echo of the news"),
        ):
            shown = parsed(await server.get(f"/sources{way}")).xpath("//tbody/tr/th")
            assert expected in shown[0].text_content(), way
        assert len(parsed(await server.get("/sources?show=failing")).xpath("//tbody")) == 1
        assert "There are no such sources" in words(await server.get("/sources?show=paused"))


async def test_a_sources_page_has_all_of_it(world: World) -> None:
    async with running(world.site) as server:
        answer = await server.get("/sources/echo/health")
        shown = words(answer)
    assert "Echo of the news, a source with a rather long title" in shown
    assert shown.count("no answer in 30 s") >= 10
    assert "Failing · Last document" in shown
    assert "10 failures in a row" in shown
    assert '[[sources]] name = "echo" url = "https://echo.example/feed" tags = ["科技"]' in shown
    assert len(parsed(answer).xpath("//table[@class='heat']//td[starts-with(@class, 'l')]")) == 168
    assert not parsed(answer).xpath("//main//form")  # nobody is there to do it


async def test_the_block_to_paste_has_what_is_set_and_says_what_is_kept_back(store: Store) -> None:
    made = Source(
        "own",
        "https://own.example/feed?token=sEcReT123",
        interval=timedelta(minutes=20),
        backfill=100,
        enabled=False,
        access=Access(headers=(("Authorization", "sEcReT456"),), user_agent="Ours"),
    )
    present = configured((made,), ())
    store.apply(present.sources, present.feeds, now=START)
    async with running(World(store, present).site) as server:
        answer = await server.get("/sources/own/health")
    (block,) = parsed(answer).xpath("//section[@aria-labelledby='toml']//code/text()")
    (pasted,) = tomllib.loads(block)["sources"]
    assert pasted.pop("url").startswith("https://own.example/feed")
    assert pasted == {
        "name": "own", "interval": "20m", "backfill": 100, "enabled": False, "user_agent": "Ours",
        "headers": {"Authorization": ""},
    }  # fmt: skip
    assert "# Secrets to fill in: url, headers\n" in block
    assert b"sEcReT" not in answer.body


async def test_nobody_elsewhere_sees_how_sources_fare(world: World) -> None:
    acting = Acting()
    async with running(replace(world.site, operating=acting)) as server:
        for caller in ({"via": "1.1 proxy"}, {"host": "feeds.example.org"}):
            for target in ("/sources", "/sources/echo/health"):
                assert (await server.get(target, **caller)).status == 403
            assert (await send(server, "echo", "poll", "x", **caller)).status == 403
            assert b'href="./sources"' not in (await server.get("/", **caller)).body
        assert b'href="./sources"' in (await server.get("/")).body
    assert acting.asked == []


async def send(server: Running, name: str, action: str, token: str, **fields: str) -> Answer:
    """Send a form of a source's page."""
    body = f"token={token}"
    head = [
        f"POST /sources/{name}/{action} HTTP/1.1",
        f"Host: {fields.pop('host', '127.0.0.1')}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(f"{key.replace('_', '-')}: {value}" for key, value in fields.items()),
        "Connection: close",
    ]
    return await server.send(("\r\n".join(head) + "\r\n\r\n" + body).encode())


async def test_a_form_is_obeyed_if_it_is_ours(world: World) -> None:
    acting = Acting()
    async with running(replace(world.site, operating=acting)) as server:
        page = parsed(await server.get("/sources/echo/health"))
        assert page.xpath("//main//form/@action") == ["poll", "pause"]
        token = str(page.xpath("//input[@name='token']/@value")[0])
        for wrong, fields in (
            ("", {}),
            (token[:-1], {}),
            (token, {"sec_fetch_site": "cross-site"}),
            (token, {"sec_fetch_site": "same-site"}),
            (token, {"origin": "https://evil.example"}),
            (token, {"origin": "null"}),
            (token + "&" + "x" * 9000, {}),
        ):
            answer = await send(server, "echo", "poll", wrong, **fields)
            assert answer.status == 403, (wrong, fields)
        assert acting.asked == []
        for action in ("poll", "pause", "resume"):
            answer = await send(
                server, "echo", action, token,
                sec_fetch_site="same-origin", origin="http://127.0.0.1",
            )  # fmt: skip
            assert (answer.status, answer.headers["location"]) == (303, f"./health?done={action}")
            done = await server.get(f"/sources/echo/health?done={action}")
            assert parsed(done).xpath("//p[@class='done']")
        assert acting.asked == [("poll", "echo"), ("pause", "echo"), ("resume", "echo")]
        assert (await send(server, "none", "poll", token)).status == 404
        acting.refusal = "config.toml: cannot be written"
        refused = await send(server, "echo", "pause", token)
        assert (refused.status, refused.body) == (409, b"config.toml: cannot be written\n")


async def test_the_list_is_small_however_many_sources_fail(store: Store) -> None:
    sources = tuple(
        Source(f"s{number}", f"https://s{number}.example/feed", title="名" * 200)
        for number in range(SOURCES + 5)
    )
    present = configured(sources, ())
    store.apply(present.sources, present.feeds, now=START - 20 * DAY)
    for one in sources:
        for day in range(DAYS):
            at = START - day * DAY
            finish(
                store, failed("no answer in 30 s from a host with a long name"), at, name=one.name
            )
    parts = sum(len(asset.body) for asset in ASSETS.values())
    async with running(World(store, present).site) as server:
        answer = await server.get("/sources", accept_encoding="identity")
        page = parsed(answer)
        (further,) = page.xpath("//a[@rel='next']/@href")
        rest = parsed(await server.get(f"/sources{further}"))
    assert len(answer.body) + parts <= 60_000
    assert (len(page.xpath("//tbody")), len(rest.xpath("//tbody"))) == (SOURCES, 5)


def test_days_are_counted_and_forgotten(store: Store) -> None:
    world = make_world(store)
    for day in range(40):
        finish(store, NotModified("https://echo.example/feed"), START + day * DAY, name="echo")
        finish(store, failed(), START + day * DAY + HOUR, name="echo")
    report = store.report("echo")
    assert report is not None
    days = report.health.days
    assert [day.day for day in days] == [
        (START + day * DAY).date() for day in range(40 - len(days), 40)
    ]
    assert len(days) == 15
    assert {(day.polls, day.unmodified, day.failures, day.new) for day in days} == {(2, 1, 1, 0)}
    assert store.report("none") is None
    assert [one.status.name for one in store.healths()] == [
        one.name for one in world.config.sources
    ]


def test_a_delay_is_of_what_came_after_the_first_poll(store: Store) -> None:
    make_world(store)
    assert {one.delay for one in store.healths()} == {None}
    for number in range(100, 105):
        at = START + (number - 90) * HOUR
        fresh = story_of("letters", number, f"Fresh {number}", at)
        told(store, "letters", "Letters", at + timedelta(minutes=number - 100), (fresh,))
    known = {one.status.name: one.delay for one in store.healths()}
    assert known == dict.fromkeys(known) | {"letters": timedelta(minutes=3)}
    report = store.report("letters")
    assert report is not None
    assert report.health.delay == timedelta(minutes=3)


async def test_the_list_is_sorted_by_delay_and_picked_by_tag(world: World) -> None:
    for name, late in (("letters", 5), ("gongkai", 90)):
        at = START + 31 * HOUR
        fresh = story_of(name, 500, f"Fresh of {name}", at)
        told(world.store, name, name, at + timedelta(minutes=late - 1), (fresh,))
    async with running(world.site) as server:
        page = parsed(await server.get("/sources?sort=delay"))
        delays = [str(one) for one in page.xpath("//tbody/tr/td[4]/text()")]
        assert delays == ["2 h", "5 min", "–", "–"]
        picks = page.xpath("//nav[@aria-label='Tag']/a")
        assert [one.text_content() for one in picks] == [
            "All", "essays 1", "inside 1", "开源 1", "科技 2",
        ]  # fmt: skip
        picked = parsed(await server.get(f"/sources{picks[-1].get('href')}"))
        titles = [one.text_content() for one in picked.xpath("//tbody/tr/th/a")]
        assert titles == ["gongkai", "Echo of the news, a source with a rather long title"]
        assert picked.xpath("//nav[@aria-label='Show']/a[1]/text()") == ["All 2"]
        for one in picked.xpath("//nav[@class='picks']/a/@href")[:3]:
            assert "tag=" in one
        assert "There are no such sources" in words(await server.get("/sources?tag=none"))
        assert "none 0" in words(await server.get("/sources?tag=none"))


days = st.builds(
    SourceDay,
    st.integers(0, 30).map(lambda number: (START + number * DAY).date()),
    st.integers(1, 100),
    st.just(0),
    st.just(0),
    st.integers(0, 10**6),
).flatmap(lambda day: st.integers(0, day.polls).map(lambda lost: replace(day, failures=lost)))


@given(st.lists(days, unique_by=lambda day: day.day))
def test_a_strip_shows_what_its_text_says(told_days: list[SourceDay]) -> None:
    last = (START + 20 * DAY).date()
    shown = strip(told_days, last)
    within = [day for day in told_days if 0 <= (last - day.day).days < DAYS]
    assert list(shown.days) == within
    assert shown.asked.count("M") == len(within)
    assert shown.new.count("M") == sum(day.new > 0 for day in within)
    assert shown.failed.count("M") == sum(day.failures > 0 for day in within)
    assert shown.entries == sum(day.new for day in within)


@given(st.lists(st.datetimes()))
def test_heat_counts_every_moment_once(moments: list[object]) -> None:
    shown = heat(moments, lambda moment: moment)  # type: ignore[arg-type]  # naive ones will do
    assert sum(count for hours in shown for count, _ in hours) == len(moments)
    for hours in shown:
        assert len(hours) == 24
        for count, level in hours:
            assert (count == 0) == (level == 0)
            assert level <= LEVELS
    assert not moments or max(level for hours in shown for _, level in hours) == LEVELS


@pytest.mark.parametrize(
    "reason",
    [
        "price", "price not known yet", "min_interval", "max_interval", "fixed interval",
        "Retry-After", "Retry-After of its host", "skipDays", "skipHours", "ttl", "Cache-Control",
        "sy:updatePeriod", "failed 3 times", "403: asked daily", "410 Gone: asked weekly",
        "before the document overflows", "its host's limit", "a page for browsers: asked daily",
    ],
)  # fmt: skip
def test_a_reason_is_told_in_chinese(reason: str) -> None:
    told_so = Look(language=Language.CHINESE).retell(reason)
    assert re.search("[\u4e00-\u9fff]", told_so.text), told_so
    assert told_so.tag is None
    assert Look().retell(reason) == Retold(reason)


async def test_what_is_wrong_is_told_in_the_language_of_the_page(world: World) -> None:
    trouble = Failed(
        Problem(
            ProblemKind.HTTP_STATUS,
            "echo.example answered 503: Down for lunch",
            "Xyzzy plugh",
        )
    )
    finish(world.store, trouble, START + 31 * HOUR, name="echo", because="failed 11 times")
    async with running(world.site) as server:
        for path in ("/sources", "/sources/echo/health"):
            page = parsed(await server.get(path, accept_language="zh"))
            shown = page.text_content()
            assert "失败 11 次" in shown
            assert "echo.example 答 503：Down for lunch" in shown
            in_english = page.xpath("//main//*[@lang='en']/text()")
            assert "Xyzzy plugh" in in_english  # which nobody has translated
            assert not any("503" in one for one in in_english)
            english = parsed(await server.get(path)).text_content()
            assert "failed 11 times" in english
            assert "echo.example answered 503: Down for lunch" in english


def test_everything_that_is_stored_has_its_words() -> None:
    assert set(SENTENCES) == set(REMEDIES) == set(ProblemKind)
    for kind in ProblemKind:
        for look in (Look(), Look(language=Language.CHINESE)):
            told = wrong(Problem(kind, "a.example answered 500: internal server error"), look)
            assert told is not None
            assert told.remedy.text, kind
            assert (told.remedy.text == REMEDIES[kind]) == (look.language is Language.ENGLISH)
    assert set(OUTCOMES) == {one.value for one in PollOutcome}
    assert set(TROUBLES) == {one.value for one in AlarmKind} - {"cap", "config"}
