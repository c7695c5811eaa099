"""The configuration that holds, and how another takes its place: whole, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING

from aggregator.config.automatic_feeds import newly_withheld
from aggregator.daemon import configuration_log
from aggregator.daemon.changed_settings import (
    changes_between,
    fixed_differences,
    fixed_settings,
    settings_of,
)
from aggregator.daemon.further_secrets import all_secrets, further_secrets
from aggregator.daemon.joined import changed_by_lists, load_with, readdressed_lists, with_lists
from aggregator.daemon.log import conceal, event, set_level
from aggregator.daemon.saved_edits import SavedEdits
from aggregator.model.changes import FixedSettings
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.notes import NoteKind, NotReloaded, RestartNeeded
from aggregator.operations.expat import old_expat
from aggregator.operations.messages import old_expat_text
from aggregator.rules.held_secrets import secrets_of
from aggregator.schedule import price

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon.equipment import Equipment
    from aggregator.model.changes import Change
    from aggregator.model.notes import Fact
    from aggregator.schedule.price import Pricing
    from aggregator.store import Store

log = logging.getLogger(__name__)


def apply_first(
    config: Config, store: Store, environ: Mapping[str, str], now: datetime
) -> tuple[Pricing, Config]:
    """Apply the configuration to a store that was opened; return the price that it keeps.

    The configuration that comes back has the sources of its lists, too. Blocks on the disk.
    """
    config = with_lists(config, store.lists())
    conceal(all_secrets(config, environ))
    changes = store.apply(
        config.sources,
        config.feeds,
        now=now,
        quota=config.store.quota,
        further_secrets=further_secrets(config, environ),
    )
    store.forget_note(NoteKind.NOT_RELOADED)
    store.forget_note(NoteKind.RESTART_NEEDED)
    pricing = price.recall(store.pricing())
    configuration_log.tell(changes, config.warnings)
    if (version := old_expat()) is not None:
        log.warning(event("old library", warning=old_expat_text(version)))
    return pricing, config


class Configuring:
    """Has the present configuration, `config`, and applies others to the store.

    `telling` is entered for as long as a reload takes; `follow` lets the rest of the process go
    by another configuration, once the store does.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        environ: Mapping[str, str],
        *,
        equipment: Equipment,
        clock: Callable[[], datetime],
        telling: Callable[[], AbstractContextManager[None]],
        follow: Callable[[Config, Config], Awaitable[None]],
    ) -> None:
        self.config = config
        self.rejected: NotReloaded | None = None
        self._store = store
        self._environ = environ
        self._in_thread = equipment.in_thread
        self._clock = clock
        self._telling = telling
        self._follow = follow
        self._reloading = asyncio.Lock()
        self._saved = SavedEdits(config.path)
        self._fixed = fixed_settings(config)

    async def reload_quietly(self, *, saved: bool = False) -> None:
        """Reload; what is wrong is logged and noted."""
        with contextlib.suppress(AggregatorError):
            await self.reload(saved=saved)

    async def reload_saved(self) -> None:
        """Reload where that is wanted after a file was saved, and one was."""
        if self.config.server.reload_on_save and await self._in_thread(self._saved.look):
            await self.reload_quietly(saved=True)

    async def reload(self, *, saved: bool = False) -> tuple[Change, ...]:
        """Read the configuration again and apply it whole, or keep the old one and say why.

        `saved`: nobody has asked for it, a file was saved.
        """
        async with self._reloading:
            with self._telling():
                return await self._read_again(saved=saved)

    async def take_over_lists(self) -> None:
        """Apply what lists list now to the configuration that holds, whatever its file says."""
        async with self._reloading:
            old, stored = self.config, await self._in_thread(self._store.lists)
            fresh = await self._in_thread(partial(changed_by_lists, old, stored))
            if fresh is not None:
                await self._apply(fresh)

    async def _read_again(self, *, saved: bool) -> tuple[Change, ...]:
        try:
            if saved:
                await self._in_thread(self._saved.refuse_emptied)
            await self._in_thread(self._saved.handle)
            load = partial(load_with, self._store, self.config.path)
            changes = await self._apply(await self._in_thread(load), saved=saved)
            self.rejected = None
            await self._note(NoteKind.NOT_RELOADED, None)
        except AggregatorError as error:
            lines = error.lines if isinstance(error, ConfigError) else (str(error),)
            for line in lines:
                log.error(  # noqa: TRY400 -- a mistake in a file, not a bug: no traceback
                    event("configuration rejected", problem=line)
                )
            self.rejected = NotReloaded(lines[0], len(lines) - 1)
            await self._note(NoteKind.NOT_RELOADED, self.rejected)
            raise
        return changes

    async def _apply(self, fresh: Config, *, saved: bool = False) -> tuple[Change, ...]:
        """Apply a configuration; one that was `saved` and changes nothing is no news."""
        old = self.config
        further = await self._in_thread(partial(further_secrets, fresh, self._environ))
        # The old ones, too, until what was asked with them has ended.
        both = (*fresh.sources, *old.sources)
        conceal(await self._in_thread(partial(secrets_of, both, further)))
        apply = partial(
            self._store.apply,
            quota=fresh.store.quota,
            now=self._clock(),
            further_secrets=further,
        )
        changes = await self._in_thread(partial(apply, fresh.sources, fresh.feeds))
        changes += await self._in_thread(partial(self._other_changes, old, fresh))
        fixed = fixed_differences(self._fixed, fixed_settings(fresh))
        restart = RestartNeeded(tuple(one.key for one in fixed)) if fixed else None
        if fixed:
            changes += (FixedSettings(fixed),)
        self.config = fresh
        set_level(fresh.log.level)
        await self._note(NoteKind.RESTART_NEEDED, restart)
        await self._follow(old, fresh)
        await self._in_thread(partial(configuration_log.tell, changes, fresh.warnings))
        if changes or not saved:
            log.info(event("configuration applied", changes=len(changes)))
        return changes

    def _other_changes(self, old: Config, fresh: Config) -> tuple[Change, ...]:
        """Return what differs besides sources and feeds."""
        found = changes_between(settings_of(old), settings_of(fresh), fixed=self._fixed)
        kept = fresh.store.retention
        if kept < old.store.retention:
            foresee = partial(self._store.foresee, fresh.sources, fresh.feeds)
            # All else is applied already.
            found += foresee(now=self._clock(), retention=kept)
        urls = {of.name: of.url for of in old.lists}
        return (*found, *newly_withheld(old, fresh), *readdressed_lists(fresh, urls))

    async def _note(self, kind: NoteKind, fact: Fact | None) -> None:
        with contextlib.suppress(AggregatorError):
            if fact is None:
                await self._in_thread(partial(self._store.forget_note, kind))
            else:
                await self._in_thread(partial(self._store.note, fact, now=self._clock()))
