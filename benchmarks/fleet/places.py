"""Where the made-up publishers are: loopback addresses, so many sources at each of them.

A few hosts have many sources and most have a few, as with real ones. The responder and the rows
follow from the same numbers, in Python here and in SQL in `seeding`.
"""

from __future__ import annotations

#: Hosts of a million sources: five sources each; the largest one has some 2,200.
SOURCES_A_HOST = 5


def hosts_of(sources: int) -> int:
    """Return at how many hosts so many sources are."""
    return max(1, sources // SOURCES_A_HOST)


def address(host: int) -> str:
    """Return the loopback address of a host by its number."""
    return f"127.{1 + host // 65_536}.{host // 256 % 256}.{host % 256}"
