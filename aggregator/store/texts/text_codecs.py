"""Bytes made small with what many of them have alike, and back: zstd, or zlib where that is absent.

A dictionary holds what texts have in common, so that a short one, too, becomes small. What one
codec has made is read by that codec and with that dictionary alone.
"""

from __future__ import annotations

import sys
import zlib
from functools import cached_property
from typing import TYPE_CHECKING

from typing_extensions import override

try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:  # where there is no wheel of it (docs/install.md)
    zstd = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: zstd's levels for what is packed as it comes, and when there is time: a quarter less of what is
#: much alike, in six times the time.
QUICK, THOROUGH = 3, 12

#: A dictionary has at most so many bytes. One of 112 KiB saves 2 % more of real feeds.
DICTIONARY_BYTES = 64 << 10

#: zstd is trained on samples that have something to tell, and are not too few.
LEAST_SAMPLES, LEAST_SAMPLE_BYTES = 20, 64

#: zlib looks back no further.
_ZLIB_WINDOW = 32 << 10


class Codec:
    """Packs and unpacks with one dictionary, which may be empty."""

    #: How the database calls it.
    name: str

    def __init__(self, dictionary: bytes) -> None:
        self._dictionary = dictionary

    def pack(self, each: Iterable[bytes], *, is_thorough: bool = False) -> Iterator[bytes]:
        """Yield some bytes made small, one after another; `is_thorough`: however long it takes."""
        raise NotImplementedError

    def unpack(self, packed: bytes) -> bytes:
        """Return what was packed; raises `ValueError` for what was not, or with another one."""
        raise NotImplementedError

    @classmethod
    def train(cls, samples: Sequence[bytes]) -> bytes:
        """Return a dictionary of what the samples have alike, empty where that is nothing."""
        raise NotImplementedError


class _Zstd(Codec):
    """zstd (RFC 8878); the dictionary is named beside the frame, not in it."""

    name = "zstd"

    @override
    def pack(self, each: Iterable[bytes], *, is_thorough: bool = False) -> Iterator[bytes]:
        parameter = zstd.CompressionParameter
        options: dict[int, int] = {
            parameter.compression_level: THOROUGH if is_thorough else QUICK,
            parameter.dict_id_flag: 0,
        }
        known = self._known.as_digested_dict if self._known else None
        # To make one takes as long as to pack 8 KB.
        packer = zstd.ZstdCompressor(options=options, zstd_dict=known)
        for data in each:
            yield packer.compress(data, packer.FLUSH_FRAME)

    @override
    def unpack(self, packed: bytes) -> bytes:
        try:
            return zstd.decompress(packed, zstd_dict=self._known)
        except zstd.ZstdError as error:
            raise ValueError(str(error)) from error

    @classmethod
    @override
    def train(cls, samples: Sequence[bytes]) -> bytes:
        # zstd 1.5 reads beyond its memory where three quarters of the samples have less than 8
        # bytes together.
        telling = [sample for sample in samples if len(sample) >= LEAST_SAMPLE_BYTES]
        if len(telling) < LEAST_SAMPLES:
            return b""
        try:
            return zstd.train_dict(telling, DICTIONARY_BYTES).dict_content
        except zstd.ZstdError:  # too little in them
            return b""

    @cached_property
    def _known(self) -> zstd.ZstdDict | None:
        return zstd.ZstdDict(self._dictionary) if self._dictionary else None


class _Zlib(Codec):
    """zlib (RFC 1950); a dictionary is the end of some texts."""

    name = "zlib"

    @override
    def pack(self, each: Iterable[bytes], *, is_thorough: bool = False) -> Iterator[bytes]:
        for data in each:
            packer = zlib.compressobj(9 if is_thorough else 6, zdict=self._dictionary)
            yield packer.compress(data) + packer.flush()

    @override
    def unpack(self, packed: bytes) -> bytes:
        unpacker = zlib.decompressobj(zdict=self._dictionary)
        try:
            data = unpacker.decompress(packed) + unpacker.flush()
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("cut off, or more than one")
        return data

    @classmethod
    @override
    def train(cls, samples: Sequence[bytes]) -> bytes:
        share = max(_ZLIB_WINDOW // max(len(samples), 1), 512)
        return b"".join(sample[:share] for sample in samples)[-_ZLIB_WINDOW:]


#: Those that this machine has, the better one first.
CODECS: dict[str, type[Codec]] = {"zstd": _Zstd, "zlib": _Zlib}
if zstd is None:
    del CODECS["zstd"]
