"""What a single value may be: dates, addresses, languages, media types, e-mail addresses.

Each function returns what is wrong as a rule and words, or `None`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from aggregator.lint.findings import quoted
from aggregator.lint.registries import SCHEMES
from aggregator.runtime.values import dataclass
from aggregator.web.language_tags import is_language_tag
from aggregator.web.urls import plain_escapes, without_dot_segments

#: The rule that a value breaks, and how.
Fault = tuple[str, str]

#: The web is from 1990: what is dated before is a default value.
FIRST_PLAUSIBLE_YEAR = 1990
#: A clock may be ahead of ours by this much.
MOST_AHEAD = timedelta(minutes=10)

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_W3CDTF = re.compile(
    r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
#: RFC 822 as it is to be written today: one space, four digits of year, a zone that all know.
_RFC822 = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? "
    r"([+-]\d{4}|UT|GMT|Z|[ECMP][SD]T)",
    re.ASCII,
)
#: Everything that RFC 822 itself lets pass.
_OLD_RFC822 = re.compile(
    rf"(?:({'|'.join(_DAYS)})\s*,\s*)?(\d\d?)\s+({'|'.join(_MONTHS)})\s+(\d\d(?:\d\d)?)\s+"
    r"(\d\d):(\d\d)(?::(\d\d))?(?:\s+([+-]\d{4}|ut|gmt|[ecmp][sd]t|[a-ik-z]))?",
    re.ASCII | re.IGNORECASE,
)
_COMMENT = re.compile(r"\([^()]*\)")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NOT_IN_URI = re.compile(r"[^A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%\u0080-\U0010ffff-]")
_NOT_IN_IRI = re.compile(r"[\x80-\x9f\s\ufff0-\uffff\ufdd0-\ufdef\ue000-\uf8ff]")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(
    r"(?:[^@]*@)?(\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[^\]]+\]|[^:\[\]]*)(?::(\d*))?"
)
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[^\s?#]+.*", re.IGNORECASE | re.DOTALL)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TAG = re.compile(
    r"tag:(?:[\w.-]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:.*", re.ASCII | re.DOTALL
)
_PORT = re.compile(r":\d*$", re.ASCII)
#: Schemes that have a host, and the port that need not be told.
_PORTS = {"http": "80", "https": "443", "ftp": "21"}

#: RFC 6838, section 4.2, with the parameters of RFC 9110.
_MIME = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9*][a-z0-9!#$&^_.+*-]*"
    r"(?:\s*;\s*[!#$%&'*+.^_`|~a-z0-9-]+=(?:[!#$%&'*+.^_`|~a-z0-9-]+|\"(?:[^\"\\]|\\.)*\"))*",
    re.ASCII | re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@()<>,;:\"\[\]\\]+@[^\s@()<>,;:\"\[\]\\.]+(?:\.[^\s@()<>,;:\"\[\]\\.]+)*")


def rfc3339(text: str, *, now: datetime | None) -> Fault | None:
    """Judge a date of Atom or JSON Feed (RFC 3339; RFC 4287 §3.3 wants upper-case T and Z)."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        return "InvalidRFC3339Date", quoted(text)
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    away = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
    if int(found[9] or 0) > 59:
        return "InvalidRFC3339Date", quoted(text)
    offset = -away if found[7] == "-" else away
    moment = _moment((year, month, day), (hour, minute, second), offset)
    if moment is None:
        return "InvalidRFC3339Date", f"{quoted(text)} is not in the calendar"
    return _plausible(text, year, moment, now)


def w3cdtf(text: str) -> Fault | None:
    """Judge a date of Dublin Core (the W3C's note on dates)."""
    return None if _W3CDTF.fullmatch(text) else ("InvalidW3CDTFDate", quoted(text))


def rfc822(text: str, *, now: datetime | None) -> Fault | None:
    """Judge a date of RSS (RFC 822 with four digits of year; RSS Advisory Board's profile)."""
    found = _RFC822.fullmatch(text)
    strict = found is not None
    if found is None:
        found = _OLD_RFC822.fullmatch(_COMMENT.sub(" ", text).strip())
    if found is None:
        return "InvalidRFC2822Date", quoted(text)
    year = int(found[4])
    if len(found[4]) == 2:
        year += 1900 if year >= 50 else 2000
    month = _MONTHS.index(found[3].lower()) + 1
    offset = _offset(found[8] or "")
    time = int(found[5]), int(found[6]), int(found[7] or 0)
    moment = None if offset is None else _moment((year, month, int(found[2])), time, offset)
    if moment is None:
        return "InvalidRFC2822Date", f"{quoted(text)} is not in the calendar"
    weekday = _DAYS[date(year, month, int(found[2])).weekday()]
    if found[1] and found[1].lower() != weekday:
        return "IncorrectDOW", f"{quoted(text)} is a {weekday.title()}"
    if not strict:
        return "ProblematicalRFC822Date", quoted(text)
    return _plausible(text, year, moment, now)


def _offset(zone: str) -> timedelta | None:
    if zone[:1] in ("+", "-"):
        hours, minutes = int(zone[1:3]), int(zone[3:])
        away = timedelta(hours=hours, minutes=minutes)
        return None if hours > 23 or minutes > 59 else (-away if zone[0] == "-" else away)
    return timedelta(hours=_ZONES.get(zone.upper(), 0))


