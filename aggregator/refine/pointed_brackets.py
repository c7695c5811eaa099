"""What stands between pointed brackets and is no tag: addresses, and words of programs.

People and programs write `Jane <jane@example.org>`, `Promise<string>` and `<https://example.org/>`
into HTML as they are; a parser takes each for the start of an element that nobody knows, and its
text is gone.
"""

from __future__ import annotations

import re

from aggregator.refine.known_elements import INLINE, OF_PAGES, RARE
from aggregator.refine.mathml import MATHML
from aggregator.refine.tags import COMMENT, tags
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


def with_brackets(text: str) -> str:
    """Return markup in which pointed brackets that hold text are text, too.

    An address is; and a word that no language of markup knows, without attributes, of which there
    is no end tag: an element that a program knows has one. So is a comparison.
    """
    if "<" not in text:
        return text
    text = _COMPARED.sub(_escaped, text.replace(_WILDCARD, "&lt;?&gt;"))
    text = _UNCLOSED.sub(_unless_known, text)
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


def _escaped(found: re.Match[str]) -> str:
    return found[0].replace("<", "&lt;").replace(">", "&gt;")


def _unless_known(found: re.Match[str]) -> str:
    """Return what stands for a bracket that is not closed: one with an element's name may be meant.

    Behind a letter or a figure a name of one letter is a variable's.
    """
    name, before = found[1].lower(), found.string[found.start() - 1 : found.start()]
    is_variable = len(name) == 1 and before.isalnum()
    return "<" if name in _KNOWN and not is_variable else "&lt;"
