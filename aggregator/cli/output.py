"""Standard output whose trouble is a message: a full disk, a closed descriptor."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDOUT = 1


class OutputError(AggregatorError):
    """What was asked for could not be printed."""


class _Descriptor(io.FileIO):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:  # `| head -1` has read enough: click ends quietly
            raise
        except OSError as error:
            # The rest goes nowhere: the end of the process must not try, and fail, again.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _STDOUT)
            os.close(nowhere)
            why = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise OutputError(f"standard output cannot be written: {why}") from error


def take_over() -> None:
    """Make `sys.stdout` raise `OutputError` for what cannot be written, even when it is closed.

    A terminal or locale without Chinese shows "?". No file that is opened later can get one of the
    three standard descriptors, whichever of them was closed.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest free one; writing fails as if closed
    given = sys.stdout
    descriptor_out = _Descriptor(_STDOUT, "wb", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(descriptor_out),
        encoding=given.encoding if given is not None else "utf-8",
        errors="replace",
        line_buffering=descriptor_out.isatty(),
    )
