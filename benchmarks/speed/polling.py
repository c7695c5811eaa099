"""Polling all documents, phase by phase, by every peer in turn: CPU of the tree, start-up apart."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

from benchmarks.speed import documents
from benchmarks.speed.figures import Figure
from benchmarks.speed.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.speed.peers import Peer
    from benchmarks.speed.tree import Used

PHASES = ("cold", "304", "+1 in 10 %", "same body")


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of all documents by one peer."""

    peer: str
    phase: str
    documents: int
    used: Used
    kept_mb: float


class WrongAnswersError(Exception):
    """A phase was not what it says: other answers, or entries, than it is about."""


def run(
    home: Path,
    peers: Sequence[type[Peer]],
    counts: Mapping[str, Sequence[int]],
    rounds: int,
    tell: Callable[[str], None],
) -> list[Poll]:
    """Let every peer go through all phases, `rounds` times with each number of documents."""
    polls: list[Poll] = []
    for count in sorted({count for each in counts.values() for count in each}):
        written = documents.write(home / f"documents-{count}", count)
        with Publisher(home / f"publisher-{count}", count) as publisher:
            for turn, peer in product(range(rounds), peers):
                if count in counts[peer.name]:
                    place = home / f"{peer.name}-{count}-{turn}"
                    polls += _phases(peer, place, written, publisher)
                    shutil.rmtree(place)
                    told = ", ".join(
                        f"{one.phase} {one.used.cpu_s * 1000 / count:.2f}" for one in polls[-4:]
                    )
                    tell(f"{peer.name}, {count} documents, round {turn + 1}: ms {told}")
        shutil.rmtree(home / f"documents-{count}")
    return polls


def _phases(
    kind: type[Peer], home: Path, written: documents.Documents, publisher: Publisher
) -> list[Poll]:
    count, news = written.count, written.news
    peer = kind(home, [publisher.url(n, documents.name(n)) for n in range(count)])
    peer.prepare()

    def poll(phase: str, folder: Path, *, validators: bool, whole: int, entries: int) -> Poll:
        publisher.serve(folder, validators=validators)
        used = peer.poll(phase.replace(" ", "-"))
        asked = publisher.asked()
        if (asked.whole, asked.not_modified) != (whole, count - whole) or asked.other:
            raise WrongAnswersError(f"{peer.name}, {phase}, {count} documents: {asked}")
        if peer.entries() < entries:
            raise WrongAnswersError(
                f"{peer.name}, {phase}: {peer.entries()} entries of {entries}; see {home}"
            )
        return Poll(peer.name, phase, count, used, peer.kept_mb())

    first, second = written.first, written.second
    old, new = count * documents.ENTRIES, count * documents.ENTRIES + news
    cold = poll("cold", first, validators=True, whole=count, entries=old)
    if peer.settles:
        poll("settle", first, validators=True, whole=count, entries=old)
    unchanged = poll("304", first, validators=True, whole=0, entries=old)
    # newsboat lists what the document lists, and has forgotten the oldest entries.
    kept = old if peer.settles else new
    one_more = poll("+1 in 10 %", second, validators=True, whole=news, entries=kept)
    same = poll("same body", second, validators=False, whole=count, entries=kept)
    return [cold, unchanged, one_more, same]


def figures(polls: Sequence[Poll], peer: str, counts: Sequence[int]) -> list[Figure]:
    """Return CPU a document, the slopes between two numbers of them, memory, and what is stored."""
    found = []
    is_ours = peer == "aggregator"
    for phase in PHASES:
        runs = {count: at(polls, peer, phase, count) for count in counts}
        for count in counts:
            cpu = tuple(one.used.cpu_s * 1000 / count for one in runs[count])
            found.append(Figure(f"poll/{phase}/{peer}/{count}", "ms", cpu, is_ours=is_ours))
        for few, many in pairwise(counts):
            slopes = tuple(
                (high.used.cpu_s - low.used.cpu_s) * 1000 / (many - few)
                for low, high in zip(runs[few], runs[many], strict=True)
            )
            name = f"slope/{phase}/{peer}/{few}–{many}"
            found.append(Figure(name, "ms", slopes, is_ours=is_ours))
        most = runs[counts[-1]]
        for what, unit, values in (
            ("rss", "MB", [one.used.peak_rss_mb for one in most]),
            ("pss", "MB", [one.used.peak_pss_mb for one in most]),
            ("written a thousand", "MB", [one.used.written_mb * 1000 / counts[-1] for one in most]),
            ("database a 100,000 entries", "MB", [_database(one) for one in most]),
        ):
            name = f"{what}/{phase}/{peer}/{counts[-1]}"
            found.append(Figure(name, unit, tuple(values), is_ours=is_ours))
    return found


def _database(poll: Poll) -> float:
    return poll.kept_mb * 100_000 / (poll.documents * documents.ENTRIES)


def at(polls: Iterable[Poll], peer: str, phase: str, count: int) -> list[Poll]:
    """Return the polls of one peer in one phase with so many documents, round by round."""
    key = (peer, phase, count)
    return [one for one in polls if (one.peer, one.phase, one.documents) == key]
