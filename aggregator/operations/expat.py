"""Which expat, the XML parser below feedparser, this Python has."""

from __future__ import annotations

from pyexpat import EXPAT_VERSION

#: The first version that bounds what a small document can make it allocate (CVE-2025-59375).
_BOUNDED = (2, 7, 2)


def old_expat(version: str = EXPAT_VERSION) -> str | None:
    """Return the version ("2.5.0") where it is older than the first that bounds its memory.

    `version` is as expat says it: "expat_2.5.0".
    """
    number = version.removeprefix("expat_")
    return number if tuple(map(int, number.split("."))) < _BOUNDED else None
