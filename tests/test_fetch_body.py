"""Bodies: every coding in small steps, bombs cut, damage told, memory flat."""

from __future__ import annotations

import gzip
import hashlib
import random
import subprocess
import sys
import textwrap
import zlib
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped] # it has no stubs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.body import read_body
from aggregator.fetch.codings import MAX_LAYERS, MAX_MEMBERS, STEP_BYTES, decoder_for
from aggregator.fetch.failures import FetchError
from aggregator.fetch.request_limits import FetchLimits
from aggregator.model import Fetched, Problem, ProblemKind
from tests.fetching import fetching
from tests.web import Publisher

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

LIMITS = FetchLimits()


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


CODECS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [gzip.compress],
    "X-GZIP": [gzip.compress],
    "deflate": [zlib.compress, raw_deflate],
    "br": [brotli.compress],
    "zstd": [zstd.compress],
    "identity": [bytes],
    "": [bytes],
}
ALL = [(coding, compress) for coding, makers in CODECS.items() for compress in makers]
COMPRESSED = [(coding, compress) for coding, compress in ALL if compress is not bytes]


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(
    data: bytes, coding: str, *, size: int = 4096, limits: FetchLimits = LIMITS
) -> bytes | Problem:
    try:
        found = await read_body(pieces(data, size), coding, "a.example", limits)
    except FetchError as error:
        return error.problem
    assert found.sha256 == hashlib.sha256(found.body).digest()
    return found.body


def kind(found: bytes | Problem) -> ProblemKind:
    assert isinstance(found, Problem), f"{len(found)} bytes"
    return found.kind


# --- what is decoded ----------------------------------------------------------------------------


