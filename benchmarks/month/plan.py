"""What happens in the month: who publishes what, what publishers and the operator change, and when.

Days are those of a month of thirty; a shorter one has them all, closer together.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.month.readers import Reader
from benchmarks.month.sites import (
    DATINGS,
    GUIDS,
    KINDS,
    LATE,
    LATE_EVERY,
    VALIDATORS,
    WORD,
    Article,
    Site,
)
from benchmarks.month.world import RETENTION, START, Ruled, Spec, World
from tests.polling import DAY, HOUR
from tests.web import make_certificate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from benchmarks.schedule_traces import Traces

TAG = "科技"
#: What the trace has of a source before the month is its past, of which documents list the end.
MONTH_S = 30 * DAY.total_seconds()

#: The operator's rule.
BLOCK = f'block = ["{WORD}"]\n'

#: What the database of the first release knows: these two sources, and three entries that were
#: pruned from it.
FIXTURE = {"one": "Entry 0", "two": "Entry b"}
PRUNED = ("Entry 1", "Entry 2", "Entry 3")
FIXTURE_IDS = {"Entry 0": "https://one.example/0",
               "Entry b": "urn:uuid:4aae3f56-fbf2-4304-a905-00bcf619ed25"}  # fmt: skip

#: Further sites, as busy as another one each, with a habit of their own.
HABITS: dict[str, tuple[str, dict[str, Any]]] = {
    "newhome": ("s01", {"guids": "number", "dating": "dated"}),
    "signing": ("s12", {"guids": "none", "dating": "dated", "signed": True}),
    "dateless": ("s09", {"guids": "none", "dating": "undated"}),
    "codes": ("s15", {"guids": "none", "dating": "dated", "coded": True}),
}


def make_world(
    folder: Path,
    traces: Traces,
    *,
    days: float = 30,
    sources: int = 24,
    seed: int = 20270104,
    window: timedelta | None = None,
    retention: timedelta = RETENTION,
    quickest: timedelta = timedelta(minutes=15),
) -> World:
    """Return the month, planned; feeds have the shipped settings, or a `window` that cuts sharply.

    `quickest` is the shortest pause of a reader.
    """
    settings = ""
    world = World(folder, days, "", retention=retention, seed=seed)
    if window is not None:
        world.window = window
        settings = f'window = "{window // HOUR}h"\nmin_entries = 10\n'
    world.feeds = _feeds(settings)
    _found_sites(world, traces, sources)
    if shutil.which("openssl"):
        world.certificate = make_certificate(folder, "127.0.0.1")
        world.places["s11-tls"] = "s11"
    world.places["s06-moved"] = "s06"
    for key in world.sites:
        if key not in ("s08", "s13", "s17"):
            tags = (TAG,) if key in world.zh and key != "s14" else ()
            world.add(key, *tags)
    _plan_publishers(world)
    _plan_operator(world)
    _plan_machine(world)
    world.readers = _readers(days, quickest)
    return world


def _feeds(settings: str) -> str:
    tags = f'tags = ["{TAG}"]'
    wide = 'dedupe = "story"\ndedupe_strictness = "wide"\nprefer = "longest"\nhold = "5m"'
    return (
        f'[[feeds]]\nname = "told"\ntitle = "Told once"\ndedupe = "story"\n{settings}'
        f'[[feeds]]\nname = "wide"\ntitle = "Held"\n{tags}\n{wide}\n{settings}'
        f'[[feeds]]\nname = "all"\ntitle = "All"\n{settings}'
        f'[[feeds]]\nname = "zh"\ntitle = "中文"\n{tags}\n{settings}'
    )


# --- publishers ---------------------------------------------------------------------------------


def _found_sites(world: World, traces: Traces, sources: int) -> None:
    """Make the sites: evenly chosen of the trace's, the busiest first, each of its own kind."""
    began = (traces.end - MONTH_S) // 86400 * 86400
    shift = START.timestamp() - began
    busy = sorted(
        (times for name, times in zip(traces.names, traces.sources, strict=True)),
        key=lambda times: (-sum(at >= began for at in times), times[0]),
    )
    # The busiest of all is synthetic and eight times as busy as any: only with all the others.
    chosen = busy if sources >= len(busy) else busy[1:]
    step = len(chosen) / min(sources, len(chosen))
    for rank in range(min(sources, len(chosen))):
        times = [at + shift for at in chosen[int(rank * step)]]
        key = f"s{rank:02}"
        dating = DATINGS[rank * 5 % len(DATINGS)]
        world.sites[key] = Site(
            key,
            _articles(times, late=dating == "late"),
            lambda: world.now,
            kind=KINDS[rank % len(KINDS)],
            guids=GUIDS[rank // 3 % len(GUIDS)],
            dating=dating,
            validators=VALIDATORS[rank * 3 % len(VALIDATORS)],
            length=(10, 20, 30)[rank // 2 % 3],
            long_texts=rank % 4 != 3,
        )
    sites = world.sites
    world.zh = frozenset(key for rank, key in enumerate(sites) if rank % 3 == 0 or rank in (14, 18))
    _cast(sites)
    for key, number in (("one", 19), ("two", 20)):
        # The fixture's two sources go on as sites that list what they listed then.
        like = sites[f"s{number}"]
        listed = (FIXTURE[key], *PRUNED) if key == "one" else (FIXTURE[key],)
        sites[key] = replace(
            like, key=key, host=f"{key}.example", kind="rss", guids="permalink", dating="dated",
            extra="".join(map(_fixture_item, listed)), got={}, answers=[],
        )  # fmt: skip
    for key, (like_key, fields) in HABITS.items():
        habits: dict[str, Any] = {"kind": "rss", "long_texts": True, **fields}
        like = sites[like_key]
        sites[key] = replace(like, key=key, host=f"{key}.example", **habits, got={}, answers=[])


def _cast(sites: dict[str, Site]) -> None:
    """Give the sites that something happens to what it needs to happen."""
    parts: dict[str, dict[str, object]] = {
        "s00": {"length": 10, "dating": "dated"},
        "s03": {"ruled": True, "dating": "dated"},
        "s04": {"guids": "number", "validators": "etag"},
        "s05": {"dating": "dated"},
        "s06": {"kind": "rss", "guids": "permalink", "dating": "dated"},
        # Still lists what was pruned.
        "s07": {"dating": "dated", "length": 200},
        "s08": {"dating": "dated", "length": 40},
        "s09": {"guids": "number", "kind": "rss", "dating": "dated"},
        "s10": {"random_ids": True, "kind": "rss", "dating": "dated"},
        "s11": {"scheme": "http", "kind": "rss", "guids": "permalink", "dating": "dated"},
        "s12": {"dating": "dated"},
        "s13": {"kind": "rss", "guids": "number", "dating": "undated", "length": 30},
        "s15": {"kind": "rss", "guids": "permalink", "dating": "dated", "long_texts": True},
        "s16": {"kind": "rss", "guids": "number", "dating": "dated"},
        "s18": {"ruled": True, "dating": "dated"},
    }
    for key, fields in parts.items():
        sites[key] = replace(sites[key], **fields, got={}, answers=[])  # type: ignore[arg-type]  # by name
    echoed = sites["s02"]
    passed_on = tuple(
        Article(one.number, one.dated, one.shown + 3 * 3600) for one in echoed.articles
    )
    sites["s17"] = replace(
        sites["s17"], articles=passed_on, echoes=echoed, kind="rss", guids="tag", dating="dated",
        length=30, got={}, answers=[],
    )  # fmt: skip


def _articles(times: list[float], *, late: bool) -> tuple[Article, ...]:
    return tuple(
        Article(
            number,
            at,
            at + LATE.total_seconds() if late and number % LATE_EVERY == 0 else at,
        )
        for number, at in enumerate(times)
    )


def _fixture_item(title: str) -> str:
    name = title.removeprefix("Entry ")
    host = "one" if name.isdigit() else "two"
    guid = f"https://one.example/{name}" if host == "one" else "7"
    return (
        f"<item><title>{title}</title><link>https://one.example/{name}</link>"
        f'<guid isPermaLink="false">{guid}</guid><description>&lt;p&gt;text&lt;/p&gt;'
        "</description></item>"
    )


def _plan_publishers(world: World) -> None:
    """What happens to publishers."""
    sites = world.sites

    def cut(*, on: bool) -> None:
        sites["s16"].cut = on

    def move() -> None:
        sites["s06"].host = "moved.example"
        world.redirect("s06", "s06-moved")

    def secure() -> None:
        sites["s11"].scheme = "https"
        if world.certificate is not None:
            world.redirect("s11", "s11-tls")

    def relaunch() -> None:
        sites["s15"].relaunched = True

    def other_ids() -> None:
        sites["s09"].era = 1

    world.day(5, lambda: cut(on=True))
    world.day(5.4, lambda: cut(on=False))
    world.day(6.5, move)
    world.day(11, lambda: world.close("s06"))
    world.day(8, other_ids)
    world.day(9, secure)
    world.day(10.5, sites["newhome"].move_in)
    world.day(17.3, relaunch)

    def edit() -> None:
        listed = sites["s04"].listed()
        if listed:
            article = world.dice.choice(listed[:6])
            sites["s04"].edits.setdefault(article.number, []).append(world.now)

    for quarter in range(4, 118):
        world.day(quarter / 4 + 0.07, edit)


# --- the operator and the machine ---------------------------------------------------------------


@dataclass
class Operator:
    """What the operator does to config.toml; the running daemon takes each change over."""

    world: World
    removed: dict[str, Spec] = field(default_factory=dict)

    def rename(self, name: str, new: str) -> None:
        specs = self.world.specs
        self.world.specs = {new if one == name else one: spec for one, spec in specs.items()}

    def tag(self, name: str, *tags: str) -> None:
        self.world.specs[name].tags = tags

    def move(self, name: str, place: str) -> None:
        self.world.specs[name].place = place

    def remove(self, name: str) -> None:
        self.removed[name] = self.world.specs.pop(name)

    def bring_back(self, name: str) -> None:
        self.world.specs[name] = self.removed.pop(name)

    def reverse(self) -> None:
        self.world.specs = dict(reversed(self.world.specs.items()))

    def rule(self, key: str = "", feed: str | None = None) -> None:
        """Block what holds the word: of a source, or in the feed that stands last in the file."""
        if feed is None:
            self.world.rules.append(Ruled(None, (key,), self.world.now))
            self.world.specs[key].more = BLOCK
        else:
            holding = tuple(one for one, site in self.world.sites.items() if site.ruled)
            self.world.rules.append(Ruled(feed, holding, self.world.now))
            self.world.feeds += BLOCK

    def take_back(self) -> None:
        """Remove the rule."""
        ruled = self.world.rules[-1]
        ruled.end = self.world.now
        for key in ruled.keys:
            self.world.specs[key].more = ""
        self.world.feeds = self.world.feeds.replace(BLOCK, "")


def _plan_operator(world: World) -> None:
    """When the operator does what."""
    operator = Operator(world)
    plan: list[tuple[float, Callable[[], None]]] = [
        (4, partial(world.add, "s08", TAG)),
        (6, partial(operator.rename, "s07", "s07-renamed")),
        (8.5, partial(operator.remove, "s05")),
        (10, partial(operator.tag, "s12")),
        (11.2, partial(operator.rule, "s03")),
        (12, partial(operator.move, "s06", "s06-moved")),
        (13.4, partial(operator.bring_back, "s05")),
        (14.2, operator.take_back),
        (15, partial(world.add, "s13")),
        (15.5, partial(operator.tag, "s14", TAG)),
        (16.1, partial(operator.rule, feed="zh")),
        (17, partial(operator.tag, "s12", TAG)),
        (18.2, operator.take_back),
        (19, partial(world.add, "s17", TAG)),
        (20, operator.reverse),
        (23, partial(operator.remove, "s08")),
    ]
    if world.certificate is not None:
        plan.append((12.5, partial(operator.move, "s11", "s11-tls")))
    for day, change in plan:
        world.day(day, _reloading(world, change))


def _reloading(world: World, change: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        change()
        await world.reload()

    return act


def _plan_machine(world: World) -> None:
    """The clock and the process."""
    world.day(0.9, world.upgrade)
    world.day(2.3, lambda: world.set_clock(-HOUR))
    world.day(3.4, lambda: world.set_clock(timedelta(0)))
    world.day(3.1, world.kill)
    world.day(7.7, world.restart)
    world.day(13, world.kill)
    world.day(18.7, lambda: world.set_clock(3 * HOUR))
    world.day(18.8, lambda: world.set_clock(timedelta(0)))
    world.day(20.6, world.kill)


def _readers(days: float, quarter: timedelta) -> list[Reader]:
    def day(number: float) -> datetime:
        return START + number * DAY * days / 30

    four, twenty = 4 * HOUR, 20 * HOUR
    return [
        Reader("15 min, JSON", "/feeds/all.json", quarter, "etag", "br"),
        Reader("1 h, JSON, by date", "/feeds/zh.json", 4 * quarter, "date", "identity", phase=0.5),
        Reader("4 h, Atom", "/feeds/all.atom", four),
        Reader("4 h, RSS, by date", "/feeds/zh.rss", four, "date", phase=0.3),
        Reader("20 h, RSS", "/feeds/all.rss", twenty, phase=0.1),
        Reader("20 h, Atom, by date", "/feeds/zh.atom", twenty, "date", phase=0.6),
        Reader("a week, Atom archives", "/feeds/all.atom", 7 * DAY * days / 30, archives=True,
               phase=0.2),
        Reader("three weeks away, Atom archives", "/feeds/all.atom", None, archives=True,
               visits=(day(1), day(22.3), day(29.8))),
        Reader("three weeks away, RSS archives", "/feeds/zh.rss", None, archives=True,
               visits=(day(1.3), day(22.4), day(29.8))),
        Reader("new after 3 weeks, Atom archives", "/feeds/all.atom", None, archives=True,
               visits=(day(21), day(22), day(29.9))),
        Reader("new after 3 weeks, JSON next_url", "/feeds/all.json", None, archives=True,
               visits=(day(21.1), day(29.9))),
        Reader("15 min, JSON, stories", "/feeds/told.json", quarter, "etag", "br"),
        Reader("1 h, Atom, held", "/feeds/wide.atom", 4 * quarter, phase=0.4),
        Reader("4 h, RSS, stories", "/feeds/told.rss", four, phase=0.2),
        Reader("20 h, Atom, stories", "/feeds/told.atom", twenty, "date", phase=0.5),
        Reader("a week, Atom archives, stories", "/feeds/told.atom", 7 * DAY * days / 30,
               archives=True, phase=0.3),
        Reader("three weeks away, JSON next_url, held", "/feeds/wide.json", None, archives=True,
               visits=(day(1.1), day(22.5), day(29.8))),
    ]  # fmt: skip
