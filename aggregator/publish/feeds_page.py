"""The page of feeds: plain HTML without scripts, in English and Chinese."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from aggregator.publish import Addresses, Format, clean
from aggregator.rules.visibility import feeds_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.config import Config
    from aggregator.model import Feed
    from aggregator.publish.catalogue import Catalogue
    from aggregator.rules.visibility import View

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1f23; --faint: #626873; --line: #d9dce2;
  --paper: #fff; --accent: #b4420f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7ea; --faint: #9aa0ab; --line: #363a42;
  --paper: #17191d; --accent: #ff9a62; } }
body { margin: 0 auto; padding: 3rem 1.25rem; max-width: 42rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.6 system-ui, "Noto Sans CJK SC", sans-serif; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.15rem; }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 0; color: var(--faint); }
ul { margin: 0; padding: 0; list-style: none; }
li { padding: 1rem 0; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap;
  justify-content: space-between; align-items: center; gap: .35rem 1.5rem; }
li > div { min-width: min(12rem, 100%); flex: 1; }
nav { display: flex; flex-wrap: wrap; gap: .5rem; }
a { color: var(--accent); }
nav a { padding: .1rem .8rem; border: 1px solid currentColor; border-radius: 1rem;
  text-decoration: none; font-size: .9rem; }
nav a:hover, nav a:focus-visible { background: var(--accent); color: var(--paper); }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
"""

#: What the page's Content-Security-Policy needs to allow: this style and nothing else.
STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"

_NAMES = {Format.ATOM: "Atom", Format.RSS: "RSS", Format.JSON: "JSON Feed"}

#: Feeds that readers are offered when they are given the page's own address: as many as a person
#: will look through.
DISCOVERABLE = 20

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


def feeds_page(catalogue: Catalogue, view: View) -> bytes:
    """Return the page of all feeds, in UTF-8; its links are relative, whatever it is served under.

    It says of each feed of the view its title and how many sources it has.
    """
    shown = feeds_in(view, catalogue.config.feeds)
    feeds = [feed for feed in shown if feed.path.startswith("feeds/")]
    tags = [feed for feed in shown if feed.path.startswith("tags/")]
    sources = [feed for feed in shown if feed.path.startswith("sources/")]
    discovery = "\n".join(
        f'<link rel="alternate" type="{form.media_type}" '
        f'title="{_text(feed.title)} ({_NAMES[form]})" href="{_address(feed, form)}">'
        for feed in feeds[:DISCOVERABLE]
        for form in Format
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Feeds · 订阅</title>
{discovery}
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>Feeds · <span lang="zh-Hans">订阅</span></h1>
<p>Copy a link into your feed reader. <span lang="zh-Hans">把链接复制到阅读器即可订阅。</span></p>
</header>
<main>
{_section("Merged", "合并", feeds, catalogue)}
{_section("By tag", "标签", tags, catalogue)}
{_section("By source", "来源", sources, catalogue)}
</main>
<footer>
<a href="feeds.opml">This list as OPML · <span lang="zh-Hans">订阅列表 (OPML)</span></a>
</footer>
</body>
</html>
""".encode()


def addresses(config: Config) -> str:
    """Return the addresses of the feeds as lines of text, of automatic ones what they look like."""
    places = Addresses(config.server.base_url)
    lines = []
    for feed in config.feeds:
        if feed.automatic and feed.path == feed.name:
            continue  # one a tag and one a source
        lines.append(f"  {feed.title}")
        lines += [f"    {places.feed(feed.masked, form)}" for form in Format]
    lines.append(f"  each tag and source: {places.home}tags/TAG.atom, sources/NAME.atom")
    return "\n".join(lines) + "\n"


def _section(title: str, chinese: str, feeds: Iterable[Feed], catalogue: Catalogue) -> str:
    rows = "\n".join(_feed(feed, catalogue) for feed in feeds)
    if not rows:
        return ""
    return f"""<section>
<h2>{title} · <span lang="zh-Hans">{chinese}</span></h2>
<ul>
{rows}
</ul>
</section>"""


def _feed(feed: Feed, catalogue: Catalogue) -> str:
    links = "\n".join(
        f'<a type="{form.media_type}" href="{_address(feed, form)}">{_NAMES[form]}</a>'
        for form in Format
    )
    return f"""<li>
<div>
<h3>{_text(feed.title)}</h3>
{_about(feed, catalogue)}</div>
<nav aria-label="{_text(feed.title)}">
{links}
</nav>
</li>"""


def _about(feed: Feed, catalogue: Catalogue) -> str:
    lines = [] if feed.description is None else [_text(feed.description)]
    if not feed.path.startswith("sources/"):
        count = len(catalogue.members(feed))
        noun = "source" if count == 1 else "sources"
        lines.append(f'{count} {noun} · <span lang="zh-Hans">{count} 个来源</span>')
    return "".join(f"<p>{line}</p>\n" for line in lines)


def _address(feed: Feed, form: Format) -> str:
    return escape(_HERE.feed(feed, form).removeprefix("/"))


def _text(text: str) -> str:
    return escape(clean(text))
