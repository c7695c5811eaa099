"""config.zh-CN.toml is config.toml with its comments in Chinese, line by line."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from tests import ROOT
from tests.program import run_in

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = (ROOT / "config.toml").read_text(encoding="utf-8")
CHINESE = (ROOT / "config.zh-CN.toml").read_text(encoding="utf-8")

#: A setting, or one that is not set, with what stands before its comment.
SETTING = re.compile(
    r"""(?:\#\ )?(?:[\w.-]+\ =\ |\[)(?:"[^"]*"|'[^']*'|[^"'#]|(?<!\ )\#)*""", re.VERBOSE
)


def setting(line: str) -> str | None:
    found = SETTING.match(line)
    return None if found is None else found[0].rstrip()


def test_the_same_settings_stand_in_the_same_lines() -> None:
    english, chinese = ENGLISH.split("\n"), CHINESE.split("\n")
    assert [setting(line) for line in chinese] == [setting(line) for line in english]
    assert [line == "" for line in chinese] == [line == "" for line in english]
    assert tomllib.loads(CHINESE) == tomllib.loads(ENGLISH)


def test_every_comment_is_in_chinese() -> None:
    """Where English has one Chinese has one, but for those that name values alone."""
    for english, chinese in zip(ENGLISH.split("\n"), CHINESE.split("\n"), strict=True):
        before = setting(english)
        comment = english if before is None else english[len(before) :].strip()
        told = chinese if before is None else chinese[len(setting(chinese) or "") :].strip()
        assert bool(comment) == bool(told), chinese
        if re.search(r"[a-z]{2,} [a-z]{2,}", re.sub(r'"[^"]*"|`[^`]*`', "", comment)):
            assert re.search(r"[\u4e00-\u9fff]", told), chinese
            assert told != comment


def test_init_writes_it_for_those_who_read_chinese(tmp_path: Path) -> None:
    told = run_in("init", "--lang", "zh", cwd=tmp_path)
    assert told.returncode == 0
    assert "已写好 config.toml" in told.stdout
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == CHINESE
    assert run_in("check", "--lang", "zh", cwd=tmp_path).returncode == 0
