"""What `preview` prints: what would be published, and nothing that the operator holds secret."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from tests.program import run_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program import Program
    from tests.web import Publisher

VALUE = "c4n4ryZq97"
LINK = "https://site.example/view.php?code=1&key=a&token=abcdefghijkl&sig=9#auth=x"
FORMS = ("text", "atom", "rss", "json")


def echoing(text: str) -> bytes:
    """Return a document that says `text` in its words, and has a link with open parameters."""
    told, link = html.escape(text), html.escape(LINK)
    return (
        f'<rss version="2.0"><channel><title>All of {told}</title><link>{link}</link>'
        f"<item><title>See {told}</title><link>{link}</link><author>by {told}</author>"
        f"<category>on {told}</category><description>{told}</description></item>"
        "</channel></rss>"
    ).encode()


def read(printed: str) -> str:
    return html.unescape(html.unescape(printed)).replace("\\/", "/")


@pytest.mark.parametrize("form", FORMS)
def test_publishers_parameters_are_printed_letter_by_letter(form: str, tmp_path: Path) -> None:
    (tmp_path / "saved.xml").write_bytes(echoing("words"))
    told = run_in("preview", "saved.xml", "--format", form, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert read(told.stdout).count(LINK) >= (2 if form == "text" else 1)


@pytest.mark.parametrize("form", FORMS)
def test_a_typed_urls_token_is_printed_nowhere(
    form: str, aggregator: Program, web: Publisher
) -> None:
    web.route("/feed", body=echoing(f"{VALUE} there"))
    aggregator.configure("")
    told = aggregator.run("preview", web.url(f"/feed?feed_token={VALUE}&n=2"), "--format", form)
    assert told.returncode == 0, told.stderr
    assert VALUE not in told.stdout + told.stderr
    assert LINK in read(told.stdout)
    assert "See" in told.stdout
    plain = aggregator.run("preview", web.url(f"/feed?n={VALUE}"), "--format", form)
    assert f"See {VALUE} there" in read(plain.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_configured_is_printed_nowhere(
    form: str, aggregator: Program, web: Publisher, tmp_path: Path
) -> None:
    url = web.url(f"/keyed?q={VALUE}")
    web.route("/keyed", body=echoing(VALUE))
    (tmp_path / "saved.xml").write_bytes(echoing(VALUE))
    aggregator.configure(
        f'[[sources]]\nname = "keyed"\nurl = "{url}"\nheaders = {{ "X-Key" = "{VALUE}" }}\n'
    )
    for what in (url, web.url("/keyed"), str(tmp_path / "saved.xml")):
        told = aggregator.run("preview", what, "--format", form)
        assert told.returncode == 0, told.stderr
        assert VALUE not in told.stdout
        assert LINK in read(told.stdout)


def test_a_private_link_is_printed_as_it_is_published(aggregator: Program, web: Publisher) -> None:
    url = web.url(f"/{VALUE}/feed.xml")
    site = "https://site.example/"
    web.route(
        f"/{VALUE}/feed.xml",
        body=f"""<rss version="2.0"><channel><title>Hidden</title><link>{site}</link>
        <item><title>One</title><link>{url}/1</link></item></channel></rss>""".encode(),
    )
    aggregator.configure(f'[[sources]]\nname = "hidden"\nurl = "{url}"\nprivate = true\n')
    told = aggregator.run("preview", url).stdout
    assert [line.strip() for line in re.findall(r".*http.*", told)] == [site, site]


def test_a_value_that_is_a_secret_elsewhere_is_in_no_list_and_named_by_check(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/keyed", body=echoing("words"))
    (aggregator.folder / "token").write_text(f"{VALUE}-file\n")
    aggregator.configure(
        f'[[sources]]\nname = "keyed"\nurl = "{web.url(f"/keyed?q={VALUE}&w={VALUE}-file")}"\n'
        f'headers = {{ "X-Key" = "{VALUE}" }}\n'
        f'[[sources]]\nname = "path"\nurl = "{web.url(f"/{VALUE}/feed")}"\n'
        f'[[sources]]\nname = "open"\nurl = "{web.url("/keyed?page=2")}"\n'
        f'token_file = "token"\n',
    )
    (aggregator.folder / "token").chmod(0o600)
    held = aggregator.run("check").stdout.partition("Held secret:")[2].split("\n")
    assert [line.strip() for line in held if line] == [
        "keyed: q, w",
        "path: its whole URL (another secret is in it)",
    ]
    assert "keyed, path" in aggregator.run("export", "opml").stderr
    aggregator.start()
    aggregator.wait(lambda: aggregator.status()["keyed"]["last_success_at"], "the poll")
    opml = aggregator.get("/sources.opml").text
    assert VALUE not in opml
    assert "/keyed?q=&amp;w=" in opml
    assert "/keyed?page=2" in opml
    assert VALUE not in aggregator.get("/feeds/all.json").text
    assert VALUE not in aggregator.run("status", "--json").stdout
    assert aggregator.stop() == 0
