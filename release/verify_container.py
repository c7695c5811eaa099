"""`make verify-container`: the image, built and run where no container engine runs (root, Debian).

    python -m release.verify_container [WORD…]

buildah builds container/Containerfile by `--isolation chroot`, on a base that mmdebstrap makes from
this machine's own package sources; further words go to `buildah build`. bubblewrap then runs it as
an engine would: process 1, another user, nothing to write but /data, /config and /tmp. Prints what
is shown, and exits with 1 at the first thing that is not so.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from release.own_network import leave_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "build" / "container"

#: The release of Debian that the base is made of: that of container/Containerfile, or another.
SUITE = os.environ.get("SUITE", "trixie")
IMAGE = "localhost/aggregator-verified"
#: How long anything is waited for.
PATIENCE_S = 120

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title>
<link>http://127.0.0.1/</link><description>.</description>
<item><title>An entry</title><link>http://127.0.0.1/1</link><guid>http://127.0.0.1/1</guid></item>
</channel></rss>"""


def run(*words: str | Path, check: bool = True) -> str:
    """Run a program to its end; return what it printed."""
    done = subprocess.run(words, check=check, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def show(what: str, *, so: bool) -> None:
    """Print that something is so, or end."""
    if not so:
        sys.exit(f"NOT SO: {what}")
    print(f"ok: {what}", flush=True)


def base() -> str:
    """Return the image of a small Debian, as its own is made, with this machine's sources."""
    archive = BUILT / f"{SUITE}.tar"
    if not archive.exists():
        made = archive.with_suffix(".part")
        run("mmdebstrap", "--variant=minbase", "--format=tar", SUITE, made)
        made.replace(archive)
    name = f"localhost/aggregator-base:{SUITE}"
    container = run("buildah", "from", "scratch")
    run("buildah", "add", "--quiet", container, archive, "/")
    run("buildah", "commit", "--quiet", "--rm", container, name)
    return name


def build(words: Sequence[str]) -> None:
    """Build the image on that base."""
    run(
        *("buildah", "build", "--isolation", "chroot", "--format", "docker", "--pull-never"),
        *("--build-arg", f"BASE={base()}", "--file", ROOT / "container" / "Containerfile"),
        *(*words, "--tag", IMAGE, ROOT),
    )  # fmt: skip


class _Publisher(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.end_headers()
        self.wfile.write(FEED)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def publisher() -> Iterator[int]:
    """Serve one small feed; yield its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Publisher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


class Container:
    """The image as it runs in its own namespaces of processes, users and files."""

    def __init__(self, settings: dict[str, object], root: Path, home: Path) -> None:
        """`settings` are the image's own: its environment, user, and commands."""
        self.settings = settings
        environment = settings["Env"]
        assert isinstance(environment, list)  # noqa: S101 -- the format's promise
        self.environ = dict(one.partition("=")[::2] for one in environment)
        user, group = str(settings["User"]).split(":")
        self._as_user = (
            *("setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"),
            *("--inh-caps=-all", "--bounding-set=-all"),
        )
        self._walls = (
            *("bwrap", "--unshare-pid", "--as-pid-1", "--unshare-ipc", "--die-with-parent"),
            *("--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--tmpfs", "/tmp"),  # noqa: S108 -- the container's
            *("--bind", home / "data", "/data", "--bind", home / "config", "/config"),
            *("--ro-bind", "/etc/resolv.conf", "/etc/resolv.conf", "--chdir", "/data"),
        )  # fmt: skip
        self._process: subprocess.Popen[str] | None = None

    def words(self, *command: str) -> tuple[str | Path, ...]:
        """Return what runs a command in walls of its own."""
        return (*self._walls, *self._as_user, *command)

    def start(self) -> None:
        """Run what the image says that it runs."""
        entry, arguments = self.settings["Entrypoint"], self.settings["Cmd"]
        assert isinstance(entry, list)  # noqa: S101 -- the format's promise
        assert isinstance(arguments, list)  # noqa: S101 -- the format's promise
        self._process = subprocess.Popen(
            self.words(*entry, *arguments), env=self.environ, text=True
        )

    @property
    def first(self) -> int:
        """Its process 1, as the outside numbers it."""
        assert self._process is not None  # noqa: S101 -- started
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(children.read_text().split()[0])

    def inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside process 1, as `docker exec` does."""
        into = ("nsenter", "--target", str(self.first), "--mount", "--pid", "--ipc")
        return subprocess.run(
            (*into, *self._as_user, *command),
            env=self.environ, capture_output=True, check=False, text=True,
        )  # fmt: skip

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to process 1."""
        os.kill(self.first, number)

    def stop(self) -> int:
        """Ask it to stop; return its exit status."""
        assert self._process is not None  # noqa: S101 -- started
        self.signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it, however it is."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def status_of(url: str) -> int:
    """Return the status of an answer, 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"NOT SO within {PATIENCE_S} s: {what}")
        time.sleep(0.2)
    show(what, so=True)


def configuration(port: int, title: str) -> str:
    """Return a configuration of one source."""
    return (
        f'[network]\nallow_private = ["127.0.0.1:{port}"]\n[[sources]]\nname = "a"\n'
        f'url = "http://127.0.0.1:{port}/"\ninterval = "1s"\n'
        f'[[feeds]]\nname = "all"\ntitle = "{title}"\n'
    )


def prove(container: Container, home: Path, port: int) -> None:
    """Show what docs/install.md promises of the image."""
    config = home / "config" / "config.toml"
    config.write_text(configuration(port, "before"), encoding="utf-8")
    checked = subprocess.run(
        container.words("aggregator", "check"), env=container.environ, check=False
    )
    show("`aggregator check` in a container of its own", so=checked.returncode == 0)
    health = container.settings["Healthcheck"]
    assert isinstance(health, dict)  # noqa: S101 -- the format's promise
    test = tuple(str(word) for word in health["Test"][1:])
    container.start()
    wait(lambda: status_of("http://127.0.0.1:8420/healthz") == 200, "it serves on port 8420")
    wait(lambda: container.inside(*test).returncode == 0, "the health check says that it is well")
    told = container.inside("id", "-u").stdout.strip()
    show(f"its user is {told}", so=told == "8420")
    for place in ("/", "/opt/aggregator", "/etc", "/var", "/home"):
        show(
            f"{place} cannot be written", so=container.inside("touch", f"{place}/x").returncode > 0
        )
    for place in ("/data", "/config", "/tmp"):  # noqa: S108 -- the container's
        show(f"{place} can be written", so=container.inside("touch", f"{place}/x").returncode == 0)
    feed = "http://127.0.0.1:8420/feeds/all.json"
    wait(lambda: b"An entry" in urllib.request.urlopen(feed).read(), "an entry is in the feed")
    for path in ("/sources.opml", "/feeds/_status.atom"):
        show(
            f"{path} is not for callers of the port",
            so=status_of(f"http://127.0.0.1:8420{path}") in {403, 404},
        )
        show(
            f"{path} is for the operator inside",
            so=status_of(f"http://127.0.0.1:8421{path}") == 200,
        )
    config.write_text(configuration(port, "after"), encoding="utf-8")
    container.signal(signal.SIGHUP)
    wait(lambda: b'"after"' in urllib.request.urlopen(feed).read(), "SIGHUP takes an edit over")
    config.write_text("[nonsense]\n", encoding="utf-8")
    told = container.inside("aggregator", "reload")
    show("`aggregator reload` of a broken file ends with 78", so=told.returncode == 78)
    show("and the daemon stays well", so=container.inside(*test).returncode == 0)
    config.write_text(configuration(port, "after"), encoding="utf-8")
    states = container.inside("sh", "-c", "cat /proc/[0-9]*/stat").stdout.splitlines()
    states = [line.rpartition(")")[2].split()[0] for line in states]
    show(f"no process without a parent is left among {len(states)}", so="Z" not in states)
    show("SIGTERM ends it with 0", so=container.stop() == 0)


def main() -> None:
    """Build, run and prove."""
    if os.geteuid() != 0:
        sys.exit("verify-container: run as root, in a machine or container that may be thrown away")
    BUILT.mkdir(parents=True, exist_ok=True)
    build(sys.argv[1:])
    leave_network()
    settings = json.loads(run("buildah", "inspect", "--type", "image", IMAGE))["Docker"]["config"]
    built = run("buildah", "from", "--pull-never", IMAGE)
    home = Path(tempfile.mkdtemp(prefix="aggregator-verify-"))
    container = None
    try:
        home.chmod(0o755)
        root = Path(run("buildah", "mount", built))
        size = int(run("du", "-sxm", root).split()[0])
        print(f"the image has {size} MiB of files")
        for name in ("data", "config"):
            shutil.copytree(root / name, home / name)
        run("chown", "-R", "8420:8420", home / "data", home / "config")
        container = Container(settings, root, home)
        with publisher() as port:
            prove(container, home, port)
    finally:
        if container is not None:
            container.kill()
        run("buildah", "rm", built)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
