"""A canary in every place where a secret can stand: no route, format, output or log shows it."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.redaction import SECRET_PARAMETERS, conceal, redact
from tests.program import Program
from tests.web import Publisher

CANARY = "c4n4ry"

ROUTES = (
    "/",
    "/feeds/all.atom",
    "/feeds/all.rss",
    "/feeds/all.json",
    "/feeds/none.atom",
    "/sources.opml",
    "/healthz",
    f"/nothing?token={CANARY}",
)

COMMANDS = (("check",), ("status",), ("status", "--json"), ("poll", "--force"), ("reload",))


def echoing(secret_url: str) -> bytes:
    """Return a document that repeats a secret URL wherever a document can hold one."""
    escaped = secret_url.replace("&", "&amp;")
    guids = "".join(
        f"""<item><title>{name} {escaped}</title><guid>https://x.example/{name}?{name}={CANARY}</guid>
        <link>https://u:{CANARY}@x.example/{name}?a=1&amp;{name}={CANARY}&amp;b=2</link>
        <author>{escaped}</author><category domain="{escaped}">{escaped}</category>
        <comments>{escaped}</comments><source url="{escaped}">{escaped}</source>
        <enclosure url="https://x.example/f.mp3?{name}={CANARY}" length="1" type="audio/mpeg"/>
        <description><![CDATA[<p>see {secret_url}</p><a href="{secret_url}">x</a>
          <img src="//u:{CANARY}@x.example/i.png?{name.upper()}={CANARY}" data-src="{secret_url}"
          srcset="{secret_url} 2x"><a href="/rel?{name}={CANARY}">r</a>]]></description></item>"""
        for name in SECRET_PARAMETERS
    )
    return f"""<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
      <channel><title>Echo {escaped}</title><link>{escaped}</link>
      <atom:link rel="self" href="{escaped}"/><description>d</description>{guids}</channel>
      </rss>""".encode()


def test_no_published_byte_and_no_log_line_holds_a_secret(
    aggregator: Program, web: Publisher
) -> None:
    secret = f"http://user:{CANARY}@127.0.0.1:{web.port}/echo.xml?key={CANARY}&page=1"
    web.route("/echo.xml", body=echoing(secret))
    web.route(f"/{CANARY}.xml", body=echoing(f"http://127.0.0.1:{web.port}/{CANARY}.xml"))
    web.route("/fails.xml", status=500, body=secret.encode())
    web.route("/moved.xml", status=302, headers={"Location": f"/gone.xml?token={CANARY}"})
    web.route("/page.xml", body=f"<html><title>{secret}</title></html>".encode())
    sources = {
        "echo": f'url = "{secret}"',
        "hidden": f'url = "http://127.0.0.1:{web.port}/{CANARY}.xml"\nprivate = true',
        "fails": f'url = "{web.url(f"/fails.xml?apikey={CANARY}")}"',
        "moved": f'url = "{web.url(f"/moved.xml?secret={CANARY}")}"',
        "page": f'url = "{web.url(f"/page.xml?auth={CANARY}")}"',
        "refused": f'url = "http://u:{CANARY}@127.0.0.1:9/?password={CANARY}"',
        "unknown": f'url = "http://u:{CANARY}@host.invalid/?code={CANARY}"',
    }
    aggregator.configure(
        "".join(f'[[sources]]\nname = "{name}"\n{rest}\n' for name, rest in sources.items())
    )
    aggregator.start()
    aggregator.wait(
        lambda: all(row["last_poll_at"] for row in aggregator.status().values()), "every poll"
    )
    assert len(aggregator.items()) >= len(SECRET_PARAMETERS)
    for route in ROUTES:
        for encoding in ("identity", "gzip"):
            answer = aggregator.get(route, {"Accept-Encoding": encoding})
            body = answer.body
            if answer.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)

            shown = body.decode() + repr(answer.headers)
            assert CANARY not in shown, route
    for command in COMMANDS:
        told = aggregator.run(*command)
        assert f"={CANARY}" not in told.stdout + told.stderr, command
        assert f":{CANARY}@" not in told.stdout + told.stderr, command
    assert aggregator.stop() == 0
    log = aggregator.log.read_text(encoding="utf-8")
    assert f"={CANARY}" not in log
    assert f":{CANARY}@" not in log


def test_a_private_source_publishes_its_site_and_never_its_url(
    aggregator: Program, web: Publisher
) -> None:
    url = web.url(f"/{CANARY}.xml")
    web.route(
        f"/{CANARY}.xml",
        body=f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Hidden</title><id>{url}</id>
        <link rel="self" href="{url}"/><link href="https://site.example/"/>
        <updated>2026-11-20T08:00:00Z</updated><entry><title>One</title><id>tag:a,2026:1</id>
        <updated>2026-11-20T08:00:00Z</updated><content>text</content></entry></feed>""".encode(),
    )
    aggregator.configure(f'[[sources]]\nname = "hidden"\nurl = "{url}"\nprivate = true\n')
    assert aggregator.run("poll").returncode == 0
    aggregator.start()
    for form in ("atom", "rss", "json"):
        shown = aggregator.get(f"/feeds/all.{form}").text
        assert "Hidden" in shown
        assert CANARY not in shown
    assert "https://site.example/" in aggregator.get("/feeds/all.atom").text
    opml = aggregator.get("/sources.opml").text
    assert "https://site.example/" in opml
    assert CANARY not in opml
    assert aggregator.stop() == 0


@pytest.mark.parametrize("name", SECRET_PARAMETERS)
def test_redaction_takes_the_value_and_leaves_the_rest(name: str) -> None:
    text = f"see https://u:p@x.example/a?b=1&{name}=v#f and //x.example/?{name.upper()}=v&amp;c=2."
    assert redact(text) == (
        f"see https://x.example/a?b=1&{name}=#f and //x.example/?{name.upper()}=&amp;c=2."
    )
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a:b@c:d@h.example/", "https://h.example/"),
        ("https://us'er:pw@h.example/?key=ab'cd", "https://h.example/?key="),
        (
            "https://r.example/?u=https%3A%2F%2Fu%3Ap%40h.example%2F%3Fb%3D1%26key%3Dabc%26c%3D2",
            "https://r.example/?u=https%3A%2F%2Fh.example%2F%3Fb%3D1%26key%3D%26c%3D2",
        ),
    ],
)
def test_redaction_finds_odd_user_info_and_encoded_urls(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


def test_a_private_url_is_concealed_and_what_lies_below_it_is_not() -> None:
    url = "https://u:p@site.example/blog?key=k"
    text = "a https://site.example/blog b //site.example/blog/?x=1 c https://site.example/blog."
    assert conceal(text, url) == "a  b  c ."
    below = "https://site.example/blog/post-1 https://site.example/blog-2 //site.example/blog.html"
    assert conceal(below, url) == below


def test_a_private_url_is_concealed_where_two_spellings_of_it_stand_together() -> None:
    url = "https://site.example/secret/feed?a=1"
    assert conceal(f"{url.partition('?')[0]}{url}", url) == ""


@given(st.text(st.sampled_from("ht:/@?&;#=keytoken.%2F3'\"<> a"), max_size=60))
def test_redaction_is_idempotent(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_redaction_leaves_other_text_alone() -> None:
    for text in ("a token=5 b", "https://x.example/?keys=1&mykey=2", "user@x.example // key=3"):
        assert redact(text) == text
