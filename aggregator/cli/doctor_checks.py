"""What `aggregator doctor` looks at, each with what to do where it is not well.

Nothing leaves this machine but questions to its own name servers, for hosts of the configuration.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillAskingError
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

from aggregator.model.errors import AggregatorError, NoStoreError
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.fetch.guard import Guard
    from aggregator.fetch.request_target import Target

Level = Literal["ok", "warning", "problem"]

#: Hosts of sources that name servers are asked for, and how long an answer may take.
HOSTS_ASKED = 3
PATIENCE_S = 10.0
#: Less room than this on the database's disk is trouble soon.
LEAST_ROOM = 200 << 20
#: A write-ahead log that stays above this is one that somebody keeps from being folded back: it is
#: cut to 16 MiB each time that it is.
MOST_JOURNAL = 256 << 20
#: Unused pages above this share of a file that is worth it.
UNUSED_SHARE, UNUSED_LEAST = 0.3, 64 << 20
#: How far ahead the newest poll may be of a clock that is right.
AHEAD = timedelta(minutes=10)
#: adjtimex(2): the clock is not synchronised.
_TIME_ERROR = 5
#: What no stranger's source may reach: this machine, its network, and a cloud's metadata.
FORBIDDEN = (
    "127.0.0.1", "localhost", "0.0.0.0", "10.0.0.1", "172.17.0.1", "192.168.1.1",  # noqa: S104
    "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, how it is, and what to do (empty where it is well)."""

    what: str
    level: Level
    found: str
    remedy: str = ""


def configuration(load: Callable[[], Config]) -> tuple[Config | None, list[Checked]]:
    """Look at the configuration; return it, where it can be used."""
    from aggregator.cli.likely_failures import likely_failures

    try:
        config = load()
        warnings = len(config.warnings) + len(likely_failures(config))  # as `check` tells them
    except AggregatorError as error:
        remedy = "`aggregator check` has every mistake with its line"
        first = str(error).splitlines()[0]
        return None, [Checked("configuration", "problem", first, remedy)]
    sources = len(config.sources)
    found = f"{config.path}: {sources} source{'' if sources == 1 else 's'}"
    if warnings:
        remedy = "`aggregator check` has them"
        found = f"{found}, {warnings} warning{'' if warnings == 1 else 's'}"
        return config, [Checked("configuration", "warning", found, remedy)]
    return config, [Checked("configuration", "ok", found)]


def permissions(config: Config) -> Iterator[Checked]:
    """Look at who may read what is secret, and whether this user may write the database."""
    from aggregator.cli.output_folders import folder_warnings

    store = config.store.path
    wrong = [
        (path, f"chmod o= {path}")
        for path in (config.path, store)
        if path.exists() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH)
    ]
    for path, remedy in wrong:
        found = f"{path} is open to everybody on this machine"
        yield Checked("permissions", "warning", found, f"`{remedy}`: it may hold secrets")
    folder = store.absolute().parent
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        remedy = "ask as the user that runs the daemon, say `sudo -u aggregator aggregator doctor`"
        yield Checked("permissions", "problem", f"{folder} cannot be written by you", remedy)
    elif not wrong:
        yield Checked("permissions", "ok", f"{folder} is yours to write")
    for warning in folder_warnings(config):
        found, _, remedy = warning.partition("; ")
        yield Checked("permissions", "problem", found, remedy)


def database(config: Config, now: datetime) -> Iterator[Checked]:
    """Look through the database, its journal, and what takes its room; and at the clock by it."""
    from aggregator.cli.looking_through import looking_through
    from aggregator.store.opening import measure, name_of

    store = name_of(config.store)
    try:
        with looking_through() as tell:
            found = measure(config.store, tell)
    except NoStoreError as error:
        yield Checked("database", "warning", str(error), "start the daemon: `aggregator run`")
        return
    except AggregatorError as error:
        yield Checked("database", "problem", str(error), "docs/install.md, Trouble, has each case")
        return
    if config.store.url is not None:
        yield Checked("database", "ok", f"{store}: {_mib(found.size)}")
    elif found.damage is None:
        yield Checked("database", "ok", f"{store}: {_mib(found.size)}, whole")
    else:
        remedy = "stop the daemon and `aggregator restore` the newest backup that is whole"
        yield Checked("database", "problem", f"{store}: damaged: {found.damage}", remedy)
    if found.unused > max(UNUSED_LEAST, found.size * UNUSED_SHARE):
        said = f"{_mib(found.unused)} of {_mib(found.size)} hold nothing"
        yield Checked("database", "warning", said, "`aggregator compact`, with the daemon stopped")
    if found.journal > MOST_JOURNAL:
        said = f"its write-ahead log has {_mib(found.journal)}"
        remedy = "end the program that keeps a read transaction open: a sqlite3, a copy that hangs"
        yield Checked("database", "warning", said, remedy)
    if found.largest:
        names = ", ".join(f"{name} {_mib(size)}" for name, size in found.largest)
        yield Checked("largest sources", "ok", names)
    yield clock(now, found.polled_at)


