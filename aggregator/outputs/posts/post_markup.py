"""HTML that reaches the reader of a generated site as it is, past Markdown and template tags.

Hexo, Hugo and Jekyll run a post through a template language (Nunjucks, shortcodes, Liquid) and
through Markdown. A character reference means to a browser what the character means, in text and in
attributes, and nothing to either of those: braces are written so. That is stronger than
`{% raw %}`, which a body ends by holding `{% endraw %}`, and it needs no setting of the site.

- Hexo cuts `{{ }}`, `{% %}` and `{# #}` out of a body before Markdown sees it, and Nunjucks reads
  them after (hexo: lib/hexo/post.ts). It marks their places by comments with U+FFFC, and one that
  it did not make ends the whole generation. Fenced code is found by its line alone, also inside of
  HTML (lib/plugins/filter/before_post_render/backtick_code_block.ts).
- Markdown takes everything from a `<div>` to the next blank line as HTML (CommonMark 0.31.2 section
  4.6). A post without blank lines is HTML to its end, and no Markdown processor decodes references
  there; so a template gives `body` a block of its own.
"""

from __future__ import annotations

import re
from html import escape, unescape

from aggregator.web.excerpts import excerpt
from aggregator.web.visible_text import visible_text

#: The characters, per kind of site, that begin something: the first is written as a reference.
_TAGS = {
    "hexo": re.compile(r"\{(?=[{%#])|\ufffc|([`~])(?=\1\1)"),
    "hugo": re.compile(r"\{(?=\{[<%])"),
    "jekyll": re.compile(r"\{(?=[{%:])"),  # {: is kramdown's
}
#: Where a reference is not read as what it means: a brace is printed by the template language.
_VERBATIM = re.compile(r"(<(script|style)\b[^>]*>)(.*?)(</\2\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_BRACE_IN_VERBATIM = {
    "hexo": (re.compile(r"\{(?=[{%#])"), '{{ "{" }}'),
    "hugo": (re.compile(r"\{(?=\{[<%])"), "{ "),
    "jekyll": (re.compile(r"\{(?=[{%])"), '{{ "{" }}'),
}
_LINE_END = re.compile(r"\r\n?")
#: A line end with nothing before it on its line.
_BLANK_LINE = re.compile(r"^([ \t\f\v]*)\n", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n\s*\n")
#: What HTML has no place for. Tab, line ends and form feed are white space.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff]")

#: Our own sanitised HTML writes every picture like this.
_PICTURE = re.compile(r'<img src="([^"]+)"')
#: How long a summary is where the publisher gave none, and from how much of a text it is taken.
_EXCERPT_CHARACTERS = 300
_EXCERPT_SOURCE_CHARACTERS = 20_000


def protect(html: str, kind: str) -> str:
    """Return HTML that shows the same and holds no template tag and no blank line for `kind`.

    `kind` is "hexo", "hugo" or "jekyll". What neither has comes back unchanged.
    """
    html = _LINE_END.sub("\n", _CONTROLS.sub("", html))
    parts, done = [], 0
    for found in _VERBATIM.finditer(html):
        parts.append(_with_references(html[done : found.start()] + found[1], kind))
        parts.append(_without_tags(found[3], kind) + found[4])
        done = found.end()
    return "".join((*parts, _with_references(html[done:], kind)))


def as_paragraph(text: str) -> str:
    """Return plain text as HTML."""
    return f"<p>{escape(text, quote=False)}</p>" if text else ""


def first_picture(html: str) -> str | None:
    """Return the address of the first picture in sanitised HTML."""
    found = _PICTURE.search(html)
    return unescape(found[1]) if found else None


def beginning(html: str) -> str:
    """Return the beginning of the text of sanitised HTML, on one line."""
    text = visible_text(html, _EXCERPT_SOURCE_CHARACTERS)
    return excerpt(" ".join(text.split()), _EXCERPT_CHARACTERS)


def _with_references(html: str, kind: str) -> str:
    html = _TAGS[kind].sub(lambda found: f"&#{ord(found[0])};", html)
    return _BLANK_LINE.sub(r"\1&#10;", html)


def _without_tags(text: str, kind: str) -> str:
    brace, instead = _BRACE_IN_VERBATIM[kind]
    text = brace.sub(lambda _: instead, text).replace("\ufffc", "")
    return _BLANK_LINES.sub("\n", text)
