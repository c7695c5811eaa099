"""The web servers of the documentation, run as written: what passes, what is logged."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest

from tests import PATIENCE
from tests.doc_blocks import Block, blocks
from tests.ports import free_port
from tests.proxied_paths import EVENTS_PATHS, OPEN_PATHS, OPERATORS_PATHS, SECRET_PATHS, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVERS = list(blocks("nginx", "caddyfile", "haproxy"))
NAME = "feeds.example.org"


def tool(name: str) -> str:
    """Return where a program of Debian's is; without it, skip (`make verify-docs`: fail)."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("VERIFY_DOCS"):
            pytest.fail(f"no {name} here")
        pytest.skip(f"no {name} here: make verify-docs installs it")
    return found


def shown(page: str, language: str, words: str = "") -> str:
    """Return the only block of a page in a language that has these words."""
    (one,) = (b for b in blocks(language, page=page) if words in b.body)
    return one.body


def settings(block: Block) -> str:
    """Return a block without its comments."""
    return re.sub(r"\s*#.*", "", block.body)


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Return a text with words of the page instead of which a test has its own; each is there."""
    for word, own in pairs:
        assert word in text, word
        text = text.replace(word, own)
    return text


@dataclass
class Upstream:
    """What stands for the daemon: it says yes to everything, and remembers what it was asked."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A proxy that ends a connection is no error."""

    with Server(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Make a certificate of the example's name, and its key."""
    paths = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    subprocess.run(
        [
            tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
            "-addext", f"subjectAltName=DNS:{NAME}", "-out", paths[0], "-keyout", paths[1],
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return paths


@contextlib.contextmanager
def running(words: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a server until the end of the block; what it says is in `said` in the folder."""
    said = folder / "said"
    environment = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with said.open("wb") as into:
        process = subprocess.Popen(
            words, cwd=folder, stdout=into, stderr=into, stdin=subprocess.DEVNULL, env=environment
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, said.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10):
                break
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def checked(words: list[str], folder: Path) -> None:
    """Let a server check its configuration itself."""
    told = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert told.returncode == 0, told.stdout + told.stderr


def ask(port: int, path: str, *, tls: bool = True, **headers: str) -> http.client.HTTPResponse:
    """Ask as a reader of the example's name would; the answer is read whole."""
    connection: http.client.HTTPConnection
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=PATIENCE, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", quote(path, safe="/+%"), headers={"Host": NAME} | named)
        answer = connection.getresponse()
        answer.read()
        return answer


def asked_of_everything(port: int, upstream: Upstream) -> None:
    """Ask for all addresses that readers may have, and for those that are the operator's."""
    for path in (*OPEN_PATHS, *SECRET_PATHS, *EVENTS_PATHS):
        assert ask(port, path, X_Forwarded_For="192.0.2.9").status == 200, path
        reached, headers = upstream.asked[-1]
        assert unquote(reached) == path
        assert headers["x-forwarded-for"] == "127.0.0.1", "a reader does not say who it is"
        assert headers["x-forwarded-proto"] == "https"
        assert headers["host"] == NAME
    before = len(upstream.asked)
    for path in (*OPERATORS_PATHS, "/feeds/../metrics", "/feeds/%2e%2e/metrics", "//metrics"):
        assert ask(port, path).status != 200, path
    assert len(upstream.asked) == before


def holds_no_token(log: str) -> None:
    """Look into a log for what must be there, and for what must not."""
    assert "/feeds/all.atom" in log
    assert "/feeds/archive/archive/2026-11-2.rss" in log
    assert TOKEN not in log


def nginx(folder: Path, *, http: str) -> list[str]:
    """Write a whole configuration around a block of the `http` context; return how to run it."""
    user = "user root;" if os.geteuid() == 0 else ""
    places = " ".join(
        f"{kind}_temp_path {folder};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"{user}\npid {folder}/pid;\nerror_log {folder}/first.log;\nevents {{}}\n"
        f"http {{\n{places}\naccess_log off;\n{http}\n}}\n",
        encoding="utf-8",
    )
    words = [tool("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked([*words, "-t"], folder)
    return [*words, "-g", "daemon off;"]


def test_nginx_in_front(tmp_path: Path, upstream: Upstream, certificate: tuple[Path, Path]) -> None:
    port = free_port()
    text = replaced(
        shown("docs/install.md", "nginx", "server {"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("    listen [::]:443 ssl;\n", ""),
        (f"/etc/letsencrypt/live/{NAME}/", f"{tmp_path}/"),
        ("/var/log/nginx/", f"{tmp_path}/"),
        ("127.0.0.1:8420", f"127.0.0.1:{upstream.port}"),
    )
    assert certificate[0].parent == tmp_path
    with running(nginx(tmp_path, http=text), tmp_path, port):
        asked_of_everything(port, upstream)
    holds_no_token((tmp_path / "feeds.log").read_text())
    assert TOKEN not in (tmp_path / "feeds-error.log").read_text()


def test_nginx_below_a_path(tmp_path: Path, upstream: Upstream) -> None:
    port = free_port()
    place = replaced(
        shown("docs/recipes.md", "nginx"), ("127.0.0.1:8420", f"127.0.0.1:{upstream.port}")
    )
    text = f"server {{\nlisten 127.0.0.1:{port};\n{place}\nlocation / {{ return 418; }}\n}}"
    with running(nginx(tmp_path, http=text), tmp_path, port):
        assert ask(port, "/news/feeds/all.atom", tls=False).status == 200
        assert ask(port, "/else", tls=False).status == 418
    assert [path for path, _ in upstream.asked] == ["/feeds/all.atom"]


def test_nginx_before_files(tmp_path: Path) -> None:
    port = free_port()
    files = {
        "feeds/all.atom": b"<feed/>" * 100,
        "feeds/all/archive/2020-11.atom": b"<feed/>",
        f"feeds/{TOKEN}/family.json": b"{}",
    }
    for name, content in files.items():
        path = tmp_path / "feeds-root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    packed = gzip.compress(files["feeds/all.atom"])
    (tmp_path / "feeds-root" / "feeds" / "all.atom.gz").write_bytes(packed)
    text = replaced(
        shown("docs/publishing.md", "nginx"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("root /srv/feeds;", f"root {tmp_path}/feeds-root;"),
        ("/var/log/nginx/", f"{tmp_path}/"),
        ("    brotli_static on;\n", ""),  # a module that is not everywhere, as the page says
        ("$time_iso8601", "$http_day"),  # the test's, not today's
    )
    with running(nginx(tmp_path, http=text), tmp_path, port):
        told = ask(port, "/feeds/all.atom", tls=False, Accept_Encoding="gzip")
        assert told.getheader("Content-Encoding") == "gzip"
        assert told.getheader("Content-Type") == "application/atom+xml; charset=utf-8"
        assert told.getheader("Cache-Control") == "public, max-age=300"
        assert told.getheader("X-Robots-Tag") is None
        for day, lasts in (
            ("2020-11-30", "public, max-age=300"),  # its month still runs
            ("2020-12-02", "public, max-age=300"),  # ... somewhere on earth
            ("2020-12-03", "public, max-age=31536000, immutable"),
            ("2026-12-01", "public, max-age=300"),
            ("2026-12-31", "public, max-age=31536000, immutable"),
        ):
            told = ask(port, "/feeds/all/archive/2020-11.atom", tls=False, Day=f"{day}T08:00:00")
            assert told.getheader("Cache-Control") == lasts, day
        told = ask(port, f"/feeds/{TOKEN}/family.json", tls=False)
        assert told.getheader("Content-Type") == "application/feed+json; charset=utf-8"
        assert told.getheader("Cache-Control") == "private, no-transform, max-age=300"
        assert told.getheader("X-Robots-Tag") == "none"
        assert ask(port, f"/feeds/{TOKEN}/none.atom", tls=False).status == 404
    log = (tmp_path / "feeds.log").read_text()
    assert "/feeds/all.atom" in log
    assert TOKEN not in log + (tmp_path / "first.log").read_text()


def test_caddy_in_front(tmp_path: Path, upstream: Upstream, certificate: tuple[Path, Path]) -> None:
    caddy = tool("caddy")
    version = subprocess.run([caddy, "version"], capture_output=True, text=True, check=True).stdout
    port = free_port()
    major, minor = (int(part) for part in version.lstrip("v").split(".")[:2])
    skip = "log_skip" if (major, minor) >= (2, 8) else "skip_log"  # as the page says
    pem, key = certificate
    text = replaced(
        shown("docs/install.md", "caddyfile"),
        (f"{NAME} {{", f"https://{NAME}:{port} {{\n    tls {pem} {key}"),
        ("log_skip", skip),
        ("127.0.0.1:8420", f"127.0.0.1:{upstream.port}"),
    )
    alone = f"{{\n admin off\n auto_https disable_redirects\n default_sni {NAME}\n}}\n"
    (tmp_path / "Caddyfile").write_text(alone + text, encoding="utf-8")
    checked([caddy, "validate", "--config", "Caddyfile", "--adapter", "caddyfile"], tmp_path)
    words = [caddy, "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with running(words, tmp_path, port):
        asked_of_everything(port, upstream)
    holds_no_token((tmp_path / "said").read_text())


def test_haproxy_in_front(
    tmp_path: Path, upstream: Upstream, certificate: tuple[Path, Path]
) -> None:
    port = free_port()
    both = tmp_path / "both.pem"
    both.write_text("".join(path.read_text() for path in certificate))
    text = replaced(
        shown("docs/recipes.md", "haproxy"),
        ("log /dev/log local0", "log stdout format raw local0"),
        ("bind :443", f"bind 127.0.0.1:{port}"),
        (f"/etc/haproxy/{NAME}.pem", str(both)),
        ("127.0.0.1:8420", f"127.0.0.1:{upstream.port}"),
    )
    (tmp_path / "haproxy.cfg").write_text(text, encoding="utf-8")
    checked([tool("haproxy"), "-c", "-f", "haproxy.cfg"], tmp_path)
    with running([tool("haproxy"), "-db", "-f", "haproxy.cfg"], tmp_path, port):
        asked_of_everything(port, upstream)
    holds_no_token((tmp_path / "said").read_text())


def test_every_server_shown_is_run_by_a_test_above() -> None:
    english = [block for block in SERVERS if not block.page.startswith("docs/zh/")]
    assert sorted((block.page, block.language) for block in english) == [
        ("docs/install.md", "caddyfile"),
        ("docs/install.md", "nginx"),
        ("docs/publishing.md", "nginx"),
        ("docs/recipes.md", "haproxy"),
        ("docs/recipes.md", "nginx"),
    ]
    run = {settings(block) for block in english}
    assert [b.name for b in SERVERS if settings(b) not in run] == []