@pytest.mark.parametrize(("coding", "compress"), ALL)
async def test_every_coding_that_we_offer_comes_back_whole(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    dice = random.Random(1)  # noqa: S311 # test data
    body = dice.randbytes(300_000) + b"<item/>" * 20_000
    for size in (1_000, 1_000_000):
        assert await read(compress(body), coding, size=size) == body
    assert await read(compress(b"short"), coding, size=1) == b"short"


def _is_no_coding(body: bytes) -> bool:
    """A body that looks compressed is taken to be: so would a browser take a .gz file."""
    return not body.startswith((b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"))


@pytest.mark.parametrize(("coding", "compress"), COMPRESSED)
@given(body=st.binary(max_size=2000).filter(_is_no_coding), size=st.integers(1, 50))
async def test_a_body_does_not_depend_on_how_it_was_cut(
    coding: str, compress: Callable[[bytes], bytes], body: bytes, size: int
) -> None:
    assert await read(compress(body), coding, size=size) == body


@pytest.mark.parametrize(("coding", "compress"), COMPRESSED)
@given(cut=st.floats(0.01, 0.99))
async def test_a_compressed_body_that_ends_early_is_never_a_shorter_document(
    coding: str, compress: Callable[[bytes], bytes], cut: float
) -> None:
    whole = compress(bytes(range(256)) * 40)
    found = await read(whole[: max(1, int(len(whole) * cut))], coding)
    assert kind(found) is ProblemKind.ENCODING


@pytest.mark.parametrize(("coding", "compress"), COMPRESSED)
@given(noise=st.binary(min_size=1, max_size=300))
async def test_noise_is_told_or_decoded_and_nothing_else(
    coding: str, compress: Callable[[bytes], bytes], noise: bytes
) -> None:
    await read(noise, coding)
    await read(compress(b"x" * 50)[:9] + noise, coding)


FEEDS = (
    b"<?xml version='1.0'?><rss></rss>",
    b"\xef\xbb\xbf \n<rss version='2.0'></rss>",
    b'{"version": "https://jsonfeed.org/version/1.1"}',
    "<?xml version='1.0'?><rss>\u65e5</rss>".encode("utf-16"),
    b"<feed>" + b"<entry/>" * 1000 + b"</feed>",
)


@pytest.mark.parametrize("body", FEEDS)
@pytest.mark.parametrize(
    "coding",
    [
        *("gzip", "br", "zstd", "deflate", "gzip, gzip"),  # said, and not done
        # What is no coding says nothing (seen: a charset, a media type, S3's uploads, a word).
        *("utf-8", "none", "text/xml", "aws-chunked", "UTF-8, gzip", "compress", "x" * 9000),
    ],
)
async def test_what_begins_as_a_document_is_one_whatever_its_label_says(
    body: bytes, coding: str
) -> None:
    for size in (1, 7, 4096):
        assert await read(body, coding, size=size) == body


@pytest.mark.parametrize("body", FEEDS)
@pytest.mark.parametrize("label", ["", "identity", "utf-8", "gzip", "gzip, gzip", "br"])
async def test_gzip_and_zstd_are_known_by_their_first_bytes_even_twice(
    body: bytes, label: str
) -> None:
    for compress in (gzip.compress, zstd.compress):
        for size in (1, 7, 4096):
            assert await read(compress(body), label, size=size) == body
            assert await read(compress(gzip.compress(body)), label, size=size) == body


@pytest.mark.parametrize(("inner", "compress"), [("br", brotli.compress), ("deflate", raw_deflate)])
async def test_codings_that_are_said_twice_are_taken_off_in_turn(
    inner: str, compress: Callable[[bytes], bytes]
) -> None:
    body = FEEDS[-1]
    twice = gzip.compress(compress(body))
    assert await read(twice, f"{inner}, gzip", size=7) == body
    assert await read(twice, f"{inner}, gzip") == body


async def test_binary_bodies_without_a_coding_stay_as_they_are() -> None:
    for body in (b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x07" + b"x" * 90, b"\x89PNG\r\n", b"(\xb5/"):
        assert await read(body, "") == body
        assert await read(body, "utf-8") == body


async def test_too_many_codings_and_bombs_between_them_are_refused() -> None:
    body = FEEDS[0]
    for _ in range(MAX_LAYERS):
        body = gzip.compress(body)
    assert await read(body, "") == FEEDS[0]
    found = await read(gzip.compress(body), "")
    assert kind(found) is ProblemKind.ENCODING
    assert f"more than {MAX_LAYERS} codings" in str(found)
    # A small document, then zeros that nothing reads: the outer coding works for nothing.
    bomb = gzip.compress(gzip.compress(FEEDS[0]) + b"\0" * 30_000_000)
    assert kind(await read(bomb, "")) is ProblemKind.TOO_LARGE


async def test_several_gzip_members_and_zstd_frames_are_one_body() -> None:
    for size in (1, 7, 1000):
        assert await read(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip", size=size) == (
            b"one two"
        )
        assert await read(zstd.compress(b"one ") + zstd.compress(b"two"), "zstd", size=size) == (
            b"one two"
        )
    cut = gzip.compress(b"one ") + gzip.compress(b"two")[:-3]
    assert kind(await read(cut, "gzip")) is ProblemKind.ENCODING
    many = gzip.compress(b"") * (MAX_MEMBERS + 1)
    assert kind(await read(many, "gzip")) is ProblemKind.ENCODING
    assert kind(await read(zstd.compress(b"") * (MAX_MEMBERS + 1), "zstd")) is ProblemKind.ENCODING


@pytest.mark.parametrize("size", [1, 1000])
async def test_what_follows_a_finished_gzip_body_is_left_unread(size: int) -> None:
    # Some servers append padding or their own notes; the checksum says that the body is whole.
    for rest in (b"\0" * 512, b"<!-- cached -->", b"\x1f", b"\x1fno"):
        assert await read(gzip.compress(b"body") + rest, "gzip", size=size) == b"body"
        assert await read(zlib.compress(b"body") + rest, "deflate", size=size) == b"body"
    for coding, compress in (("br", brotli.compress), ("zstd", zstd.compress)):
        found = await read(compress(b"body") + b"garbage", coding, size=size)
        assert found == b"body" or kind(found) is ProblemKind.ENCODING


@pytest.mark.parametrize(
    ("coding", "words"),
    [
        ("compress", "an encoding that we cannot read: compress"),
        ("gzip, dcb", "an encoding that we cannot read: dcb"),
        ("gzip", "is not the gzip it claims"),
        ("zstd", "is not the zstd it claims"),
    ],
)
async def test_what_cannot_be_read_is_named(coding: str, words: str) -> None:
    found = await read(b"\x1f\x9d\x90binary", coding)
    assert kind(found) is ProblemKind.ENCODING
    assert words in str(found)


async def test_codings_are_read_across_header_fields() -> None:
    async with Publisher() as web, fetching() as fetcher:
        twice = [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")]
        web.route("/", body=gzip.compress(gzip.compress(b"x")), headers=twice)
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Fetched)
        assert outcome.body == b"x"
        web.route("/", body=gzip.compress(b"body"), headers={"Content-Encoding": "gzip"})
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Fetched)
        assert outcome.body == b"body"


# --- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("coding", "compress"), COMPRESSED)
async def test_a_bomb_is_cut_by_its_ratio(coding: str, compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(b"\0" * 30_000_000)
    found = await read(bomb, coding, size=65536)
    assert kind(found) is ProblemKind.TOO_LARGE
    assert "like a bomb" in str(found)


@pytest.mark.parametrize(("coding", "compress"), ALL)
async def test_a_large_body_is_cut_by_its_size(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    body = random.Random(2).randbytes(400_000)  # noqa: S311 # test data
    small = replace(LIMITS, decoded_bytes=300_000)
    assert kind(await read(compress(body), coding, limits=small)) is ProblemKind.TOO_LARGE
    small = replace(LIMITS, wire_bytes=300_000)
    assert kind(await read(compress(body), coding, limits=small)) is ProblemKind.TOO_LARGE


async def test_a_short_repetitive_document_is_no_bomb() -> None:
    body = b"<item/>" * 100_000
    assert await read(gzip.compress(body), "gzip") == body


@pytest.mark.parametrize(("coding", "compress"), COMPRESSED)
def test_a_decoder_puts_out_no_more_than_a_step_at_once(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    decoder = decoder_for(coding, "a.example", most_bytes=10**9)
    total = 0
    for piece in chain(decoder.steps(compress(b"\0" * 10_000_000)), decoder.end()):
        assert len(piece) <= 2 * STEP_BYTES
        total += len(piece)
        if total > 5_000_000:
            break
    assert total > 5_000_000


def test_memory_stays_flat_under_bombs_of_every_coding() -> None:
    # In a process of its own: the high-water mark of this one is other tests' business.
    script = """
        import asyncio, gzip, resource, sys, zlib
        import brotli
        from aggregator.fetch.body import read_body
        from aggregator.fetch.codings import zstd
        from aggregator.fetch.request_limits import FetchLimits
        from aggregator.fetch.failures import FetchError

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def squeeze(stream, finish):
            block = bytes(1 << 20)
            return b"".join(stream(block) for _ in range(200)) + finish()

        g = zlib.compressobj(wbits=31)
        b = brotli.Compressor(quality=5)
        z = zstd.ZstdCompressor()
        bombs = {
            "gzip": squeeze(g.compress, g.flush),
            "br": squeeze(b.process, b.finish),
            "zstd": squeeze(z.compress, z.flush),
        }
        del g, b, z

        async def wire(data):
            yield data

        limits = FetchLimits(ratio=10**9)
        before = peak()
        for coding, bomb in bombs.items():
            try:
                asyncio.run(read_body(wire(bomb), coding, "a", limits))
            except FetchError as error:
                print(coding, error.problem.kind)
        print((peak() - before) // 1024)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    *kinds, grown_mib = done.stdout.split("\n")[:4]
    assert kinds == ["gzip too-large", "br too-large", "zstd too-large"]
    # 15 MiB of body, a codec's window (brotli 16 MiB, zstd 8 MiB), and the allocator's rest.
    assert int(grown_mib) < 64
