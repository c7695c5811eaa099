"""How many files, connections among them, this process may have open."""

from __future__ import annotations

import contextlib
import resource

#: Four times what the readers of a listener may hold. Many systems allow 1,024 unasked, for the
#: sake of programs that use select(2), and more to whoever asks (systemd.exec(5), "LimitNOFILE").
WANTED = 8192


def allow_open_files(wanted: int = WANTED) -> int:
    """Ask for so many where fewer are allowed; return how many may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # a filter of system calls may refuse it
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return wanted if soft == resource.RLIM_INFINITY else soft