def _moment(
    day: tuple[int, int, int], time: tuple[int, int, int], offset: timedelta
) -> datetime | None:
    hour, minute, second = time
    if second > 60 or abs(offset) >= timedelta(days=1):
        return None
    try:  # a leap second counts as the second before
        return datetime(*day, hour, minute, min(second, 59), tzinfo=timezone(offset))
    except ValueError:
        return None


def _plausible(text: str, year: int, moment: datetime, now: datetime | None) -> Fault | None:
    if year < FIRST_PLAUSIBLE_YEAR:
        return "ImplausibleDate", quoted(text)
    if now is not None and moment > now + MOST_AHEAD:
        return "ImplausibleDate", f"{quoted(text)} is still to come"
    return None


def reference(text: str, *, iri: bool, whole: bool) -> Fault | None:
    """Judge an address: a URI, or an IRI where `iri`; with scheme and host where `whole`."""
    if not text.isascii() and not iri:
        return "UriNotIri", quoted(text)
    bad = _NOT_IN_URI.search(text) or _NOT_IN_IRI.search(text)
    if bad is not None:
        return "InvalidUriChar", f"{quoted(text)} holds {_named(bad[0])}"
    if _BAD_PERCENT.search(text):
        return "InvalidLink", f"{quoted(text)} has a % that encodes nothing"
    parts = _split(text)
    if any(char in part for part in (parts.path, parts.query, parts.fragment) for char in "#[]"):
        return "InvalidUriChar", f"{quoted(text)} holds [, ] or a second #"
    if wrong := _wrong_place(parts, whole=whole):
        return "InvalidFullLink" if whole else "InvalidLink", f"{quoted(text)} {wrong}"
    return _wrong_scheme(text, parts.scheme)


def _wrong_place(parts: _Parts, *, whole: bool) -> str | None:
    """Return what is wrong with scheme and host."""
    if not parts.scheme:
        if whole:
            return "is not a whole address"
        if parts.authority is None and ":" in parts.path.partition("/")[0]:
            return "has a colon where a scheme would be"
    if parts.authority is not None:
        host = _HOST.fullmatch(parts.authority)
        if host is None or (parts.scheme in _PORTS and not host[1]):
            return "has no valid host"
    elif parts.scheme in _PORTS:
        return "has no host"
    return None


def _wrong_scheme(text: str, scheme: str) -> Fault | None:
    match scheme:
        case "urn" if text[:9].lower() == "urn:uuid:":
            return None if _UUID.fullmatch(text) else ("InvalidUUID", quoted(text))
        case "urn":
            return None if _URN.fullmatch(text) else ("InvalidURN", quoted(text))
        case "tag":
            return None if _TAG.fullmatch(text) else ("InvalidTAG", quoted(text))
        case _ if scheme and scheme not in SCHEMES:
            return "SchemeNotIANARegistered", f"{quoted(text)} has the scheme {quoted(scheme)}"
        case _:
            return None


@dataclass(frozen=True, slots=True)
class _Parts:
    """A reference in its parts (RFC 3986 §3); `rest` is all behind the path, with its marks."""

    scheme: str
    authority: str | None
    path: str
    query: str
    fragment: str
    rest: str


def _split(text: str) -> _Parts:
    text, hash_mark, fragment = text.partition("#")
    text, question_mark, query = text.partition("?")
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    path = text[found.end() :] if found else text
    authority = None
    if path.startswith("//"):
        authority, slash, path = path[2:].partition("/")
        path = slash + path
    rest = question_mark + query + hash_mark + fragment
    return _Parts(scheme, authority, path, query, fragment, rest)


def is_whole(text: str) -> bool:
    """Tell whether an address has a scheme."""
    return _SCHEME.match(text) is not None


def canonical(text: str) -> str:
    """Return the canonical form of a valid address (RFC 3986 §6.2.2 and 6.2.3)."""
    parts = _split(text.strip())
    path = without_dot_segments(parts.path)
    place = ""
    if parts.authority is not None:
        user, at, host = parts.authority.rpartition("@")
        host, _, port = (
            host.lower().rpartition(":") if _PORT.search(host) else (host.lower(), "", "")
        )
        kept = f":{port}" if port and port != _PORTS.get(parts.scheme) else ""
        place = f"//{user}{at}{host}{kept}"
        path = path or "/"
    scheme = f"{parts.scheme}:" if parts.scheme else ""
    return plain_escapes(f"{scheme}{place}{path}{parts.rest}")


def _named(char: str) -> str:
    return (
        "a space" if char == " " else quoted(char) if char.isprintable() else f"U+{ord(char):04X}"
    )


def language(text: str) -> Fault | None:
    """Judge a language tag (BCP 47); two letters must be of ISO 639-1."""
    return None if is_language_tag(text) else ("InvalidLanguage", quoted(text))


def mime_type(text: str) -> bool:
    """Tell whether it is a media type, parameters or not."""
    return _MIME.fullmatch(text.strip()) is not None


def email(text: str) -> bool:
    """Tell whether it is a bare e-mail address; names of other scripts are."""
    return _EMAIL.fullmatch(text) is not None


def rss_contact(text: str) -> Fault | None:
    """Judge who an RSS element names: `name@example.org (Name)`."""
    address = text.removeprefix("mailto:").strip()
    if "@" not in address[1:]:
        return "InvalidContact", f"{quoted(text)} is no e-mail address"
    if not address.endswith(")"):
        return ("EmailFormat" if " " in address else "MissingRealName"), quoted(text)
    if not email(address.partition("(")[0].strip()):
        return "InvalidContact", quoted(text)
    return None
