"""What the rest of the program may ask of the database, as one protocol for each kind of user.

Every method is synchronous and may block on the disk: the daemon calls them in threads, never on
the event loop (`feed_version` excepted, which reads memory). Every write commits whole or not at
all before its method returns. Each method raises `StoreError` when the database cannot be used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aggregator.model.configured import FORGET_AFTER
from aggregator.store.leases.fleet_store import FleetStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date, datetime, timedelta

    from aggregator.model import (
        ArchivePart,
        Attempt,
        Decision,
        EntryFacts,
        Exportable,
        Feed,
        FinishedPoll,
        Lease,
        News,
        PastPoll,
        PollResult,
        PollState,
        Problem,
        Refined,
        Selection,
        Source,
        SourceStatus,
        Story,
    )
    from aggregator.model.changes import Change
    from aggregator.model.errors import StoreDamagedError
    from aggregator.model.found import EntryLine, Found
    from aggregator.model.health import Overview, SourceRecord, SourceReport, StoreFigures
    from aggregator.model.notes import Fact, Note, NoteKind
    from aggregator.model.notices import Receiver, Waiting
    from aggregator.model.pages import Place, ShownSource, Stretch, Wish
    from aggregator.model.reports import Comparison, StoryReport, StoryTrial
    from aggregator.model.source_lists import StoredList
    from aggregator.model.trials import Trial
    from aggregator.rules.secrets import Secrets
    from aggregator.stories.likeness_weights import Model
    from aggregator.stories.tuning import Tuning
    from aggregator.web.search_words import SearchQuery


class PollStore(Protocol):
    """What polling asks: which sources are due, what became of a poll, the schedule's state."""

    def claim_due(
        self, now: datetime, *, limit: int, busy: frozenset[str], claimer: str
    ) -> list[PollState]:
        """Hand out at most `limit` enabled sources that are due at `now`, longest overdue first.

        Each comes with a lease, in the name of the claimer (a process). No source is handed out
        twice at a time, and of a queue (`Source.queue`) only one: the holder of a source's lease
        spaces the requests to its site, in memory, and names in `busy` the queues that want a
        pause. A Retry-After, which holds for everybody, is stored.

        A lease is ended by `absorb`, `postpone` or `release`. It runs out (`schedule.leases`)
        where it is not renewed, since its claimer has crashed then.
        """

    def claim(self, source_id: int, now: datetime, *, claimer: str) -> PollState | None:
        """Hand out one source whether it is due or not, `None` while another claim of it lasts."""

    def claim_all(
        self, source_ids: Sequence[int], now: datetime, *, claimer: str
    ) -> list[PollState | None]:
        """Hand out several sources as `claim` does, each or none of it."""

    def renew(self, leases: tuple[Lease, ...], now: datetime) -> tuple[Lease, ...]:
        """Prolong leases; return them as they are now, without those that were lost."""

    def release(self, leases: tuple[Lease, ...]) -> None:
        """End leases of which nothing came; those that were lost are left to their new holders."""

    def states(self, names: tuple[str, ...] | None = None) -> list[PollState]:
        """Return the states of the named sources that are configured (`None`: all enabled)."""

    def all_states(self) -> Iterator[PollState]:
        """Yield the states of all enabled sources in no order, only a few in memory together."""

    def absorb(
        self,
        state: PollState,
        attempts: tuple[Attempt, ...],
        refined: Refined | None,
        decide: Callable[[News], Decision],
        *,
        now: datetime,
    ) -> PollResult:
        """Commit one finished poll: entries, stories, validators and next_poll_at together.

        The arguments are the fields of `FinishedPoll`. Doing it twice equals doing it once. Ends
        the state's lease. A poll that has lost it is committed all the same.
        """

    def absorb_all(self, polls: Sequence[FinishedPoll]) -> list[PollResult | Exception]:
        """Commit several finished polls, as many as may be in one transaction.

        Each is committed whole or not at all, as `absorb` does it, and takes no other with it: in
        the place of one that could not be is what `absorb` would have raised, and its lease lasts.
        """

    def forgive(self, source_ids: tuple[int, ...]) -> None:
        """Count the newest failure of these sources for nothing: our own network was down.

        What went wrong is still shown, until a poll succeeds.
        """

    def postpone(self, state: PollState, at: datetime, problem: Problem) -> None:
        """Let a source be due at `at`, show its problem, end its lease; no failure is counted."""

    def spread(self, now: datetime, dice: Callable[[], float]) -> int:
        """Spread sources that were polled before and are overdue at `now`; return how many."""

    def pricing(self) -> str | None:
        """Return what `set_pricing` kept."""

    def set_pricing(self, text: str) -> None:
        """Keep the schedule's global state."""


