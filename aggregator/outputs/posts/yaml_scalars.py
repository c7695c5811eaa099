"""Text as YAML scalars that js-yaml (Hexo), go-yaml (Hugo) and Psych (Jekyll) all read alike.

YAML 1.1 and 1.2 disagree on what a bare word means; what may be doubted is quoted.
"""

from __future__ import annotations

import re

#: What no quotes on one line can hold as it is (yaml.org/spec/1.2.2 sections 5.1 and 5.4):
#: controls, line breaks of either version, a mark of byte order, noncharacters.
_ESCAPED = re.compile(
    "[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufdd0-\ufdef"
    + "".join(f"{chr(end - 1)}{chr(end)}" for end in range(0xFFFF, 0x110000, 0x10000))
    + "]"
)
#: libyaml and go-yaml refuse a whole document for half a pair, escaped or not.
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
#: Words that begin with a letter, without any punctuation that has a meaning.
_PLAIN = re.compile(r"[^\W\d_](?:[\w ./·&+-]*[\w+])?")
#: Words that YAML 1.1 takes for something else (yaml.org/type/bool.html, null.html).
_MEANT_OTHERWISE = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def quoted(text: str) -> str:
    """Return `text` as a quoted scalar on one line; it reads back as the same text.

    Half a surrogate pair is no text, and reads back as U+FFFD.
    """
    text = _SURROGATE.sub(_REPLACEMENT, text)
    if not _ESCAPED.search(text):
        return "'" + text.replace("'", "''") + "'"
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def scalar(text: str) -> str:
    """Return `text` as a scalar on one line: bare where no reader can take it for anything else."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _MEANT_OTHERWISE and "  " not in text:
        return text
    return quoted(text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
