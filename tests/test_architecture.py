"""The rules of the house that a program can check: who imports whom, how large a file may be."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import ROOT

PACKAGE = ROOT / "aggregator"

#: The pipe from its foundation up: a module may import what stands above it in this table.
LEVELS = (
    ("language", "runtime"),
    ("model", "web"),
    ("rules",),
    ("config", "lint", "operations", "parse", "refine", "schedule", "stories"),
    ("fetch", "store"),
    ("publish",),
    ("outputs", "preview", "serve"),
    ("daemon",),
    ("fleet",),
    ("cli",),
)  # fmt: skip

#: Level 1 is pure: a decision takes its clock, dice and environment as arguments.
PURE = (
    "runtime", "model", "web", "rules", "config", "lint", "operations", "parse", "publish",
    "refine", "schedule", "stories",
)  # fmt: skip
#: What of a pure room reads and writes files, because that is its one trade.
RIM = {PACKAGE / "config" / "config_file.py"}
IMPURE_MODULES = {
    "asyncio", "http", "os", "random", "secrets", "signal", "socket", "ssl", "subprocess",
    "threading", "time", "urllib.request",
}  # fmt: skip
IMPURE_CALLS = {"now", "today", "utcnow", "getenv", "urandom"}

#: One third-party library, one owner: a module, or a folder where the library is its whole trade.
OWNERS: dict[str, str | tuple[str, ...]] = {
    "aiohttp": "fetch/",
    "aiohttp_socks": "fetch/",
    "argon2_cffi": "store/operator_password.py",
    "apscheduler": "daemon/jobs.py",
    "backports.zstd": ("fetch/", "store/texts/text_codecs.py"),
    "brotli": ("fetch/", "publish/compression.py"),
    "click": "cli/",
    "feedgen": "publish/",
    "feedparser": "parse/feed_reader.py",
    "google_re2": "rules/patterns.py",
    "httpcore": "fetch/",
    "httpx": "fetch/",
    "idna": "web/addresses.py",
    "jinja2": ("outputs/posts/", "outputs/notice_bodies.py", "publish/html_pages.py"),
    "listparser": "config/opml.py",
    "lxml": ("parse/strict/", "publish/"),
    "nh3": "refine/sanitise.py",
    "opencc": "web/chinese_scripts.py",
    "prometheus_client": "serve/metrics_routes.py",
    "procrastinate": "fleet/",
    "psycopg": (
        "config/postgres_url.py",
        "fleet/",
        "store/engines/postgres",
        "store/schemas/postgres",
        "store/copies/postgres",
    ),
    "publicsuffixlist": "web/domains.py",
    "selectolax": "rules/selectors.py",
    "snowballstemmer": "stories/stems.py",
    "sqlite_utils": "store/",
    "starlette": "serve/",
    "tabulate": "cli/",
    "tomlkit": "config/edit/",
    "typing_extensions": "store/",
    "uvicorn": "serve/",
    "uvloop": "daemon/event_loop.py",
    "wcwidth": "cli/",
    "yarl": "fetch/",
}
#: Names under which a library also comes.
ALIASES = {"argon2": "argon2_cffi", "re2": "google_re2"}
#: Modules of the standard library of later versions, asked for where they exist.
LATER_STDLIB = {"compression"}
#: Types of the standard library that only type checkers read.
TYPES_ONLY = {"_typeshed"}
#: Installed for what it holds, never imported: the zones that zoneinfo reads.
DATA_ONLY = {"tzdata"}
#: Installed for another library that imports it for us: uvicorn.
FOR_OTHERS = {"httptools"}
#: The same module under another name, for machines that have no wheel of the first: OpenCC.
ELSEWHERE = {"opencc_py"}

#: About 450: a file that grows past it is two ideas.
LONGEST_FILE = 480


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: where it stands, and the dotted name that it asks for."""

    path: Path
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.name}"

    @property
    def stage(self) -> str:
        """The first name under aggregator/ that the importing file belongs to."""
        return stage_of(self.path)


def stage_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> list[Import]:
    """Read every import of a file, lazy ones and those for type checkers included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found += [Import(path, node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno}: a relative import"
            assert node.module is not None
            found += [
                Import(path, node.lineno, f"{node.module}.{alias.name}") for alias in node.names
            ]
    return found


def all_imports() -> list[Import]:
    return [found for path in sources() for found in imports(path)]


def level(stage: str) -> int:
    for height, stages in enumerate(LEVELS):
        if stage in stages:
            return height
    pytest.fail(f"aggregator/{stage} has no place in LEVELS")


def tracked() -> list[Path]:
    """Return every text file of the repository that git knows or would take in."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and is_text(path)]


