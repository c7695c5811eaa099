"""The program as a fleet: a scheduler, workers and a web, each a process of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tests import PATIENCE, ROOT
from tests.program import Program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Which processes make a fleet, by their names.
USUAL = {"scheduler": "scheduler", "worker-1": "worker", "worker-2": "worker",
         "worker-3": "worker", "web": "web"}  # fmt: skip


class Fleet(Program):
    """Used as `Program` is: what is asked of the daemon is asked of the member whose task it is."""

    def __init__(
        self, folder: Path, *, allow_private: list[str], members: Mapping[str, str] = USUAL
    ) -> None:
        super().__init__(folder, allow_private=allow_private)
        self.members = dict(members)
        self.processes: dict[str, subprocess.Popen[Any]] = {}

    def begin(self, name: str) -> None:
        """Start one member, at a brisk pace, and do not wait for it."""
        with self.log.open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.brisk_fleet", self.members[name], self.config, name],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """Kill one member, as a machine that loses its power would end it."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(PATIENCE)

    def end_one(self, name: str) -> int:
        """End one member in order; return its exit status."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(PATIENCE)

    def active(self) -> list[str]:
        """Return the names of schedulers that have become the active one, in order."""
        return re.findall(r" active name=(\S+)", self.log.read_text())

    @override
    def start(self, environ: Mapping[str, str] | None = None, *, brisk: bool = False) -> None:
        assert not environ
        for name in self.members:
            self.begin(name)
        self.wait(self.serves, "the fleet to serve")

    @override
    def serves(self) -> bool:
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} ended: {self.log.read_text()}"
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    @override
    def items(self, feed: str = "all") -> list[dict[str, Any]]:
        answer = self.get(f"/feeds/{feed}.json")
        if answer.status == 503:  # the web waits for the server, or for the first configuration
            return []
        assert answer.status == 200, (answer.status, answer.body)
        items: list[dict[str, Any]] = json.loads(answer.body)["items"]
        return items

    @override
    def send(self, number: signal.Signals) -> None:
        self.processes["scheduler"].send_signal(number)

    @override
    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        for process in self.processes.values():
            process.send_signal(number)
        statuses = [process.wait(PATIENCE) for process in self.processes.values()]
        self.processes.clear()
        return max(statuses, key=abs, default=0)

    @override
    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(PATIENCE)
        self.processes.clear()
