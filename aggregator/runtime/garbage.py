"""How often Python looks for garbage in cycles."""

from __future__ import annotations

import gc

#: New objects before a look at them. Python's 700 is of the time of small programs: the modules of
#: this one are a hundred thousand objects that stay, and each look at all of them takes 30 ms.
_NEW_OBJECTS = 20_000


def collect_rarely() -> None:
    """Look for garbage when there is likely to be some; what dies without a cycle goes at once."""
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


def leave_the_rest() -> None:
    """Look for no more garbage: the process ends, and its memory with it.

    Python would look through everything three times on its way out.
    """
    gc.freeze()


def keep_what_there_is() -> None:
    """Never look again at what exists now: loaded modules, which stay as long as the process.

    Pages of such objects are not written to any more, so that forked processes share them.
    """
    gc.collect()
    gc.freeze()
