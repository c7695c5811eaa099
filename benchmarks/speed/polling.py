"""Polling all documents, phase by phase, by every peer in turn: CPU of the tree, start-up apart."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.speed import documents
from benchmarks.speed.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
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


class WrongAnswersError(Exception):
    """A phase was not what it says: other answers, or entries, than it is about."""


def run(
    home: Path,
    peers: Sequence[type[Peer]],
    counts: Sequence[int],
    rounds: int,
    tell: Callable[[str], None],
) -> list[Poll]:
    """Let every peer go through all phases, `rounds` times with each number of documents."""
    polls: list[Poll] = []
    for count in counts:
        written = documents.write(home / f"documents-{count}", count)
        with Publisher(home / f"publisher-{count}", count) as publisher:
            for turn in range(rounds):
                for peer in peers:
                    place = home / f"{peer.name}-{count}-{turn}"
                    polls += _phases(peer, place, written, publisher)
                    shutil.rmtree(place)
                    told = ", ".join(
                        f"{one.phase} {one.used.cpu_s * 1000 / count:.2f}" for one in polls[-4:]
                    )
                    tell(f"{peer.name}, {count} documents, round {turn + 1}: ms {told}")
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
        return Poll(peer.name, phase, count, used)

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


def at(polls: Iterable[Poll], peer: str, phase: str, count: int) -> list[Used]:
    """Return the runs of one peer in one phase with so many documents."""
    key = (peer, phase, count)
    return [one.used for one in polls if (one.peer, one.phase, one.documents) == key]


def cpu_ms(polls: Iterable[Poll], peer: str, phase: str, count: int) -> float:
    """Return the median of CPU ms a document, start-up included."""
    return median(used.cpu_s for used in at(polls, peer, phase, count)) * 1000 / count


def slope_ms(polls: Sequence[Poll], peer: str, phase: str, few: int, many: int) -> float:
    """Return the CPU ms of one document more: what lies between two numbers, start-up apart."""
    low = median(used.cpu_s for used in at(polls, peer, phase, few))
    high = median(used.cpu_s for used in at(polls, peer, phase, many))
    return (high - low) * 1000 / (many - few)
