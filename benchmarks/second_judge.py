"""The second judge: what benchmarks/plain_reading.py sees of a document, and of what we publish.

It shares no parser with the program, so that a loss which the first judge's parser shares is seen
here. What it may excuse is named in `EXCUSES`, with the reason; what is left is a loss.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.parse.dates import parse_date
from benchmarks.pairing import paired
from benchmarks.picture_sizes import FACE, is_other_size
from benchmarks.plain_reading import Told, told_in_json, told_in_xml, visible
from benchmarks.seen import same_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

FIELDS = ("item", "link", "link in text", "date", "character", "picture", "enclosure", "author")


@dataclass(frozen=True, slots=True)
class Gap:
    """What of one field of an item is not in ours; `weight` is how much that is."""

    field: str
    theirs: str
    ours: str
    weight: int
    original: Told
    published: Told | None
    mates: tuple[Told, ...]


@dataclass(slots=True)
class Tally:
    """What there was of one field, how much survived, how much is excused, by which excuse."""

    total: int = 0
    kept: int = 0
    excused: Counter[str] = field(default_factory=Counter)

    @property
    def fair(self) -> float:
        return (self.kept + self.excused.total()) / self.total if self.total else 1.0

    def add(self, other: Tally) -> None:
        self.total += other.total
        self.kept += other.kept
        self.excused.update(other.excused)


@dataclass(slots=True)
class Judgement:
    """The tallies by field; the gaps that nothing excuses, of one document."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in FIELDS})
    gaps: list[Gap] = field(default_factory=list)

    def add(self, other: Judgement) -> None:
        """Add the tallies; gaps hold whole documents, and stay where they were found."""
        for name, tally in other.tallies.items():
            self.tallies[name].add(tally)


@dataclass(frozen=True, slots=True)
class Excuse:
    """A gap that is no loss: in which fields, when, and why."""

    name: str
    fields: tuple[str, ...]
    when: Callable[[Gap], bool]
    why: str

    def covers(self, gap: Gap) -> bool:
        return gap.field in self.fields and self.when(gap)


#: By what an item is found again, most telling first.
SIGNS: tuple[Callable[[Told], object], ...] = (
    lambda one: one.id and (one.id, one.title),
    lambda one: one.link and (same_address(one.link), visible(one.title)),
    lambda one: one.id,
    lambda one: one.link and same_address(one.link),
    lambda one: visible(one.title) and (visible(one.title), one.characters[:40]),
    lambda one: visible(one.title),
    lambda one: one.characters[:60],
    lambda one: one.enclosures,
    lambda one: one.pictures,
)


def read(text: str, url: str) -> list[Told]:
    """Return the items of a document, whatever it is."""
    told = told_in_json if text.lstrip("\ufeff \t\r\n").startswith("{") else told_in_xml
    return told(text, url)


def judge(text: str, url: str, published: str, published_url: str, *, now: datetime) -> Judgement:
    """Return what of the document `text` is in `published`, and what is not."""
    original, ours = read(text, url), read(published, published_url)
    judgement = Judgement()
    mates = tuple(original)
    pairs: list[Told | None] = paired(original, ours, SIGNS)
    for one, other in zip(original, pairs, strict=True):
        for gap, total, kept in _compared(one, other, mates, now):
            tally = judgement.tallies[gap.field]
            tally.total += total
            tally.kept += kept
            if kept < total:
                name = next((rule.name for rule in EXCUSES if rule.covers(gap)), None)
                if name is None:
                    judgement.gaps.append(gap)
                else:
                    tally.excused[name] += total - kept
    return judgement


def _compared(
    one: Told, ours: Told | None, mates: tuple[Told, ...], now: datetime
) -> Iterator[tuple[Gap, int, int]]:
    def gap(name: str, theirs: str, mine: str, weight: int = 1) -> Gap:
        return Gap(name, theirs, mine, weight, one, ours, mates)

    yield gap("item", one.title or one.link or one.id, ""), 1, int(ours is not None)
    if ours is None:
        return
    if one.link:
        kept = same_address(one.link) == same_address(ours.link)
        yield gap("link", one.link, ours.link), 1, int(kept)
    for name, raw in one.dates:
        at = parse_date(raw, "UTC")
        if at is None or name != "published":
            continue
        shown = dict(ours.dates).get("published", "")
        told = parse_date(shown, "UTC")
        kept = told is not None and abs((min(at, now) - told).total_seconds()) < 1
        yield gap("date", raw, shown), 1, int(kept)
    theirs = Counter(one.characters)
    missing = (theirs - Counter(ours.everything)).total()
    yield (
        gap("character", one.characters, ours.characters, missing),
        len(one.characters),
        len(one.characters) - missing,
    )
    yield from _sets(gap, one, ours)


