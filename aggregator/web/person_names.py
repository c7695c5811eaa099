"""Names and e-mail addresses of people, as they stand in one line of text."""

from __future__ import annotations

import re

_EMAIL = re.compile(
    r"(?:mailto:)?(([\w.+-]{1,64})@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})", re.IGNORECASE
)
_BETWEEN_PEOPLE = re.compile(r",\s+(?![^()]*\))")
#: The second bracket may be missing: "Jo Doe(jo@example.org".
_EMPTY_BRACKETS = re.compile(r"<\s*>|\(\s*\)|[<(]\s*$")

#: A longer line is no address (254 characters, RFC 5321 §4.5.3.1.3) with a name; also keeps the
#: search for one short.
MAX_LINE_CHARS = 512


def people_in(line: str) -> list[tuple[str, str | None]]:
    """Return each person that a line names, as name and e-mail address.

    "jo@example.org (Jo Doe)", the form of RSS, and "Jo Doe <jo@example.org>" are Jo Doe with an
    address; of a bare address the name is empty. A line without an address is one name, whatever
    it holds: "Doe, Jo" may be one person or two. Behind an address a comma begins another one.
    """
    line = line.strip()
    if not line:
        return []
    if "@" not in line or len(line) > MAX_LINE_CHARS:
        return [(line, None)]
    return [_name_and_address(part) for part in _parts(line)]


def local_part(email: str) -> str:
    """Return what stands before the "@", a name where no other is known."""
    return email.rpartition("@")[0] or email


def _parts(line: str) -> list[str]:
    parts = [""]
    for piece in _BETWEEN_PEOPLE.split(line):
        if _EMAIL.search(parts[-1]):
            parts.append(piece)
        else:
            parts[-1] = f"{parts[-1]}, {piece}".removeprefix(", ")
    return parts


def _name_and_address(text: str) -> tuple[str, str | None]:
    found = _EMAIL.search(text)
    if found is None:
        return text.strip(), None
    name = _EMPTY_BRACKETS.sub("", _EMAIL.sub("", text)).strip(" \t\r\n,;\"'")
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1].strip()
    return name, found[1]
