"""Bytes to text: which encoding a document is in, whatever it says about itself.

What the operator says (`encoding` of a source) overrides all but a byte order mark. Else one
order, the same everywhere, and no guessing library whose presence would change results:

1. a byte order mark, or the first bytes of an XML declaration in UTF-16 or UTF-32 (XML 1.0, F.1);
2. non-ASCII bytes that are strict UTF-8: text in another encoding is almost never valid UTF-8 by
   accident, while UTF-8 labelled gb2312 or ISO-8859-1 is common;
3. what is declared (HTTP first, then XML), strictly; gb2312 and gbk are read as gb18030. An
   encoding of single bytes reads anything, so that it waits for the next step;
4. UTF-8 with a few bad bytes, or cut inside a character: repaired, not re-guessed. A bad byte is
   U+FFFD, or in western text the character of windows-1252 that was pasted;
5. the declared encoding with some bad bytes, repaired likewise;
6. what they make sense as: Japanese by its kana, Korean; when high bytes come together gb18030,
   big5, Cyrillic by its small letters; else windows-1252, which reads anything.

How each encoding is read, and what one bad byte costs, is in `web/decoding.py`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from aggregator.model import Problem, ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.runtime.values import dataclass
from aggregator.web.charsets import (
    WIDE,
    begun_codec,
    charset_of,
    codec_of,
    marked_codec,
)
from aggregator.web.decoding import (
    has_utf8,
    is_latin,
    read,
    read_mixed,
    read_strictly,
    with_whole_pairs,
)

#: What is never text: a name for the operator, by first bytes.
_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"ID3", "an MP3 file"),
)

#: A declaration is at the start; this much is searched for it.
_DECLARATION_BYTES = 1024
_DECLARED = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']\s*([A-Za-z0-9._:-]{1,40})""")

#: Repairing beats guessing while bad bytes are at most one for this many good characters; what is
#: declared is believed longer.
_GOOD_PER_BAD = 3
_GOOD_PER_BAD_IF_DECLARED = 1
#: How characters that are hidden in ASCII begin. Nothing else that is text has Japanese's.
_ESCAPES = {
    "iso2022_jp_ext": (b"\x1b$", b"\x1b(I"),
    "iso2022_kr": (b"\x1b$)C", b"\x0e"),
    "hz": (b"~{",),
}
_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@")
#: What bytes without a label are read as, if so large a share of so many characters is of a script.
#: Kana have the same places in EUC-JP and GB 2312, but no Chinese text is full of them.
_SCRIPTS = (
    ("euc_jp", re.compile("[\u3041-\u3096]"), 0.15, 4),
    ("cp932", re.compile("[\u3041-\u3096]"), 0.15, 4),
    ("cp949", re.compile("[\uac00-\ud7a3]"), 0.9, 20),
)
#: Each has its capitals where the other has its small letters, of which texts mostly are made.
_CYRILLIC = ("cp1251", "koi8-r")
_SMALL_CYRILLIC = re.compile("[а-яёіїєґ]")
_SMALL_SHARE = 0.7
#: First bytes of the punctuation and of the characters in use, which both standards have first.
_EVERYDAY = {
    codec: frozenset(bytes([lead]) for first, last in rows for lead in range(first, last + 1))
    for codec, rows in (
        ("gb2312", ((0xA1, 0xA3), (0xB0, 0xD7))),
        ("big5", ((0xA1, 0xA3), (0xA4, 0xC6))),
    )
}
_TAIWANESE_SHARE = 0.7
_LEAST_TAIWANESE = 2
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_HIGH_CHARACTERS = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a document, the encoding that read it, and what had to be done, for `explain`."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode(body: bytes, content_type: str | None, encoding: str | None = None) -> Decoded:
    """Return the text of `body`; the order is the module's, `encoding` the operator's word.

    Raises `UnreadableError` (ENCODING) for what is not text at all: an archive, an image.
    """
    for magic, what in _BINARY:
        if body.startswith(magic):
            raise UnreadableError(
                Problem(ProblemKind.ENCODING, f"the body is {what}, not text", "check the URL")
            )
    if encoding is not None and (told := codec_of(encoding)) and marked_codec(body) is None:
        decoded = _marked(body, told)
        return replace(decoded, notes=(f"read as {told}, as configured", *decoded.notes))
    if (width := begun_codec(body)) is not None:
        return _marked(body, width)
    # A label that names a wider unit than these bytes have is a mistake.
    told_codecs = [
        (label, codec)
        for label in _declared(body, content_type)
        if (codec := codec_of(label)) not in WIDE
    ]
    codec = next((codec for _, codec in told_codecs if codec), None)
    unknown = [label for label, codec in told_codecs if codec is None]
    return _unmarked(body, codec, tuple(f'unknown encoding "{label}" ignored' for label in unknown))


