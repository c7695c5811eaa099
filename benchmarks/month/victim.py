"""A daemon's polls in a process of their own, made to be killed (SIGKILL) in their midst.

.venv/bin/python -m benchmarks.month.victim FOLDER NOW [CERTIFICATE]
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from datetime import datetime
from pathlib import Path

from tests.polling import Clock, house

#: What the configuration for the victim is called in its folder.
TOML = "victim.toml"


async def live(folder: Path, now: datetime, certificate: str | None) -> None:
    """Poll every source of the folder's configuration at once, again and again."""
    toml = (folder / TOML).read_text(encoding="utf-8")
    tls = ssl.create_default_context(cafile=certificate) if certificate else None
    async with house(folder, Clock(now), toml, tls=tls) as home:
        while True:
            await home.dispatcher.poll_all(home.store.states(), home.note)
            await asyncio.sleep(0.01)


def main() -> None:
    """Run until killed."""
    folder, now, *certificate = sys.argv[1:]
    asyncio.run(live(Path(folder), datetime.fromisoformat(now), *certificate or (None,)))


if __name__ == "__main__":
    main()
