"""The publisher: nginx on loopback addresses, one a site; without nginx a server in Python.

It can stop giving validators and change to another folder; both restart it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ports import free_port

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

ROOT = Path(__file__).parent.parent.parent

#: As many sites as documents, at most this many: loopback addresses 127.1.0.1 and on.
MOST_SITES = 250
_PATIENCE_S = 20.0


def address(number: int, sites: int = MOST_SITES) -> str:
    """Return the loopback address of a document's site."""
    return f"127.1.{number % sites // 250}.{number % sites % 250 + 1}"


@dataclass(frozen=True, slots=True)
class Asked:
    """How many requests were answered with which status."""

    whole: int
    not_modified: int
    other: int


class Publisher:
    """Hands out the files of a folder, for as long as its `with` block lasts."""

    def __init__(self, home: Path, sites: int) -> None:
        """Use `home` for its own files; `sites` is how many addresses it listens at."""
        home.mkdir()
        self.home = home
        self.sites = min(sites, MOST_SITES)
        self.port = free_port()
        self.program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def kind(self) -> str:
        """What hands out the files, as it is named in results."""
        return "nginx" if self.program else "Python, since there is no nginx here"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, number: int, file: str) -> str:
        """Return where a document's file is."""
        return f"http://{address(number, self.sites)}:{self.port}/{file}"

    def serve(self, folder: Path, *, validators: bool = True) -> None:
        """Hand out this folder from now on, with or without ETag and Last-Modified."""
        self.stop()
        self._log.write_text("")
        command = self._command(folder, validators=validators)
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.connect((address(self.sites - 1, self.sites), self.port))
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"the publisher did not start; see {self.home}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop; everything that it logged is written then."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def asked(self) -> Asked:
        """Stop, and return what was asked since `serve`."""
        self.stop()
        counts = Counter(line.split()[0] for line in self._log.read_text().splitlines())
        whole, unchanged = counts["200"], counts["304"]
        return Asked(whole, unchanged, counts.total() - whole - unchanged)

    @property
    def _log(self) -> Path:
        return self.home / "statuses.log"

    def _command(self, folder: Path, *, validators: bool) -> list[str | Path]:
        if self.program is None:
            words = [str(folder), str(self.port), str(self.sites), "--log", str(self._log)]
            module = "benchmarks.speed.plain_publisher"
            return [sys.executable, "-m", module, *words, *([] if validators else ["--bare"])]
        conf = self.home / "nginx.conf"
        conf.write_text(self._configuration(folder, validators=validators))
        return [self.program, "-p", self.home, "-c", conf, "-e", self.home / "errors.log"]

    def _configuration(self, folder: Path, *, validators: bool) -> str:
        listen = "".join(
            f"    listen {address(number, self.sites)}:{self.port} backlog=4096;\n"
            for number in range(self.sites)
        )
        bare = 'etag off; if_modified_since off; add_header Last-Modified "";'
        places = "".join(
            f"  {kind}_temp_path {self.home}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1;\n"
            f"pid {self.home}/nginx.pid;\n"
            "events { worker_connections 8192; }\n"
            f"http {{\n{places}  log_format status '$status';\n"
            f"  access_log {self._log} status;\n"
            "  sendfile on; tcp_nopush on; keepalive_requests 1000000; keepalive_timeout 75;\n"
            "  types { application/rss+xml xml; }\n"
            f"  server {{\n{listen}    root {folder};\n    {'' if validators else bare}\n  }}\n}}\n"
        )
