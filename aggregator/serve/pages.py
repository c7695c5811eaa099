"""The page of feeds: plain HTML without scripts, in English and Chinese."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.publish import Format, clean

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Feed

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1f23; --faint: #626873; --line: #d9dce2;
  --paper: #fff; --accent: #b4420f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7ea; --faint: #9aa0ab; --line: #363a42;
  --paper: #17191d; --accent: #ff9a62; } }
body { margin: 0 auto; padding: 3rem 1.25rem; max-width: 42rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.6 system-ui, "Noto Sans CJK SC", sans-serif; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
p { margin: .25rem 0 0; color: var(--faint); }
ul { margin: 2rem 0 0; padding: 0; list-style: none; }
li { padding: 1.1rem 0; border-top: 1px solid var(--line); }
h2 { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
nav { margin-top: .6rem; display: flex; flex-wrap: wrap; gap: .5rem; }
a { color: var(--accent); }
nav a { padding: .15rem .8rem; border: 1px solid currentColor; border-radius: 1rem;
  text-decoration: none; font-size: .9rem; }
nav a:hover, nav a:focus-visible { background: var(--accent); color: var(--paper); }
"""

#: What the page's Content-Security-Policy needs to allow: this style and nothing else.
STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"

_NAMES = {Format.ATOM: "Atom", Format.RSS: "RSS", Format.JSON: "JSON Feed"}


def feeds_page(config: Config) -> bytes:
    """Return the page of all feeds, in UTF-8; its links are relative, whatever it is served under.

    It says of a feed its title and how many sources it selects, and nothing of the sources.
    """
    discovery = "\n".join(
        f'<link rel="alternate" type="{form.media_type}" '
        f'title="{_text(feed.title)} ({_NAMES[form]})" href="{_address(feed, form)}">'
        for feed in config.feeds
        for form in Format
    )
    feeds = "\n".join(_feed(feed, config) for feed in config.feeds)
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
<ul>
{feeds}
</ul>
</main>
</body>
</html>
""".encode()


def _feed(feed: Feed, config: Config) -> str:
    count = sum(feed.selects(source) for source in config.sources)
    links = "\n".join(
        f'<a type="{form.media_type}" href="{_address(feed, form)}">{_NAMES[form]}</a>'
        for form in Format
    )
    return f"""<li>
<h2>{_text(feed.title)}</h2>
<p>{count} {"source" if count == 1 else "sources"} · <span lang="zh-Hans">{count} 个来源</span></p>
<nav aria-label="{_text(feed.title)}">
{links}
</nav>
</li>"""


def _address(feed: Feed, form: Format) -> str:
    return escape(f"feeds/{quote(feed.name, safe='')}.{form.value}")


def _text(text: str) -> str:
    return escape(clean(text))
