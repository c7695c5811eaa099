"""What a machine cannot have is missed by name, and by nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.operations.absent_libraries import LOSSES, absent_libraries
from aggregator.rules.patterns import MAX_TEXT_CHARS, finder_of_any, first_found, fold, searchable
from aggregator.rules.patterns import places as places_found
from aggregator.rules.words import Words, holder_of_any
from release import wheels
from tests import PATIENCE, ROOT
from tests.config_texts import SOURCE, source_toml
from tests.feed_documents import undated
from tests.hiding import HIDING
from tests.program import without_machine
from tests.web import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program import Program
    from tests.web import Publisher

RUNNING = "from aggregator.cli import main\nmain()"
MODULES = {name: module for name, (module, _) in LOSSES.items()}


def without(
    modules: set[str], *words: str, code: str = RUNNING, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    text = f"HIDDEN = {modules!r}\n{HIDING}{code}"
    return without_machine(
        subprocess.run(
            [sys.executable, "-c", text, *words],
            capture_output=True, check=False, cwd=folder, encoding="utf-8", timeout=PATIENCE,
        )
    )  # fmt: skip


def test_without_any_of_them_a_source_is_polled_and_published(
    aggregator: Program, web: Publisher, tmp_path: Path
) -> None:
    web.route("/one.xml", Reply(body=undated(3)))
    aggregator.configure(
        source_toml("one", web.url("/one.xml"), 'block = ["nobody writes this"]'),
        top=f'[publish]\ndirectory = "{tmp_path / "published"}"',
    )
    hidden = set(MODULES.values())
    checked = without(hidden, "check", folder=aggregator.folder)
    assert checked.returncode == 0, checked.stderr
    assert [line.split()[1] for line in checked.stderr.splitlines()] == list(LOSSES)
    polled = without(hidden, "poll", folder=aggregator.folder)
    assert "3 new" in polled.stdout, polled.stderr
    written = without(hidden, "export", "static", folder=aggregator.folder)
    assert written.returncode == 0, written.stderr
    (asked,) = web.requests
    assert asked.header("accept-encoding") == b"gzip, deflate"


def test_without_any_of_them_a_worker_reads_documents() -> None:
    code = """
from datetime import UTC, datetime
from pathlib import Path
from aggregator.daemon import reading
from aggregator.model import Body
body, now = Path(sys.argv[1]).read_bytes(), datetime(2026, 11, 30, tzinfo=UTC)
read = reading.read(Body(body, None, "https://one.example/", "UTC", now))
print(len(read.entries), *HIDDEN & sys.modules.keys())
"""
    document = ROOT / "tests" / "fixtures" / "atom-authors.xml"
    told = without(set(MODULES.values()), str(document), code=code)
    assert told.returncode == 0, told.stderr
    count, *loaded = told.stdout.split()
    assert int(count) > 0
    assert not loaded


@pytest.mark.parametrize(
    ("library", "keys"),
    [
        ("google-re2", 'block = ["/a+/"]'),
        ("google-re2", 'replace = [{ find = "/a+/", with = "b" }]'),
        ("selectolax", '[[sites]]\nhost = "one.example"\nremove = ["p.ad"]'),
    ],
)
def test_a_key_that_needs_one_is_refused_and_names_it(
    tmp_path: Path, library: str, keys: str
) -> None:
    (tmp_path / "config.toml").write_text(f"{SOURCE}{keys}\n", encoding="utf-8")
    told = without({MODULES[library]}, "check", folder=tmp_path)
    assert told.returncode == 78, told
    assert f"needs {library}, which is not installed here" in told.stderr
    assert without(set(), "check", folder=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("library", "coding"), [("brotli", "br"), ("backports.zstd", "zstd"), (None, "none of them")]
)
def test_a_coding_that_cannot_be_read_is_not_offered_and_is_told_when_it_comes(
    library: str | None, coding: str
) -> None:
    code = """
from aggregator.fetch.codings import ACCEPT_ENCODING, decoder_for
from aggregator.fetch.failures import FetchError
from aggregator.publish.compression import CODINGS
try:
    list(decoder_for(sys.argv[1], "one.example", most_bytes=100).steps(bytes(range(128, 228))))
except Exception as error:
    print(error)
