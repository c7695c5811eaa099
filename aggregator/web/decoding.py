"""Bytes to characters as browsers read them: what Python's codecs do not know, and what is wrong.

https://encoding.spec.whatwg.org/ is followed where it gives a character, and in how much a wrong
sequence costs: itself, never what comes after. Python's codecs read; only where one stops is it
asked here what the bytes are, so that good text costs nothing more.
"""

from __future__ import annotations

import codecs
import re

BAD = "\ufffd"

#: Beyond so many repairs in one text each bad byte is only replaced: asking costs 3 µs for each.
_MOST_REPAIRS = 100_000

#: Letters beyond the BMP as Java and MySQL write them: each half of the pair as a character of its
#: own (CESU-8, Unicode Technical Report 26).
_CESU = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
#: RFC 1843: between its signs, on one line, each pair of characters is one of GB 2312.
_HZ = re.compile(rb"~\{([^\n]*?)(?:~\}|(?=\n)|\Z)|~~|~\n")
_HIGH_BITS = bytes(byte | 0x80 for byte in range(256))
#: First bytes of accented letters and of quotation marks: before no letter, the rest was cut off.
_CUT_LEADS = b"\xc2\xc3\xc4\xc5\xe2"
_LATIN = re.compile("[\u0080-\u024f\u2000-\u214f]")
_HIGH = re.compile("[^\x00-\x7f\ufffd]")


def read(body: bytes, codec: str) -> str:
    """Return `body` as text; what has no meaning in the encoding is U+FFFD. Never raises."""
    if codec == "hz":
        body, codec = _HZ.sub(_from_hz, body), "gb18030"
    elif codec == "utf-8":
        body = with_whole_pairs(body)
    text = body.decode(codec, "replace")
    if not 0 < text.count(BAD) <= _MOST_REPAIRS or codec not in _HANDLERS:
        return text
    return body.decode(codec, _HANDLERS[codec])


def read_strictly(body: bytes, codec: str) -> str | None:
    """Return `body` as text, `None` where some of it has no meaning in the encoding."""
    if codec == "utf-8":
        body = with_whole_pairs(body)
    if codec != "hz":
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            if codec not in _HANDLERS:
                return None
    text = read(body, codec)
    return None if BAD in text else text


def with_whole_pairs(body: bytes) -> bytes:
    """Return bytes of UTF-8 with the halves of each pair (CESU-8) made its one character."""
    return _CESU.sub(_joined, body) if b"\xed" in body else body


def read_mixed(body: bytes) -> str:
    """Return UTF-8 into which bytes of windows-1252 were pasted; what else is wrong is U+FFFD."""
    if body.decode("utf-8", "replace").count(BAD) > _MOST_REPAIRS:
        return body.decode("utf-8", "replace")
    return body.decode("utf-8", _MIXED)


def has_utf8(body: bytes) -> bool:
    """Tell whether there is a character of UTF-8 in it, beyond ASCII."""
    return _UTF8_SEQUENCE.search(body) is not None


def is_latin(text: str) -> bool:
    """Tell whether what is beyond ASCII in a text is western, for the most part, or nothing is."""
    high = len(_HIGH.findall(text))
    return 2 * len(_LATIN.findall(text)) >= high


def _joined(found: re.Match[bytes]) -> bytes:
    halves = found[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
    return halves.decode("utf-16").encode()


def _from_hz(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return found[0][1:].rstrip(b"\n")
    return found[1].translate(_HIGH_BITS)


# --- what a codec asks where it stops -------------------------------------------------------------


def _pasted(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    body, start, end = error.object, error.start, error.end
    byte, before, after = body[start:end], body[max(start - 1, 0) : start], body[end : end + 1]
    is_alone = len(byte) == 1 and before.isascii() and after.isascii()
    is_cut = not after or (byte in _CUT_LEADS and not after.isalpha())
    is_letter = is_alone and not is_cut and byte != b"\xff"
    return (byte.decode("cp1252", "replace") if is_letter else BAD), end


def _euc_jp(error: UnicodeError) -> tuple[str, int]:
    """Two bytes of JIS X 0208 as Windows has it: NEC's row 13, IBM's rows 89 to 92."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    body, start = error.object, error.start
    pair = body[start : start + 2]
    if pair[:1] == b"\x8f":  # JIS X 0212
        return BAD, start + (3 if _are_high(body[start + 1 : start + 3], 2) else 1)
    if not _are_high(pair, 2):
        return BAD, start + _length(pair)
    return _windows_japanese(pair[0] - 0xA0, pair[1] - 0xA0), start + 2


def _iso_2022_jp(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.end]
    if len(pair) == 2 and pair[1] == 0x1B:
        return BAD, error.start + 1  # an escape sequence is no second half
    if len(pair) != 2 or not all(0x21 <= byte <= 0x7E for byte in pair):
        return BAD, error.end
    return _windows_japanese(pair[0] - 0x20, pair[1] - 0x20), error.end


def _windows_japanese(row: int, cell: int) -> str:
    """Return the character at a place of JIS X 0208, through its place in windows-31j."""
    lead = (row + 1) // 2 + (0x80 if row <= 62 else 0xC0)
    trail = cell + 0x9E if row % 2 == 0 else cell + 0x3F + (cell > 63)
    return bytes((lead, trail)).decode("cp932", "replace")[:1]


def _gb18030(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    return ("€", error.start + 1) if pair[0] == 0x80 else (BAD, error.start + _length(pair))


def _two_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD, error.start + _length(error.object[error.start : error.start + 2])


def _one_byte(error: UnicodeError) -> tuple[str, int]:
    """What Microsoft left open below 0xA0 are control characters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start]
    return (chr(byte) if 0x80 <= byte < 0xA0 else BAD), error.start + 1


def _are_high(found: bytes, length: int) -> bool:
    return len(found) == length and all(byte > 0xA0 for byte in found)


def _length(pair: bytes) -> int:
    """Return how many bytes a wrong pair costs: ASCII is never a part of it."""
    return 2 if len(pair) == 2 and 0x80 < pair[0] < 0xFF and pair[1] >= 0x80 else 1


_MIXED = "aggregator.mixed"
_HANDLERS = {
    codec: f"aggregator.{codec}"
    for codec in (
        "euc_jp", "iso2022_jp_ext", "gb18030", "big5hkscs", "cp949",
        *(f"cp{page}" for page in (874, *range(1250, 1259))),
    )
}  # fmt: skip
_ASKED = {
    "euc_jp": _euc_jp, "iso2022_jp_ext": _iso_2022_jp, "gb18030": _gb18030,
    "big5hkscs": _two_bytes, "cp949": _two_bytes,
}  # fmt: skip
codecs.register_error(_MIXED, _pasted)
for _codec, _name in _HANDLERS.items():
    codecs.register_error(_name, _ASKED.get(_codec, _one_byte))