def is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()


def test_every_stage_has_its_place() -> None:
    for path in sources():
        if path != PACKAGE / "__init__.py":
            level(stage_of(path))


def test_arrows_point_one_way_and_stages_of_one_level_stay_apart() -> None:
    wrong = []
    for found in all_imports():
        package, _, rest = found.name.partition(".")
        if package != "aggregator" or found.path == PACKAGE / "__init__.py":
            continue
        wanted = rest.partition(".")[0]
        if wanted in ("", "__version__", found.stage):
            continue
        if level(wanted) > level(found.stage) or (
            level(wanted) == level(found.stage) and (found.stage, wanted) != ("model", "web")
        ):
            wrong.append(str(found))
    assert not wrong, "\n".join(wrong)


def test_what_tests_share_lies_in_modules_that_are_no_tests() -> None:
    readers = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert not [
        str(found)
        for path in readers
        for found in imports(path)
        if re.match(r"tests\.(\w+\.)*test_", found.name)
    ]


def test_pure_stages_take_clock_dice_and_environment_as_arguments() -> None:
    pure = [path for path in sources() if stage_of(path) in PURE and path not in RIM]
    impure_names = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(IMPURE_MODULES)))})(?:\.|$)")
    wrong = [
        str(found) for path in pure for found in imports(path) if impure_names.match(found.name)
    ]
    wrong += [
        f"{path.relative_to(ROOT)}:{node.lineno} calls {node.func.attr}()"
        for path in pure
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in IMPURE_CALLS
    ]
    assert not wrong, "\n".join(wrong)


def test_a_third_party_library_is_imported_by_its_owner_alone() -> None:
    wrong = []
    for found in all_imports():
        top = found.name.partition(".")[0]
        if top == "aggregator" or top in sys.stdlib_module_names | LATER_STDLIB | TYPES_ONLY:
            continue
        name = ALIASES.get(top, found.name)
        library = next((owned for owned in OWNERS if f"{name}.".startswith(f"{owned}.")), None)
        place = found.path.relative_to(PACKAGE).as_posix()
        if library is None or not place.startswith(OWNERS[library]):
            wrong.append(str(found))
    assert not wrong, "\n".join(wrong)


#: Takes addresses apart without changing a byte of what is asked for.
AS_IT_IS_SENT = {PACKAGE / "fetch" / "request_target.py"}


def ground_work(node: ast.AST) -> str | None:
    """Return what a piece of code does that only the ground room may, `None` for nothing."""
    match node:
        case ast.Attribute(attr="hostname"):
            return "takes the host of a URL (web/addresses.py)"
        case ast.Call(
            func=ast.Attribute(attr="encode" | "decode"),
            args=[ast.Constant(value="idna" | "punycode"), *_],
        ):
            return "encodes international names (web/addresses.py)"
        case ast.ImportFrom(module="urllib.parse", names=names) if any(
            name.name == "urljoin" for name in names
        ):
            return "resolves references (web/urls.py)"
        case ast.BinOp(op=ast.Add(), right=ast.Constant(value="…")):
            return "takes the beginning of a text (web/excerpts.py)"
        case ast.Set(elts=elements) if {"p", "div", "td"} <= {
            one.value for one in elements if isinstance(one, ast.Constant)
        }:
            return "lists the elements that part words (web/visible_text.py)"
        case ast.Attribute(value=ast.Name(id="codecs"), attr="lookup"):
            return "names encodings (web/charsets.py)"
        case _:
            return None


@pytest.mark.parametrize(
    "code",
    [
        "urlsplit(url).hostname",
        "host.encode('idna')",
        "b'x'.decode('punycode')",
        "codecs.lookup(label)",
        "from urllib.parse import urljoin, urlsplit",
        "text[:80] + '…'",
        "{'p', 'div', 'td', 'tr'}",
    ],
)
def test_work_of_the_ground_room_is_known(code: str) -> None:
    assert any(map(ground_work, ast.walk(ast.parse(code))))


