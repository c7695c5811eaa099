"""What becomes of what publishers publish: each document through the pipe, read again, compared.

    make fidelity [DIR=folder of documents]
    .venv/bin/python -m benchmarks.fidelity [folder]

Each document takes the real way: read, refined, stored, rendered as Atom, RSS and JSON Feed.
feedparser reads the original and what we publish (JSON Feed is read by benchmarks/seen.py). What
differs is a loss, unless a rule of fidelity_exceptions.toml covers it. A second judge, which reads
with lxml and json alone (benchmarks/second_judge.py), sees what feedparser itself loses. Each
document is polled a second time without its first entries, and all together make one merged feed.
Writes benchmarks/results/fidelity.json; the exit status tells whether the goals are met.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import parse
from aggregator.model import Body
from aggregator.model.errors import UnreadableError
from aggregator.parse.decode import decode
from aggregator.publish import Format
from benchmarks.cases import Case, Difference
from benchmarks.excuses import Rule, rules
from benchmarks.fidelity_report import Report, shortfalls, summary, tell
from benchmarks.pairing import paired
from benchmarks.picture_excuses import pictures_of
from benchmarks.pipe import ADDRESSES, ALL, pipe, rendered
from benchmarks.polled_again import merged, shown_again
from benchmarks.second_judge import judge
from benchmarks.seen import Seen, plain, same_address, seen_by_feedparser, seen_in_json, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aggregator.model import Document
    from benchmarks.second_judge import Gap

ROOT = Path(__file__).parent.parent
CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", ROOT.parent / "shared" / "corpus")) / "real"
FIXTURES = ROOT / "tests" / "fixtures"
RESULTS = ROOT / "benchmarks" / "results" / "fidelity.json"


#: By what an entry is found again, most telling first.
SIGNS: tuple[Callable[[Seen], object], ...] = (
    lambda one: (one.id, one.link, one.title, one.texts[:1]),
    lambda one: one.id and (one.id, one.title),
    lambda one: one.id,
    lambda one: one.link and (one.link, one.title, one.texts[:1]),
    lambda one: one.link and (same_address(one.link), one.title),
    lambda one: one.title and (one.title, "".join(one.texts)[:80]),
    lambda one: same_address(one.link),
    lambda one: one.title,
    lambda one: "".join(one.texts)[:80],
    lambda one: one.published and (one.published, one.enclosures),
    lambda one: tuple(map(same_address, one.enclosures)) or one.pictures or one.media,
    lambda one: plain(one.title),
)


def republished(document: Document, now: datetime) -> dict[Format, bytes]:
    """Return the document as it is published after one poll."""
    with pipe({"one": document.source_url}, now) as one:
        one.absorb("one", document, now)
        return rendered(one.selection())


def examine(path: Path, name: str, now: datetime) -> Report:
    """Return what becomes of one document."""
    body = path.read_bytes()
    url = f"https://publisher.example/{name.replace(' ', '%20')}"
    report = Report(documents=1)
    try:
        original = seen_in_json(body, url) or seen_by_feedparser(body, url)
    except ValueError as error:  # a reference to half a character, in its loose reader
        report.not_compared.append(f"{name}: feedparser fails: {error}")
        return report
    try:
        document = parse.read(Body(body, None, url, "UTC", now))
    except UnreadableError as error:
        if not original:
            report.not_compared.append(f"{name}: {error}")
            return report
        documents = dict.fromkeys(Format, b"")
    else:
        documents = republished(document, now)
        report.again += [f"{name}: {text}" for text in shown_again(document, now)]
        _judge_again(decode(body, None).text, document, documents, report, name)
    readers = {Format.JSON: seen_in_json}
    seen = {
        form: readers.get(form, seen_by_feedparser)(document, ADDRESSES.feed(ALL, form))
        for form, document in documents.items()
    }
    pairs = {form.value: paired(original, seen[form], SIGNS) for form in Format}
    case = Case(body, url, now, tuple(original), pairs)
    known = rules()
    for form in Format:
        _count_invented(name, form, seen[form], pairs[form.value], report)
        for difference in differences(case, form.value, report):
            _settle(difference, case, known, report, name)
    return report


def _judge_again(
    text: str, document: Document, documents: Mapping[Format, bytes], report: Report, name: str
) -> None:
    """Let the second judge look, who shares no parser with the program."""
    for form, published in documents.items():
        judgement = judge(
            text,
            document.source_url,
            published.decode(),
            ADDRESSES.feed(ALL, form),
            now=document.seen_at,
        )
        report.second.add(judgement)
        report.gaps += [_row(name, form.value, gap) for gap in judgement.gaps]


def _row(name: str, form: str, loss: Difference | Gap) -> dict[str, str]:
    """Return a loss as it stands in the results."""
    return {
        "document": name,
        "format": form,
        "field": loss.field,
        "entry": (loss.original.id or loss.original.link)[:200],
        "original": loss.theirs[:300],
        "published": loss.ours[:300],
        "weight": str(loss.weight),
    }


def _count_invented(
    name: str, form: Format, seen: list[Seen], pairs: list[Seen | None], report: Report
) -> None:
    """Count entries that we publish and no publisher wrote; no rule excepts one."""
    found = {id(one) for one in pairs}
    for one in seen:
        if id(one) not in found:
            report.accounts["entry"].total += 1
            invented = Difference(form.value, "entry", -1, one, one, "", one.title, 1)
            report.losses.append(_row(name, form.value, invented))


def _settle(
    difference: Difference, case: Case, known: Sequence[Rule], report: Report, name: str
) -> None:
    account = report.accounts[difference.field]
    for rule in known:
        if rule.covers(difference, case):
            account.excepted[rule.name] += difference.weight
            return
    report.losses.append(_row(name, difference.form, difference))


def differences(case: Case, form: str, report: Report) -> Iterable[Difference]:
    """Yield what differs in one format; what does not is counted in the report's accounts."""
    for index, (one, ours) in enumerate(zip(case.original, case.published[form], strict=True)):
        account = report.accounts["entry"]
        account.total += 1
        if ours is None:
            yield Difference(form, "entry", index, one, None, one.title, "", 1)
            continue
        account.kept += 1
        for name, total, kept, theirs, mine in _compared(one, ours):
            account = report.accounts[name]
            account.total += total
            account.kept += kept
            if kept < total:
                yield Difference(form, name, index, one, ours, theirs, mine, total - kept)


