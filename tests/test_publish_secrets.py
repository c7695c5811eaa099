"""No published byte holds a secret, wherever in a stored story it stood and however spelt."""

from __future__ import annotations

import html
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest

from aggregator.model import (
    Access,
    Category,
    Enclosure,
    Episode,
    Feed,
    Generator,
    Particulars,
    Person,
    Podcast,
    Provenance,
    Selection,
    Source,
    SourceParticulars,
)
from aggregator.publish import Addresses, Format, render, render_sources
from aggregator.rules.held_secrets import secrets_of
from aggregator.stories.concealment import SourceWords, public_feed
from aggregator.stories.for_readers import StoredStory, as_read
from tests.making import START, feed
from tests.publishing import status

CANARY = "c4n4ry-7/x+9"
OWN = (
    Source("long", f"https://own.example/feed?feed_token={quote(CANARY, safe='')}"),
    Source("login", f"https://reader:{quote(CANARY, safe='')}@login.example/feed"),
    Source("hidden", "https://club.example/p4thsecret/feed.xml?m=7", private=True),
)
SECRETS = secrets_of(OWN)

#: Each begins with an address that has its secret in another place or spelling.
ECHOES = (
    OWN[0].url,
    f"https://own.example/feed?feed_token={CANARY}",
    f"https://x.example/share?u={quote(OWN[0].url, safe='')}&t=1",
    f"https://x.example/share?u={quote(quote(OWN[0].url, safe=''), safe='')}",
    f"https://x.example/{CANARY}/p.png#top",
    "https://x.example/?t=" + "".join(f"%{ord(one):02x}" for one in CANARY),
    OWN[1].url,
    f"HTTPS://reader:{CANARY}@LOGIN.EXAMPLE/other",
    OWN[2].url,
    "https://club.example/p4thsecret/feed.xml/2026/article",
    "https://club.example/p4thsecret/other",
    f"https://x.example/?u={quote(OWN[2].url, safe='')}",
    "//club.example/p4thsecret/feed.xml",
    OWN[2].url.replace("/", "\\/"),
)


def telling(document: bytes) -> list[str]:
    """Return what of a secret is in a document, with its encodings taken off."""
    text = document.decode()
    for _ in range(4):
        text = html.unescape(text).replace("\\/", "/")
    for _ in range(4):
        text = unquote(text)
    return [one for one in (CANARY, "p4thsecret", "club.example/p4th") if one in text]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("echo", ECHOES)
def test_no_document_holds_a_secret(echo: str, form: Format) -> None:
    markup = html.escape(echo)
    words = SourceWords(
        OWN[2],
        "urn:uuid:5f5c3f9e-6c0f-4b43-8f3a-1f1f1f1f1f1f",
        START,
        id=echo,
        title=echo,
        site_url=echo,
        language=echo,
        particulars=SourceParticulars(
            authors=(Person(echo, echo, echo, echo),),
            generator=Generator(echo, echo, echo),
            logo_url=echo,
            podcast=Podcast(((echo, echo),), image_url=echo),
        ),
        rights=echo,
        description=echo,
        icon_url=echo,
    )
    one = StoredStory(
        source=words,
        entry_id=echo,
        story_id=echo,
        order_key=1,
        url=echo,
        title=f"see {echo}",
        content_html=f'<p><a href="{markup}">{markup}</a><img src="{markup}" alt="a"></p>',
        summary=f"see {echo}, too",
        particulars=Particulars(
            authors=(Person(f"Jo {echo}", echo, f"jo@example.org?{echo}", echo),),
            contributors=(Person(echo),),
            rights=echo,
            episode=Episode(7, image_url=echo),
        ),
        published_at=START,
        updated_at=START,
        categories=(Category(echo, echo, echo), Category("kept")),
        enclosures=(Enclosure(echo, "audio/mpeg", 1), Enclosure(f"{echo}#2", echo, 1)),
        language=echo,
        provenance=Provenance(echo, echo, echo, echo),
        others=(replace(words, source=OWN[0], minted_id="urn:x:other"),),
    )
    plain = replace(
        one, story_id="urn:x:2", title="", particulars=Particulars(), source=words, order_key=2
    )
    stories = as_read((one, plain), feed(), SECRETS)
    told = replace(feed(), title=f"All of {echo}", description=echo, author=echo)
    selected = Selection(public_feed(told, SECRETS), "urn:x:feed", 1, START, stories)
    assert telling(render(selected, form, Addresses("https://feeds.example"))) == []


@pytest.mark.parametrize("echo", ECHOES)
def test_the_list_of_sources_holds_no_secret(echo: str) -> None:
    sources = tuple(replace(one, title=f"from {echo}", tags=(echo,)) for one in OWN)
    statuses = {one.name: status(one.name, title=echo, site_url=echo) for one in OWN}
    assert telling(render_sources(echo, sources, statuses, SECRETS)) == []


KEYED = (
    Source(
        "keyed",
        f"https://keyed.example/feed?q={quote(CANARY, safe='')}&page=2",
        access=Access(headers=(("X-Key", CANARY),)),
    ),
    Source("other", f"https://other.example/feed?page=2&w={quote(CANARY, safe='')}"),
)


@pytest.mark.parametrize("form", Format)
def test_no_document_names_a_source_by_a_url_that_holds_another_secret(form: Format) -> None:
    own, other = (SourceWords(one, f"urn:x:{one.name}", START, title=one.name) for one in KEYED)
    one = StoredStory(
        source=own,
        entry_id="urn:x:1",
        story_id="urn:x:1",
        order_key=1,
        url="https://keyed.example/1",
        title="One",
        content_html="<p>text</p>",
        summary="",
        particulars=Particulars(),
        published_at=START,
        updated_at=START,
        others=(other,),
    )
    stories = as_read((one,), feed(), secrets_of(KEYED))
    selected = Selection(feed(), "urn:x:feed", 1, START, stories)
    document = render(selected, form, Addresses("https://feeds.example"))
    assert telling(document) == []
    text = html.unescape(document.decode()).replace("\\/", "/")
    assert "https://keyed.example/feed?q=&page=2" in text
    assert "https://other.example/feed?page=2&w=" in text
    opml = render_sources("Sources", KEYED, {}, secrets_of(KEYED))
    assert telling(opml) == []
    assert "https://keyed.example/feed?q=&amp;page=2" in opml.decode()


@pytest.mark.parametrize("form", Format)
def test_what_is_nobodys_secret_is_published_letter_by_letter(form: Format) -> None:
    link = "https://x.example/view.php?code=101&auth=abc&lang=de"
    one = StoredStory(
        source=SourceWords(Source("x", "https://x.example/feed?code=de"), "urn:x:1", START),
        entry_id="urn:x:2",
        story_id="urn:x:2",
        order_key=1,
        url=link,
        title="A club of readers",
        content_html=f'<p><img src="{html.escape(link)}" alt="a"></p>',
        summary="",
        particulars=Particulars(),
        published_at=START,
        updated_at=START,
        enclosures=(Enclosure("https://x.example/pod.mp3?token=77", "audio/mpeg", 1),),
    )
    selected = Selection(
        Feed("all", "All"), "urn:x:feed", 1, START, as_read((one,), feed(), SECRETS)
    )
    text = html.unescape(html.unescape(render(selected, form, Addresses("")).decode()))
    assert text.replace("\\/", "/").count(link) >= 2
    assert "pod.mp3?token=77" in text