def test_what_all_stages_share_is_written_once() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {work}"
        for path in sources()
        if stage_of(path) != "web" and path not in AS_IT_IS_SENT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (work := ground_work(node))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_dependency_is_used_and_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        re.split(r"[^\w.-]", requirement, maxsplit=1)[0].replace("-", "_")
        for requirement in (
            *project["dependencies"],
            *project["optional-dependencies"]["fleet"],
        )
    }
    assert declared == OWNERS.keys() | DATA_ONLY | FOR_OTHERS | ELSEWHERE
    names = [ALIASES.get(found.name, found.name) for found in all_imports()]
    unused = [
        library for library in OWNERS if not any(f"{n}.".startswith(f"{library}.") for n in names)
    ]
    assert not unused


def test_every_file_that_is_no_module_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["aggregator"]
    matched = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    packaged = {path for path in matched if is_text(path)}
    assert PACKAGE / "language/zh/LC_MESSAGES/aggregator.mo" in matched
    others = {path for path in tracked() if PACKAGE in path.parents and path.suffix != ".py"}
    assert others == packaged


def test_values_are_defined_at_little_cost() -> None:
    quick = {PACKAGE / "runtime" / "values.py"}
    wrong = [
        f"{found}: take it from aggregator.runtime.values"
        for found in all_imports()
        if found.name == "dataclasses.dataclass" and found.path not in quick
        if "frozen=True, slots=True" in found.path.read_text(encoding="utf-8")
    ]
    assert not wrong, "\n".join(wrong)


def test_a_file_holds_one_idea() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in sources()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ]
    assert not long, "\n".join(long)
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [path for path in sources() if vague & {path.stem, path.parent.name}]


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")  # spelt so that it does not find itself
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in (".py", ".toml", ".service", "") and "fixtures" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if later.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def hosts_of_package_indexes() -> set[str]:
    """Return the hosts that this machine installs from: they belong to it, not to the project."""
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, check=False, text=True
    ).stdout
    told += " ".join(value for name, value in os.environ.items() if name.startswith("PIP_"))
    urls = re.findall(r"https?://[^\s'\"\\]+", told)
    return {host for url in urls if (host := urlsplit(url).hostname)}


def test_the_repository_says_nothing_about_the_machine_that_wrote_it() -> None:
    hosts = "|".join(map(re.escape, hosts_of_package_indexes()))
    private = re.compile(
        r"(?<![\w.])/(?:work|root)/"  # somebody's own folders
        r"|--(?:extra-)?index-url|--find-links"  # where somebody installs from
        r"|https?://\S+\.(?:whl|tar\.gz)\b" + (f"|{hosts}" if hosts else "")
    )
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in tracked()
        if path != Path(__file__)
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        )
        if (match := private.search(line))
    ]
    assert not wrong, "\n".join(wrong)


def test_what_a_store_promises_is_tested_on_every_engine() -> None:
    wrong = [
        str(found)
        for path in sorted((ROOT / "tests").glob("test_store_*.py"))
        for found in imports(path)
        if re.match(r"sqlite3|aggregator\.store\.[a-z]", found.name)
    ]
    assert not wrong, "they look inside one engine:\n" + "\n".join(wrong)


def pins() -> dict[str, str]:
    """Read constraints.txt, which is nothing but `name==version`."""
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        pin = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][A-Za-z0-9.!+]*)", line)
        assert pin, f"constraints.txt: {line!r} is not name==version"
        found[canonicalize_name(pin[1])] = pin[2]
    return found


def needed() -> set[str]:
    """Return the names of everything that the project needs here, directly or not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    waiting = [(text, "") for text in (*project["dependencies"], *chain.from_iterable(extras))]
    found: set[str] = set()
    done = set()
    while waiting:
        text, extra = pair = waiting.pop()
        if pair in done:
            continue
        done.add(pair)
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if requirement.name == "pip":  # every environment brings its own
            continue
        found.add(canonicalize_name(requirement.name))
        needs = metadata.requires(requirement.name) or []
        waiting += [(need, wanted) for need in needs for wanted in ("", *requirement.extras)]
    return found


def test_everything_that_is_installed_is_pinned_to_one_version() -> None:
    versions = pins()
    names = needed()
    installed = {canonicalize_name(one.name) for one in metadata.distributions()}
    # A later Python needs less; what it does not install may be pinned all the same.
    assert names == versions.keys() & (names | installed), "make constraints"
    other = {name: found for name in names if (found := metadata.version(name)) != versions[name]}
    assert not other, "the environment differs from constraints.txt: make clean install"
