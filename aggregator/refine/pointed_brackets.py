"""What stands between pointed brackets and is no tag: addresses, and words of programs.

People and programs write `Jane <jane@example.org>`, `Promise<string>` and `<https://example.org/>`
into HTML as they are; a parser takes each for the start of an element that nobody knows, and its
text is gone.
"""

from __future__ import annotations

import re

from aggregator.refine.known_elements import INLINE, OF_PAGES, RARE
from aggregator.refine.mathml import MATHML
from aggregator.refine.tags import COMMENT, RAW_TEXT, tags
from aggregator.web.visible_text import BLOCKS

_KNOWN = BLOCKS | INLINE | OF_PAGES | RARE | MATHML
_NAMES = re.compile(r"<([a-zA-Z][^\s/>]*)")
_ADDRESS = re.compile(
    r"<(?:(?:mailto:)?[^\s<>@\"'=]+@[^\s<>@\"'=/]+\.[^\s<>@\"'=/]+|(?:https?|ftp)://[^\s<>\"']+"
    r"|www\.[^\s<>\"'=/]+\.[^\s<>\"']+)>",
    re.IGNORECASE,
)
#: Words, and nothing that a tag has besides its name: `<T>`, `<K, V>`, `<int[]>`, `<typename T>`,
#: `<your name>`. A colon is a namespace's.
_WORDS = re.compile(r"<[A-Za-z](?:[^<>\"'=/:]|::(?=\w)|:(?=\\)){0,120}>")
#: One that the next comes before it is closed: `x<y \) <b>`, the first of `Vec<Vec<u8>>`.
_UNCLOSED = re.compile(r"<(?=([A-Za-z][^\s<>/\"'=]{0,40})[^<>\"'=]{0,1000}<)")
#: A wildcard of Java; of other things that begin so a parser makes comments.
_WILDCARD = "<?>"
#: "a<b and c>d": the name of an element, after a word, and other words than attributes are.
_COMPARED = re.compile(
    r"<(?<=[\w)\]]<)[abipqsu](?:\s{1,3}(?!(?:align|class|dir|hidden|href|id|lang|name|style|title)\b)"
    r"[A-Za-z]\w{0,20}){1,8}>"
)
#: Elements whose text no parser looks into: `<script type="math/tex">a<b</script>`.
_RAW_TEXT = re.compile(rf"<({'|'.join(sorted(RAW_TEXT))})\b[^<>]*>", re.IGNORECASE)
_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in RAW_TEXT}


def with_brackets(text: str) -> str:
    """Return markup in which pointed brackets that hold text are text, too.

    An address is; and a word that no language of markup knows, without attributes, of which there
    is no end tag: an element that a program knows has one. So is a comparison. What a parser takes
    for raw text stays as it is.
    """
    if "<" not in text:
        return text
    text = _outside_raw_text(text)
    if _KNOWN.issuperset(map(str.lower, _NAMES.findall(text))):
        return text
    found = [tag for tag in tags(text) if tag.name != COMMENT and tag.name not in _KNOWN]
    ended = {tag.name for tag in found if tag.is_end}
    pieces: list[str] = []
    position = 0
    for tag in found:
        is_word = tag.name not in ended and _WORDS.fullmatch(text, tag.start, tag.end)
        is_address = not tag.is_end and _ADDRESS.fullmatch(text, tag.start, tag.end)
        if is_word or is_address:
            shown = text[tag.start : tag.end].replace("<", "&lt;").replace(">", "&gt;")
            pieces += (text[position : tag.start], shown)
            position = tag.end
    return "".join([*pieces, text[position:]]) if pieces else text


def _outside_raw_text(text: str) -> str:
    """Return markup without brackets that are never closed or that compare, but in raw text."""
    pieces: list[str] = []
    position = 0
    while start := _RAW_TEXT.search(text, position):
        end = _ENDS[start[1].lower()].search(text, start.end())
        until = end.start() if end else len(text)
        # Its own bracket tells whether one before it is closed.
        before = _of_markup(text[position : start.start() + 1])
        pieces += (before, text[start.start() + 1 : until])
        position = until
    return "".join([*pieces, _of_markup(text[position:])])


def _of_markup(text: str) -> str:
    text = _COMPARED.sub(_escaped, text.replace(_WILDCARD, "&lt;?&gt;"))
    return _UNCLOSED.sub(_unless_known, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].replace("<", "&lt;").replace(">", "&gt;")


def _unless_known(found: re.Match[str]) -> str:
    """Return what stands for a bracket that is not closed: one with an element's name may be meant.

    Behind a letter or a figure a name of one letter is a variable's.
    """
    name, before = found[1].lower(), found.string[found.start() - 1 : found.start()]
    is_variable = len(name) == 1 and before.isalnum()
    return "<" if name in _KNOWN and not is_variable else "&lt;"