class FeedStore(Protocol):
    """What publishing asks: the stories of feeds, of their archives and of the operations feed."""

    def feed_version(self, name: str) -> int | None:
        """Return the feed's change counter, or `None` for an unknown feed.

        It is read from the process's own copy, which each of its writes refreshes before it
        returns; a store that was opened for reading keeps none, and knows no feed.
        """

    def select(self, feed: Feed) -> Selection:
        """Return the stories in the feed's window, in its order, with what its rules make of them.

        Raises `StoreError` where the feed is not in the database yet.
        """

    def archive_parts(self, feed: Feed) -> tuple[ArchivePart, ...]:
        """Return the parts of the feed's archive, oldest first."""

    def select_archive(self, feed: Feed, name: str) -> Selection | None:
        """Return one part of the feed's archive by its name ("2026-11-2"), `None` for no such."""

    def frozen(self, feed: Feed, name: str, form: str, made_for: str) -> bytes | None:
        """Return an archive document as `freeze` kept it for the same `made_for`."""

    def freeze(self, feed: Feed, name: str, form: str, made_for: str, body: bytes) -> None:
        """Keep an archive document of a month that is over as it is served first.

        `made_for` says what it depends on besides its stories; only the newest one's is kept.
        """

    def standing_since(
        self, feed: Feed, name: str, form: str, *, digest: bytes, changed_at: datetime
    ) -> datetime:
        """Return since when a document of a feed has had the bytes of this digest.

        `name` is that of a part of the archive, empty for the window's document. Bytes that are
        new stand since `changed_at`, a second after the ones before at the least: two documents
        are never told with one date, and no date goes back. Where nothing can be written it is
        `changed_at`.
        """

    def exportable(
        self, feed: Feed, *, after: int, most: int
    ) -> tuple[tuple[Exportable, ...], int | None]:
        """Return stories that the feed has ever shown and that changed after a cursor (0: all).

        With the cursor to go on from, `None` where there is nothing further now. Stories of
        sources that were removed are not among them.
        """

    def renamed_feed(self, name: str) -> str | None:
        """Return what the automatic feed of a renamed source is called today, `None` for no such.

        `name` is what it was called before its source was renamed last.
        """

    def removed_feed(self, name: str) -> Feed | None:
        """Return a feed as it was configured last, `None` for one that is, or that never was.

        Its `token` is the `token_digest` of the one that it had.
        """

    def operations(self) -> Selection:
        """Return the operations feed, newest entry first: `Selection.feed` is named "_status".

        Its version grows with every change; there is no `feed_version` of it.
        """


class StatusStore(Protocol):
    """What people ask: how sources fare, what is wrong, what is known of an entry."""

    def secrets(self) -> Secrets:
        """Return all that is concealed of what leaves the store, as `apply` was told it last."""

    def status(self, names: tuple[str, ...] | None = None) -> list[SourceStatus]:
        """Return one row a configured source, those with `names` or all, in its order."""

    def failing(self) -> dict[str, Problem]:
        """Return what is wrong with the enabled sources that fail, by their names."""

    def history(self, source_id: int, *, most: int) -> list[PastPoll]:
        """Return the newest polls of a source, newest first; the store remembers 50."""

    def notes(self, now: datetime | None = None) -> tuple[Note, ...]:
        """Return what else is worth knowing, in the order of `NoteKind`, then by name.

        What depends on the time (certificates that end) is among it only with `now`.
        """

    def facts(self, wanted: str, feeds: tuple[Feed, ...]) -> tuple[EntryFacts, ...]:
        """Return what is known of the entries with this public id, guid, URL or key, newest first.

        With their place in each of `feeds`.
        """


