"""Strategies for stories of whatever text a publisher could send, for the laws of publishing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from aggregator.model import (
    AlsoTold,
    Category,
    Enclosure,
    Episode,
    Generator,
    Origin,
    Particulars,
    Person,
    Podcast,
    Sameness,
    SourceParticulars,
    Story,
)

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def unicode_text(most: int | None = None) -> SearchStrategy[str]:
    """Make any code points at all, lone surrogates and controls included, and bits of markup."""
    everything = st.characters(codec=None, exclude_categories=())
    markup = list("<>&\"'/![]?;=#x0 \t\r\n\x00\x0b\x85\x9f\ufffe\ud800ab世😀")
    return st.text(everything, max_size=most) | st.text(markup, max_size=most)


def instants(begin: datetime, end: datetime) -> SearchStrategy[datetime]:
    """Make moments in UTC, to the microsecond."""
    begins = begin.replace(tzinfo=None)
    ends = end.replace(tzinfo=None)
    return st.datetimes(begins, ends, timezones=st.just(UTC))


def origins(text: SearchStrategy[str], at: SearchStrategy[datetime]) -> SearchStrategy[Origin]:
    """Make what is said of a source."""
    return st.builds(
        Origin,
        name=st.just("name"),
        title=text,
        id=st.just("urn:x-test:origin"),
        url=st.none() | text,
        site_url=st.none() | text.map(_address),
        updated_at=at,
        language=st.none() | text,
        particulars=st.builds(
            SourceParticulars,
            particulars(text).map(lambda said: said.authors),
            st.none() | st.builds(Generator, text, st.none() | text, st.none() | text),
            st.none() | text,
            st.none() | st.builds(Podcast, st.lists(st.tuples(text, text), max_size=2).map(tuple)),
        ),
    )


def particulars(text: SearchStrategy[str]) -> SearchStrategy[Particulars]:
    """Make what is said of makers."""
    person = st.builds(
        Person, text, st.none() | text.map(_address), st.none() | text, st.none() | text
    )
    return st.builds(
        Particulars,
        st.lists(person, max_size=3).map(tuple),
        st.lists(person, max_size=2).map(tuple),
        st.none() | text,
        st.none() | st.builds(Episode, st.integers(0), image_url=st.none() | text),
    )


def tellings(text: SearchStrategy[str], at: SearchStrategy[datetime]) -> SearchStrategy[AlsoTold]:
    """Make other entries of a story."""
    return st.builds(
        AlsoTold,
        origins(text, at),
        text,
        st.none() | text | text.map(_address),
        at,
        st.sampled_from(Sameness),
    )


def stories(
    text: SearchStrategy[str],
    at: SearchStrategy[datetime],
    *,
    ids: SearchStrategy[str],
    html: SearchStrategy[str] | None = None,
    told: bool = False,
) -> SearchStrategy[Story]:
    """Make stories of these texts and moments; their `html` is any text if nothing is said.

    With `told` others may tell them, too.
    """
    return st.builds(
        Story,
        id=ids,
        order_key=st.just(1),
        origin=origins(text, at),
        url=st.none() | text | text.map(_address),
        title=text,
        content_html=text if html is None else html,
        summary=text,
        particulars=particulars(text),
        published_at=at,
        updated_at=at,
        categories=st.lists(
            st.builds(Category, text, st.none() | text, st.none() | text), max_size=3
        ).map(tuple),
        enclosures=st.lists(
            st.builds(
                Enclosure,
                text.map(_address),
                text,
                st.integers(-1, 10**12),
                st.none() | text,
                st.integers(-1, 10**9),
            ),
            max_size=3,
        ).map(tuple),
        language=st.none() | text,
        also=st.lists(origins(text, at), max_size=2).map(tuple) if told else st.just(()),
        also_told=st.lists(tellings(text, at), max_size=2).map(tuple) if told else st.just(()),
    )


def _address(text: str) -> str:
    return "https://example.com/" + text
