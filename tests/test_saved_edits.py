"""A saved file is taken over by itself, where that is wanted, and a broken one is told of once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.saved_edits import SavedEdits
from aggregator.model.errors import ConfigError
from tests.config_texts import source_toml

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program import Program


def test_a_save_is_seen_once_and_when_it_has_settled(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("include = ['d/*.toml']\n")
    saved = SavedEdits(path)
    assert [saved.look() for _ in range(3)] == [False, True, False]
    path.write_text("include = ['d/*.toml']\n# half")
    assert not saved.look()
    path.write_text("include = ['d/*.toml']\n# half, and the rest")
    assert [saved.look() for _ in range(3)] == [False, True, False]
    # The same words again are no edit.
    path.write_text(path.read_text())
    assert [saved.look() for _ in range(3)] == [False, False, False]
    # What comes among the included files is one, and what goes.
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.toml").write_text("")
    assert [saved.look() for _ in range(3)] == [False, True, False]
    (tmp_path / "d" / "a.toml").unlink()
    assert [saved.look() for _ in range(3)] == [False, True, False]
    # What was taken over otherwise is handled.
    path.write_text("# other")
    saved.handle()
    assert [saved.look() for _ in range(3)] == [False, False, False]
    path.unlink()
    assert [saved.look() for _ in range(3)] == [False, True, False]


def test_a_file_that_a_save_has_emptied_is_refused(tmp_path: Path) -> None:
    path, other, never = (tmp_path / name for name in ("config.toml", "a.toml", "b.toml"))
    path.write_text("include = ['a.toml', 'b.toml']\n")
    other.write_text("# sources\n")
    never.write_text("\n")
    saved = SavedEdits(path)
    saved.refuse_emptied()
    for file in (other, path):
        text = file.read_text()
        file.write_text("")
        with pytest.raises(ConfigError, match=f"{file}: is empty now"):
            saved.refuse_emptied()
        file.write_text(text)
        saved.refuse_emptied()
    # What was taken over otherwise was meant.
    other.write_text("")
    saved.handle()
    saved.refuse_emptied()


def test_a_daemon_takes_over_what_is_saved_and_keeps_what_it_has(aggregator: Program) -> None:
    one = source_toml("one", "http://127.0.0.1:9/one")
    aggregator.configure(one, top="reload_on_save = true")
    aggregator.start(brisk=True)
    good = aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text(good + "# a remark\n", encoding="utf-8")
    aggregator.config.write_text(good + source_toml("two", "http://127.0.0.1:9/two"), "utf-8")
    aggregator.wait(lambda: "two" in aggregator.status(), "the second source")
    aggregator.wait(lambda: "source two added" in aggregator.log.read_text(), "the log")

    aggregator.config.write_text(good + "[[sources]]\nnme = 1\n", encoding="utf-8")
    said = "configuration rejected"
    aggregator.wait(lambda: said in aggregator.log.read_text(), "the refusal")
    aggregator.config.write_text(good + "[log]\n# is there twice\n", encoding="utf-8")
    aggregator.wait(lambda: "was given before" in aggregator.log.read_text(), "the next refusal")
    assert aggregator.log.read_text().count("nme: unknown key") == 1
    aggregator.config.write_text("", encoding="utf-8")
    aggregator.wait(lambda: "is empty now" in aggregator.log.read_text(), "the third refusal")
    assert set(aggregator.status()) == {"one", "two"}
    assert "changes=0" not in aggregator.log.read_text()  # of the first look, after the start
    aggregator.config.write_text(good, encoding="utf-8")
    aggregator.wait(lambda: "source two removed" in aggregator.log.read_text(), "the good one")


def test_without_the_option_nothing_is_taken_over(aggregator: Program) -> None:
    aggregator.configure(source_toml("one", "http://127.0.0.1:9/one"))
    aggregator.start(brisk=True)
    text = aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text(text + source_toml("two", "http://127.0.0.1:9/two"), "utf-8")
    # A reload that is asked for finds the edit still to be made.
    assert "+ two" in aggregator.run("reload").stdout
