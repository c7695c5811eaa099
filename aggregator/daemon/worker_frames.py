"""What a worker and its parent say to each other over two pipes: frames of a kind and a pickle."""

from __future__ import annotations

import os
import pickle
import select
import struct
import time
from typing import TYPE_CHECKING, Any

from aggregator.model.worker_protocols import MAX_RESULT_BYTES

if TYPE_CHECKING:
    from datetime import timedelta

_FRAME = struct.Struct("!cQ")
REQUEST, STARTED, RESULT, PROBLEM = b"q", b"s", b"r", b"p"

#: Where the types that a result may be made of are defined; everything else is refused.
_RESULT_TYPES = ("aggregator.model", "datetime")


class LostError(Exception):
    """The pipe is closed: the process has ended."""


class LateError(Exception):
    """Nothing came in time."""


# --- the worker's end: blocks ---------------------------------------------------------------------


def take(pipe: int) -> bytearray | None:
    """Return the next request, `None` when the parent has closed the pipe."""
    try:
        _, length = _FRAME.unpack(_filled(pipe, _FRAME.size, None))
        return _filled(pipe, length, None)
    except LostError:
        return None


def put(pipe: int, kind: bytes, payload: bytes = b"") -> None:
    """Write one frame whole, without a copy of the payload."""
    parts = [memoryview(_FRAME.pack(kind, len(payload))), memoryview(payload)]
    while parts:
        written = os.writev(pipe, parts)
        while parts and written >= len(parts[0]):
            written -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][written:]


# --- the parent's end: pipes that do not block, with a limit of time ------------------------------


def write(pipe: int, kind: bytes, payload: bytes, limit: timedelta) -> None:
    """Write one frame; raises `LostError` and `LateError`."""
    until = time.monotonic() + limit.total_seconds()
    for part in (_FRAME.pack(kind, len(payload)), payload):
        rest = memoryview(part)
        while rest:
            _wait(pipe, select.POLLOUT, until)
            try:
                rest = rest[os.write(pipe, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise LostError from None


def read(pipe: int, limit: timedelta) -> tuple[bytes, bytearray]:
    """Read one frame; raises `LostError` (for one that is too long, too) and `LateError`."""
    until = time.monotonic() + limit.total_seconds()
    kind, length = _FRAME.unpack(_filled(pipe, _FRAME.size, until))
    if length > MAX_RESULT_BYTES:
        raise LostError
    return kind, _filled(pipe, length, until)


def result_of(payload: bytearray) -> Any:
    """Return what a worker answers; raises `pickle.UnpicklingError` for what no result is made of.

    A worker that hostile input has taken over gains nothing here.
    """
    return _ResultUnpickler(_Payload(payload)).load()


def _filled(pipe: int, length: int, until: float | None) -> bytearray:
    """Read so many bytes into one buffer."""
    buffer = bytearray(length)
    rest = memoryview(buffer)
    while rest:
        if until is not None:
            _wait(pipe, select.POLLIN, until)
        count = os.readv(pipe, [rest])
        if count == 0:
            raise LostError
        rest = rest[count:]
    return buffer


def _wait(pipe: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    remaining = until - time.monotonic()
    if remaining <= 0 or not poll.poll(remaining * 1000):
        raise LateError


class _Payload:
    """A file of bytes in memory that gives way to other threads at each read.

    io.BytesIO would copy all of a bytearray first, and the event loop waits for that.
    """

    def __init__(self, payload: bytearray) -> None:
        self._view = memoryview(payload)

    def read(self, count: int) -> bytes:
        part, self._view = self._view[:count], self._view[count:]
        return bytes(part)

    def readinto(self, buffer: bytearray) -> int:
        part, self._view = self._view[: len(buffer)], self._view[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def readline(self) -> bytes:
        raise pickle.UnpicklingError("a worker answered in an old protocol")


class _ResultUnpickler(pickle.Unpickler):
    """Reads what a worker answers; refuses every type that no result is made of."""

    def find_class(self, module: str, name: str) -> Any:
        home = module if module in _RESULT_TYPES else module.rpartition(".")[0]
        if home in _RESULT_TYPES and "." not in name:
            found = super().find_class(module, name)
            # A module also holds what it imports; only the types that it defines are allowed.
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name}")