print(ACCEPT_ENCODING.decode(), CODINGS)
"""
    hidden = {MODULES[library]} if library else set()
    told = without(hidden, coding if library else "gzip", code=code)
    assert told.returncode == 0, told.stderr
    offered = told.stdout.splitlines()[-1]
    if library:
        assert f"sends an encoding that we cannot read: {coding}" in told.stdout
    for one in ("br", "zstd"):
        assert (one in offered.partition("(")[0]) is (one != coding)
    assert ("'br'" in offered) is (coding != "br")


WORDS = st.lists(
    st.text(st.sampled_from("aBß é.K\u212aſ用Ａ1_(\\ \t"), min_size=1, max_size=4), min_size=1,
    max_size=3,
).map(" ".join).filter(str.strip)  # fmt: skip
TEXTS = st.text(st.sampled_from("aAbBß é.Kk\u212asſ用Ａ1_(\\ \t\n\u3000\u00a0-"), max_size=30)


@given(WORDS, TEXTS)
@example("A", "Aſ")
@example("k", "\u212ak")
def test_words_are_found_where_re2_finds_them(words: str, text: str) -> None:
    found = [match.span() for match in Words(fold(words)).finditer(fold(text))]
    assert found == [place[0] for place in places_found(words, text)]
    searched = searchable(text)
    by_re2 = first_found((words,), (searched,)) is not None
    assert (Words(fold(words)).search(searched) is not None) is by_re2


@given(st.lists(WORDS, max_size=3), TEXTS)
def test_a_text_that_holds_a_word_for_re2_holds_it_without(words: list[str], text: str) -> None:
    assert not finder_of_any(words)(text) or holder_of_any(words)(text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("a b", "a" + " " * MAX_TEXT_CHARS),
        (" b", " " * MAX_TEXT_CHARS),
        ("a a a a b", "a " * (MAX_TEXT_CHARS // 2)),
        ("aaaaaaaaaaaab", "a" * MAX_TEXT_CHARS),
    ],
)
def test_no_words_make_the_search_go_back_and_forth(words: str, text: str) -> None:
    # A search that was quadratic would take an hour for any of these.
    assert Words(words).search(text.encode()) is None


def test_what_is_absent_is_told_with_its_loss() -> None:
    assert absent_libraries(lambda _: True) == ()
    told = absent_libraries(lambda module: module != "re2")
    assert [name for name, _ in told] == ["google-re2"]
    assert "plain words work" in told[0][1]


PINNED = {"feedgen": "1.0", "brotli": "1.2", "lxml": "6.1"}
ASKED = ["feedgen>=1", "Brotli>=1.2; platform_machine != 'armv7l'", "lxml; python_version < '3.12'"]


@pytest.mark.parametrize(
    ("machine", "python", "names"),
    [
        ("x86_64", "3.11", ["brotli==1.2", "lxml==6.1"]),
        ("armv7l", "3.11", ["lxml==6.1"]),
        ("armv7l", "3.13", []),
    ],
)
def test_wheels_are_wanted_of_what_a_processor_needs(
    machine: str, python: str, names: list[str]
) -> None:
    assert wheels.wanted(machine, python, ASKED, PINNED) == names


def test_pins_are_read_from_either_file_of_constraints() -> None:
    text = "# head\nA_b==1.0 \\\n    --hash=sha256:aa\nc==2\n"
    assert wheels.pins(text) == {"a-b": "1.0", "c": "2"}


def test_what_has_no_wheel_is_found_one_by_one_only_if_something_is_missing() -> None:
    asked: list[list[str]] = []

    def can_be_had(names: list[str]) -> bool:
        asked.append(names)
        return "b" not in names

    assert wheels.without_wheel(["a", "c"], can_be_had) == []
    assert asked == [["a", "c"]]
    assert wheels.without_wheel(["a", "b", "c"], can_be_had) == ["b"]


def test_a_password_that_cannot_be_kept_is_told(aggregator: Program) -> None:
    aggregator.configure("")
    code = "from aggregator.store.operator_password import hash_of\nhash_of('a password')"
    done = without({"argon2"}, code=code, folder=aggregator.folder)
    assert "passwords need argon2-cffi, which is not installed here" in done.stderr
