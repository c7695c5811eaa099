"""A canary in every place where a secret can stand: no route, format, output or log shows it."""

from __future__ import annotations

import gzip
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.redaction import redact, without_user_info
from tests.program import Program
from tests.web import Publisher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Each source has its own, so that what tells one of them is known by it.
CANARY = "c4n4ry"
#: What an operator may call the parameter that opens a door.
NAMES = (
    "key", "code", "auth", "sig", "pass", "pwd", "token", "feed_token", "access_token", "apiToken",
    "secret", "client_secret", "password", "passwd", "apikey", "api_key", "access_key", "auth_key",
    "signature", "X-Amz-Signature", "session", "session_id", "t%6Fken", "member",
)  # fmt: skip


def canary(name: str) -> str:
    return f"{CANARY}-{name.replace('%', '')}/7+x"


def spellings(secret: str) -> tuple[str, ...]:
    """Return how a document may write it."""
    once = quote(secret, safe="")
    return (
        secret,
        once,
        once.lower(),
        quote(once, safe=""),
        quote(quote(once, safe=""), safe=""),
        "".join(f"%{ord(one):02x}" for one in secret),
        "".join(f"&#{ord(one)};" for one in secret),
        "".join(f"&#x{ord(one):X};" for one in secret),
        secret.replace("/", "&sol;").replace("+", "&plus;"),
        secret.replace("/", "\\/"),
        f"https://share.example/?u={once}&t=1",
        f"//share.example/{once}",
    )


def echoing(url: str, *secrets: str) -> bytes:
    """Return a document that repeats secrets wherever a document can hold one."""
    items = []
    spelt = (one for secret in secrets for one in spellings(secret))
    for number, told in enumerate((url, quote(url, safe=""), *spelt)):
        one = html.escape(told)
        items.append(
            f"""<item><title>{number} {one}</title><guid>https://x.example/{number}?t={one}</guid>
        <link>https://x.example/{number}?a=1&amp;t={one}&amp;b=2</link>
        <author>{one}</author><category domain="https://x.example/{one}">{one}</category>
        <source url="https://x.example/?t={one}">{one}</source>
        <enclosure url="https://x.example/f{number}.mp3?t={one}" length="1" type="audio/mpeg"/>
        <description><![CDATA[<p title="{told}">see {told}</p><a href="{told}">x</a>
          <img src="//x.example/i.png?t={one}" data-src="{one}" alt="{one}" srcset="{one} 2x">
          <a href="?n={number}">relative</a> <a href="#top">top</a>]]></description></item>"""
        )
    one = html.escape(url)
    return f"""<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
      <channel><title>Echo {one}</title><link>{one}</link><copyright>{one}</copyright>
      <image><url>{one}</url></image><managingEditor>{one}</managingEditor>
      <atom:link rel="self" href="{one}"/><description>{one}</description>{"".join(items)}
      </channel></rss>""".encode()


def decoded(text: str) -> str:
    for _ in range(6):
        before, text = text, unquote(html.unescape(text)).replace("\\/", "/")
        if text == before:
            break
    return text.lower()


def told(shown: str, secrets: dict[str, str]) -> list[str]:
    """Return whose secrets can be read in what is shown."""
    plain = decoded(shown)
    return [name for name, secret in secrets.items() if secret.lower() in plain]


def documents(aggregator: Program) -> Iterator[tuple[str, str]]:
    """Yield all that anybody can ask the daemon for: its path and what is there."""
    paths = ["/", "/feeds.opml", "/sources.opml", "/healthz", "/nothing?token=c4n4ry"]
    names = [f"sources/{name}" for name in aggregator.status()]
    feeds = ["feeds/all", "feeds/none", "feeds/_status", "tags/%E6%B5%8B%E8%AF%95", *names]
    paths += [f"/{feed}.{form}" for feed in feeds for form in ("atom", "rss", "json")]
    for path in paths:
        plain = aggregator.get(path, {"Accept-Encoding": "identity"})
        answer = aggregator.get(path, {"Accept-Encoding": "gzip"})
        packed = answer.headers.get("content-encoding") == "gzip"
        assert (gzip.decompress(answer.body) if packed else answer.body) == plain.body, path
        yield path, plain.body.decode() + repr(plain.headers) + repr(answer.headers)
    month = json.loads(aggregator.get("/feeds/all.json").body)
    archive = aggregator.get("/feeds/all.atom").text.partition('rel="prev-archive" href="')[2]
    assert month["items"]
    if archive:
        path = "/" + archive.partition('"')[0].split("/", 3)[3]
        for form in ("atom", "rss", "json"):
            shown = path.replace(".atom", f".{form}")
            yield shown, aggregator.get(shown).text


