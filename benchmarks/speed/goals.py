"""What it should reach, and the table that says how far it is, beside peers and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.speed.figures import Run

#: Beside what a figure can stand, in the order of the table's columns.
BESIDES = ("newsboat", "reader", "limit")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: our figure, the most that it should be, and figures of others.

    `most` is in the figure's own unit; `times` says of how many times which other figure it should
    not be more (`at_least`: not less). Others are named by column.
    """

    what: str
    figure: str
    most: float | None = None
    times: tuple[tuple[float, str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its figures: `None` where one was not measured."""

    what: str
    unit: str
    goal: str
    ours: float
    beside: dict[str, float]
    is_met: bool | None


def lines(run: Run) -> list[Line]:
    """Return the table of a run, without what it did not measure."""
    return [line for row in rows(run) if (line := _line(run, row)) is not None]


def _line(run: Run, row: Row) -> Line | None:
    ours = run.middle(row.figure)
    if ours is None:
        return None
    goals, verdicts = [], []
    unit = run.figures[row.figure].unit
    if row.most is not None:
        goals.append(f"≤ {row.most:g} {unit}")
        verdicts.append(ours <= row.most)
    for factor, name, label in row.times:
        other = run.middle(name)
        goals.append(f"{'≥' if row.at_least else '≤'} {factor:g} × {label}")
        if other is not None:
            verdicts.append(ours >= factor * other if row.at_least else ours <= factor * other)
    beside = {column: run.middle(name) for column, name in row.others}
    measured = {column: value for column, value in beside.items() if value is not None}
    is_met = all(verdicts) if verdicts else None
    return Line(row.what, unit, ", ".join(goals), ours, measured, is_met)


def rows(run: Run) -> Iterator[Row]:
    """Give the lines for the numbers of documents and entries that this run had."""
    yield from _polling(run)
    yield Row("start: a poll of one source, CPU", "start/poll of one source", 450)
    yield Row("start: `--help`, CPU", "start/--help", 120)
    for count, most in ((1000, 1.0), (5000, 3.0)):
        for kind in ("wall", "CPU"):
            name = f"start/first poll, {count} sources, {kind}"
            yield Row(f"start: `run` to its first request, {count} sources, {kind}", name, most)
    yield Row("fetch: `Fetcher.fetch`, 304", "fetch/Fetcher.fetch")
    yield Row("fetch: of it httpx as the interface", "fetch/httpx as the interface")
    yield Row("fetch: aiohttp alone", "fetch/aiohttp alone")
    yield Row(
        "fetch: 304 over new TCP and TLS",
        "fetch/304 over new TLS",
        times=((1.5, "fetch/304 over new TLS/curl", "curl"),),
        others=(("limit", "fetch/304 over new TLS/curl"),),
    )
    for count in (200, 1000):
        name = f"slow/{count} sources, wall over ideal"
        yield Row(f"publishers of 200 ms, {count} sources, wall over ideal", name, 1.25)
    for kind, factor in (("gzip", 0.4), ("304", 0.3), ("plain", None)):
        ours, peer = f"serve/{kind}/aggregator/", f"serve/{kind}/nginx/"
        times = () if factor is None else ((factor, f"{peer}rate", "nginx"),)
        yield Row(
            f"serve: {kind}, requests a second",
            f"{ours}rate",
            times=times,
            others=(("limit", f"{peer}rate"),),
            at_least=True,
        )
        yield Row(
            f"serve: {kind}, CPU a request", f"{ours}cpu_us", others=(("limit", f"{peer}cpu_us"),)
        )
        yield Row(
            f"serve: {kind}, 99th percentile",
            f"{ours}p99_ms",
            times=((3, f"{peer}p99_ms", "nginx"),),
            others=(("limit", f"{peer}p99_ms"),),
        )
    yield Row("serve: a miss, 100 entries, CPU", "serve/miss of 100 entries", 6)
    yield from _growth(run)
    for count in (1000, 10_000, 100_000):
        for kind, most in (("CPU", 2), ("PSS", 250)):
            name = f"idle/{count} sources, {kind}"
            yield Row(f"`run` with {count:,} sources, none due, {kind}", name, most)
    yield Row("write: one idle poll alone", "write/pages of one idle poll", 4)


def _polling(run: Run) -> Iterator[Row]:
    spans = _spans(run, "slope/cold/aggregator/")
    peers = {peer: _spans(run, f"slope/cold/{peer}/") for peer in ("newsboat", "reader")}
    for span in spans:
        slope = f"{{}}, CPU of one more ({span})".format

        def others(phase: str, span: str = span) -> tuple[tuple[str, str], ...]:
            beside = [
                (peer, f"slope/{phase}/{peer}/{_same(found, span, spans)}")
                for peer, found in peers.items()
                if found
            ]
            return (*beside, ("limit", f"limit/{phase}"))

        def times(
            factor: float, phase: str, peer: str, span: str = span
        ) -> tuple[tuple[float, str, str], ...]:
            names = dict(others(phase, span))
            return ((factor, names[peer], peer),) if peer in names else ()

        cold = (*times(1.0, "cold", "newsboat"), *times(0.25, "cold", "reader"))
        ours = f"slope/{{}}/aggregator/{span}".format
        own_304 = ((1.2, ours("304"), "our 304"),)
        one_more = times(1.0, "+1 in 10 %", "newsboat")
        yield Row(slope("cold"), ours("cold"), times=cold, others=others("cold"))
        yield Row(slope("304"), ours("304"), 0.8, others=others("304"))
        yield Row(slope("same body"), ours("same body"), times=own_304, others=others("same body"))
        yield Row(
            slope("+1 in 10 %"),
            ours("+1 in 10 %"),
            times=one_more,
            others=others("+1 in 10 %")[:-1],
        )
    for count in _spans(run, "poll/cold/aggregator/"):
        for phase in ("cold", "304", "same body", "+1 in 10 %"):
            names = tuple((peer, f"poll/{phase}/{peer}/{count}") for peer in ("newsboat", "reader"))
            yield Row(
                f"{phase}, N = {count}, with start-up",
                f"poll/{phase}/aggregator/{count}",
                others=names,
            )
    for count in _spans(run, "pss/cold/aggregator/"):
        for what, text in (("pss", "PSS"), ("rss", "sum of RSS")):
            yield Row(
                f"peak of the tree, {text}, N = {count}, cold",
                f"{what}/cold/aggregator/{count}",
                130 if what == "pss" else None,
                others=tuple(
                    (peer, f"{what}/cold/{peer}/{found[-1].split('–')[-1]}")
                    for peer, found in peers.items()
                    if found
                ),
            )
        yield Row(
            "database, 100,000 entries of 4 KB",
            f"database a 100,000 entries/cold/aggregator/{count}",
            250,
            others=tuple(
                (peer, f"database a 100,000 entries/cold/{peer}/{found[-1].split('–')[-1]}")
                for peer, found in peers.items()
                if found
            ),
        )
        yield Row(
            "write: 1,000 idle polls together", f"written a thousand/304/aggregator/{count}", 1
        )


def _growth(run: Run) -> Iterator[Row]:
    for figure in run.figures:
        if figure.startswith("transaction/"):
            what, size = figure.split("/")[1:]
            text = f"longest write transaction: {what}, {int(size):,} entries stored, CPU"
            yield Row(text, figure, 50)
    names = [name.split("/")[1:] for name in run.figures if name.startswith("growth/")]
    entries = sorted({int(size) for _, size in names})
    if len(entries) < 2:
        return
    few, many = entries[0], entries[-1]
    for name in dict.fromkeys(name for name, _ in names):
        if name != "database":
            yield Row(
                f"growth: {name}, {many:,} entries stored",
                f"growth/{name}/{many}",
                times=((1.2, f"growth/{name}/{few}", f"{few:,}'s"),),
                others=(("limit", f"growth/{name}/{few}"),),
            )


def _same(found: list[str], span: str, spans: list[str]) -> str:
    """Return a peer's span: the same, or the one that was measured together with ours."""
    return span if span in found else found[min(spans.index(span), len(found) - 1)]


def _spans(run: Run, prefix: str) -> list[str]:
    """Return what follows a prefix, smallest first."""
    found = [name.removeprefix(prefix) for name in run.figures if name.startswith(prefix)]
    return sorted(found, key=lambda span: int(span.split("–")[0]))


def table(run: Run) -> str:
    """Return the lines as Markdown: figure, and in brackets how many times the other's it is."""
    heads = ["", "goal", "ours", *BESIDES, "reached"]
    text = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for line in lines(run):
        cells = [line.what, line.goal or "–", f"{_figure(line.ours)} {line.unit}"]
        for column in BESIDES:
            other = line.beside.get(column)
            cells.append("–" if other is None else _beside(line.ours, other))
        cells.append({True: "yes", False: "**no**", None: "–"}[line.is_met])
        text.append(f"| {' | '.join(cells)} |")
    return "\n".join(text)


def _beside(ours: float, other: float) -> str:
    times = f" ({_figure(ours / other)} ×)" if other > 0 else ""
    return f"{_figure(other)}{times}"


def _figure(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