class PageStore(Protocol):
    """What pages ask beside feeds and status: they read what they show, and no more."""

    def stretch(self, feed: Feed, *, place: Place | None, wish: Wish, most: int) -> Stretch:
        """Return at most so many stories of a feed from a place on (`None`: from the newest).

        Those of its window come first, in its order, then those that only its archive has. Fewer
        than `most` may come with an `older` place where few of many are wanted.
        """

    def shown_sources(self, feed: Feed) -> tuple[ShownSource, ...]:
        """Return of which sources the feed's window has most stories, 60 at most."""

    def feeds_with(self, order_key: int) -> tuple[str, ...]:
        """Return the names of the feeds that have ever shown the entry with this order key."""

    def story(self, feed: Feed, order_key: int) -> Story | None:
        """Return the story of the entry with this order key as the feed shows it, else `None`."""

    def titles(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the titles of the sources with these names: never a name where there is one."""

    def healths(self) -> tuple[SourceRecord, ...]:
        """Return how each configured source fares, in its order."""

    def overview(self, since: date, until: date) -> Overview:
        """Return what all sources did from one day (UTC) to another, both included."""

    def report(self, name: str) -> SourceReport | None:
        """Return all that is known of how one source fares, `None` for no such source."""

    def figures(self, now: datetime) -> StoreFigures:
        """Return how many sources wait for their poll, and how many of which alarm there are."""

    def search(
        self, feeds: Sequence[Feed], query: SearchQuery, *, most: int, after: int | None = None
    ) -> Found:
        """Return the stories of some feeds in which all is that is asked for, the best first.

        They go on `after` an entry of a page before (`Found.next`); where it is found no more,
        nothing is.

        Each is found in what a feed shows of it today, and told as the first of `feeds` that shows
        it has it. How long that takes is bounded: the newest are looked through first. What was
        told or edited since `index_words` was called last may be missed.
        """

    def search_bytes(self) -> int:
        """Return how many bytes the index for `search` takes on the disk."""

    def entry_lines(
        self, *, source: str | None, since: datetime | None, before: int | None, most: int
    ) -> tuple[EntryLine, ...]:
        """Return at most so many entries that are stored, those that came last first.

        Of the source with this name, `None` for any; that came at `since` or later; with a smaller
        order key than `before`.
        """


class OutboxStore(Protocol):
    """What notifying asks: what waits for whom, and what became of it."""

    def waiting(self, receiver: str, *, most: int) -> Waiting:
        """Return what waits for a receiver, the oldest notices first, so many at most."""

    def put_off(self, receiver: str, *, tries: int, next_at: datetime) -> None:
        """Keep that so many tries in a row have failed, and when there may be another."""

    def taken(self, receiver: str, *, up_to: int) -> None:
        """Forget a receiver's notices up to this number, and its failures."""

    def keep_receivers(self, receivers: Iterable[str]) -> None:
        """Forget what waits for anybody else."""


class MaintenanceStore(Protocol):
    """What keeps the database in order: the configuration, windows, retention, alarms."""

    def apply(
        self,
        sources: tuple[Source, ...],
        feeds: tuple[Feed, ...],
        *,
        now: datetime,
        quota: int | None = None,
        further_secrets: tuple[str, ...] = (),
    ) -> tuple[Change, ...]:
        """Make the stored sources and feeds those of the configuration, in one transaction.

        `quota` is how many bytes of text all sources may hold (`stories.kept_texts`). What sources
        hold secret (`rules.held_secrets`), and `further_secrets`, which are kept in memory only,
        is concealed from then on in whatever leaves the store for readers. A source is matched by
        name, else by URL. Returns what changed of sources and configured feeds, and what is lost.
        """

    def foresee(
        self,
        sources: tuple[Source, ...],
        feeds: tuple[Feed, ...],
        *,
        now: datetime,
        retention: timedelta | None = None,
    ) -> tuple[Change, ...]:
        """Return what `apply` would, and what a shorter `retention` loses; nothing is written."""

    def try_rules(
        self, sources: Sequence[Source], feed: Feed | None, *, most: int, examples: int
    ) -> Trial:
        """Ask the feed's rules, or without one each source's, about `most` of what is stored.

        The newest entries of the sources, as far as a feed selects them; of each effect so many
        examples are named. Nothing is written.
        """

    def advance(self, now: datetime) -> tuple[str, ...]:
        """Move every feed's window forward to `now`; return the feeds that dropped a story."""

    def prune(
        self,
        now: datetime,
        *,
        retention: timedelta,
        keep_raw: timedelta,
        forget_after: timedelta = FORGET_AFTER,
    ) -> int:
        """Delete what is older than `retention` and in no feed's window; return how many entries.

        Of a source with a retention of its own, what is older than that.

        Leaves tombstones, so that a document that shows them within `forget_after` of the last one
        that did does not bring them back.
        Publisher's raw fields older than `keep_raw` are dropped. How large the database is then is
        noted for the day.
        """

    def index_words(self, *, most_bytes: int) -> bool:
        """Index some of what feeds show for `search`; return whether there is more of it.

        The index takes about so many bytes at most, beside the database, the newest texts of all;
        with 0 there is none. No other work waits for this.
        """

    def watch(
        self,
        now: datetime,
        alert_after: timedelta,
        receivers: Sequence[Receiver] = (),
        lists: Collection[str] = (),
    ) -> tuple[str, ...]:
        """Look for what went wrong and what is well again; return the titles of what is told.

        A source is broken once it has failed for longer than `alert_after`, and so is a list of
        sources; `lists` are the names of those that are configured. What is told waits for the
        `receivers` that want it from the same moment on. Not to be called while our own network
        is down.
        """

    def note(self, fact: Fact, *, now: datetime) -> None:
        """Remember what is of no source and no feed, in place of another note of its kind."""

    def forget_note(self, kind: NoteKind) -> None:
        """Forget what `note` remembered."""

    def find_damage(self) -> StoreDamagedError | None:
        """Read the whole database; return what is damaged in it, `None` for nothing.

        Takes seconds a gigabyte, beside other work; `close` ends it. Raises `StoreError` when it
        did not come to an end.
        """

    def ping(self) -> None:
        """Prove that the writer works; raises `StoreError` when it does not."""


class ListStore(Protocol):
    """Lists of sources: what they list, and how they fare."""

    def lists(self) -> tuple[StoredList, ...]:
        """Return every list that is known, also those that are not configured any more."""

    def keep_list(self, listed: StoredList, *, former: str, now: datetime) -> None:
        """Store a list as it is now, in place of what is stored under the name `former`."""


class StoryStore(Protocol):
    """What feeds that take stories together need, and what the operator asks and says of those.

    An entry is named by its public id, guid, URL or key; raises `AggregatorError` for none such.
    """

    def tell_stories(self, now: datetime) -> bool:
        """Look for stories in some of what was stored before a feed asked for that.

        Return whether there is more of it. What it has seen it does not look at again.
        """

    def show_held(self, now: datetime) -> None:
        """Let feeds show the stories that have waited for as long as their `hold` says."""

    def reported(self, *, most: int) -> tuple[StoryReport, ...]:
        """Return the stories that several articles tell, those that were told last first."""

    def story_report(self, wanted: str) -> StoryReport | None:
        """Return the story of an entry, with all who tell it."""

    def compared(self, wanted: str, further: str) -> Comparison:
        """Return whether two entries tell the same, and how alike they are."""

    def split_story(self, wanted: str, now: datetime) -> None:
        """Let the article of an entry be told by itself from now on."""

    def merge_stories(self, wanted: str, further: str, now: datetime) -> None:
        """Let the stories of two entries be one from now on."""

    def lock_story(self, wanted: str, *, locked: bool) -> None:
        """Let the story of an entry take no further ones, or take them again."""

    def try_stories(
        self, feed: Feed, sources: Sequence[str], others: Sequence[str], now: datetime
    ) -> StoryTrial:
        """Return what a feed of some sources would tell together, of what `others` told, too."""

    def tuned(self, now: datetime) -> Tuning:
        """Return weights fitted to what was merged and parted, and how they judge it."""

    def keep_weights(self, model: Model | None) -> None:
        """Let entries that come from now on join stories by these weights; `None`: as shipped."""


class ReadingStore(FeedStore, StatusStore, PageStore, Protocol):
    """What shows feeds and sources together asks: the HTTP server, the static files."""


class Store(
    PollStore,
    FleetStore,
    ReadingStore,
    MaintenanceStore,
    OutboxStore,
    StoryStore,
    ListStore,
    Protocol,
):
    """Sources, entries, stories and feeds, kept by one engine."""

    def close(self) -> None:
        """Finish waiting writes, checkpoint and close."""
