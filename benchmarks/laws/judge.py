"""The laws: what each look at the feeds has to show, given what the program has been told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from benchmarks.laws.articles import read_mark
from benchmarks.laws.memory import FeedMemory, Memory
from benchmarks.laws.readers import Reader
from benchmarks.laws.violations import Violation
from benchmarks.month.readers import read

if TYPE_CHECKING:
    from collections.abc import Collection

    import httpx

    from benchmarks.laws.articles import Telling
    from benchmarks.month.readers import Item, Read

#: Unknown old entries of a later document up to which nobody calls it a flood.
FLOOD = 20


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """A feed as the operator has it now."""

    window_days: int
    min_entries: int
    limit: int
    per_source: str
    blocks: str | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A document that the program has taken: which tellings, under which signs.

    `whole` up to its end. `members` are the feeds that select the source, `never_members` the
    publishers of each that it never did. `blocked` are articles that some rule keeps out.
    """

    publisher: str
    site: str
    listed: tuple[Telling, ...]
    whole: bool
    members: tuple[str, ...]
    never_members: dict[str, frozenset[str]]
    blocked: frozenset[int]


@dataclass
class Judge:
    """Holds the laws against what is served; raises `Violation` at the first one broken.

    `lost` are articles of which nothing is claimed any more.
    """

    memory: Memory = field(default_factory=Memory)
    lost: set[int] = field(default_factory=set)
    truths: dict[str, Reader] = field(default_factory=dict)
    highest: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    restored: bool = False
    _documents: dict[str, Read] = field(default_factory=dict)

    # --- what the program is told ---------------------------------------------------------------

    def polled(self, poll: Poll) -> None:
        """Learn that the program has committed a document."""
        memory = self.memory
        if not poll.whole:
            listed = (one for one in poll.listed if memory.seen.get(one.mark) != one.signs)
            memory.uncertain.update(one.mark for one in listed)
            return
        unknown = [one for one in poll.listed if one.mark not in memory.seen]
        for name in poll.members:
            self._feed(name).brought += len(unknown)
        is_first = poll.publisher in memory.unpolled
        memory.unpolled.discard(poll.publisher)
        newest = memory.newest.get(poll.publisher)
        is_much = len(unknown) > FLOOD or 2 * len(unknown) > len(poll.listed)
        for one in unknown:
            date = one.signs.date
            memory.own[one.mark] = one.signs.link is None or poll.site in one.signs.link
            is_fresh = date is None or newest is None or date >= newest
            if not is_first and (is_fresh or not is_much):
                self._claim(one, poll)
            memory.tellers.setdefault(one.article, set()).add(poll.publisher)
        for one in poll.listed:
            self._see(one)

    def _see(self, one: Telling) -> None:
        """Learn the signs under which a whole document lists a telling."""
        memory, date = self.memory, one.signs.date
        before = memory.seen.get(one.mark)
        if before is not None and before.date != date:
            memory.moved_dates.add(one.mark)
        memory.seen[one.mark] = one.signs
        memory.uncertain.discard(one.mark)
        if date is not None:
            memory.newest[one.publisher] = max(date, memory.newest.get(one.publisher, date))

    def _claim(self, one: Telling, poll: Poll) -> None:
        """Say of an article that is new that subscribers must get it, where that is promised."""
        if one.article in poll.blocked | self.lost:
            return
        others = self.memory.tellers.get(one.article, set()) - {poll.publisher}
        for name in poll.members:
            if others <= poll.never_members[name]:
                feed = self._feed(name)
                feed.due.setdefault(one.article, f"{one.mark} is new")
                feed.fresh[one.article] = f"{one.mark} is new"

    def may_stand_beside(self, article: int, others: Collection[str], publisher: str) -> bool:
        """Tell whether who comes later may meet an article under another id, too.

        Copies and their original, in whatever order that reader meets them.
        """
        if article in self.lost:
            return True
        own = [self.memory.own.get(f"told-{one}-{article}", True) for one in (*others, publisher)]
        return own.count(True) <= 1

    def may_follow(self, article: int, earlier: Collection[str], publisher: str) -> bool:
        """Tell whether an article that was told by others may come under another id.

        Only the original after copies (docs/publishing.md, "What is the same").
        """
        if article in self.lost:
            return True
        own = self.memory.own
        foreign = all(not own.get(f"told-{one}-{article}", True) for one in earlier)
        return foreign and own.get(f"told-{publisher}-{article}", True)

    # --- what is served -------------------------------------------------------------------------

    def look(
        self,
        path: str,
        answer: httpx.Response,
        *,
        now: datetime,
        by_operator: bool,
        settings: FeedSettings,
    ) -> None:
        """Judge a feed's document, asked for without conditions, against the one before."""
        truth = self.truths.setdefault(path, Reader(path, 1.0))
        if answer.status_code != 200:
            raise Violation("served", f"{path} is answered {answer.status_code}")
        self._look_at_validators(truth, answer, now)
        is_other = answer.content != truth.body
        truth.body, truth.etag = answer.content, answer.headers["ETag"]
        if "Last-Modified" in answer.headers:
            truth.modified, truth.dated_body = answer.headers["Last-Modified"], answer.content
        document = self._documents.get(path)
        if is_other or document is None:
            document = self._documents[path] = read(answer.content, path)
            truth.meet(document, self.may_follow)
        if not path.endswith(".atom"):
            return
        feed = self._feed(truth.feed)
        self._look_at_places(feed, document, path, by_operator=by_operator)
        for item in document.items:
            self._look_at_item(feed, item, path, now)
        has_room = len(feed.items) + feed.brought <= settings.limit
        feed.items = {item.id: item for item in document.items}
        feed.shown |= {read_mark(item.categories)[1] for item in document.items}
        if has_room:
            self._look_for_fresh(feed, path)
        feed.fresh, feed.brought = {}, 0

    def _look_at_validators(self, truth: Reader, answer: httpx.Response, now: datetime) -> None:
        if not truth.body:
            return
        same = answer.content == truth.body
        if same != (answer.headers["ETag"] == truth.etag):
            raise Violation("an ETag is of one document", f"{truth.path}: {answer.headers['ETag']}")
        told = answer.headers.get("Last-Modified")
        if told is None and now >= self.highest:
            raise Violation("a document is dated", f"{truth.path} has no Last-Modified")
        if told is None or truth.modified is None or self.restored:
            return  # the clock went back: its time is still to come
        before, after = parsedate_to_datetime(truth.modified), parsedate_to_datetime(told)
        is_same = answer.content == truth.dated_body
        if is_same is not (before == after) or after < before:
            raise Violation(
                "Last-Modified moves if and only if the bytes do, and never back",
                f"{truth.path}: {before} became {after}, the bytes are "
                + ("the same" if is_same else "others"),
            )

    def _look_at_places(
        self, feed: FeedMemory, document: Read, path: str, *, by_operator: bool
    ) -> None:
        ids = [item.id for item in document.items]
        if len(set(ids)) < len(ids):
            raise Violation("nothing is doubled", f"{path} has an id twice")
        back = [one for one in document.items if one.id in feed.gone and not self._is_lost(one)]
        if back:
            articles = tuple(read_mark(one.categories)[1] for one in back)
            raise Violation(
                "what has left a feed does not come back",
                f"{path}: {', '.join(f'{one.title} ({one.id})' for one in back)}",
                articles,
            )
        if not by_operator:
            feed.gone |= feed.items.keys() - set(ids)
        # What another source tells from now on stands where that told it.
        same = {
            one.id
            for one in document.items
            if one.id in feed.items and feed.items[one.id].categories == one.categories
        }
        both, then = [one for one in ids if one in same], [one for one in feed.items if one in same]
        if both != then:
            raise Violation("the order stays", f"{path}: {both} were {then}")

    def _is_lost(self, item: Item) -> bool:
        return read_mark(item.categories)[1] in self.lost

    def _look_at_item(self, feed: FeedMemory, item: Item, path: str, now: datetime) -> None:
        publisher, article = read_mark(item.categories)
        mark, memory = f"told-{publisher}-{article}", self.memory
        if article in self.lost or mark in memory.uncertain or mark not in memory.seen:
            return
        signs = memory.seen[mark]
        if (item.title, signs.text in item.text) != (signs.title, True):
            raise Violation(
                "an edit is seen",
                f"{path}: article {article} of {publisher} is {signs.title!r}, {signs.text[-40:]!r}"
                f" by its last document, and shown as {item.title!r}, {item.text[-60:]!r}",
                (article,),
            )
        before, told = feed.items.get(item.id), (signs.title, signs.text)
        edited = feed.told.get(item.id, told) != told
        feed.told[item.id] = told
        if before is None or mark not in before.categories:
            return
        is_moved = mark in memory.moved_dates
        if before.published != item.published and not is_moved:
            raise Violation(
                "a date of publication stays",
                f"{path}: article {article} of {publisher}: {before.published} became "
                f"{item.published}",
                (article,),
            )
        if not edited and before.updated != item.updated and not is_moved:
            raise Violation(
                "`updated` moves with an edit only",
                f"{path}: article {article} of {publisher}: {before.updated} became {item.updated}",
                (article,),
            )
        if edited and not _is_later(item.updated, before.updated, now):
            raise Violation(
                "an edit moves `updated`",
                f"{path}: article {article} of {publisher}: {before.updated} became {item.updated}",
                (article,),
            )

    def _look_for_fresh(self, feed: FeedMemory, path: str) -> None:
        for article, why in feed.fresh.items():
            if article not in feed.shown | self.lost:
                raise Violation(
                    "nothing is missed",
                    f"{path} has room and does not show article {article}: {why}",
                    (article,),
                )

    def came(self, reader: Reader, *, was_unchanged: bool) -> None:
        """Judge what a subscriber has after it came."""
        truth = self.truths.get(reader.path)
        if truth is not None and reader.body != truth.body and not self.restored:
            told = "was answered 304" if was_unchanged else "was answered 200"
            raise Violation("304 is honest", f"{reader.who} {told} and has another document")
        if not reader.archives:
            return
        for article, why in self._feed(reader.feed).due.items():
            if article not in reader.told and article not in self.lost:
                raise Violation(
                    "nothing is missed",
                    f"{reader.who} did not get article {article}: {why}",
                    (article,),
                )

    def all_came(self) -> None:
        """Forget what was due: all who follow archives have come."""
        for feed in self.memory.feeds.values():
            feed.due.clear()

    def _feed(self, name: str) -> FeedMemory:
        return self.memory.feeds.setdefault(name, FeedMemory())


def _is_later(after: str, before: str, now: datetime) -> bool:
    then = datetime.fromisoformat(before)
    return datetime.fromisoformat(after) > then if now > then + timedelta(seconds=1) else True
