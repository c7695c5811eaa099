"""What a real browser does with what we publish of hostile markup: nothing."""

from __future__ import annotations

import base64
import html
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from aggregator.publish import Addresses, Format, render
from aggregator.refine.sanitise import clean
from tests.browser import Site, find_browser
from tests.hostile_html import CLASSES, PAYLOADS
from tests.publishing import bare_story, selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HTML = "text/html; charset=utf-8"
PAGE = "<!doctype html><meta charset=utf-8><title>page</title><body>"
PAYLOADS_A_PAGE = 100


@pytest.fixture(scope="module")
def browser() -> str:
    found = find_browser()
    if found is None and os.geteuid() == 0:
        pytest.fail("no chromium, though `make test` installs it for root")
    if found is None:
        pytest.skip("no chromium here: apt install chromium")
    return found


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    site.pages["/blank"] = (HTML, PAGE.encode())
    yield site
    site.close()


def armed(number: int, payload: str, elsewhere: str) -> str:
    """Return a payload that tells its number when its script runs or its address is asked for."""
    call = f"top.postMessage({number},`*`)"
    script = base64.b64encode(f"<script>{call}</script>".encode()).decode()
    payload = payload.replace("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", script)
    payload = payload.replace("alert(1)", call)
    payload = payload.replace("alert&#40;1)", call.replace("(", "&#40;"))
    return re.sub(r"(?:https:)?//e\.com", f"http://{elsewhere}/{number}", payload)


def refined(site: Site) -> list[str]:
    return [
        clean(armed(number, payload, site.elsewhere), f"http://{site.elsewhere}/{number}/posts/")
        for number, payload in enumerate(PAYLOADS)
    ]


def publish(texts: list[str], site: Site) -> None:
    """Serve our three documents of a feed with these contents."""
    found = selection(
        *(
            bare_story(id=f"urn:x-test:{number}", title=str(number), content_html=text)
            for number, text in enumerate(texts)
        )
    )
    for form in Format:
        document = render(found, form, Addresses(f"http://127.0.0.1:{site.port}"))
        site.pages[f"/feeds/all.{form.value}"] = (form.media_type, document)


def test_unrefined_the_payloads_do_harm_in_every_class(
    browser: str, site: Site, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    tried = [
        number
        for number, payload in enumerate(PAYLOADS)
        if payload not in CLASSES["schemes"] or number % 4 == 0
    ]
    for number in tried:
        body = PAGE + armed(number, PAYLOADS[number], site.elsewhere)
        site.pages[f"/raw/{number}"] = (HTML, body.encode("utf-8", "replace"))
    visit = site.visit(browser, tmp_path, {"raw": tried})
    asked = {
        int(one.path.split("/")[1])
        for one in visit.elsewhere()
        if re.match(r"/\d+(?:/|$)", one.path)
        and (one.wanted != "image" or one.method == "POST" or one.path.endswith("/css"))
    }
    assert visit.problems == []
    assert visit.shown == len(tried)
    harmful = {*visit.fired, *visit.navigated, *visit.changed, *asked} & set(tried)
    of_class = {
        name: sum(PAYLOADS.index(payload) in harmful for payload in set(payloads))
        for name, payloads in CLASSES.items()
    }
    tell(f"{len(harmful)} of {len(tried)} payloads act when they are not refined: {of_class}")
    assert all(of_class.values()), of_class
    assert len(harmful) >= 150


def test_a_reader_of_unrefined_content_would_have_been_harmed(
    browser: str, site: Site, tmp_path: Path
) -> None:
    payloads = (
        "<img src=x onerror=alert(1)>", "<p onmouseover=alert(1)>x", "<img name=cookie src=x>",
        "<a href=javascript:alert(1)>x</a>", "<p style='background:url(//e.com/css)'>x",
        "<iframe src=//e.com/x></iframe>", "<link rel=stylesheet href=//e.com/css>",
    )  # fmt: skip
    texts = [armed(number, text, site.elsewhere) for number, text in enumerate(payloads)]
    publish(texts, site)
    visit = site.visit(browser, tmp_path, {"feeds": 1})
    assert {0, 1, 3, 5} <= set(visit.fired)
    for number, what in enumerate(
        ("onerror", "onmouseover", "name", "javascript", "style", "iframe", "link")
    ):
        for way in ("atom by innerHTML", "rss by documentWrite", "json by innerHTML"):
            assert any(
                problem.startswith(f"{way} {number}:") and what in problem
                for problem in visit.problems
            ), (way, what)
    assert "rss by documentWrite" in visit.changed
    assert {"iframe", "style"} <= {one.wanted for one in visit.elsewhere()}
    assert "/4/css" in {one.path for one in visit.elsewhere()}


def test_refined_no_payload_runs_loads_posts_navigates_or_clobbers(
    browser: str, site: Site, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    texts = refined(site)
    starts = range(0, len(texts), PAYLOADS_A_PAGE)
    for page, start in enumerate(starts):
        sections = (
            f'<section data-n="{start + number}">{text}</section>'
            for number, text in enumerate(texts[start : start + PAYLOADS_A_PAGE])
        )
        site.pages[f"/refined/{page}"] = (HTML, (PAGE + "".join(sections)).encode())
    publish(texts, site)
    visit = site.visit(browser, tmp_path, {"pages": len(starts), "feeds": 1})
    assert visit.problems == []
    assert visit.fired == []
    assert visit.navigated == []
    assert visit.changed == []
    # Shown in six ways, two of them from Atom, where what has no content shows its title.
    assert visit.shown == 4 * sum(map(bool, texts)) + 2 * len(texts)
    images = {
        unquote(html.unescape(address))
        for text in texts
        for address in re.findall(r'<img src="(http[^"]*)"', text)
    }
    asked = visit.elsewhere()
    assert {(one.method, one.wanted, one.referrer) for one in asked} == {("GET", "image", None)}
    assert {unquote(f"http://{one.host}{one.path}") for one in asked} <= images
    own = {one.path for one in visit.asked if one not in asked}
    assert own <= {*site.pages, "/hold", "/done", "/favicon.ico"}
    tell(
        f"{len(PAYLOADS)} refined payloads shown {visit.shown} times; {len(asked)} images asked for"
    )