def _compared(one: Seen, ours: Seen) -> Iterable[tuple[str, int, int, str, str]]:
    """Yield field, how much there was, how much survived, the original and ours."""
    for name, theirs, mine in (
        ("id", one.id, ours.id),
        ("title", one.title, ours.title),
        ("link", one.link, ours.link),
        ("published", _shown(one.published), _shown(ours.published)),
        ("updated", _shown(one.updated), _shown(ours.updated)),
    ):
        if theirs:
            yield name, 1, int(theirs == mine), theirs, mine
    for name, theirs_all, ours_all in (
        ("author", one.authors, ours.authors),
        ("category", one.categories, ours.categories),
        ("scheme", one.schemes, ours.schemes),
        ("label", one.labels, ours.labels),
    ):
        for each in theirs_all:
            yield name, 1, int(each in ours_all), each, ", ".join(ours_all)
    files = {same_address(url) for url in (*ours.enclosures, *ours.media)}
    for url in one.enclosures:
        yield "enclosure", 1, int(same_address(url) in files), url, " ".join(ours.enclosures)
    yield "text", *_texts(one, ours)
    shown = pictures_of(ours)
    for addresses in (
        *(picture.addresses for picture in one.pictures),
        *(frozenset({same_address(url)}) for url in (*one.media, *one.thumbnails)),
    ):
        kept = not shown.isdisjoint(addresses)
        yield "image", 1, int(kept), " ".join(sorted(addresses)), " ".join(sorted(shown))


def _shown(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _texts(one: Seen, ours: Seen) -> tuple[int, int, str, str]:
    theirs = Counter(tokens(one.texts))
    total = sum(len(token) * count for token, count in theirs.items())
    lost = theirs - Counter(tokens(ours.texts))
    missing = sum(len(token) * count for token, count in lost.items())
    return total, total - missing, " ".join(lost), " ".join(ours.texts)[:300]


def documents_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".sql")


def run(folder: Path, now: datetime, *, processes: int = 1) -> Report:
    """Return what becomes of every document of a folder, in its order."""
    paths = documents_of(folder)
    names = [str(path.relative_to(folder)) for path in paths]
    moments = [now] * len(paths)
    total = Report()
    if processes == 1:
        for report in map(examine, paths, names, moments):
            total.add(report)
        return total
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for report in pool.map(examine, paths, names, moments, chunksize=4):
            total.add(report)
    return total


def readable(folder: Path, now: datetime) -> dict[str, Document]:
    """Return the documents of a folder that can be read, by a source's name."""
    found = {}
    for number, path in enumerate(documents_of(folder)):
        url = f"https://publisher.example/{number}.xml"
        with suppress(UnreadableError):
            found[f"s{number}"] = parse.read(Body(path.read_bytes(), None, url, "UTC", now))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", default=CORPUS if CORPUS.is_dir() else FIXTURES
    )
    folder = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"no folder {folder}")
    now = datetime.now(UTC)
    report = run(folder, now, processes=2)
    report.again += merged(readable(folder, now), now)
    tell(report)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(summary(report), indent=1, ensure_ascii=False) + "\n", "utf-8")
    missed = shortfalls(report)
    for text in missed:
        print(f"short of the goal: {text}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
