from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.parse.decode import decode

SHORT = "IT之家消息，新品发布"
LONG = SHORT + "：小米手机今日开售，售价两千九百九十九元起，国行版本同步上市。" * 30


def document(text: str, encoding: str, declared: str | None) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f"{declaration}<rss><title>{text}</title></rss>".encode(encoding)


@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8", None, None),
        ("utf-8-sig", None, None),
        ("utf-8", "gb2312", None),
        ("utf-8", "gbk", "text/xml; charset=gb2312"),
        ("utf-8", "utf-8", "text/xml; charset=ISO-8859-1"),
        ("utf-8", "big5", None),
        ("gbk", "gbk", None),
        ("gbk", "gb2312", None),
        ("gbk", "utf-8", None),
        ("gbk", None, None),
        ("gbk", None, 'text/xml; charset="GB2312"'),
        ("gb18030", "gb18030", None),
        ("utf-16", "utf-16", None),
        ("utf-16-le", "utf-16", None),
        ("utf-16-be", None, None),
        ("utf-32", "utf-32", None),
    ],
)
def test_text_is_right_whatever_the_label_says(
    text: str, encoding: str, declared: str | None, content_type: str | None
) -> None:
    assert text in decode(document(text, encoding, declared), content_type).text


@pytest.mark.parametrize("declared", ["big5", None, "utf-8"])
def test_big5_is_told_from_gb18030_by_the_characters_that_people_use(declared: str | None) -> None:
    text = "臺灣科技新聞，新產品發表會今天舉行，價格與規格一次看"
    assert text in decode(document(text, "big5", declared), None).text


def test_gbk_characters_outside_gb2312_survive_a_gb2312_label() -> None:
    assert "朱镕基 㐀" in decode(document("朱镕基 㐀", "gb18030", "gb2312"), None).text


@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
def test_a_stray_byte_in_utf8_is_replaced_and_nothing_else(text: str) -> None:
    body = document(text, "utf-8", "utf-8").replace("家".encode(), "家".encode() + b"\xff")
    decoded = decode(body, None)
    assert decoded.text.count("\ufffd") == body.count(b"\xff")
    assert text in decoded.text.replace("\ufffd", "")
    assert "replaced" in decoded.notes[0]


@pytest.mark.parametrize("cut", [1, 2])
def test_utf8_cut_inside_a_character_stays_utf8(cut: int) -> None:
    body = (f"<rss><title>{SHORT}".encode())[:-cut]
    decoded = decode(body, None)
    assert decoded.encoding == "utf-8"
    assert SHORT[:-1] in decoded.text


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", None, "utf-8"])
def test_western_text_is_not_read_as_chinese(declared: str | None) -> None:
    text = "Frédéric a été très étonné à l'hôtel"
    assert text in decode(document(text, "cp1252", declared), None).text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("koi8-r", "Новости дня"),
        ("windows-1251", "Новости дня"),
        ("shift_jis", "新しいニュース"),
        ("euc-jp", "新しいニュース"),
        ("iso-2022-jp", "新しいニュース"),
        ("euc-kr", "오늘의 뉴스"),
        ("iso-8859-2", "Zażółć gęślą jaźń"),
        ("iso-8859-15", "Prix : 10 €"),
        ("cp037", "EBCDIC text"),
    ],
)
def test_declared_encodings_are_read_as_declared(encoding: str, text: str) -> None:
    assert text in decode(document(text, encoding, encoding), None).text


@pytest.mark.parametrize("declared", [None, "utf-8"])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("koi8-r", "Новости дня: в Москве открыли выставку"),
        ("windows-1251", "Новости дня: в Москве открыли выставку"),
        ("windows-1251", "Новини дня: у Києві відкрили виставку"),
        ("shift_jis", "新しいスマートフォンが本日発売されました"),
        ("euc-jp", "新しいスマートフォンが本日発売されました"),
        ("euc-kr", "오늘의 뉴스: 새로운 스마트폰이 오늘부터 판매를 시작했습니다"),
        ("gbk", "日语里「の」和「は」这两个假名用得最多，学习者常常分不清楚它们的用法"),
        ("gbk", "新闻"),
        ("gbk", "最新消息"),
        ("cp1252", "Größe und Länge: ½ Meter, «schön»"),
    ],
)
def test_undeclared_text_is_read_as_what_it_makes_sense_as(
    encoding: str, text: str, declared: str | None
) -> None:
    assert text in decode(document(text, encoding, declared), None).text


@pytest.mark.parametrize("label", ["unicode_escape", "rot13", "utf-7", "idna", "zlib", "no-such"])
def test_codecs_that_are_no_document_encoding_are_never_used(label: str) -> None:
    body = document(r"\u003cscript\u003e +ADw-", "ascii", label)
    assert decode(body, None).text == body.decode()
    assert decode(document(SHORT, "utf-8", label), None).text.endswith(f"{SHORT}</title></rss>")


