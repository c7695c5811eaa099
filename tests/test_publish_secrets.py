"""No published byte holds user info or a secret query value, wherever in a story it stood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.model import Category, Enclosure, Feed, Source
from aggregator.publish import Addresses, Format, render, render_sources
from aggregator.publish.xml_safety import clean_url
from aggregator.web.redaction import SECRET_PARAMETERS
from tests.publishing import ITHOME, selection, status, story

CANARY = "canary7"
URLS = [
    f"https://{CANARY}:{CANARY}@example.com/feed",
    f"https://{CANARY}@example.com/feed",
    f"HTTPS://{CANARY}@EXAMPLE.com",
    f"https://us\x00er:{CANARY}\x0b{CANARY}@example.com/",
    *(f"https://example.com/?a=1&{name}={CANARY}&b=2" for name in SECRET_PARAMETERS),
    *(f"https://example.com/?{name.upper()}={CANARY}#top" for name in SECRET_PARAMETERS),
    f"//{CANARY}@example.com/x",
]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("url", URLS)
def test_no_document_holds_a_secret(url: str, form: Format) -> None:
    html = url.replace("&", "&amp;")
    origin = replace(ITHOME, id=url, title=f"from {url}", url=url, site_url=url)
    one = story(
        id=url,
        origin=origin,
        url=url,
        title=f"see {url}",
        content_html=f'<p><a href="{html}">{html}</a><img src="{html}"></p>',
        summary=f"see {url}, too",
        author=f"Jo {url}",
        categories=(Category(url, url, url),),
        enclosures=(Enclosure(url, "audio/mpeg", 1), Enclosure(url + "#2", url, 1)),
        language=url,
    )
    selected = replace(
        selection(one, replace(one, id="urn:x:2", title="", author=None)),
        id=url,
        feed=Feed("all", f"All of {url}"),
    )
    assert CANARY not in render(selected, form, Addresses(url)).decode()


@pytest.mark.parametrize("separator", [" ", "<", '"', "\\", "\u3000"])
def test_no_character_in_an_address_hides_its_secret(separator: str) -> None:
    for url in (
        f"https://us{separator}er:{CANARY}@h.example/",
        f"https://h/?key=a{separator}{CANARY}",
    ):
        assert CANARY not in (clean_url(url) or "")


@pytest.mark.parametrize("url", URLS)
def test_the_list_of_sources_holds_no_secret(url: str) -> None:
    sources = (
        Source("a", url, title=f"from {url}", tags=(url,)),
        Source("b", f"https://example.com/{CANARY}", private=True),
    )
    statuses = {name: status(name, title=url, site_url=url) for name in ("a", "b")}
    assert CANARY not in render_sources(url, sources, statuses).decode()
