"""A history's world: publishers, the operator's file, the program, its subscribers, one clock."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.model import (
    Failed,
    Fetched,
    Gone,
    NotModified,
    PollOutcome,
    Problem,
    ProblemKind,
    Validators,
)
from benchmarks.laws import documents
from benchmarks.laws.judge import FeedSettings, Judge, Poll
from benchmarks.laws.places import unshown
from benchmarks.laws.program import Died, Program
from benchmarks.laws.publishers import Publisher, any_style
from benchmarks.laws.readers import Reader

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from aggregator.model import Outcome
    from benchmarks.laws.articles import Telling
    from benchmarks.laws.memory import Memory

START = datetime(2026, 11, 16, 8, tzinfo=UTC)
#: After this time every answer is settled (`stories.feed_changes.SETTLING`).
SETTLED = timedelta(seconds=10)
FEEDS = ("all", "tagged")
TAG = "x"
#: Documents that are looked at after each step, without conditions.
LOOKED_AT = ("/feeds/all.atom", "/feeds/all.rss", "/feeds/tagged.atom")


@dataclass
class Spec:
    """A `[[sources]]` of the operator's file."""

    name: str
    tags: tuple[str, ...] = ()
    blocks: str | None = None
    removed: bool = False


@dataclass
class World:
    """All that lives in one folder. `time` is the true one, the program's clock is off by `offset`.

    `given` is what the last request was answered with: the publisher, what the document listed, and
    how far it went.
    """

    folder: Path
    threads: ThreadPoolExecutor
    seed: int
    time: datetime = START
    offset: timedelta = timedelta(0)
    publishers: dict[str, Publisher] = field(default_factory=dict)
    specs: dict[str, Spec] = field(default_factory=dict)
    feeds: dict[str, FeedSettings] = field(default_factory=dict)
    judge: Judge = field(default_factory=Judge)
    articles: int = 0
    was_member: dict[str, set[str]] = field(default_factory=lambda: {one: set() for one in FEEDS})
    mode: str = "whole"
    given: tuple[str, tuple[Telling, ...], str] | None = None
    backup: Memory | None = None
    by_operator: bool = False

    def __post_init__(self) -> None:
        self.program = Program(self.folder, self.now, self.answer, self.threads)
        self.readers = (
            Reader("/feeds/all.json", 0.4, "etag"),
            Reader("/feeds/all.rss", 0.3, "date"),
            Reader("/feeds/tagged.atom", 0.5),
            Reader("/feeds/all.atom", 0.3, archives=True),
            Reader("/feeds/tagged.json", 0.3, archives=True),
        )

    def now(self) -> datetime:
        """Return the time on the program's clock."""
        return self.time + self.offset

    def found(self) -> list[str]:
        """Make the publishers, poll each once; return what there is, in words."""
        dice = random.Random(f"world {self.seed}")  # noqa: S311 # a replay, not a secret
        told = []
        for number in range(dice.choice((2, 3))):
            key = f"s{number}"
            site = f"{key}.example"
            one = Publisher(key, any_style(dice), f"https://{site}/feed", site)
            self.publishers[key] = one
            told.append(f"{key}: {one.style}")
        twin = dice.random() < 0.5
        others = [("planet", "https://planet.example/feed", "planet.example")]
        if twin:
            others.append(("twin", "https://feeds.s0.example/other", "s0.example"))
        for key, url, site in others:
            style = replace(any_style(dice), kind="rss", guids="tag", links=True, length=10)
            self.publishers[key] = Publisher(key, style, url, site)
            told.append(f"{key}: copies of the others' articles, below {site}")
        for key in self.publishers:
            tags = (TAG,) if dice.random() < 0.5 else ()
            self.specs[key] = Spec(key, tags, removed=key == "s1" and dice.random() < 0.5)
        for name in FEEDS:
            limit = dice.choice((8, 15, 40))
            self.feeds[name] = FeedSettings(
                dice.choice((1, 3, 10)), dice.choice((1, 3, 6)), limit,
                dice.choice(('"off"', '"1/3"', "5")),
            )  # fmt: skip
        for one in self.publishers.values():
            if one.key not in ("planet", "twin"):
                for _ in range(dice.randrange(1, 5)):
                    one.tell(self.number(), self.time, dice)
                    self.time += timedelta(hours=dice.randrange(1, 20))
        told += [f"feed {name}: {settings}" for name, settings in self.feeds.items()]
        removed = [key for key, spec in self.specs.items() if spec.removed]
        tagged = [key for key, spec in self.specs.items() if spec.tags]
        told.append(f"tagged: {', '.join(tagged)}; not yet a source: {', '.join(removed)}")
        return told

    async def begin(self) -> None:
        """Start the program and poll every source."""
        self.judge.memory.unpolled = set(self.publishers)
        self.program.start(self.toml())
        self._note_members()
        for key in self.publishers:
            await self.poll(key)
        await self.look()

    def number(self) -> int:
        """Return the number of the next article there is."""
        self.articles += 1
        return self.articles

    # --- the operator ---------------------------------------------------------------------------

    def toml(self) -> str:
        """Return the operator's file."""
        lines = []
        for name, feed in self.feeds.items():
            lines.append(f'[[feeds]]\nname = "{name}"\ntitle = "{name}"')
            lines.append(f'window = "{feed.window_days}d"\nmin_entries = {feed.min_entries}')
            lines.append(f"limit = {feed.limit}\nper_source = {feed.per_source}")
            if name == "tagged":
                lines.append(f'tags = ["{TAG}"]')
            if feed.blocks:
                lines.append(f"block = {json.dumps([feed.blocks])}")
        for key, spec in self.specs.items():
            if spec.removed:
                continue
            lines.append(f'[[sources]]\nname = "{spec.name}"\nurl = "{self.publishers[key].url}"')
            lines.append(f"tags = {json.dumps(spec.tags)}")
            if spec.blocks:
                lines.append(f"block = {json.dumps([spec.blocks])}")
        return "\n".join(lines)

    async def reconfigure(self) -> None:
        """Let the program take the file over, after all who follow archives have come."""
        await self.let_all_come()
        self.program.reload(self.toml())
        self._note_members()
        self.by_operator = True

    def members(self, key: str) -> tuple[str, ...]:
        """Return the feeds that select a source."""
        spec = self.specs[key]
        return () if spec.removed else tuple(one for one in FEEDS if one == "all" or spec.tags)

    def _note_members(self) -> None:
        for key in self.specs:
            for name in self.members(key):
                self.was_member[name].add(key)

    # --- polls ----------------------------------------------------------------------------------

    def answer(self, url: str, validators: Validators) -> Outcome:
        """Answer a request as the publisher does that has this address."""
        self.given = None
        key = next(
            (key for key, one in self.publishers.items() if url in (one.url, *one.former_urls)),
            None,
        )
        one = None if key is None else self.publishers[key]
        if one is None or (one.closed and url != one.url):
            return _failed(404)
        match self.mode:
            case "failing":
                return _failed(503)
            case "silent":
                return Failed(Problem(ProblemKind.TIMEOUT, "no answer"))
            case "gone":
                return Gone(Problem(ProblemKind.GONE, "gone"))
            case _:
                pass
        one.answers += 1
        listed = one.listed(whole_archive=self.mode == "archive")
        how = "whole"
        if self.mode == "page":
            body = b"<!DOCTYPE html><html><body><p>Back soon.</p></body></html>"
        elif self.mode == "empty":
            listed, body = [], one.render([])
        else:
            body = one.render(listed)
            if self.mode.startswith("cut") and one.style.kind != "json" and len(listed) > 1:
                item = 1 + int(self.mode[3:]) % (len(listed) - 1)
                listed, body, how = listed[: item + 1], documents.cut(body, item), "cut"
        self.given = one.key, tuple(listed), how
        moved = one.url if url != one.url else None
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
        if validators and validators.etag == etag and how == "whole":
            return NotModified(one.url, Validators(etag), permanent_url=moved)
        kind = "text/html" if self.mode == "page" else documents.MEDIA_TYPES[one.style.kind]
        return Fetched(
            one.url, 200, body, hashlib.sha256(body).digest(), kind,
            Validators(etag if how == "whole" else None), permanent_url=moved,
            end_told=how == "whole",
        )  # fmt: skip

    async def poll(self, key: str, mode: str = "whole", *, dying: bool = False) -> str:
        """Poll a source; return what came of it, in words."""
        spec = self.specs[key]
        if spec.removed:
            return f"{key} is no source"
        self.mode, self.given = mode, None
        try:
            result = await self.program.poll(spec.name, dying=dying)
        except Died:
            await self.program.resurrect()
            return f"{key} is polled, and the process is killed in its transaction"
        told = f"{key} is polled ({mode}): {result.outcome.value}, {result.tally.new} new"
        if result.outcome is PollOutcome.PARSED and self.given is not None:
            self._learn(*self.given)
        return told

    def _learn(self, key: str, listed: tuple[Telling, ...], how: str) -> None:
        one, spec = self.publishers[key], self.specs[key]
        words = [word for word in (spec.blocks, *(f.blocks for f in self.feeds.values())) if word]
        blocked = frozenset(
            telling.article
            for telling in listed
            if any(word in f"{telling.signs.title} {telling.signs.text}" for word in words)
        )
        others = frozenset(self.publishers)
        if one.style.guids == "place":
            self._learn_places(one, listed)
        self.judge.highest = max(self.judge.highest, self.now())
        self.judge.polled(
            Poll(
                publisher=key,
                site=one.site if one.site in one.url else "no site",
                listed=listed,
                whole=how == "whole",
                members=self.members(key),
                never_members={name: others - self.was_member[name] for name in FEEDS},
                blocked=blocked,
            )
        )

    def _learn_places(self, one: Publisher, listed: tuple[Telling, ...]) -> None:
        memory = self.judge.memory
        occupants = memory.places.setdefault(one.key, {})
        self.judge.lost |= unshown(listed, occupants, memory.seen.keys() | memory.uncertain)
        occupants.update((telling.signs.guid or "", telling) for telling in listed)

    # --- readers --------------------------------------------------------------------------------

    async def pass_time(self, by: timedelta) -> None:
        """Let time pass, and the windows with it."""
        self.time += by
        self.program.store.advance(self.now())
        await self.look()

    async def look(self) -> None:
        """Look at the feeds, and judge them."""
        self.time += SETTLED
        now = self.now()
        for path in LOOKED_AT:
            name = path.rpartition("/")[2].partition(".")[0]
            answer = await self.program.get(path)
            self.judge.look(
                path, answer, now=now, by_operator=self.by_operator, settings=self.feeds[name]
            )
        self.judge.highest = max(self.judge.highest, now)
        self.judge.restored = self.by_operator = False

    async def let_come(self, dice: random.Random) -> None:
        """Let some of the subscribers come."""
        for reader in self.readers:
            if dice.random() < reader.likelihood:
                await self._visit(reader)

    async def let_all_come(self) -> None:
        """Let all subscribers that follow archives come, and claim nothing of before from then."""
        for reader in self.readers:
            if reader.archives:
                await self._visit(reader)
        self.judge.all_came()

    async def _visit(self, reader: Reader) -> None:
        was_unchanged = await reader.visit(self.program.get, self.judge.may_stand_beside)
        self.judge.came(reader, was_unchanged=was_unchanged)

    # --- backups --------------------------------------------------------------------------------

    async def back_up(self) -> None:
        """Make a copy of the database."""
        await self.let_all_come()
        self.program.back_up()
        self.backup = copy.deepcopy(self.judge.memory)

    async def restore(self) -> None:
        """Put the copy back.

        What was first stored since the backup may come to subscribers once more, and of what has
        moved since nothing is claimed; one that follows archives asks for all of them again.
        """
        assert self.backup is not None  # noqa: S101 -- asked by the step
        memory = copy.deepcopy(self.backup)
        now = self.judge.memory
        for mark, signs in now.seen.items():
            article = int(mark.rpartition("-")[2])
            before = memory.seen.get(mark)
            if before is None or (before.guid, before.link, before.date) != (
                signs.guid, signs.link, signs.date,
            ) or mark in now.uncertain:  # fmt: skip
                self.judge.lost.add(article)
        self.judge.memory = memory
        await self.program.restore()
        for reader in self.readers:
            reader.kept.clear()
            reader.body, reader.etag, reader.modified = b"", None, None
        self.judge.restored = self.by_operator = True


def _failed(status: int) -> Failed:
    return Failed(Problem(ProblemKind.HTTP_STATUS, f"status {status}"), status)
