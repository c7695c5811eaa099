"""A source's name made from what is known of it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from aggregator.web.addresses import host_of

if TYPE_CHECKING:
    from collections.abc import Container

#: Long enough to tell sources apart, short enough for a column of `status`.
MAX_CHARS = 32

#: Labels and words that tell nothing of a publisher.
_HOST_NOISE = frozenset({"www", "feed", "feeds", "rss", "m"})
_TITLE_NOISE = frozenset({"atom", "blog", "feed", "home", "index", "news", "posts", "rss"})
#: "Solidot" of "Solidot 奇客": long enough to be a name, and apart from the rest.
_FIRST_WORD = re.compile(r"[A-Za-z][A-Za-z0-9.-]{3,}(?=[\s|:·–—,，、：（(-])")
#: "Solidot" of "奇客 Solidot".
_WORD_WITHIN = re.compile(r"[A-Za-z][A-Za-z0-9.-]{3,31}")
#: Words of a path that people read. Tokens have digits or capitals, or are longer.
_PATH_WORD = re.compile(r"[a-z][a-z-]{2,18}")
#: Second labels under two-letter domains that belong to the registry (example.com.cn).
_REGISTRY = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


def derive_name(
    title: str | None, url: str, taken: Container[str], site_url: str | None = None
) -> str:
    """Return a name of a-z, 0-9 and "-" that is not `taken`: from the title, else from the host.

    A title counts if it is short and can be spelt in ASCII, or its beginning is such a word. A host
    that is an address tells nobody anything: its site, a word within the title and one of the path
    do, and else it is "source".
    """
    base = _from_title(title or "")
    if not base and _is_address(host_of(url)):
        base = _from_host(site_url or "") or _from_words(title or "") or _from_path(url)
    base = base or _from_host(url) or "source"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _from_title(title: str) -> str:
    # NFKD: é is e and a mark, which is dropped.
    letters = [char for char in unicodedata.normalize("NFKD", title) if char.isalnum()]
    if not letters:
        return ""
    if not all(char.isascii() for char in letters):
        word = _FIRST_WORD.match(unicodedata.normalize("NFKC", title).strip())
        title = word[0] if word else ""
    name = _slug(title)
    return name if len(name) <= MAX_CHARS and name not in _TITLE_NOISE else ""


def _from_host(url: str) -> str:
    host = host_of(url)
    if not host.isascii() or _is_address(host):
        return ""
    labels = host.split(".")
    if len(labels) > 1:
        suffix = labels.pop()
        if len(labels) > 1 and len(suffix) == 2 and labels[-1] in _REGISTRY:
            labels.pop()
    telling = [label for label in labels if label not in _HOST_NOISE] or labels
    return _slug("-".join(telling))[:MAX_CHARS].strip("-")


def _is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def _from_words(title: str) -> str:
    """Return the first telling word in ASCII within a title."""
    words = map(_slug, _WORD_WITHIN.findall(unicodedata.normalize("NFKC", title)))
    return next((word for word in words if word not in _TITLE_NOISE), "")


def _from_path(url: str) -> str:
    """Return the last telling word of a path; what may be a secret is none."""
    for segment in reversed(url.partition("//")[2].partition("?")[0].split("/")[1:]):
        word = segment.partition(".")[0]
        if _PATH_WORD.fullmatch(word) and word not in _TITLE_NOISE | _HOST_NOISE:
            return word
    return ""


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).lower()
    ascii_only = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
