"""The operator's overview: what its pictures and tables tell, and what is kept for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator.model import NotModified, Source
from aggregator.publish.html_pages import ASSETS
from aggregator.publish.pages.charts import HEIGHT, WIDTH, columns
from aggregator.publish.pages.overview import size
from aggregator.store.pages.overview import BUSIEST
from aggregator.store.schemas.overview_schema import fill_delays
from aggregator.store.upkeep.database_days import KEPT_DAYS
from tests.making import DAY, HOUR, START, failed, finish
from tests.page_world import World, configured, make_world, story_of, told, weeks_of_polls
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.store.sqlite import SqliteStore
    from tests.serving import Answer


def parsed(answer: Answer) -> html.HtmlElement:
    assert answer.status == 200, answer
    return html.document_fromstring(answer.body.decode())


def table(page: html.HtmlElement, key: str) -> list[list[str]]:
    """Return a picture's figures: the rows of its table, with their heads."""
    rows = page.xpath(f"//section[@aria-labelledby='{key}']//tr")
    return [[cell.text_content() for cell in row] for row in rows]


async def test_each_picture_is_told_and_has_its_figures(store: SqliteStore) -> None:
    world = make_world(store)
    weeks_of_polls(world)
    late = START + 20 * HOUR
    told(store, "letters", "Letters", late, (story_of("letters", 900, "Late", late - HOUR),))
    store.prune(START + DAY, retention=365 * DAY, keep_raw=DAY)
    async with running(world.site) as server:
        page = parsed(await server.get("/overview"))
    for key in ("entries", "delays", "requests", "sizes"):
        (picture,) = page.xpath(f"//section[@aria-labelledby='{key}']/*[local-name()='svg']")
        named = picture.get("aria-labelledby").split()
        assert [picture.xpath(f"*[@id='{one}']")[0].tag for one in named] == ["title", "desc"]
        assert picture.get("role") == "img"
        assert len(picture.xpath("*[local-name()='path']")) >= 1
        assert len(table(page, key)) > 1
    heads, *rows = table(page, "entries")
    assert heads[:2] == ["Day (UTC)", "Together"]
    assert heads[2:5] == ["Letters & Notes", "Inner circle", "公开周刊"]
    assert len(rows) == 14
    for _, together, *each in rows:
        assert int(together) == sum(map(int, each))
    assert ["≤ 4 h", "1"] in table(page, "delays")
    _, *requests = table(page, "requests")
    assert (requests[0][0], requests[-1][0]) == ("0–6", "96–100")
    assert sum(int(row[1]) for row in requests) == sum(4 + n % 24 // 6 for n in range(100))
    assert f"{(START + DAY).date()}" == table(page, "sizes")[1][0]


async def test_before_anything_was_done_there_is_a_page(store: SqliteStore) -> None:
    present = configured()
    store.apply(present.sources, present.feeds, now=START)
    async with running(World(store, present).site) as server:
        page = parsed(await server.get("/overview"))
        chinese = parsed(await server.get("/overview", accept_language="zh"))
    assert not page.xpath("//main//*[local-name()='svg']")
    assert len(page.xpath("//main//section")) == 4
    assert "暂无数据" in chinese.text_content()


async def test_the_page_is_small_beside_many_sources(store: SqliteStore) -> None:
    sources = tuple(
        Source(f"s{number}", f"https://s{number}.example/feed", title="名" * 200)
        for number in range(60)
    )
    present = configured(sources, ())
    store.apply(present.sources, present.feeds, now=START - 20 * DAY)
    for place, one in enumerate(sources):
        fresh = tuple(story_of(one.name, n, f"{n}", START) for n in range(place + 1))
        told(store, one.name, "名" * 200, START, fresh)
    for day in range(-100, 2):
        store.prune(START + day * DAY, retention=365 * DAY, keep_raw=DAY)
    async with running(World(store, present).site) as server:
        answer = await server.get("/overview", accept_encoding="identity")
    parts = sum(len(asset.body) for asset in ASSETS.values())
    assert len(answer.body) + parts <= 60_000
    page = parsed(answer)
    heads, newest, *_ = table(page, "entries")
    assert len(heads) == 2 + BUSIEST + 1
    assert heads[-1] == "All other sources"
    assert len(table(page, "sizes")) == 1 + KEPT_DAYS
    assert len(page.xpath("//section[@aria-labelledby='entries']//*[local-name()='path']")) == 7
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", newest[0])


def test_the_size_is_noted_once_a_day_and_forgotten(store: SqliteStore) -> None:
    for hours in range(0, 24 * (KEPT_DAYS + 5), 12):
        store.prune(START + hours * HOUR, retention=365 * DAY, keep_raw=DAY)
    last = (START + (KEPT_DAYS + 4) * DAY).date()
    sizes = store.overview(last, last).sizes
    assert len(sizes) == KEPT_DAYS
    assert sizes[-1].day == last
    assert [one.day for one in sizes] == sorted({one.day for one in sizes})
    assert all(one.file_bytes > 0 for one in sizes)


def test_sources_that_went_count_no_more(store: SqliteStore) -> None:
    make_world(store)
    day = START.date()
    before = store.overview(day, day)
    assert sum(one.new for one in before.days) == sum(
        one.new for source in before.busiest for one in source.days
    )
    fewer = configured(configured().sources[1:])
    store.apply(fewer.sources, fewer.feeds, now=START + DAY)
    after = store.overview(day, day)
    assert len(after.busiest) == len(before.busiest) - 1
    assert sum(one.new for one in after.days) < sum(one.new for one in before.days)
    assert store.overview(day - DAY, day - DAY).days == ()


def test_an_upgrade_finds_the_delays_that_polls_have_kept(store: SqliteStore) -> None:
    make_world(store)
    for number in range(30):
        at = START + (20 + number) * HOUR
        fresh = story_of("letters", 700 + number, f"Fresh {number}", at - number * HOUR / 7)
        told(store, "letters", "Letters", at, (fresh,))
        finish(store, NotModified("https://echo.example/feed"), at, name="echo")
        finish(store, failed(), at, name="gongkai")
    kept = [one.delay for one in store.healths()]
    assert len({one for one in kept if one is not None}) == 1
    store._write(lambda db: db.execute("UPDATE sources SET delay = NULL"))
    assert {one.delay for one in store.healths()} == {None}
    store._write(fill_delays)
    assert [one.delay for one in store.healths()] == kept


figures = st.one_of(st.integers(0, 10**12), st.floats(0, 10**6))


@given(st.integers(1, 30).flatmap(
    lambda count: st.tuples(
        st.lists(st.lists(figures, min_size=count, max_size=count), max_size=7),
        st.one_of(st.just([]), st.lists(figures, min_size=count, max_size=count)),
    )
))  # fmt: skip
def test_a_chart_shows_each_figure_within_its_bounds(
    drawn: tuple[list[list[float]], list[float]],
) -> None:
    series, line = drawn
    chart = columns(series, line)
    assert [path.count("M") for path in chart.series] == [sum(map(bool, one)) for one in series]
    for path in chart.series:
        for left, top, high in re.findall(r"M(\d+) ([\d.e+-]+)h8v([\d.e+-]+)h-8z", path):
            assert 0 <= int(left) <= chart.wide - WIDTH + 1
            assert float(top) >= 0
            assert float(top) + float(high) <= HEIGHT * 1.001
    for height in re.findall(r"V([\d.e+-]+)", chart.line):
        assert 0 <= float(height) <= HEIGHT
    assert chart.is_empty == (not any(any(one) for one in (*series, line)))


def test_bytes_are_told_in_three_digits() -> None:
    told_sizes = [size(number) for number in (0, 1023, 1024, 15 << 20, 123 << 20, 3 << 30)]
    assert told_sizes == ["0 B", "1023 B", "1.00 KiB", "15.0 MiB", "123 MiB", "3.00 GiB"]