def files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in (".gz", ".br"):
            yield str(path), str(path) + path.read_text(encoding="utf-8")


def configured(web: Publisher) -> tuple[str, dict[str, str]]:
    """Return sources of which each has a secret in another place, and those secrets."""
    secrets: dict[str, str] = {}
    blocks = []

    def add(name: str, url: str, secret: str, more: str = "", body: bytes | None = None) -> None:
        path = "/" + url.split("/", 3)[3].partition("?")[0]
        if path not in ("/fails.xml", "/moved.xml", "/page.xml"):
            web.route(path, body=echoing(url, secret) if body is None else body)
        secrets[name] = secret
        blocks.append(f'[[sources]]\nname = "{name}"\nurl = "{url}"\ntags = ["测试"]\n{more}\n')

    query = "&".join(f"{name}={quote(canary(name), safe='')}" for name in NAMES)
    url = web.url(f"/echo.xml?page=1&{query}")
    body = echoing(url, *map(canary, NAMES))
    add("echo", url, canary(NAMES[0]), 'secret_params = ["member"]', body)
    secrets |= {name: canary(name) for name in NAMES}
    host = f"127.0.0.1:{web.port}"
    add("login", f"http://reader:{CANARY}p4ssw0rd@{host}/login.xml", f"{CANARY}p4ssw0rd")
    add("bare", f"http://{CANARY}b4retoken@{host}/bare.xml", f"{CANARY}b4retoken")
    add("hidden", web.url(f"/p/{CANARY}p4th/feed.xml"), f"{CANARY}p4th", "private = true")
    add("asks", web.url(f"/asks.xml?m={CANARY}m3mber"), f"{CANARY}m3mber", "private = true")
    header = f'headers = {{ X-Club = "Token {CANARY}h34der" }}'
    add("header", web.url("/header.xml"), f"{CANARY}h34der", header)
    for name in ("fails", "moved", "page"):
        url = web.url(f"/{name}.xml?token={CANARY}{name}0")
        add(name, url, f"{CANARY}{name}0")
    web.route("/fails.xml", status=500, body=f"no {web.url(f'/x?token={CANARY}fails0')}".encode())
    web.route("/moved.xml", status=302, headers={"Location": f"/gone.xml?token={CANARY}moved0"})
    web.route("/page.xml", body=f"<html><title>{CANARY}page0</title></html>".encode())
    refused = f"{CANARY}r3fused"
    blocks.append(f'[[sources]]\nname = "r"\nurl = "http://u:{refused}@127.0.0.1:9/?token=1"\n')
    secrets["r"] = refused
    return "".join(blocks), secrets


def test_no_published_byte_and_no_line_of_ours_holds_a_secret(
    aggregator: Program, web: Publisher
) -> None:
    sources, secrets = configured(web)
    top = '[publish]\ndirectory = "public"\n[polling]\nsite_pause = "1s"\n'
    exports = "".join(
        f'[[exports]]\nkind = "hugo"\ndirectory = "posts-{content}"\ncontent = "{content}"\n'
        for content in ("full", "raw")
    )
    aggregator.configure(sources + exports, top=top)
    aggregator.start()
    aggregator.wait(
        lambda: all(row["last_poll_at"] for row in aggregator.status().values()), "every poll"
    )
    assert len(aggregator.items()) > 100
    for path, shown in documents(aggregator):
        assert told(shown, secrets) == [], path
    aggregator.run("export", "static")
    aggregator.run("export", "posts")
    written = [*files(aggregator.folder / "public")]
    posts = [*files(aggregator.folder / "posts-full"), *files(aggregator.folder / "posts-raw")]
    assert len(written) > 50
    assert len(posts) > 100
    for name, shown in (*written, *posts):
        assert told(shown, secrets) == [], name
    commands = [("check",), ("status",), ("status", "--json"), ("poll", "--force"), ("reload",)]
    commands += [("explain", "source", name) for name in ("echo", "hidden", "fails", "login")]
    commands += [("explain", "entry", item["id"]) for item in aggregator.items()[:300:60]]
    for command in commands:
        answer = aggregator.run(*command)
        assert told(answer.stdout + answer.stderr, secrets) == [], command
    assert aggregator.stop() == 0
    assert told(aggregator.log.read_text(encoding="utf-8"), secrets) == []


