"""Which characters are published: each of Unicode's, alone and among others."""

from __future__ import annotations

from aggregator.publish.xml_safety import clean


def published(code: int) -> str:
    """Return what stands for a character, as XML 1.0 §2.2 and feed validators want it."""
    is_char = (
        code in {0x9, 0xA, 0xD}
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or code >= 0x10000
    )
    is_control = 0x7F <= code <= 0x9F
    is_no_character = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    if not is_char or is_control or is_no_character:
        return ""
    return "□" if code == 0xFFFD else chr(code)


def test_every_character_is_published_left_out_or_shown_as_lost() -> None:
    for start in range(0, 0x110000, 64):
        codes = range(start, start + 64)
        expected = [published(code) for code in codes]
        assert clean("".join(map(chr, codes))) == "".join(expected)
        for code, shown in zip(codes, expected, strict=True):
            if shown != chr(code) or code % 64 in {0, 63}:
                assert clean(chr(code)) == shown, hex(code)


def test_what_is_fit_stays_the_same_object() -> None:
    text = "小米 <SU7> \U0001f600\t\r\n" * 100
    assert clean(text) is text
