"""A command on a terminal of its own, as somebody at a keyboard runs it."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

from tests import PATIENCE
from tests.program import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

#: How a moment is shown to somebody at a terminal: in their own time, with its offset.
OFFSET = r"[+-]\d\d:\d\d"
LOCAL_TIME = rf"\d{{4}}-\d\d-\d\d \d\d:\d\d{OFFSET}"


def on_terminal(
    *words: str | Path, width: int = 100, kind: str = "xterm", answer: str = ""
) -> tuple[int, str]:
    """Run a command, and type `answer` to what it asks; return its exit status and what showed."""
    ours, theirs = pty.openpty()
    environ = os.environ | {"COLUMNS": str(width), "TERM": kind}
    process = subprocess.Popen(
        [PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
            if answer and shown.rstrip().endswith(b"]:"):
                os.write(ours, answer.encode())
                answer = ""
    except OSError:  # Linux tells the end of a terminal as EIO
        pass
    finally:
        os.close(ours)
    return process.wait(PATIENCE), shown.decode()
