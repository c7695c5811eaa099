"""The spellings of a text inside of other texts: percent-encoded, as entities, JSON-escaped."""

from __future__ import annotations

import html
import re
from html.entities import html5
from urllib.parse import unquote

#: Layers of encoding that are taken off: a share link inside of a share link, in HTML.
_MOST_LAYERS = 6

_ESCAPED = re.compile(r"\\+(?:u([0-9A-Fa-f]{4})|(/))")

_PERCENT = r"(?:%|&(?:amp;)*(?:\#0*37|\#x0*25|percnt);?)(?:25)*"
_NAMES: dict[str, list[str]] = {}
for _name, _character in html5.items():
    if _name.endswith(";") and len(_character) == 1 and _character.isascii():
        _NAMES.setdefault(_character, []).append(_name[:-1])

#: The longest of these runs in a text is written as it is, or one of them is needlessly encoded.
_RUN = re.compile(r"[A-Za-z0-9._~-]+")
_NEEDLESS_NAMES = "|".join(name for character in "._~-" for name in _NAMES.get(character, ()))
_NEEDLESSLY_ENCODED = re.compile(
    rf"""{_PERCENT}(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)
      | &(?:amp;)*(?:{_NEEDLESS_NAMES}
          | \#0*(?:4[56]|4[89]|5[0-7]|6[5-9]|[78]\d|9[0579]|9[78]|1[01]\d|12[0-6])(?!\d)
          | \#x0*(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)(?![0-9a-f]))
      | %(?:25)*26(?:\#|%(?:25)*23)
      | \\u00""",
    re.IGNORECASE | re.VERBOSE,
)


def core(text: str) -> str:
    """Return the longest part of `text` that nobody needs to encode; may be empty."""
    return max(_RUN.findall(text), key=len, default="")


def has_needless_encoding(text: str) -> bool:
    """Tell whether `text` encodes what need not be: else every `core` stands in it as it is."""
    return _NEEDLESSLY_ENCODED.search(text) is not None


def decoded(text: str) -> str:
    """Return `text` with every layer of encoding taken off, for looking and not for showing."""
    for _ in range(_MOST_LAYERS):
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "%" in text:
            text = unquote(text)
        if "\\" in text:
            text = _ESCAPED.sub(_character_of, text)
        if text == before:
            break
    return text


def spelled(text: str) -> str:
    """Return a regex, to be used without regard to case, that finds `text` however it is written.

    Each character may be itself, percent-encoded any number of times, an entity (named, decimal,
    hexadecimal) or a JSON escape.
    """
    return "".join(map(_spelled, text))


def _spelled(character: str) -> str:
    if character in "+ ":  # the same in a query
        return f"(?:{_alone('+')}|{_alone(' ')})"
    return _alone(character)


def _alone(character: str) -> str:
    code = ord(character)
    percent = "".join(f"{_PERCENT}{byte:02x}" for byte in character.encode(errors="replace"))
    names = "".join(f"|{name}" for name in _NAMES.get(character, ()))
    entity = f"&(?:amp;)*(?:#0*{code}|#x0*{code:x}{names});?"
    itself = {"/": r"\\*/", "&": "&(?:amp;)*"}.get(character, re.escape(character))
    return rf"(?:{itself}|{percent}|{entity}|\\+u{code:04x})"


def _character_of(match: re.Match[str]) -> str:
    return match[2] or chr(int(match[1], 16))
