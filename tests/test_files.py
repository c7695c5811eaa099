"""Files beneath a directory: whole or not at all, and never elsewhere."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model.errors import AggregatorError
from aggregator.outputs.safe_files import (
    append_beneath,
    holding,
    names_beneath,
    read_beneath,
    remove_beneath,
    write_beneath,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 1000


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def private_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
def test_what_is_made_can_be_read_by_everybody_whatever_the_umask(tmp_path: Path) -> None:
    top = tmp_path / "new" / "site"
    assert write_beneath(top, "a/b/c.md", b"1")
    append_beneath(top, "log", b"1")
    assert [mode(top / name) for name in ("a/b/c.md", "log")] == [0o644, 0o644]
    assert [mode(top / name) for name in ("..", ".", "a", "a/b")] == [0o755] * 4


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    assert write_beneath(tmp_path, "a.md", b"one")
    before = (tmp_path / "a.md").stat()
    assert not write_beneath(tmp_path, "a.md", b"one")
    after = (tmp_path / "a.md").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_beneath(tmp_path, "a.md", b"two")
    assert write_beneath(tmp_path, "a.md", b"")
    assert not write_beneath(tmp_path, "a.md", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


@pytest.mark.parametrize(
    "relative", ["", "/", "/etc/passwd", "..", "../a", "a/../../b", "./a", "a//b", "a/", "a\0b"]
)
def test_a_path_that_does_not_lead_beneath_is_refused(tmp_path: Path, relative: str) -> None:
    inner = tmp_path / "inner"
    with pytest.raises(ValueError, match="not a path beneath"):
        write_beneath(inner, relative, b"")
    with pytest.raises(ValueError, match="not a path beneath"):
        remove_beneath(inner, relative)
    assert not list(tmp_path.iterdir())


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(st.text(max_size=8), st.sampled_from(["..", ".", "", "/", "link", "x" * 300])),
        max_size=4,
    )
)
def test_no_path_whatsoever_touches_anything_outside(tmp_path: Path, parts: list[str]) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    outside.mkdir(exist_ok=True)
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir()
    (top / "link").symlink_to(outside)
    with contextlib.suppress(ValueError, AggregatorError):
        write_beneath(top, "/".join(parts), b"body")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "top"]
    assert not list(outside.iterdir())


def test_no_link_is_followed(tmp_path: Path) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"theirs")
    top.mkdir()
    (top / "folder").symlink_to(outside)
    (top / "file").symlink_to(outside / "kept")
    for ask in (
        lambda: write_beneath(top, "folder/kept", b"ours"),
        lambda: remove_beneath(top, "folder/kept"),
        lambda: read_beneath(top, "folder/kept", most=MOST),
        lambda: names_beneath(top, "folder"),
        lambda: append_beneath(top, "file", b"ours"),
    ):
        with pytest.raises(AggregatorError, match="links are not followed"):
            ask()
    assert read_beneath(top, "file", most=MOST) == b""
    assert write_beneath(top, "file", b"ours")  # in the link's place
    assert (top / "file").read_bytes() == b"ours"
    assert not (top / "file").is_symlink()
    assert (outside / "kept").read_bytes() == b"theirs"


def test_what_is_no_ordinary_file_neither_hangs_nor_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_beneath(tmp_path, "pipe", most=MOST) == b""
    assert write_beneath(tmp_path, "pipe", b"body")
    assert (tmp_path / "pipe").read_bytes() == b"body"
    (tmp_path / "folder").mkdir()
    with pytest.raises(AggregatorError, match=r"folder: cannot be written: Is a directory"):
        write_beneath(tmp_path, "folder", b"body")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]


def test_what_cannot_be_written_leaves_the_file_of_before(tmp_path: Path) -> None:
    write_beneath(tmp_path, "a.md", b"old")
    name = "n" * 256
    with pytest.raises(AggregatorError, match=rf"{name}: cannot be written: File name too long"):
        write_beneath(tmp_path, name, b"new")
    with pytest.raises(AggregatorError, match="folder is needed"):
        write_beneath(tmp_path, "a.md/b.md", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]
    assert (tmp_path / "a.md").read_bytes() == b"old"


def test_removing_and_reading_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert not remove_beneath(tmp_path, "a/b")
    assert read_beneath(tmp_path, "a/b", most=MOST) is None
    assert names_beneath(tmp_path / "nowhere", "") == frozenset()
    write_beneath(tmp_path, "a/b", b"body")
    assert read_beneath(tmp_path, "a/b", most=MOST) == b"body"
    assert read_beneath(tmp_path, "a/b", most=3) == b""
    assert names_beneath(tmp_path, "a") == {"b"}
    assert remove_beneath(tmp_path, "a/b")
    assert not remove_beneath(tmp_path, "a/b")


def add_lines(folder: Path, letter: str) -> None:
    for _ in range(50):
        with holding(folder, ".lock"):
            for part in (letter, letter, "\n"):
                append_beneath(folder, "lines", part.encode())


def test_of_two_processes_one_waits_for_the_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add_lines, args=(tmp_path, letter)) for letter in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    lines = (tmp_path / "lines").read_text().splitlines()
    assert sorted(lines) == ["aa"] * 50 + ["bb"] * 50
