"""The catalogues that come with the program: messages as gettext stores them (`.mo`)."""

from __future__ import annotations

import struct
from pathlib import Path

#: The name of the catalogues' files, and the folder in which gettext finds them by language.
DOMAIN = "aggregator"
FOLDER = Path(__file__).parent

_MAGIC = 0x950412DE


def messages(language: str) -> dict[str, str]:
    """Return the English messages of a language's catalogue with their translations.

    gettext itself answers who knows the message already; whoever has a line and looks for its
    message needs all of them. Both forms of a message that counts have the same translation.
    """
    return _read((FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes())


def _read(file: bytes) -> dict[str, str]:
    """Read a catalogue (https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html)."""
    magic, _, count, english_at, told_at = struct.unpack_from("<5I", file)
    if magic != _MAGIC:
        raise ValueError("not a catalogue of messages")

    def text(table_at: int, number: int) -> str:
        length, at = struct.unpack_from("<2I", file, table_at + 8 * number)
        return file[at : at + length].decode()

    found = {}
    for number in range(count):
        told = text(told_at, number).partition("\0")[0]
        for english in text(english_at, number).split("\0"):
            if english:  # the first is the head of the file
                found[english] = told
    return found