def _sets(
    gap: Callable[[str, str, str], Gap], one: Told, ours: Told
) -> Iterator[tuple[Gap, int, int]]:
    files = (
        ours.enclosures | ours.thumbnails | {each for picture in ours.pictures for each in picture}
    )
    inside = {*ours.links, *files, same_address(ours.link)}
    for href in sorted(one.links):
        yield gap("link in text", href, " ".join(sorted(ours.links))), 1, int(href in inside)
    for picture in sorted(map(sorted, one.pictures)):
        kept = not files.isdisjoint(picture)
        yield gap("picture", " ".join(picture), " ".join(sorted(files))), 1, int(kept)
    for url in sorted(one.enclosures):
        yield gap("enclosure", url, " ".join(sorted(ours.enclosures))), 1, int(url in inside)
    names = ", ".join(ours.authors)
    for name in one.authors:
        yield gap("author", name, names), 1, int(name in names)


def _is_repeated(gap: Gap) -> bool:
    one = gap.original
    return sum(mate == one for mate in gap.mates) > 1


def _is_empty(gap: Gap) -> bool:
    one = gap.original
    return not (one.title or one.characters or one.link or one.enclosures or one.pictures)


def _leads_to_nothing(gap: Gap) -> bool:
    host = gap.theirs.removeprefix("//").partition("/")[0].partition("?")[0]
    return not re.fullmatch(
        r"(?:[^@]*@)?(?:\[[0-9a-f:.]+\]|[^\s+.]+(?:\.[^\s+.]+)*\.?)(?::\d+)?", host
    )


def _is_followed(gap: Gap) -> bool:
    """Tell whether ours is the same address without parameters that tell where one came from."""
    address, _, query = gap.theirs.partition("?")
    kept = [part for part in query.split("&") if not _TRACKER.match(part)]
    bare = "?".join(filter(None, (address, "&".join(kept))))
    return bare != gap.theirs and bare in gap.ours.split()


def _leads_elsewhere_below(gap: Gap) -> bool:
    """Tell whether the link of a shorter text stands in the longest with another address, in ours.

    The publisher has mended it there; both are behind the same words.
    """
    longest = gap.original.leads[0] if gap.original.leads else frozenset()
    if any(href == gap.theirs for href, _ in longest):
        return False
    ours = gap.ours.split()
    words = {said for text in gap.original.leads for href, said in text if href == gap.theirs}
    return bool(words) and all(
        said and any(other == said and href in ours for href, other in longest) for said in words
    )


def _is_counter(gap: Gap) -> bool:
    return _COUNTER.search(gap.theirs) is not None


def _is_other_size(gap: Gap) -> bool:
    return any(
        is_other_size(one, other) for one in gap.theirs.split() for other in gap.ours.split()
    )


def _is_face(gap: Gap) -> bool:
    return FACE.search(gap.theirs) is not None


def _is_advertising(gap: Gap) -> bool:
    on_site = re.match(r"https?://(?:[\w-]+\.)*ithome\.com/", gap.original.link) is not None
    at = gap.theirs.find("广告声明")
    return on_site and at >= 0 and gap.weight <= len(gap.theirs) - at


_HOST = re.compile(
    r"//(?:[^@/?]*@)?(?:\[[0-9a-f:.]+\]|[^\s+./?:]+(?:\.[^\s+./?:]+)*\.?)(?::\d+)?(?:[/?]|$)"
)
#: Parameters that only say which page, mail or post led to a page.
_TRACKER = re.compile(
    r"(?:utm_\w+|fb_\w+|(?:fb|g|gb|ms|dc|tw|yc|wb)clid|mc_[ce]id|_?hs(?:mi|enc)|ref_src|ref_url"
    r"|igshid|igsh|gclsrc|spm|xtor|cmp|ncid|smid|ftag|feature)=",
    re.IGNORECASE,
)
#: Pictures that show nothing: they count who reads.
_COUNTER = re.compile(
    r"//(?:(?:stats|pixel)\.wordpress\.com/b\.gif|feeds\.feedburner\.com/~r/"
    r"|(?:[\w-]+\.)*(?:doubleclick\.net|scorecardresearch\.com)/)"
)

EXCUSES: tuple[Excuse, ...] = (
    Excuse("repeated", ("item",), _is_repeated, "the document says the item twice, all of it"),
    Excuse("empty", ("item",), _is_empty, "an item that holds nothing at all is none"),
    Excuse("no-host", ("link in text", "picture"), _leads_to_nothing, "no host is called so"),
    Excuse(
        "tracker", ("link in text",), _is_followed, "links lose what only tells where one came from"
    ),
    Excuse(
        "mended-below",
        ("link in text",),
        _leads_elsewhere_below,
        "a summary's link has another address where the same words stand in the content",
    ),
    Excuse("other-size", ("picture",), _is_other_size, "the same picture in another size"),
    Excuse("face", ("picture",), _is_face, "the face of an author is no picture of the entry"),
    Excuse("site-rule", ("character",), _is_advertising, "a rule for the site takes it out"),
    Excuse("counter", ("picture",), _is_counter, "a picture that shows nothing and counts readers"),
)
