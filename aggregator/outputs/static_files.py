"""Every feed as files, for nginx or an object store: `[publish] directory`.

A file's path is its URL's, decoded, and beside it are the same bytes as gzip and br. What was
written is remembered beside the database and not in the directory, because that names the tokens
of feeds, and the directory may be copied anywhere. What is ours there, its marks say
(`written_marks.py`): a file of somebody else's is neither replaced nor removed.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model.errors import AggregatorError, StoreError
from aggregator.outputs.safe_files import (
    holding,
    names_beneath,
    remove_beneath,
    remove_empty_beneath,
    write_beneath,
)
from aggregator.outputs.static_manifest import File, Share, Shares, read, remember
from aggregator.outputs.static_paths import SUFFIXES, Taken, is_of, path_of, why_nameless
from aggregator.outputs.written_marks import Marks, refusal
from aggregator.publish import Addresses, Format, render, render_feeds, render_sources
from aggregator.publish.catalogue import Catalogue, FeedDocument
from aggregator.publish.compression import pack
from aggregator.publish.editions import make_edition
from aggregator.publish.feeds_page import feeds_page
from aggregator.rules.visibility import ANYBODY, Caller, Subject, sources_in
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.model import ArchivePart, Feed
    from aggregator.store import ReadingStore

__all__ = ["publish_all"]

log = logging.getLogger(__name__)

#: Beside the database, after its name.
_MANIFEST = "-static.json"
_LOCK = "-static.lock"

#: Under this name the manifest has what is no feed's: the page and the lists.
_SITE = ""
#: And under this one what a run was about to write when it was cut off.
_ANNOUNCED = "\0"


def publish_all(
    config: Config, store: ReadingStore, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Make the files what is served now; return how many were written or removed.

    Written is what changed since the last time; removed is what was written then and is published
    no more. Other files are left alone, also where a document of ours would have their name. A feed
    with a token is below its token. What no file can be named after is left out, and logged. Blocks
    on the disk, and waits for another process that publishes from the same database. What
    `is_stopping` cuts short goes on the next time.

    Raises:
        AggregatorError: A file cannot be written; what was written before stays. Or somebody else's
            is in the place of one; the others are written.
        StoreError: The database cannot be read, or does not have a feed; the others are written.
    """
    directory = config.publish.directory
    if directory is None:
        return 0
    database = config.store.path.absolute()
    with holding(database.parent, database.name + _LOCK):
        memory = database.with_name(database.name + _MANIFEST)
        return _Run(config, store, directory, memory).publish(is_stopping)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written of a feed; `made_for` is empty where its state is not known.

    `lasting` are the paths of documents that are not written at every change, with what for: a
    part of the archive that is whole is written when it became so, when it was followed by another,
    when its month was over, and by each version once, which may read better. Edits in between are
    in the feed; a busy month has many parts.
    """

    feed: Feed
    made_for: str
    paths: dict[str, FeedDocument]
    lasting: dict[str, str]


class _Run:
    """One time that the directory is brought up to date."""

    def __init__(self, config: Config, store: ReadingStore, directory: Path, memory: Path) -> None:
        self._config = config
        self._store = store
        self._directory = directory
        self._memory = memory
        self._addresses = Addresses(config.server.base_url)
        self._catalogue = Catalogue(config)
        self._known = read(memory, directory)
        self._taken = Taken()
        self._folders: dict[str, frozenset[str]] = {}
        self._troubles: list[StoreError] = []
        self._refused: set[str] = set()
        self._changed = 0

    def publish(self, is_stopping: Callable[[], bool]) -> int:
        """Plan, remove, write, remember."""
        self._marks = Marks(self._directory, _paths(self._known))
        now: Shares = {}
        plans: list[_Plan] = []
        for feed in self._config.feeds:
            try:
                plan = self._plan(feed)
            except StoreError as error:
                self._troubles.append(error)
                now[feed.name] = self._as_it_was(feed)
            else:
                if isinstance(plan, Share):
                    now[feed.name] = plan
                else:
                    plans.append(plan)
        site = self._plan_site()
        # First, because a tag may want a folder where another had a file.
        planned = {*site, *(path for plan in plans for path in plan.paths)}
        self._remove(now, planned)
        self._announce(planned)
        for plan in plans:
            try:
                now[plan.feed.name] = (
                    self._as_it_was(plan.feed) if is_stopping() else self._write(plan)
                )
            except StoreError as error:
                self._troubles.append(error)
                now[plan.feed.name] = self._as_it_was(plan.feed)
        now[_SITE] = self._write_site(site)
        self._remove(now, set())
        if now != self._known:
            remember(self._memory, self._directory, now)
        self._marks.tidy([*_paths(now)])
        if self._troubles:
            raise self._troubles[0]
        if self._refused:
            raise AggregatorError(refusal(self._directory, sorted(self._refused)))
        return self._changed

    def _as_it_was(self, feed: Feed) -> Share:
        """Leave the feed's files, but those at an address that is no longer its own."""
        documents = self._known.get(feed.name, Share()).documents
        return Share("", {path: file for path, file in documents.items() if is_of(path, feed.path)})

    # --- planning -------------------------------------------------------------------------------

    def _plan(self, feed: Feed) -> _Plan | Share:
        """Return what to write of a feed, or its share where everything is as it should be."""
        because = why_nameless(feed.path)
        if because is not None:
            self._leave_out(feed, because)
            return Share()
        version = self._store.feed_version(feed.name)  # before anything else is read of it
        state = f"{version} {self._catalogue.rendered_for(feed)} {__version__}"
        known = self._known.get(feed.name)
        if (
            known is not None
            and known.made_for == state
            and self._are_there(known.documents)
            and set(known.refused) == set(filter(self._is_refused, known.refused))
        ):
            kept = {path: file for path, file in known.documents.items() if self._take(feed, path)}
            return Share(state, kept, known.refused)
        parts = self._store.archive_parts(feed)
        # What others link to is there before they do: older parts first, the feed itself last.
        documents = [FeedDocument(feed, form, part.name) for part in parts for form in Format]
        documents += [FeedDocument(feed, form) for form in Format]
        paths = {path_of(document): document for document in documents}
        return _Plan(
            feed,
            "" if version is None else state,
            {path: document for path, document in paths.items() if self._take(feed, path)},
            self._lasting(feed, parts),
        )

    def _lasting(self, feed: Feed, parts: tuple[ArchivePart, ...]) -> dict[str, str]:
        made_for = f"{self._catalogue.made_for(feed)} {__version__}"
        followers = (*(part.name for part in parts[1:]), "nothing")
        return {
            path_of(FeedDocument(feed, form, part.name)): (
                f"past {made_for}" if part.past else f"whole, then {follower} {made_for}"
            )
            for part, follower in zip(parts, followers, strict=False)
            for form in Format
            if part.whole
        }

    def _plan_site(self) -> dict[str, tuple[str, Callable[[], bytes]]]:
        """Return what is no feed's, by path: for which state ("": for none), and how it is made."""
        config, visibility = self._config, self._config.visibility
        view = visibility.view(ANYBODY, Subject.PAGE)
        told = repr((config.server.base_url, view, config.feeds, config.sources, __version__))
        state = hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:32]
        site: dict[str, tuple[str, Callable[[], bytes]]] = {
            "index.html": (state, lambda: feeds_page(self._catalogue, view)),
            "feeds.opml": (state, self._feeds),
        }
        if visibility.view(ANYBODY, Subject.SOURCES).is_shown:
            site["sources.opml"] = ("", self._sources)
        token = config.publish.status_token
        if visibility.view(Caller(token=token), Subject.OPERATIONS).is_shown:
            for form in Format:
                path = f"feeds/{token}/_status.{form.value}"
                site[path] = ("", partial(self._operations, form))
        return site

    def _take(self, feed: Feed, path: str) -> bool:
        is_free = self._taken.take(path)
        if not is_free:
            self._leave_out(feed, f"another feed has {path}")
        return is_free

    def _leave_out(self, feed: Feed, because: str) -> None:
        if feed.name not in self._known:  # told once, not at every change
            log.warning("not published as a file feed=%s because=%r", feed.name, because)

    def _announce(self, planned: set[str]) -> None:
        """Remember the paths that will be new, so that not even a power cut leaves one unknown."""
        known = {path for share in self._known.values() for path in share.documents}
        if fresh := planned - known:
            announced = Share("", dict.fromkeys(sorted(fresh), File()))
            remember(self._memory, self._directory, self._known | {_ANNOUNCED: announced})

    # --- writing --------------------------------------------------------------------------------

    def _write(self, plan: _Plan) -> Share:
        before, share = self._known.get(plan.feed.name, Share()), Share(plan.made_for)
        for path, document in plan.paths.items():
            made_for = plan.lasting.get(path, "")
            self._keep_or_put(before, share, path, made_for, partial(self._body, document))
        return share

    def _body(self, document: FeedDocument) -> bytes | None:
        edition = make_edition(self._catalogue, self._store, document)
        return None if edition is None else edition.body

    def _write_site(self, site: dict[str, tuple[str, Callable[[], bytes]]]) -> Share:
        before, share = self._known.get(_SITE, Share()), Share()
        for path, (state, make) in site.items():
            try:
                self._keep_or_put(before, share, path, state, make)
            except StoreError as error:
                self._troubles.append(error)
                if (file := before.documents.get(path)) is not None:
                    share.documents[path] = file
        return share

    def _keep_or_put(
        self,
        before: Share,
        share: Share,
        path: str,
        made_for: str,
        make: Callable[[], bytes | None],
    ) -> None:
        """Let a document be as it is where it is good, else write what `make` returns."""
        file = before.documents.get(path)
        if file is not None and made_for == file.made_for != "" and self._are_there({path: file}):
            share.documents[path] = file
        elif path in before.refused and self._is_refused(path):
            share.refused += (path,)
        elif (body := make()) is not None:
            if self._is_refused(path):
                share.refused += (path,)
            else:
                share.documents[path] = self._put(path, body, made_for)

    def _is_refused(self, path: str) -> bool:
        """Tell whether a file of somebody else's is in the place of a document or its codings."""
        ours = {one: self._marks.is_ours(one) for one in _with_packed((path,))}
        if False not in ours.values():
            return False
        self._refused.add(path)
        if ours[path] is False:  # a web server would hand out what is packed beside it
            for one, is_ours in ours.items():
                if is_ours:
                    self._changed += remove_beneath(self._directory, one)
        return True

    def _sources(self) -> bytes:
        statuses = {status.name: status for status in self._store.status()}
        view = self._config.visibility.view(ANYBODY, Subject.SOURCES)
        shown = sources_in(view, self._config.sources, self._config.feeds)
        return render_sources("Sources", shown, statuses, self._store.secrets())

    def _feeds(self) -> bytes:
        feeds, secrets = self._config.feeds, self._catalogue.secrets
        return render_feeds("Feeds", feeds, self._addresses, secrets)

    def _operations(self, form: Format) -> bytes:
        selection = self._store.operations()
        feed = replace(selection.feed, token=self._config.publish.status_token)
        return render(replace(selection, feed=feed), form, self._addresses)

    def _put(self, path: str, body: bytes, made_for: str) -> File:
        """Write a document and its codings, what is read first last."""
        folder, _, name = path.rpartition("/")
        there = self._names(folder)
        packed = {SUFFIXES[one.coding]: one.body for one in pack(body)}
        self._marks.add((body, *packed.values()))
        for suffix in SUFFIXES.values():
            if suffix in packed:
                self._changed += write_beneath(self._directory, path + suffix, packed[suffix])
            elif name + suffix in there:
                self._changed += remove_beneath(self._directory, path + suffix)
        self._changed += write_beneath(self._directory, path, body)
        return File(made_for, tuple(packed))

    def _remove(self, now: Shares, planned: set[str]) -> None:
        """Remove what was written and is neither there to stay nor planned.

        With the folders that nothing is left in: their names may be tokens.
        """
        published = planned.union(*(share.documents for share in now.values()))
        left: set[str] = set()
        for share in self._known.values():
            for path in share.documents.keys() - published:
                left.add(path.rpartition("/")[0])
                for one in _with_packed((path,)):
                    if self._marks.is_ours(one):
                        self._changed += remove_beneath(self._directory, one)
        for folder in sorted(left - {""}, reverse=True):  # what lies deeper first
            remove_empty_beneath(self._directory, folder)

    # --- looking --------------------------------------------------------------------------------

    def _are_there(self, documents: dict[str, File]) -> bool:
        return all(
            f"{path.rpartition('/')[2]}{suffix}" in self._names(path.rpartition("/")[0])
            for path, file in documents.items()
            for suffix in ("", *file.suffixes)
        )

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._folders:
            self._folders[folder] = names_beneath(self._directory, folder)
        return self._folders[folder]


def _paths(shares: Shares) -> Iterator[str]:
    """Yield the paths of all that was written."""
    for share in shares.values():
        yield from _with_packed(share.documents)


def _with_packed(paths: Iterable[str]) -> Iterator[str]:
    """Yield each path, and those of its codings."""
    for path in paths:
        yield path
        for suffix in SUFFIXES.values():
            yield path + suffix
