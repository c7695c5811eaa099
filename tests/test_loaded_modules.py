"""Each command loads what it needs: nothing else stands between typing it and its answer.

Counts are bounds, not goals: what makes one grow is to be worth its milliseconds.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from aggregator.daemon.zygote import PRELOADED
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.feed_documents import undated
from tests.web import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program import Program
    from tests.web import Publisher

SERVING = {"starlette", "uvicorn", "apscheduler", "aggregator.serve", "aggregator.outputs"}
FETCHING = {"aiohttp", "httpx", "aggregator.fetch.client"}
READING = {"feedparser", "nh3", "aggregator.parse.feed_reader", "aggregator.refine"}
WRITING = {"feedgen", "lxml", "jinja2", "aggregator.publish.rendering"}
EDITING = {"tomlkit", "listparser", "aggregator.config.edit"}
RARE = {
    "httpcore", "h11", "aiohttp_socks", "sqlite_utils", "aggregator.store.schemas.migrations",
    "aggregator.lint", "aggregator.preview", "aggregator.fetch.lenient_transport",
    "aggregator.language.catalogue", "aggregator.language.retelling",
    "prometheus_client",
}  # fmt: skip

#: httpx loads these for its own command line where they are installed: here, for schemathesis.
OF_TESTS = {"markdown_it", "mdurl", "pygments", "rich"}

PROGRAM = """
import atexit, sys
told = sys.argv.pop(1)
atexit.register(lambda: open(told, "w", encoding="utf-8").write("\\n".join(sys.modules)))
from aggregator.cli import main
main()
"""


def loaded_by(folder: Path, *words: str) -> set[str]:
    """Run a command; return the names of the modules that it had loaded at its end."""
    told = folder / "modules"
    command = [sys.executable, "-c", PROGRAM, str(told), *words]
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=PATIENCE)
    return set(told.read_text(encoding="utf-8").split("\n"))


def of_libraries(modules: set[str]) -> int:
    """Count what is not the standard library's: what belongs to us and to our libraries."""
    others = sys.stdlib_module_names | OF_TESTS
    return sum(name.partition(".")[0] not in others for name in modules)


def test_help_loads_no_room_but_the_commands(aggregator: Program) -> None:
    modules = loaded_by(aggregator.folder, "--help")
    assert not modules & (SERVING | FETCHING | READING | WRITING | EDITING | RARE)
    assert not modules & {"asyncio", "sqlite3", "ssl", "aggregator.config", "aggregator.store"}
    assert of_libraries(modules) <= 80


def test_check_reads_the_configuration_and_nothing_else(aggregator: Program) -> None:
    aggregator.configure(source_toml("one", "http://127.0.0.1:9/one"))
    modules = loaded_by(aggregator.folder, "check")
    assert not modules & (SERVING | FETCHING | READING | WRITING | EDITING | RARE)
    assert not modules & {"asyncio", "sqlite3"}
    assert of_libraries(modules) <= 190


def test_status_and_poll_load_what_they_need(aggregator: Program, web: Publisher) -> None:
    web.route("/one.xml", Reply(body=undated()))
    aggregator.configure(source_toml("one", web.url("/one.xml")))
    assert aggregator.run("poll").returncode == 0
    modules = loaded_by(aggregator.folder, "status")
    assert not modules & (SERVING | FETCHING | READING | WRITING | EDITING | RARE)
    assert of_libraries(modules) <= 310
    modules = loaded_by(aggregator.folder, "poll", "one")
    assert not modules & (SERVING | READING | WRITING | EDITING | RARE)
    assert of_libraries(modules) <= 450


def test_what_is_loaded_for_workers_is_what_reads_documents() -> None:
    asked = f"import sys, {', '.join(PRELOADED)}; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, check=True, text=True, timeout=PATIENCE
    )
    modules = set(told.stdout.split())
    assert modules >= READING
    # The strict reader reads with lxml, which feeds are written with, too.
    assert not modules & ((SERVING | FETCHING | WRITING | EDITING | RARE) - {"lxml"})
    assert not modules & {"asyncio", "sqlite3", "aggregator.config", "aggregator.store"}


def test_a_daemon_loads_what_notifies_once_somebody_is_notified() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, aggregator.daemon.app; print(*sys.modules)"],
        capture_output=True, check=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert not set(told.stdout.split()) & {
        "jinja2.sandbox", "aggregator.fetch.posting", "aggregator.store.notices.outbox",
        "aggregator.outputs.notice_bodies", "prometheus_client",
    }  # fmt: skip
