"""What Python's codecs do not know of the web's encodings, and how little a wrong byte costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.charsets import ENCODINGS, codec_of
from aggregator.web.decoding import read, read_mixed, read_strictly, with_whole_pairs

ALL = sorted({codec_of(label) or "" for label in (*ENCODINGS, "hz-gb-2312", "iso-2022-kr")})


def euc(text: str) -> bytes:
    """Return text of JIS X 0208 with Windows' additions in EUC-JP."""
    found = bytearray()
    for sign in text:
        pair = sign.encode("cp932")
        if len(pair) == 1:
            found += pair if pair.isascii() else b"\x8e" + pair
            continue
        row = 2 * (pair[0] - (0x80 if pair[0] < 0xA0 else 0xC0)) - (pair[1] < 0x9F)
        cell = pair[1] - (0x9E if row % 2 == 0 else 0x3F + (pair[1] > 0x7F))
        found += bytes((row + 0xA0, cell + 0xA0))
    return bytes(found)


def jis(text: str) -> bytes:
    return b"\x1b$B" + bytes(byte & 0x7F for byte in euc(text)) + b"\x1b(B"


@pytest.mark.parametrize(
    ("codec", "body", "text"),
    [
        ("euc_jp", euc("①高橋㈱のⅣ№ｶﾅ"), "①高橋㈱のⅣ№ｶﾅ"),
        ("euc_jp", euc("纊褜鍈"), "纊褜鍈"),  # IBM's, in NEC's rows
        ("iso2022_jp_ext", jis("日①本㈱№") + b"!", "日①本㈱№!"),
        ("iso2022_jp_ext", b"\x1b(I6E\x1b(B.", "ｶﾅ."),
        ("gb18030", b"\x80 12", "€ 12"),
        ("cp1252", b"\x81\x93x\x94", "\x81“x”"),
        ("cp1251", b"\x98", "\x98"),
        ("hz", b"~{=qHUPBNE~} ~~ http://e.com/~user ~\nx", "今日新闻 ~ http://e.com/~user x"),
        ("hz", b"~{=qHU\nends with its line", "今日\nends with its line"),
        ("iso2022_kr", b"\x1b$)C\x0e0!\x0f.", "가."),
        ("utf-8", b"\xed\xa0\xbd\xed\xb8\x80", "😀"),
        ("big5hkscs", b"\xa4\xa4\x88\x62", "中Ê̄"),
        ("cp949", "똠방각하".encode("cp949"), "똠방각하"),
    ],
)
def test_what_browsers_read_is_read(codec: str, body: bytes, text: str) -> None:
    assert read(body, codec) == read_strictly(body, codec) == text


@pytest.mark.parametrize(
    ("codec", "body", "text"),
    [
        ("euc_jp", euc("日") + b"\xad" + b"<b>" + euc("本"), "日\ufffd<b>本"),
        ("euc_jp", euc("日") + b"\xa9\xfe" + euc("本"), "日\ufffd本"),
        ("euc_jp", euc("日") + b"\x8f\xf8\xf8" + euc("本"), "日\ufffd本"),
        ("iso2022_jp_ext", b"\x1b$BF|)~K\\\x1b(B.", "日\ufffd本."),
        ("iso2022_jp_ext", b"\x1b$BF|K\x1b(B<b>", "日\ufffd<b>"),
        ("gb18030", "今".encode("gbk") + b"\xff" + "日".encode("gbk"), "今\ufffd日"),
        ("gb18030", "今".encode("gbk") + b"\xb9<b>", "今\ufffd<b>"),
        ("cp949", b"\xb0<b>\xb0\xa1", "\ufffd<b>가"),
        ("utf-8", "日".encode() + b"\xff" + "本".encode(), "日\ufffd本"),
        ("utf-8", b"\xed\xa0\xbd.", "\ufffd\ufffd\ufffd."),  # half of a pair
    ],
)
def test_a_wrong_sequence_costs_itself(codec: str, body: bytes, text: str) -> None:
    assert read(body, codec) == text
    assert read_strictly(body, codec) is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"It\x92s caf\xe9, \x93quoted\x94.", "It’s café, “quoted”."),
        ("naïve ".encode() + b"r\xe9sum\xe9</p>", "naïve résumé</p>"),
        (b"N\xc3O", "NÃO"),
        (b"cut caf\xc3</p>", "cut caf\ufffd</p>"),
        (b"cut don\xe2\x80</p>", "cut don\ufffd</p>"),
        (b"\xff is nothing", "\ufffd is nothing"),
    ],
)
def test_pasted_bytes_of_windows_1252_are_its_characters(body: bytes, text: str) -> None:
    assert read_mixed(body) == text


@given(st.binary(max_size=60), st.sampled_from(ALL))
def test_any_bytes_are_read_and_no_longer_than_they_are(body: bytes, codec: str) -> None:
    text = read(body, codec)
    text.encode()
    assert len(text) <= len(body)
    strict = read_strictly(body, codec)
    assert strict is None or strict == text


@given(st.binary(max_size=60))
def test_what_is_right_utf8_is_left_alone(body: bytes) -> None:
    text = body.decode("utf-8", "ignore")
    assert with_whole_pairs(text.encode()) == text.encode()
    assert read_mixed(text.encode()) == text


@pytest.mark.parametrize("codec", ["euc_jp", "iso2022_jp_ext", "gb18030", "cp949"])
@given(st.data())
def test_what_python_reads_is_read_alike(codec: str, data: st.DataObject) -> None:
    signs = st.characters(codec=codec, min_codepoint=0x3041, max_codepoint=0xD7A3)
    body = data.draw(st.text(signs, max_size=20)).encode(codec)
    assert read(body, codec) == body.decode(codec)


def test_a_flood_of_wrong_bytes_costs_little() -> None:
    """Asking for each of a million would take three seconds."""
    assert read(b"\x80" * 1_000_000, "gb18030") == "\ufffd" * 1_000_000
