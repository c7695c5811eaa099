"""The conditions of fidelity_exceptions.toml: what must hold for a difference to be no loss."""

from __future__ import annotations

import html
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks import picture_excuses
from benchmarks.cases import Case, Difference
from benchmarks.dates import instant, is_impossible
from benchmarks.plain_reading import visible
from benchmarks.seen import (
    line,
    plain,
    same_address,
    tokens,
    told_of,
    web_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable

#: The bounds of docs/publishing.md ("What is not read").
MOST_ENTRIES = 2000
MOST_OF_A_KIND = 100
MOST_TEXT = 2**20
MOST_TITLE = 1000
MOST_AUTHOR = 500
MOST_URL = 4096

FILE = Path(__file__).parent / "fidelity_exceptions.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reviewed exception."""

    name: str
    fields: tuple[str, ...]
    when: Callable[[Difference, Case], bool]
    why: str

    def covers(self, difference: Difference, case: Case) -> bool:
        return difference.field in self.fields and self.when(difference, case)


def when_repeated(difference: Difference, case: Case) -> bool:
    # All of it: with another date, file or picture it is another entry.
    return any(
        other is not None and mate == difference.original
        for mate, other in zip(case.original, case.published[difference.form], strict=True)
    )


def when_escaped(difference: Difference, _: Case) -> bool:
    return web_address(difference.theirs) == web_address(difference.ours)


def when_read_as_html_in_rss(difference: Difference, case: Case) -> bool:
    elsewhere = case.published["atom"][difference.index]
    return (
        difference.form == "rss"
        and elsewhere is not None
        and difference.theirs in {elsewhere.title, elsewhere.link}
        and difference.ours in {html.unescape(difference.theirs), plain(difference.theirs)}
    )


def when_id_is_no_uri(difference: Difference, _: Case) -> bool:
    return _URI.fullmatch(difference.theirs) is None and difference.ours.startswith("urn:uuid:")


def when_id_is_relative(difference: Difference, case: Case) -> bool:
    # feedparser has put an address before it that is not there in the document.
    spellings = (difference.theirs, html.escape(difference.theirs, quote=False))
    return difference.ours.startswith("urn:uuid:") and not any(
        spelling.encode() in case.body for spelling in spellings
    )


def when_id_is_shared(difference: Difference, case: Case) -> bool:
    return sum(1 for one in case.original if one.id == difference.theirs) > 1


def when_before_the_web(difference: Difference, _: Case) -> bool:
    zero = difference.theirs < "1900" or difference.theirs.startswith(_ZEROS)
    return zero and not _is_read_otherwise(difference)


def when_misread_by_feedparser(difference: Difference, _: Case) -> bool:
    read = instant(difference.raw_date)
    return read is not None and read.isoformat() == difference.ours


def when_whole_seconds(difference: Difference, _: Case) -> bool:
    return re.sub(r"\.\d+", "", difference.theirs) == difference.ours


def when_no_date(difference: Difference, _: Case) -> bool:
    return is_impossible(difference.raw_date)


def when_in_the_future(difference: Difference, case: Case) -> bool:
    return difference.theirs > case.now.isoformat() and not _is_read_otherwise(difference)


def _is_read_otherwise(difference: Difference) -> bool:
    read = instant(difference.raw_date)
    return read is not None and read.isoformat() != difference.theirs


def when_updated_before_published(difference: Difference, case: Case) -> bool:
    # RSS has no place for the other date: Atom tells what it is.
    is_rss = difference.form == "rss" and not difference.ours
    one, ours = difference.original, difference.published
    ours = case.published["atom"][difference.index] if is_rss else ours
    if one.published is None or one.updated is None or ours is None:
        return False
    return one.updated < one.published and ours.updated == one.published


def when_rss_has_one_date(difference: Difference, case: Case) -> bool:
    elsewhere = case.published["atom"][difference.index]
    if difference.form != "rss" or elsewhere is None or difference.ours:
        return False
    at = getattr(elsewhere, difference.field)
    return at is not None and bool(at.isoformat() == difference.theirs)


def when_rss_has_one_enclosure(difference: Difference, case: Case) -> bool:
    elsewhere = case.published["atom"][difference.index]
    if difference.form != "rss" or elsewhere is None:
        return False
    return not {same_address(url) for url in difference.theirs.split()}.isdisjoint(
        same_address(url) for url in elsewhere.enclosures
    )


def when_escaped_twice(difference: Difference, _: Case) -> bool:
    return plain(difference.theirs) == difference.ours


def when_reference_in_text(difference: Difference, _: Case) -> bool:
    if difference.published is None:
        return False
    if difference.field == "title":
        return _is_decoded(difference.theirs, difference.ours)
    theirs = Counter(tokens(tuple(map(_decoded, difference.original.texts))))
    is_told = any(_decoded(text) != text for text in difference.original.texts)
    return is_told and not theirs - Counter(tokens(difference.published.texts))


def _is_decoded(theirs: str, ours: str) -> bool:
    decoded = _decoded(theirs)
    return theirs != decoded == ours


def _decoded(text: str) -> str:
    """Return a text with its references decoded, if there are others than a text about HTML has."""
    is_meant = any(html.unescape(one) not in "&<>\"'\xa0" for one in _REFERENCE.findall(text))
    return html.unescape(text) if is_meant else text


def when_mojibake_of_feedparser(difference: Difference, case: Case) -> bool:
    elsewhere = case.published["atom"][difference.index]
    beside = () if elsewhere is None else (*elsewhere.schemes, *elsewhere.labels)
    if difference.field in {"link", "enclosure", "image"}:
        return _is_garbled(difference)
    names = (difference.ours, *difference.ours.split(", "), *beside)
    return any(
        not name.isascii() and line(name.encode().decode("latin-1")) == difference.theirs
        for name in names
    )


def _is_garbled(difference: Difference) -> bool:
    """Tell whether an address is ours once its bytes are read as what they are."""
    try:
        theirs = difference.theirs.encode("latin-1").decode()
    except UnicodeError:
        return False
    ours = (difference.ours, *difference.ours.split())
    return theirs != difference.theirs and any(
        web_address(theirs) == web_address(one) or same_address(theirs) == one for one in ours
    )


def when_address_of_a_person(difference: Difference, _: Case) -> bool:
    if difference.theirs.endswith("(") and difference.theirs.rstrip(" (") == difference.ours:
        return True  # feedparser has taken the address out of its brackets
    names = _ADDRESS.sub(" ", difference.theirs)
    if names == difference.theirs or "@" in difference.ours or not difference.ours:
        return False
    return not Counter(re.findall(r"\w+", names)) - Counter(re.findall(r"\w+", difference.ours))


def when_format_has_terms_only(difference: Difference, case: Case) -> bool:
    elsewhere = case.published["atom"][difference.index]
    if elsewhere is None:
        return False
    if difference.field == "scheme":
        return difference.form == "json" and difference.theirs in elsewhere.schemes
    return difference.form != "atom" and difference.theirs in elsewhere.labels


def when_scheme_is_no_iri(difference: Difference, _: Case) -> bool:
    term, scheme = difference.theirs.rsplit(" (", 1)
    ours = () if difference.published is None else difference.published.categories
    return term in ours and _URI.fullmatch(scheme[:-1]) is None


def when_label_is_the_term(difference: Difference, _: Case) -> bool:
    return any(difference.theirs == told_of(term, term) for term in difference.original.categories)


def when_labelled_twice(difference: Difference, case: Case) -> bool:
    # Of the formats only Atom has a place for the first label.
    term = difference.theirs.rsplit(" (", 1)[0]
    atom = case.published["atom"][difference.index]
    is_said_twice = sum(one.startswith(f"{term} (") for one in difference.original.labels) > 1
    labels = () if atom is None else atom.labels
    return is_said_twice and any(label.startswith(f"{term} (") for label in labels)


def when_caption_apart(difference: Difference, case: Case) -> bool:
    again = case.again()
    if not again or difference.published is None:
        return False
    theirs = Counter(tokens(again[difference.index].texts))
    lost = theirs - Counter(tokens(difference.published.texts))
    return not lost


def when_repaired_by_feedparser(difference: Difference, case: Case) -> bool:
    words = [word for word in tokens((difference.theirs,)) if not word.isascii()]
    written = [word.encode().decode("latin-1") for word in words]
    encoding = "latin-1" if _DECLARED_LATIN.match(case.body) else "utf-8"
    ours = difference.published
    said = (
        "" if ours is None else " ".join((ours.title, *ours.authors, *ours.categories, *ours.texts))
    )
    return bool(words) and all(
        word.encode(encoding) in case.body and word in said for word in written
    )


def when_empty(difference: Difference, _: Case) -> bool:
    one = difference.original
    # feedparser offers the id for a missing link.
    link = "" if one.link == one.id and not one.link.startswith("http") else one.link
    return not (one.title or one.texts or link or one.enclosures or one.pictures or one.media)


def when_no_web_address(difference: Difference, _: Case) -> bool:
    return not re.match(r"(https?:)?//|magnet:\?|www\.", difference.theirs)


def when_entities_of_a_doctype(difference: Difference, case: Case) -> bool:
    if b"<!DOCTYPE" not in case.body or difference.published is None:
        return False
    told = case.told()
    if difference.index >= len(told):
        return False
    one, ours = told[difference.index], difference.published
    said = visible(" ".join((ours.title, *ours.texts)))
    if difference.field == "author":
        return ", ".join(one.authors) == ", ".join(ours.authors)
    return not Counter(one.characters + visible(one.title)) - Counter(said)


def when_guid_is_no_link(difference: Difference, case: Case) -> bool:
    theirs = difference.theirs
    return theirs == difference.original.id and theirs.encode() not in case.body


def when_date_of_no_year(difference: Difference, _: Case) -> bool:
    years = re.findall(r"\d{4}", difference.raw_date)
    return bool(years) and difference.theirs[:4] not in years


def when_advertisement(difference: Difference, case: Case) -> bool:
    host = urlsplit(difference.original.link).hostname or ""
    clean = case.without_advertising()
    if difference.published is None or not clean or not f".{host}".endswith(".ithome.com"):
        return False
    theirs = Counter(tokens(clean[difference.index].texts))
    return not theirs - Counter(tokens(difference.published.texts))


def when_beyond_bounds(difference: Difference, _: Case) -> bool:
    one, theirs, ours = difference.original, difference.theirs, difference.ours
    match difference.field:
        case "entry":
            return difference.index >= MOST_ENTRIES
        case "category":
            return theirs in one.categories[MOST_OF_A_KIND:]
        case "scheme" | "label":
            return theirs.rsplit(" (", 1)[0] in one.categories[MOST_OF_A_KIND:]
        case "enclosure":
            return len(theirs) > MOST_URL or theirs in one.enclosures[MOST_OF_A_KIND:]
        case "image":
            late = {same_address(url) for url in one.media[MOST_OF_A_KIND:]}
            return theirs in late or any(len(url) > MOST_URL for url in theirs.split())
        case "link":
            return len(theirs) > MOST_URL
        case "title":
            return _is_cut(theirs, ours, MOST_TITLE)
        case "author":
            return _is_cut(theirs, ours, MOST_AUTHOR)
        case _:
            return _is_cut_text(difference)


def _is_cut(theirs: str, ours: str, most: int) -> bool:
    # Not further before the bound than a word may begin.
    begin = ours.removesuffix("…")
    return len(theirs) > most and theirs.startswith(begin) and len(begin) * 2 > most


def _is_cut_text(difference: Difference) -> bool:
    one, published = difference.original, difference.published
    if published is None or one.longest <= MOST_TEXT:
        return False
    whole, ours = ("".join(tokens(seen.texts)) for seen in (one, published))
    # A tenth: markup may stand more densely in the beginning.
    return whole.startswith(ours) and len(ours) >= len(whole) * 0.9 * MOST_TEXT / one.longest


def when_reading_direction(difference: Difference, _: Case) -> bool:
    return line(_DIRECTION.sub("", difference.theirs)) == difference.ours


def when_one_name(difference: Difference, _: Case) -> bool:
    ours = difference.published.authors if difference.published else ()
    return ours == (", ".join(difference.original.authors),)


def when_id_is_not_canonical(difference: Difference, _: Case) -> bool:
    return difference.ours.startswith("urn:uuid:") and bool(_LOOSE_ESCAPE.search(difference.theirs))


def when_id_of_no_known_scheme(difference: Difference, _: Case) -> bool:
    return difference.ours.startswith("urn:uuid:") and not _KNOWN_ID.match(difference.theirs)


def when_several_contents(difference: Difference, _: Case) -> bool:
    if difference.original.contents < 2 or difference.published is None:
        return False
    ours = {"".join(tokens((text,))) for text in difference.published.texts}
    return "".join(tokens(difference.original.texts[:1])) in ours


def when_said_twice(difference: Difference, _: Case) -> bool:
    if difference.published is None:
        return False
    texts = {text: "".join(tokens((text,))) for text in difference.original.texts}
    whole = [
        text
        for text, said in texts.items()
        if not any(said in longer for longer in texts.values() if longer != said)
    ]
    return not Counter(tokens((*whole,))) - Counter(tokens(difference.published.texts))


#: The days that a program writes for no date: the epochs of Unix, OLE and DOS, and Excel's first.
_ZEROS = ("1970-01-01", "1969-12-31", "1900-01-01", "1980-01-01T00:00")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
#: A reference to a character, by name or number.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
#: An address of a person, with the brackets around it.
_ADDRESS = re.compile(r"[(<]?\s*[\w.+-]+@[\w.-]+\s*[)>]?")
_DECLARED_LATIN = re.compile(
    rb"\s*<\?xml[^>]*encoding=[\"'](?:iso-8859-1|windows-1252)[\"']", re.IGNORECASE
)
#: An escape in small letters, or of what needs none (RFC 3986, 6.2.2).
_LOOSE_ESCAPE = re.compile(
    r"%(?=[0-9A-Fa-f]{2})(?:(?![0-9A-F]{2})|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE]|3\d|2[DE])"
)
#: Marks that turn the reading direction of what follows (Unicode 16, 9.2).
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: What an id's scheme may be so that no validator warns of it, RFC 4151's tags in full.
_KNOWN_ID = re.compile(
    r"(?:https?:|urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:|info:|news:|mid:|cid:|did:|tag:[\w.@-]+,\d{4}(?:-\d\d){0,2}:)",
    re.IGNORECASE,
)


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of the exceptions file, in its order."""
    conditions = {
        name.removeprefix("when_"): it
        for name, it in {**globals(), **vars(picture_excuses)}.items()
        if name.startswith("when_")
    }
    with FILE.open("rb") as file:
        listed = tomllib.load(file)["exception"]
    return tuple(
        Rule(
            one["when"], tuple(one["fields"]), conditions[one["when"].replace("-", "_")], one["why"]
        )
        for one in listed
    )