def test_a_secret_that_is_configured_later_is_concealed_in_what_is_there(
    aggregator: Program, web: Publisher
) -> None:
    secret = f"{CANARY}l4ter"
    url = web.url(f"/later.xml?member={secret}")
    web.route("/later.xml", body=echoing(url, secret))
    block = f'[[sources]]\nname = "later"\nurl = "{url}"\n'
    aggregator.configure(block)
    aggregator.start()
    aggregator.wait(lambda: aggregator.status()["later"]["last_success_at"], "the poll")
    before = aggregator.get("/feeds/all.atom").text
    assert told(before, {"later": secret}) == ["later"]
    aggregator.configure(f'{block}secret_params = ["member"]\n')
    assert aggregator.run("reload").returncode == 0
    for form in ("atom", "rss", "json"):
        assert told(aggregator.get(f"/feeds/all.{form}").text, {"later": secret}) == []
    assert aggregator.stop() == 0


def test_parameters_of_publishers_and_short_values_stay(
    aggregator: Program, web: Publisher
) -> None:
    links = [f"https://e.example/view.php?code={number}&auth=abc" for number in (101, 102)]
    items = "".join(
        f"<item><title>de linux li {link[-12:-9]}</title><link>{html.escape(link)}</link></item>"
        for link in links
    )
    web.route("/own.xml", body=f'<rss version="2.0"><channel>{items}</channel></rss>'.encode())
    query = "lang=de&keyword=linux&author=li&country_code=de&postcode=10115&code=101"
    aggregator.configure(f'[[sources]]\nname = "own"\nurl = "{web.url(f"/own.xml?{query}")}"\n')
    assert aggregator.run("poll").returncode == 0
    held = aggregator.run("check").stdout.partition("Held secret:")[2].split()[:2]
    assert held == ["own:", "code"]
    aggregator.start()
    found = {item["url"]: item["title"] for item in aggregator.items()}
    assert sorted(found) == links
    assert all(title.startswith("de linux li") for title in found.values())
    assert aggregator.stop() == 0


def test_a_private_source_publishes_its_site_and_never_its_url(
    aggregator: Program, web: Publisher
) -> None:
    url = web.url(f"/{CANARY}0.xml")
    web.route(
        f"/{CANARY}0.xml",
        body=f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Hidden</title><id>{url}</id>
        <link rel="self" href="{url}"/><link href="https://site.example/"/>
        <updated>2026-11-20T08:00:00Z</updated><entry><title>One</title><id>tag:a,2026:1</id>
        <link href="{url}/2026/one"/>
        <updated>2026-11-20T08:00:00Z</updated><content>text</content></entry></feed>""".encode(),
    )
    aggregator.configure(f'[[sources]]\nname = "hidden"\nurl = "{url}"\nprivate = true\n')
    assert aggregator.run("poll").returncode == 0
    aggregator.start()
    for form in ("atom", "rss", "json"):
        shown = aggregator.get(f"/feeds/all.{form}").text
        assert "Hidden" in shown
        assert CANARY not in shown
    (item,) = aggregator.items()
    assert item["url"] == "https://site.example/"
    opml = aggregator.get("/sources.opml").text
    assert "https://site.example/" in opml
    assert CANARY not in opml
    assert aggregator.stop() == 0


# --- addresses in our own messages ----------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES[:-1])
def test_redaction_takes_the_value_and_leaves_the_rest(name: str) -> None:
    text = f"see https://u:p@x.example/a?b=1&{name}=v#f and //x.example/?{name}=v&amp;c=2."
    assert redact(text) == (
        f"see https://x.example/a?b=1&{name}=#f and //x.example/?{name}=&amp;c=2."
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


@given(st.text(st.sampled_from("ht:/@?&;#=keytoken.%2F3'\"<> a"), max_size=60))
def test_redaction_is_idempotent(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_redaction_leaves_other_text_alone() -> None:
    for text in ("a token=5 b", "https://x.example/?keys=1&monkey=2", "user@x.example // key=3"):
        assert redact(text) == text


def test_an_address_loses_its_user_info_and_nothing_else() -> None:
    assert without_user_info("https://u:p@x.example/?key=a@b") == "https://x.example/?key=a@b"
