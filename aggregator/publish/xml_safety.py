"""The last line of defence: what no published text may hold, whatever was stored."""

from __future__ import annotations

import re
from html.entities import html5, name2codepoint
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.web.addresses import ascii_authority
from aggregator.web.urls import OTHER_LINKS

if TYPE_CHECKING:
    from aggregator.model import Enclosure

# Everything but Char of XML 1.0 §2.2. Lone surrogates, which a Python string may hold, are outside.
_NOT_XML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What that section discourages and feed validators report, too: C1 controls and noncharacters.
_PLANE_ENDS = "".join(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
_NOT_PUBLISHED = re.compile(f"{_NOT_XML.pattern}|[\x85\ufdd0-\ufdef{_PLANE_ENDS}]")

# All the rest but a lost character: a class that only runs on is fifty times as fast as a search.
_PLANES = "".join(f"{chr(plane << 16)}-{chr(plane << 16 | 0xFFFD)}" for plane in range(1, 17))
_FIT = re.compile(f"[\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffc{_PLANES}]*+")

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


def clean(text: str) -> str:
    """Return `text` without XML-illegal characters and lone surrogates. Idempotent."""
    if _FIT.fullmatch(text):
        return text
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


def clean_link(url: str | None) -> str | None:
    """Return what an entry may link to: as `clean_url`, or of another listed scheme, in ASCII."""
    if url is not None and url.lower().startswith(OTHER_LINKS):
        return _quoted(clean(url.strip()))
    return clean_url(url)


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