def clock(now: datetime, polled_at: datetime | None) -> Checked:
    """Judge the clock by the newest poll, and by what the kernel says of it."""
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    remedy = "set it, and let it be kept: `timedatectl set-ntp true`"
    if polled_at is not None and polled_at > now + AHEAD:
        found = (
            f"{said}, and a poll was made at {polled_at:%Y-%m-%d %H:%M:%S}: one of the two is wrong"
        )
        return Checked("clock", "problem", found, remedy)
    # Read only: `modes` is 0. Wherever it cannot be asked nothing is known.
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    if state == _TIME_ERROR:
        return Checked("clock", "warning", f"{said}, kept in time by nothing", remedy)
    return Checked("clock", "ok", said)


def disk(config: Config) -> Checked:
    """Look for room on the database's disk."""
    store = config.store.path.absolute()
    folder = next(place for place in store.parents if place.exists())
    free = shutil.disk_usage(folder).free
    is_here = config.store.url is None and store.exists()
    size = store.stat().st_size if is_here else 0
    found = f"{_mib(free)} free on the disk of {folder}"
    if free < LEAST_ROOM:
        return Checked("disk", "problem", found, "make room: soon nothing can be stored")
    if free < 2 * size:
        remedy = f"an upgrade or `compact` needs {_mib(2 * size)} for a copy"
        return Checked("disk", "warning", found, remedy)
    return Checked("disk", "ok", found)


def names(config: Config) -> Checked:
    """Ask the machine's name servers for hosts of sources."""
    from aggregator.fetch.request_target import Target, parse_target

    targets = (parse_target(one.urls[0]) for one in config.sources if one.enabled)
    hosts = dict.fromkeys(
        one.host for one in targets if isinstance(one, Target) and one.address is None
    )
    asked = tuple(hosts)[:HOSTS_ASKED]
    if config.network.proxy is not None or not asked:
        return Checked("DNS", "ok", "not asked: " + ("a proxy does" if asked else "no host to ask"))
    remedy = "look at /etc/resolv.conf, and try `getent hosts` with the name"
    pool = ThreadPoolExecutor(HOSTS_ASKED)
    answers = {host: pool.submit(socket.getaddrinfo, host, 443) for host in asked}
    failed = {}
    for host, answer in answers.items():
        try:
            answer.result(PATIENCE_S)
        except StillAskingError:
            failed[host] = f"no answer within {PATIENCE_S:g} s"
        except OSError as error:
            failed[host] = error.strerror or str(error)
    pool.shutdown(wait=False, cancel_futures=True)
    if not failed:
        return Checked("DNS", "ok", f"{', '.join(asked)}: found")
    told = ", ".join(f"{host}: {why}" for host, why in failed.items())
    return Checked("DNS", "problem" if len(failed) == len(asked) else "warning", told, remedy)


def trust() -> Checked:
    """Count the authorities whose certificates are believed."""
    from aggregator.fetch.transport import default_tls

    context = default_tls()
    count = context.cert_store_stats()["x509_ca"] or _in_folder()
    if count == 0:
        remedy = "`sudo apt install ca-certificates`, or look at SSL_CERT_FILE"
        return Checked("TLS", "problem", "no authority is believed: https cannot be polled", remedy)
    return Checked("TLS", "ok", f"{count} authorities are believed")


def _in_folder() -> int:
    """Count what OpenSSL loads as it needs it."""
    import ssl
    from pathlib import Path

    folder = ssl.get_default_verify_paths().capath
    return sum(1 for _ in Path(folder).glob("*.0")) if folder else 0


def libraries() -> Iterator[Checked]:
    """Tell which SQLite and expat there are, and what is not installed."""
    from pyexpat import EXPAT_VERSION

    from aggregator.operations.absent_libraries import LOSSES, SLOWER, absent_libraries
    from aggregator.operations.expat import old_expat
    from aggregator.operations.messages import absent_library_text, old_expat_text
    from aggregator.store.upkeep.measuring import library_version

    said = f"SQLite {library_version()}, expat {EXPAT_VERSION.removeprefix('expat_')}"
    old = old_expat()
    if old is None:
        yield Checked("libraries", "ok", said)
    else:
        remedy = "keep the distribution's updates installed; a document is bounded all the same"
        yield Checked("libraries", "warning", f"{said}; {old_expat_text(old)}", remedy)
    for name, loss in absent_libraries(known={**LOSSES, **SLOWER}):
        remedy = "install it where there is a package of it (docs/install.md)"
        yield Checked("libraries", "warning", absent_library_text(name, loss), remedy)


def guard(config: Config) -> Checked:
    """Let the guard judge what no stranger's source may reach, as it is configured."""
    from aggregator.fetch.guard import Guard
    from aggregator.fetch.request_target import Target

    judge = Guard(config.network.allow_private)
    own = Target("http", "a-stranger.example", 80, "/")
    reached = [host for host in FORBIDDEN if _lets_through(judge, own, host)]
    if reached:
        found = f"lets strangers reach {', '.join(reached)}"
        remedy = "report it (SECURITY.md); until then, IPAddressDeny= of docs/install.md"
        return Checked("guard", "problem", found, remedy)
    return Checked("guard", "ok", f"keeps strangers from {len(FORBIDDEN)} private places")


def _lets_through(judge: Guard, own: Target, host: str) -> bool:
    from aggregator.fetch.guard import Dial
    from aggregator.fetch.request_target import Target

    target = Target("http", host, 80, "/")
    dial = judge.check(own, target)
    # A name is judged by what it leads to; this one leads to this machine.
    address = target.address or ip_address("127.0.0.1")
    return isinstance(dial, Dial) and dial.admits(address)


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"
