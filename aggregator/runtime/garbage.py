"""How often Python looks for garbage in cycles."""

from __future__ import annotations

import gc

#: New objects before a look at them, while modules are loaded. With Python's own 700 each few
#: modules are looked through again: 30 ms whenever all of them are.
_WHILE_LOADING = 20_000

#: Python's own. More of them let documents in flight pile up: a third more memory at 200 sources.
_WHILE_WORKING = 700


def collect_rarely() -> None:
    """Look for garbage seldom until there is work; what dies without a cycle goes at once."""
    gc.set_threshold(_WHILE_LOADING, 10, 10)


def keep_what_there_is() -> None:
    """Begin to work: what exists now are loaded modules, which stay and are never looked at again.

    Pages of such objects are not written to any more, so that forked processes share them.
    """
    gc.freeze()
    gc.set_threshold(_WHILE_WORKING, 10, 10)


def leave_the_rest() -> None:
    """Look for no more garbage: the process ends, and its memory with it.

    Python would look through everything three times on its way out.
    """
    gc.freeze()
