"""The last line of defence: what no published text may hold, whatever was stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.redact import redact

if TYPE_CHECKING:
    from aggregator.model import Enclosure

# Everything but Char of XML 1.0 §2.2, and the C1 controls, which that section discourages and
# feed validators report. Lone surrogates, which a Python string may hold, are outside Char.
_NOT_PUBLISHED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# RFC 3986 §2: what a URI may hold unescaped; "%" stays, so that nothing is escaped twice.
_URI_CHARACTERS = "%:/?#[]@!$&'()*+,;=-._~"

_WEB_SCHEMES = ("http://", "https://")

# BCP 47 in outline: a primary subtag and further subtags of at most eight letters and digits.
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}")

# RFC 9110 §8.3.1: type/subtype, both tokens; parameters are left out.
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)

_EMAIL = re.compile(r"(?:mailto:)?([\w.+-]+)@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_BETWEEN_PEOPLE = re.compile(r",\s+(?![^()]*\))")
_EMPTY_BRACKETS = re.compile(r"<\s*>|\(\s*\)")

#: A longer author is no address (254 characters, RFC 5321 §4.5.3.1.3) with a name; also keeps the
#: search for one short.
AUTHOR_CHARACTERS = 512


def clean(text: str) -> str:
    """Return `text` without XML-illegal characters, lone surrogates, user info and secrets.

    Characters go first: one inside a URL would hide its secret. Idempotent.
    """
    return redact(_NOT_PUBLISHED.sub("", text))


def clean_url(url: str | None) -> str | None:
    """Return `url` as an http or https URI in ASCII, cleaned, or `None` for anything else.

    An IRI is mapped to a URI (RFC 3987 §3.1 step 2), because RSS and many readers know only those.
    """
    if url is None:
        return None
    cleaned = clean(url.strip())
    if not cleaned.lower().startswith(_WEB_SCHEMES):
        return None
    # Once more: a space ends an address in a text, and one in an address would hide its secret.
    return redact(quote(cleaned, safe=_URI_CHARACTERS))


def clean_language(language: str | None) -> str | None:
    """Return `language` if it has the shape of a BCP 47 tag, else `None`."""
    if language is None or _LANGUAGE.fullmatch(language) is None:
        return None
    return language


def clean_media_type(enclosure: Enclosure) -> str:
    """Return the enclosure's media type without parameters, a general one where it has none."""
    essence = enclosure.media_type.partition(";")[0].strip().lower()
    return essence if _MEDIA_TYPE.fullmatch(essence) else "application/octet-stream"


def person_name(author: str) -> str:
    """Return the name in `author`, which may be an address, or a name with one; may be empty.

    "jo@example.org (Jo Doe)" and "Jo Doe <jo@example.org>" are "Jo Doe"; a bare address is its
    local part. An address is never published as a name, and none is made up. Several, separated
    by commas, stay several.
    """
    text = clean(author).strip()
    if "@" not in text or len(text) > AUTHOR_CHARACTERS:
        return text
    names = (_name(person) for person in _BETWEEN_PEOPLE.split(text))
    return ", ".join(dict.fromkeys(name for name in names if name))


def _name(text: str) -> str:
    address = _EMAIL.search(text)
    if address is None:
        return text
    name = _EMPTY_BRACKETS.sub("", _EMAIL.sub("", text)).strip(" \t\r\n,;\"'")
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1].strip()
    return name or address[1]
