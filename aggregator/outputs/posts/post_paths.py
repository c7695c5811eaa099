"""Where a post lies: names that every file system, Hexo, Hugo and Jekyll take as they are.

A character that some system refuses becomes its full-width twin, which looks alike and means
nothing to any of them: "a/b" is named "a／b".
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

ENDING = ".md"
#: What ext4, APFS and NTFS hold for one name; NTFS counts UTF-16, which is never more.
MOST_NAME_BYTES = 255
#: Characters of an id's hash that tell two stories of the same title apart, and more if need be.
_SUFFIX_CHARACTERS = 8

#: What Windows refuses (learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file), and #, which
#: would begin a fragment in the address that Hexo makes of a name.
_REFUSED = {ord(one): ord(one) + 0xFEE0 for one in '/\\:*?"<>|#'}
_PORTS = {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
_DEVICES = _PORTS | {"con", "prn", "aux", "nul", "conin$", "conout$"}
#: Hugo takes a folder with an index.md for one page, and what else is in it for that page's files
#: (gohugo.io/content-management/page-bundles).
_SPECIAL = _DEVICES | {"index"}
#: Hexo passes over what begins with . or _, Hugo over what ends with ~; a command line takes - for
#: an option.
_REFUSED_AT_START = re.compile(r"\A[._~-]")
_REFUSED_AT_END = re.compile(r"[.~]\Z")
#: Hugo leaves punctuation out of a page's address: of "a!" and "a?" only one would be seen.
_DROPPED_BY_HUGO = re.compile(r"[^\w/]+")
_FULL_WIDTH_LINE = "＿"
#: Controls, marks of reading direction and the like, lone surrogates, private and unassigned ones.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def safe_name(text: str) -> str:
    """Return `text` as a part of a path, in NFC, at most 255 bytes of UTF-8; it may be empty."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    shown = "".join(one for one in line if unicodedata.category(one) not in _INVISIBLE)
    # What was taken out may have kept apart what composes, and blanks.
    name = " ".join(unicodedata.normalize("NFC", shown).translate(_REFUSED).split())
    name = _REFUSED_AT_START.sub(_full_width, name)
    if name.partition(".")[0].rstrip().casefold() in _SPECIAL:
        name = _FULL_WIDTH_LINE + name
    return _cut(name, MOST_NAME_BYTES)


def folders(categories: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that a post of these categories lies in, the outermost first."""
    # Windows takes a folder's last dot away, Hugo passes over a last tilde.
    names = (_REFUSED_AT_END.sub(_full_width, safe_name(one)) for one in categories)
    return tuple(_cut(name, MOST_NAME_BYTES) for name in names if name)


def choose_path(
    categories: Iterable[str],
    title: str,
    story_id: str,
    *,
    dated_at: datetime | None,
    is_free: Callable[[str], bool],
) -> str:
    """Return the path of a new post: its categories as folders, then TITLE.md.

    With `dated_at` the name begins with that day: Jekyll reads no other posts. Where `is_free` says
    that the path is taken, a piece of the id's hash is added.
    """
    before = "/".join((*folders(categories), ""))
    stem = safe_name(title)
    day = f"{dated_at.date().isoformat()}-" if dated_at else ""
    digest = hashlib.sha256(story_id.encode("utf-8", "surrogatepass")).hexdigest()
    stem = stem or digest[:_SUFFIX_CHARACTERS]
    for attempt in count():
        # Past the whole hash a number counts on: somebody has named files after all of them.
        suffix = f"-{digest[: _SUFFIX_CHARACTERS * attempt]}" if attempt else ""
        suffix += f"-{attempt}" if _SUFFIX_CHARACTERS * attempt > len(digest) else ""
        room = MOST_NAME_BYTES - len((day + suffix + ENDING).encode())
        path = f"{before}{day}{_cut(stem, room)}{suffix}{ENDING}"
        if is_free(path):
            return path
    raise AssertionError("count() does not end")


def path_key(path: str, kind: str) -> str:
    """Return what two paths share when some file system takes them for one, or their pages meet."""
    folded = unicodedata.normalize("NFC", path).casefold().replace("％", "%")
    if kind == "hugo":
        folded = _DROPPED_BY_HUGO.sub("-", folded)
    return unicodedata.normalize("NFC", folded)


def _full_width(found: re.Match[str]) -> str:
    return chr(ord(found[0]) + 0xFEE0)


def _cut(name: str, most_bytes: int) -> str:
    encoded = name.encode()
    if len(encoded) <= most_bytes:
        return name
    return encoded[:most_bytes].decode(errors="ignore").rstrip()
