"""Looking names up: the name server of the tests, and the system's own resolver that asks it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import PATIENCE
from tests.dns import FAILS, SILENT, DnsResolver, NameServer

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.fetch import Resolver


async def test_the_name_server_answers_as_it_is_told() -> None:
    many = [f"127.0.1.{number}" for number in range(1, 100)]
    async with NameServer({"a.example": ["127.0.0.1", "::1"], "many.example": many}) as dns:
        dns.answer("fails.example", FAILS)
        dns.answer("silent.example", SILENT)
        dns.answer("bound.example", ["192.0.2.1"], ["127.0.0.1"])
        dns.answer("empty.example", [])
        resolver: Resolver = DnsResolver(
            dns.port, seconds=lambda host: 0.2 if host == "silent.example" else 30
        )

        async def look_up(name: str) -> list[str]:
            return [str(address) for address in await resolver.resolve(name)]

        assert await look_up("a.example") == ["127.0.0.1", "::1"]
        assert await look_up("bound.example") == ["192.0.2.1"]
        assert await look_up("bound.example") == ["127.0.0.1"]
        assert not dns.over_tcp
        assert await look_up("many.example") == many
        assert dns.over_tcp
        for name, errno in {
            "no.example": socket.EAI_NONAME,
            "empty.example": socket.EAI_NONAME,
            "fails.example": socket.EAI_AGAIN,
            "silent.example": socket.EAI_AGAIN,
        }.items():
            with pytest.raises(socket.gaierror) as caught:
                await resolver.resolve(name)
            assert caught.value.errno == errno, name


#: Runs as its own program, in a network where port 53 of loopback is ours and resolv.conf says so.
_ALONE = """
import asyncio, socket, sys
from datetime import timedelta
from dataclasses import replace
from aggregator.fetch import FetchLimits
from aggregator.fetch.dns import SystemResolver
from tests.dns import FAILS, SILENT, NameServer

async def main():
    async with NameServer({"a.example": ["10.0.0.1"]}, port=53) as dns:
        dns.answer("fails.example", FAILS)
        dns.answer("silent.example", SILENT)
        limits = replace(FetchLimits(), look_up=timedelta(seconds=0.5), look_ups=3)
        resolver = SystemResolver(limits)
        told = []
        async def look_up(name):
            try:
                return " ".join(map(str, await resolver.resolve(name)))
            except socket.gaierror as error:
                return {socket.EAI_NONAME: "NONAME", socket.EAI_AGAIN: "AGAIN"}[error.errno]
        for name in ("a.example", "no.example", "fails.example"):
            print(name, await look_up(name))
        hung = await asyncio.gather(*(look_up("silent.example") for _ in range(9)))
        print("hung", *set(hung))
        # The loop's own threads are free, all of them, while the C library waits.
        print("threads", *await asyncio.gather(*(asyncio.to_thread(int, n) for n in range(64))))
        print("look-ups begun", dns.asked.count("silent.example") <= 3 * 2)

asyncio.run(main())
print("ended")
"""


def test_a_hung_look_up_of_the_system_holds_up_nothing_and_outlives_nothing(
    tmp_path: Path,
) -> None:
    conf, order = tmp_path / "resolv.conf", tmp_path / "nsswitch.conf"
    conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    order.write_text("hosts: files dns\n")
    inside = (
        "ip link set lo up && "
        f"mount --bind {conf} $(readlink -f /etc/resolv.conf) && "
        f"(mount --bind {order} /etc/nsswitch.conf || true) && "
        'exec "$0" -c "$1"'
    )
    alone = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c"]
    trial = "ip link set lo up && mount --bind /etc/hosts /etc/hosts"
    if (
        shutil.which("unshare") is None
        or subprocess.run([*alone, trial], check=False, capture_output=True).returncode
    ):
        pytest.skip("no network of one's own may be made here (unshare --user --net)")
    told = subprocess.run(
        [*alone, inside, sys.executable, _ALONE],
        check=False,
        capture_output=True,
        text=True,
        # The program's end does not wait for what hangs in the C library for 150 seconds.
        timeout=PATIENCE,
    )
    assert told.stdout.splitlines() == [
        "a.example 10.0.0.1",
        "no.example NONAME",
        "fails.example AGAIN",
        "hung AGAIN",
        "threads " + " ".join(map(str, range(64))),
        "look-ups begun True",
        "ended",
    ], told.stderr