def _marked(body: bytes, encoding: str) -> Decoded:
    if encoding == "utf-8" and _strictly(body, "utf-8") is None:
        decoded = _as_utf8(with_whole_pairs(body))
        return replace(decoded, text=decoded.text.removeprefix("\ufeff"))
    text = read(body, encoding).removeprefix("\ufeff")
    bad = text.count("\ufffd")
    return Decoded(text, encoding, (f"{bad} bad bytes replaced",) if bad else ())


def _declared(body: bytes, content_type: str | None) -> list[str]:
    labels = []
    if http := charset_of(content_type):
        labels.append(http.lower())
    if xml := _DECLARED.search(body[:_DECLARATION_BYTES]):
        labels.append(xml[1].decode("ascii").lower())
    return labels


def _unmarked(body: bytes, codec: str | None, notes: tuple[str, ...]) -> Decoded:
    if (hidden := _hidden_codec(body, codec)) is not None:
        decoded = _marked(body, hidden)
        return replace(decoded, notes=notes + decoded.notes)
    if body.isascii():
        return Decoded(body.decode("ascii"), "utf-8", notes)
    whole = with_whole_pairs(body)
    if (text := _strictly(whole, "utf-8")) is not None:
        if codec not in {None, "utf-8"}:
            notes += (f"declared {codec}, but the bytes are UTF-8",)
        return Decoded(text, "utf-8", notes)
    told = codec if codec != "utf-8" else None
    reads_anything = told is not None and _is_of_bytes(told)
    if told and not reads_anything and (text := _strictly(body, told)) is not None:
        return Decoded(text, told, notes)
    repaired = _repaired_utf8(whole, may_be_cut=not reads_anything)
    if repaired is None and told:
        repaired = _repaired(body, told)
    if repaired is not None:
        return replace(repaired, notes=notes + repaired.notes)
    guessed = _guessed(body)
    label = f"declared {codec}" if codec else "no encoding declared"
    return Decoded(guessed.text, guessed.encoding, (*notes, f"{label}, read as {guessed.encoding}"))


def _hidden_codec(body: bytes, codec: str | None) -> str | None:
    """Return the encoding whose characters are hidden in these bytes behind escapes, if any are."""
    if any(sign in body for sign in _ESCAPES.get(codec or "", ())):
        return codec
    is_japanese = body.isascii() and any(sign in body for sign in _JAPANESE_ESCAPES)
    return "iso2022_jp_ext" if is_japanese else None


def _is_of_bytes(codec: str) -> bool:
    """Tell whether each byte of an encoding is a character, so that it reads anything."""
    return len(bytes(range(256)).decode(codec, "replace")) == 256