def test_deliberate_mojibake_is_left_as_its_author_wrote_it() -> None:
    text = "Martine Ã©crit en UTF-8"
    assert text in decode(document(text, "utf-8", "utf-8"), None).text


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08\0", b"%PDF-1.4", b"\x89PNG\r\n", b"PK\x03\x04"])
def test_what_is_not_text_is_named(body: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        decode(body, None)
    assert caught.value.problem.kind is ProblemKind.ENCODING


@given(st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=40)))
def test_any_bytes_give_text_or_a_named_problem(body: bytes, content_type: str | None) -> None:
    with suppress(UnreadableError):
        assert isinstance(decode(body, content_type).text.encode(), bytes)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1))
def test_declared_gb18030_round_trips_unless_its_bytes_are_utf8(text: str) -> None:
    decoded = decode(document(text, "gb18030", "gb18030"), None)
    assert text in decoded.text or decoded.encoding == "utf-8"


@pytest.mark.parametrize("declared", [None, "utf-8"])
@pytest.mark.parametrize(
    "text",
    ["台灣新聞與繁體中文", "快訊", "測試 許功蓋成", "臺灣科技新聞，新產品發表會今天舉行" * 30],
)
def test_big5_is_known_also_where_half_of_its_bytes_are_ascii(
    text: str, declared: str | None
) -> None:
    assert text in decode(document(text, "big5", declared), None).text


@pytest.mark.parametrize(
    "text",
    [
        "Äpfel und Ähren",
        "café au lait",
        "“Hi”, she’d said – it’s",
        "Åre «på» svenska",
        "Ça va été là",
    ],
)
def test_western_text_is_not_taken_for_big5(text: str) -> None:
    assert text in decode(document(text, "cp1252", None), None).text


# --- one bad character costs one character -------------------------------------------------------

LETTERS = "A long café feed: naïve façade, Zürich, señor"


@pytest.mark.parametrize("declared", ["utf-8", None, "iso-8859-1", "gb2312"])
def test_pasted_windows_1252_costs_no_more_than_itself(declared: str | None) -> None:
    body = document(LETTERS + "@", "utf-8", declared).replace(b"@", b" It\x92s caf\xe9.")
    decoded = decode(body, None)
    assert decoded.encoding == "utf-8"
    assert f"{LETTERS} It’s café." in decoded.text
    assert "2 bytes read as windows-1252" in decoded.notes


def test_in_chinese_text_a_stray_byte_is_no_letter_of_windows_1252() -> None:
    body = document(LONG + "@", "utf-8", "utf-8").replace(b"@", b" caf\xe9 ")
    assert decode(body, None).text.count("\ufffd") == 1


def test_more_pasted_bytes_than_right_ones_are_still_read_one_by_one() -> None:
    body = document("é and @", "utf-8", "utf-8").replace(b"@", b"\x93a\x94 caf\xe9 na\xefve.")
    assert "é and “a” café naïve." in decode(body, None).text


@pytest.mark.parametrize("declared", ["utf-8", None])
def test_pairs_written_in_halves_are_one_character(declared: str | None) -> None:
    body = document("Release @ party", "utf-8", declared)
    decoded = decode(body.replace(b"@", b"\xed\xa0\xbd\xed\xb8\x80"), None)
    assert "Release 😀 party" in decoded.text
    assert decoded.notes == ()


@pytest.mark.parametrize("declared", ["iso-2022-jp", "utf-8", None])
def test_iso_2022_jp_is_known_by_its_escapes(declared: str | None) -> None:
    body = document("新しい@ニュース", "iso2022_jp", declared)
    assert "新しい@ニュース" in decode(body, None).text
    assert "新しい①ニュース" in decode(body.replace(b"\x1b(B@\x1b$B", b"-!"), None).text


def test_utf8_that_is_labelled_iso_2022_jp_is_utf8() -> None:
    assert SHORT in decode(document(SHORT, "utf-8", "iso-2022-jp"), None).text


def test_hz_is_read_and_its_escapes_are_never_text() -> None:
    body = b"<?xml version='1.0' encoding='hz-gb-2312'?><rss>~{=qHUPBNE~}</rss>"
    decoded = decode(body, None)
    assert "<rss>今日新闻</rss>" in decoded.text
    assert decoded.encoding == "hz"


def test_a_bad_character_in_a_short_declared_text_is_one_character() -> None:
    body = document("日本", "euc-jp", "euc-jp").replace(b"<title>", b"<title>\xa9\xfe")
    decoded = decode(body, None)
    assert "<title>\ufffd日本" in decoded.text
    assert decoded.encoding == "euc_jp"


def test_a_wrong_label_is_still_not_believed() -> None:
    text = "Новости дня: в Москве открыли выставку"
    assert text in decode(document(text, "cp1251", "utf-8"), None).text
    assert LONG in decode(document(LONG, "gbk", "utf-8"), None).text
