"""The last line of defence: what no published text may hold, whatever was stored."""

from __future__ import annotations

import re
from html.entities import html5, name2codepoint
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.web.addresses import ascii_authority

if TYPE_CHECKING:
    from aggregator.model import Enclosure

# Everything but Char of XML 1.0 §2.2. Lone surrogates, which a Python string may hold, are outside.
_NOT_XML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What that section discourages and feed validators report, too: C1 controls and noncharacters.
_PLANE_ENDS = "".join(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
_NOT_PUBLISHED = re.compile(f"{_NOT_XML.pattern}|[\x85\ufdd0-\ufdef{_PLANE_ENDS}]")

# A lost character, which validators take for a broken encoding, and the sign that editors of
# Chinese texts print for one.
_LOST, _LOST_SHOWN = "\ufffd", "□"

# RFC 3986 §2: what a URI may hold unescaped, outside its authority and in it; "%" stays where it
# escapes something, so that nothing is escaped twice.
_URI_CHARACTERS = "%:/?@!$&'()*+,;=-._~"
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_AUTHORITY_CHARACTERS = _URI_CHARACTERS + "[]"
_AUTHORITY = re.compile(r"(https?://)([^/?#]*)", re.IGNORECASE)

# What a category's scheme may be; others are mostly a word and a colon.
_SCHEME_IRI = re.compile(r"(?:https?://|urn:[a-z0-9][a-z0-9-]{1,30}:)[!-~]+", re.IGNORECASE)

# RFC 6838 §4.2: type/subtype, both beginning with a letter or digit; parameters are left out.
_MEDIA_TYPE = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", re.ASCII
)

_ENTITY = re.compile(r"&(#?\w+)")

_EMAIL = re.compile(r"(?:mailto:)?([\w.+-]+)@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_BETWEEN_PEOPLE = re.compile(r",\s+(?![^()]*\))")
_EMPTY_BRACKETS = re.compile(r"<\s*>|\(\s*\)")

#: A longer author is no address (254 characters, RFC 5321 §4.5.3.1.3) with a name; also keeps the
#: search for one short.
AUTHOR_CHARACTERS = 512


def clean(text: str) -> str:
    """Return `text` without XML-illegal characters and lone surrogates. Idempotent."""
    return _NOT_PUBLISHED.sub("", text).replace(_LOST, _LOST_SHOWN)


def clean_id(identifier: str) -> str:
    """Return an id as it may be published; what is no danger stays, for an id never changes."""
    return _NOT_XML.sub("", identifier)


def clean_url(url: str | None) -> str | None:
    """Return `url` as an http or https URI in ASCII, cleaned, or `None` for anything else.

    An IRI is mapped to a URI (RFC 3987 §3.1 step 2), because RSS and many readers know only those.
    What is a URI stays as it is, letter by letter.
    """
    if url is None:
        return None
    cleaned = clean(url.strip())
    start = _AUTHORITY.match(cleaned)
    if start is None:
        return None
    authority = quote(ascii_authority(start[2]), safe=_AUTHORITY_CHARACTERS)
    return f"{start[1]}{authority}{_quoted(cleaned[start.end() :])}"


def _quoted(text: str) -> str:
    """Return path, query and fragment of an IRI as a URI has them."""
    before, mark, fragment = _STRAY_PERCENT.sub("%25", text).partition("#")
    return quote(before, safe=_URI_CHARACTERS) + mark + quote(fragment, safe=_URI_CHARACTERS)


def clean_scheme(scheme: str | None) -> str | None:
    """Return the scheme of a category if it is an IRI (RFC 4287 §4.2.2.2), else `None`."""
    if scheme is None or not _SCHEME_IRI.match(scheme):
        return None
    return clean_url(scheme) or _quoted(clean(scheme))


def reads_as_markup(text: str) -> bool:
    """Tell whether a reader who looks for HTML in a plain text would find some in `text`."""
    return "</" in text or any(
        not name.isalpha() or name in name2codepoint or f"{name};" in html5
        for name in _ENTITY.findall(text)
    )


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