def _strictly(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None


def _repaired_utf8(body: bytes, *, may_be_cut: bool) -> Decoded | None:
    """Return the text of UTF-8 with bad bytes, `None` where there are too many for that."""
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if may_be_cut and bad == 1 and text.endswith("\ufffd"):
        return _as_utf8(body)
    good = len(_HIGH_CHARACTERS.findall(text)) - bad
    if good >= bad * _GOOD_PER_BAD:
        return _as_utf8(body)
    if good < bad or not is_latin(text):
        return None
    # Single bytes between ASCII are letters that were pasted, and no sign of another encoding.
    left = read_mixed(body).count("\ufffd")
    return _as_utf8(body) if good >= left * _GOOD_PER_BAD else None


def _as_utf8(body: bytes) -> Decoded:
    """Read UTF-8 with bad bytes: in western text they are windows-1252's, if they may be."""
    text = body.decode("utf-8", "replace")
    bad = left = text.count("\ufffd")
    if is_latin(text):
        text = read_mixed(body)
        left = text.count("\ufffd")
    notes = (f"{bad - left} bytes read as windows-1252",) if left < bad else ()
    return Decoded(text, "utf-8", notes + ((f"{left} bad bytes replaced",) if left else ()))


def _repaired(body: bytes, codec: str) -> Decoded | None:
    text = read(body, codec)
    bad = text.count("\ufffd")
    if len(_HIGH_CHARACTERS.findall(text)) - bad < bad * _GOOD_PER_BAD_IF_DECLARED:
        return None
    return Decoded(text, codec, (f"{bad} bad bytes replaced",) if bad else ())


def _guessed(body: bytes) -> Decoded:
    """Read undeclared bytes as what they make sense as."""
    runs = _HIGH_RUN.findall(body)
    alone = sum(1 for run in runs if len(run) == 1)
    # Shift_JIS and Big5 pair high bytes with ASCII ones, so that they need not come together.
    found = _scripted(body)
    if found is None and alone * 2 < len(runs):
        found = _chinese(body) or _cyrillic(body)
    elif found is None and alone < len(runs):
        found = _taiwanese(body)
    if found is not None:
        return found
    # Where there is UTF-8 among it, windows-1252 was pasted into it, or the other way round.
    return Decoded(read_mixed(body) if has_utf8(body) else read(body, "cp1252"), "cp1252")


def _scripted(body: bytes) -> Decoded | None:
    for codec, script, share, least in _SCRIPTS:
        text = read_strictly(body, codec)
        high = _HIGH_CHARACTERS.findall(text or "")
        if text and len(high) >= least and len(script.findall(text)) >= share * len(high):
            return Decoded(text, codec)
    return None


def _chinese(body: bytes) -> Decoded | None:
    chinese = _strictly(body, "gb18030")
    taiwanese = _strictly(body, "big5hkscs")
    if chinese is not None and (
        taiwanese is None or _share(chinese, "gb2312") >= _share(taiwanese, "big5")
    ):
        return Decoded(chinese, "gb18030")
    return None if taiwanese is None else Decoded(taiwanese, "big5hkscs")


def _taiwanese(body: bytes) -> Decoded | None:
    """Read as Big5 what may also be western text, if nearly all of it is everyday Chinese."""
    text = _strictly(body, "big5hkscs")
    if text is None or len(_HIGH_CHARACTERS.findall(text)) < _LEAST_TAIWANESE:
        return None
    return Decoded(text, "big5hkscs") if _share(text, "big5") >= _TAIWANESE_SHARE else None


def _cyrillic(body: bytes) -> Decoded | None:
    for codec in _CYRILLIC:
        text = _strictly(body, codec)
        high = _HIGH_CHARACTERS.findall(text or "")
        if text and len(_SMALL_CYRILLIC.findall(text)) >= _SMALL_SHARE * len(high):
            return Decoded(text, codec)
    return None


def _share(text: str, codec: str) -> float:
    """Return the share of non-ASCII characters that are everyday ones of a Chinese encoding.

    Text read in the wrong one of two is full of rare characters, and of kana and Cyrillic letters.
    """
    high = _HIGH_CHARACTERS.findall(text[:20_000])
    leads = _EVERYDAY[codec]
    known = sum(1 for character in high if character.encode(codec, "ignore")[:1] in leads)
    return known / len(high) if high else 1.0
