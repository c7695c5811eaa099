"""Chunk lines on their way to h11: the same whatever ends them and however TCP cut them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.chunk_lines import LINE_BYTES, ChunkLines, LinesError

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r\r\n"])


def read(*pieces: bytes) -> bytes | str:
    """Return all that h11 may see of an answer that comes in these pieces, or why it is refused."""
    lines = ChunkLines()
    try:
        return b"".join(map(lines.feed, pieces))
    except LinesError as error:
        return str(error)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


@given(st.data(), st.lists(st.binary(min_size=1, max_size=40), max_size=5))
def test_every_line_end_is_made_cr_lf_and_no_byte_of_a_chunk_is_touched(
    data: st.DataObject, chunks: list[bytes]
) -> None:
    sent, wanted = HEAD, HEAD
    for chunk in chunks:
        more = data.draw(st.sampled_from([b"", b";a=b", b' ; a="b;c"', b" "]))
        sent += b"%x%b%b%b%b" % (
            len(chunk), more, data.draw(LINE_ENDS), chunk, data.draw(LINE_ENDS)
        )  # fmt: skip
        wanted += b"%x\r\n%b\r\n" % (len(chunk), chunk)
    end = b"X: y\n\r\n" + data.draw(st.binary(max_size=10))
    sent += b"0" + data.draw(LINE_ENDS) + end
    places = data.draw(st.lists(st.integers(0, 1000), max_size=8))
    assert read(*cut(sent, places)) == wanted + b"0\r\n" + end


@given(
    st.lists(
        st.sampled_from([b"\r", b"\n", b"\r\n", b"3", b"0", b";", b" ", b"abc", b"x", b":"]),
        max_size=30,
    ),
    st.lists(st.integers(0, 1000), max_size=8),
)
def test_what_is_read_or_refused_does_not_depend_on_the_cuts(
    pieces: list[bytes], places: list[int]
) -> None:
    data = HEAD + b"".join(pieces)
    whole = read(data)
    assert read(*cut(data, places)) == whole
    assert read(*(bytes([byte]) for byte in data)) == whole


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_body_without_chunks_passes_as_it_is(head: bytes) -> None:
    assert read(head + b"3\nabc\n0\n\n") == head + b"3\nabc\n0\n\n"


def test_an_interim_answer_is_followed_by_another_head() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read(interim + HEAD + b"3\nabc\n0\n\n") == interim + HEAD + b"3\r\nabc\r\n0\r\n\n"


@pytest.mark.parametrize("step", [1000, 65536, 10**6])
def test_a_line_without_end_is_refused_at_the_same_place(step: int) -> None:
    for data, words in (
        (HEAD + b"5;" + b"x" * LINE_BYTES + b"\rx\n", "chunk line too long"),
        (HEAD + b"0\n" + b"X: y\n" * (LINE_BYTES // 5) + b"\n", "Receive buffer too long"),
        (HEAD[:-2] + b"X: y\n" * (LINE_BYTES // 5) + b"\n", "Receive buffer too long"),
    ):
        assert read(*(data[at : at + step] for at in range(0, len(data), step))) == words
    fits = HEAD + b"5;" + b"x" * (LINE_BYTES - 3) + b"\n"
    assert read(*(fits[at : at + step] for at in range(0, len(fits), step))) == HEAD + b"5\r\n"
