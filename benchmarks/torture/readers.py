"""A thousand readers at the same time, each from an address of its own, while sources are polled.

Every request is answered, and the slowest of a hundred takes at most three times as long as when
nothing is polled. Bounded in connections, requests and time; loopback only.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.torture import life
from benchmarks.torture.findings import Findings
from benchmarks.torture.home import EVERYWHERE, Home, Plan
from tests.web import ThreadedPublisher

#: How much slower polls may make the slowest of a hundred answers.
SLOWER = 3.0

#: Of so many polls of a source one brings something new.
NEWS_EVERY = 8

#: What a reader waits for an answer before it counts as none.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many readers, who ask so often, with pauses of up to `pause_s`."""

    readers: int
    rounds: int
    pause_s: float
    sources: int


FULL = Crowd(1000, 6, 20.0, 1000)
SHORT = Crowd(60, 2, 0.5, 20)

_PATHS = ("/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json")


def read_along(port: int, crowd: Crowd, seed: int, results: str) -> None:
    """Be the crowd, and write what it met into a file."""
    met = asyncio.run(_crowd(port, crowd, random.Random(seed)))  # noqa: S311 -- a replay
    Path(results).write_text(json.dumps(met), encoding="utf-8")


async def _crowd(port: int, crowd: Crowd, dice: random.Random) -> dict[str, object]:
    together = asyncio.Barrier(crowd.readers)
    took: list[float] = []
    answers: Counter[str] = Counter()

    async def reader(number: int) -> None:
        address = f"127.0.{1 + number // 250}.{1 + number % 250}"
        etag = ""
        for turn in range(crowd.rounds):
            if turn < 2:  # all thousand at the same moment; and when that burst is over
                await together.wait()
            if turn:
                await asyncio.sleep(dice.uniform(0, crowd.pause_s))
            begun = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    status, etag = await _ask(port, address, dice.choice(_PATHS), etag)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
                answers[type(error).__name__] += 1
                continue
            answers[str(status)] += 1
            if turn:  # the burst measures the burst
                took.append(time.monotonic() - begun)

    await asyncio.gather(*(reader(number) for number in range(crowd.readers)))
    return {"took": took, "answers": answers}


async def _ask(port: int, address: str, path: str, etag: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        condition = f"If-None-Match: {etag}\r\n" if etag else ""
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\n"
            f"{condition}Connection: close\r\n\r\n".encode()
        )
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
        )
        body = await reader.read()
        if "content-length" in fields and len(body) != int(fields["content-length"]):
            raise asyncio.IncompleteReadError(body, int(fields["content-length"]))
        return int(head.split(" ", 2)[1]), fields.get("etag", etag)
    finally:
        writer.close()


def visit(findings: Findings, home: Home, name: str, crowd: Crowd, seed: int) -> float:
    """Let the crowd come to a new life; return the time of the slowest of a hundred, in seconds."""
    process = home.start()
    life.wait(home.serves)
    results, asked = home.folder / f"{name}.json", sum(book.requests for book in home.books)
    life.fork(read_along, home.port, crowd, seed, str(results), log=home.log).join()
    polls = sum(book.requests for book in home.books) - asked
    met = json.loads(results.read_text(encoding="utf-8"))
    slowest = statistics.quantiles(met["took"], n=100)[98]
    answers = ", ".join(f"{count} × {what}" for what, count in sorted(met["answers"].items()))
    findings.row(
        name, crowd.readers, polls, answers, f"{statistics.median(met['took']) * 1000:.0f} ms",
        f"{slowest * 1000:.0f} ms",
    )  # fmt: skip
    bad = {what: count for what, count in met["answers"].items() if what not in {"200", "304"}}
    findings.expect(not bad, f"{name}: {bad}")
    findings.expect(life.stop(process) == 0, f"{name}: no good end")
    findings.took(home.peak.end())
    return float(slowest)


def run(folder: Path, seed: int, crowd: Crowd, *, judge_time: bool = True) -> Findings:
    """Let the crowd come while nothing is polled, then while every source is."""
    findings = Findings("readers", ("while", "readers", "polls", "answers", "median", "p99"))
    with ThreadedPublisher(host=EVERYWHERE) as web:
        plan = Plan(sources=crowd.sources, interval="60s", pace=life.USUAL)
        home = Home(folder / "home", web, plan)
        for book in home.books:
            book.every = NEWS_EVERY
        process = home.start()
        life.wait(lambda: all(book.requests for book in home.books), patience=600)
        life.stop(process)
        findings.took(home.peak.end())
        home.plan = replace(plan, enabled=False)
        home.configure()
        idle = visit(findings, home, "idle", crowd, seed)
        home.plan = plan
        home.configure()
        busy = visit(findings, home, "polled", crowd, seed)
        if judge_time:
            slower = f"p99 {busy / idle:.1f} times as long as without polls"
            findings.expect(busy <= SLOWER * idle, slower)
    return findings
