"""The signals that the daemon obeys: SIGTERM and SIGINT end it, SIGHUP makes it reload."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.daemon.log import event

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: Signals to stop that come within this time are one: a terminal, a supervisor and a script that
#: all pass it on, or somebody's double Ctrl-C.
ONE_SIGNAL = timedelta(seconds=1)


class Signals:
    """Catches signals from `catch` on; `stop` is set by the first that asks to.

    One that asks again, later than `ONE_SIGNAL` after the first, ends the process at once. A reload
    that is asked for before `on_reload` is made then.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._asked_s = 0.0
        self._reload: Callable[[], object] | None = None
        self._is_reload_asked = False

    def catch(self) -> None:
        """Take the signals over from the running loop's process."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload)

    def on_reload(self, reload: Callable[[], object]) -> None:
        """Call `reload` for each SIGHUP from now on, and for one that came before."""
        self._reload = reload
        if self._is_reload_asked:
            reload()

    def _asked_to_stop(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if not self.stop.is_set():
            log.info(event("stopping"))
            self._asked_s = now_s
            self.stop.set()
        elif now_s - self._asked_s >= ONE_SIGNAL.total_seconds():
            log.warning(event("stopped at once", because="second signal"))
            os._exit(1)

    def _asked_to_reload(self) -> None:
        self._is_reload_asked = True
        if self._reload is not None:
            self._reload()
