"""Files that config.toml includes: whose tables count, and where their mistakes stand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aggregator.config import include, load, parse
from aggregator.config.edit import Block, append, edit, trial
from aggregator.config.include import Inclusion, patterns_of
from aggregator.model.errors import ConfigError
from aggregator.model.mistakes import MistakeKind
from tests import ROOT


def source(name: str, url: str | None = None, more: str = "") -> str:
    return f'[[sources]]\nname = "{name}"\nurl = "{url or f"https://{name}.example/"}"\n{more}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources.d").mkdir()
    return tmp_path


def write(folder: Path, own: str, **files: str) -> Path:
    for name, text in files.items():
        (folder / "sources.d" / f"{name}.toml").write_text(text, encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(own, encoding="utf-8")
    return path


def mistakes(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [line.replace(f"{path.parent}/", "") for line in caught.value.lines]


INCLUDE = 'include = ["sources.d/*.toml"]\n'


def test_included_tables_count_before_those_of_the_file_itself(folder: Path) -> None:
    path = write(
        folder,
        INCLUDE + '[defaults]\ntimezone = "Asia/Shanghai"\n' + source("own"),
        b=source("two"),
        a="\ufeff" + source("one") + '[[feeds]]\nname = "zh"\nsources = ["own", "two"]\n',
        empty="",
    )
    (folder / "sources.d" / ".hidden.toml").write_text("[[[")
    (folder / "sources.d" / "notes.txt").write_text("[[[")
    config = load(path)
    assert [one.name for one in config.sources] == ["one", "two", "own"]
    assert {one.timezone for one in config.sources} == {"Asia/Shanghai"}
    assert config.feeds[0].sources == ("own", "two")
    assert [file.name for file in config.included] == ["a.toml", "b.toml", "empty.toml"]
    assert config.cautions == ()


def test_an_included_file_may_hold_lists_of_sources(folder: Path) -> None:
    blogs, more = (
        f'[[lists]]\nname = "{name}"\nurl = "https://{name}.example/l.opml"\n'
        for name in ("blogs", "more")
    )
    feed = '[[feeds]]\nname = "all-blogs"\nsources = ["blogs/*"]\n'
    path = write(folder, INCLUDE + "[defaults]\nbackfill = 3\n" + more + feed, a=blogs)
    config = load(path)
    assert [(one.name, one.template.backfill) for one in config.lists] == [
        ("blogs", 3),
        ("more", 3),
    ]
    write(folder, INCLUDE + more, a=blogs + 'interval = "1s"\n', b=more)
    assert mistakes(path)[0].startswith("sources.d/a.toml:4: lists[0].interval: ")


def test_a_file_is_read_once_and_never_as_its_own_part(folder: Path) -> None:
    pattern = 'include = ["*.toml", "sources.d/one.toml", "sources.d/*.toml"]\n'
    path = write(folder, pattern + source("own"), one=source("one"))
    config = load(path)
    assert [one.name for one in config.sources] == ["one", "own"]
    assert {one.kind for one in config.cautions} == set()


def test_a_mistake_is_named_with_its_own_file_and_line(folder: Path) -> None:
    path = write(
        folder,
        INCLUDE + source("own") + source("own-2", "https://one.example/"),
        a=source("one"),
        b=source("one", "https://b.example/", 'intervall = "1h"'),
    )
    assert mistakes(path) == [
        "sources.d/b.toml:2: sources[0].name: the same name as sources[0] of sources.d/a.toml",
        'sources.d/b.toml:4: sources[0].intervall: unknown key, did you mean "interval"?',
        "config.toml:8: sources[1].url: the same URL as sources[0] of sources.d/a.toml",
    ]


def test_what_stands_once_stands_in_the_file_itself(folder: Path) -> None:
    path = write(
        folder,
        INCLUDE,
        a='include = ["x.toml"]\n[server]\nlisten = "0.0.0.0:1"\n[[exports]]\nkind = "hexo"\n',
        b="[sources]\nname = 1\n",
    )
    tables = "[[sources]], [[lists]], [[feeds]], [[sites]]"
    alone = f"belongs in config.toml: an included file holds {tables} alone"
    assert mistakes(path) == [
        f"sources.d/a.toml:1: include: {alone}",
        f"sources.d/a.toml:2: server: {alone}",
        f"sources.d/a.toml:4: exports: {alone}",
        "sources.d/b.toml:1: sources: must be written [[sources]], once for each of the sources",
    ]


def test_what_cannot_be_read_is_told(folder: Path) -> None:
    path = write(folder, 'include = ["gone.toml", "sources.d/*.toml", "none.d/*"]\n', a="")
    (folder / "sources.d" / "b.toml").write_bytes(b"# \n\xff")
    (folder / "sources.d" / "c.toml").mkdir()
    os.mkfifo(folder / "sources.d" / "d.toml")
    (folder / "sources.d" / "e.toml").symlink_to("/dev/zero")
    assert mistakes(path) == [
        "gone.toml: there is no such file",
        "sources.d/b.toml:2: is not UTF-8; save the file as UTF-8",
        "sources.d/c.toml: cannot be read: Is a directory",
        "sources.d/d.toml: cannot be read: it is no regular file",
        "sources.d/e.toml: cannot be read: it is no regular file",
    ]
    for one in ("d.toml", "e.toml"):
        with pytest.raises(ConfigError, match="it is no regular file"):
            load(folder / "sources.d" / one)
        (folder / "sources.d" / one).unlink()
    write(folder, INCLUDE, a="[[[")
    (folder / "sources.d" / "b.toml").unlink()
    (folder / "sources.d" / "c.toml").rmdir()
    assert mistakes(path)[0].startswith("sources.d/a.toml:1: column ")
    assert [one.kind for one in load(write(folder, 'include = ["none.d/*"]\n')).cautions] == [
        MistakeKind.NO_SOURCES,
        MistakeKind.NOTHING_INCLUDED,
    ]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ('"x.toml"', MistakeKind.NOT_A_LIST),
        ("[1]", MistakeKind.NOT_A_STRING),
        ('["~/x.toml"]', MistakeKind.TILDE),
        ('["**/x.toml"]', MistakeKind.NOT_A_PATTERN),
    ],
)
def test_a_pattern_that_cannot_be_one_is_a_mistake(written: str, kind: MistakeKind) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"# c\ninclude = {written}\n", Path("config.toml"))
    assert [(one.kind, one.line) for one in caught.value.mistakes] == [(kind, 2)]


def test_a_folder_of_other_things_is_not_read_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.config.config_file.MAX_FILES", 2)
    path = write(folder, INCLUDE, a="", b="", c="")
    assert mistakes(path) == [
        "config.toml:1: include[0]: more than 2 files are included, or more than 16 MiB of text"
    ]


def test_a_text_with_other_mistakes_still_says_what_it_includes() -> None:
    assert patterns_of('include = ["a.toml"]\nlistn = 1\n') == ("a.toml",)
    assert patterns_of("include = [[[") == ()
    assert patterns_of("# nothing") == ()
    assert include.MAX_FILES == 1000


def test_new_blocks_are_tried_beside_what_is_included(folder: Path) -> None:
    others = Inclusion(((Path("a.toml"), source("a")),))
    text = INCLUDE + source("own")
    added = [
        Block("new", "https://new.example/"),
        Block("c", "https://a.example/"),
        Block("own", "https://x.example/"),
        Block("d", "https://new.example/"),
    ]
    refused = trial(text, added, ROOT / "config.toml", others)
    assert isinstance(refused, dict)
    assert {index: (one.key, one.same_as) for index, one in refused.items()} == {
        1: ("url", 0),
        2: ("name", None),
        3: ("url", 2),
    }
    path = write(folder, text, a=source("a"))
    made = edit(path, lambda now, _: append(now, added[:1]))
    assert [one.name for one in made.sources] == ["a", "own", "new"]
