"""config.toml edited by the program: nothing of it changes, and nothing half-done is left."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.config import Config, load, parse
from aggregator.config.edit import Block, append, derive_name, edit, trial
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.mistakes import MistakeKind
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = (ROOT / "config.toml").read_text(encoding="utf-8")
NEW = Block("new", "https://new.example/feed.xml")

#: Ways in which a file may end, begin, and break its lines.
LAYOUTS = ("{}", "{}\n", "{}\n\n\n", "{}# the end", "\ufeff{}", "{}\n[defaults]\ntimezone = 'UTC'")

config_text = st.builds(
    lambda head, bodies, layout, newline: layout.format(head + "".join(bodies)).replace(
        "\n", newline
    ),
    st.sampled_from(["", "# 配置\n", '[log]\nlevel = "info" # why\n', "\n\n"]),
    st.lists(
        st.sampled_from(["one", "two", "three"]).map(
            lambda name: f"[[sources]]\nname = '{name}'\nurl = 'https://{name}.example/'  # 注\n\n"
        ),
        unique=True,
        max_size=3,
    ).map(lambda blocks: [*blocks, "[[feeds]]\nname = 'all'\n"]),
    st.sampled_from(LAYOUTS),
    st.sampled_from(["\n", "\r\n"]),
)
line_of_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30
).filter(str.strip)
remark = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
blocks = st.lists(
    st.builds(
        Block,
        name=st.from_regex(r"x[a-z0-9-]{0,20}", fullmatch=True),
        url=st.from_regex(r"https://[a-z]{1,9}\.test/[!-\[\]-~]{0,20}", fullmatch=True),
        title=st.none() | line_of_text.map(str.strip),
        tags=st.lists(
            line_of_text.map(str.strip).filter(lambda tag: tag not in (".", "..")), max_size=3
        ).map(tuple),
        private=st.booleans(),
        remark=remark,
    ),
    min_size=1,
    max_size=3,
    unique_by=(lambda block: block.name, lambda block: block.url.partition("#")[0]),
)


@settings(deadline=None)  # each reads three configurations, on machines of every speed
@given(config_text, blocks)
@example(EXAMPLE, [NEW])
@example("", [NEW])
def test_appending_changes_no_character_and_adds_exactly_the_new_sources(
    text: str, added: list[Block]
) -> None:
    before = parse(text, ROOT / "config.toml")
    changed = append(text, added)
    assert changed.startswith(text)
    assert changed.encode().startswith(text.encode())
    after = parse(changed, ROOT / "config.toml")
    count = len(before.sources)
    assert after.sources[:count] == before.sources
    assert [
        (one.name, one.url, one.title, one.tags, one.private) for one in after.sources[count:]
    ] == [(one.name, one.url, one.title, one.tags, one.private) for one in added]
    assert [feed for feed in after.feeds if not feed.is_automatic] == [
        feed for feed in before.feeds if not feed.is_automatic
    ]
    assert (after.server, after.polling) == (before.server, before.polling)
    assert ("\r\n" in changed) == ("\r\n" in text)
    assert "\r\n" not in text or "\n" not in changed.removeprefix(text).replace("\r\n", "")


def test_a_block_stands_after_one_blank_line_with_its_remark() -> None:
    block = Block("a", 'https://a.example/?q="\\', "T", ("科技",), remark="IT之家\n[[feeds]]")
    written = (
        '[[sources]]\n# IT之家 [[feeds]]\nname = "a"\nurl = "https://a.example/?q=\\"\\\\"\n'
        'title = "T"\ntags = ["科技"]\n'
    )
    assert append("", [block]) == written
    for before in ("# x", "# x\n", "# x\n\n"):
        assert append(before, [block]) == f"# x\n\n{written}"
    assert append("", [block, block]) == f"{written}\n{written}"
    assert append("\ufeff# x\r\n", [NEW]).startswith("\ufeff# x\r\n\r\n[[sources]]\r\nname = ")


def test_a_trial_says_which_block_cannot_stand_and_why(tmp_path: Path) -> None:
    text = "[[sources]]\nname = 'a'\nurl = 'https://a.example/'\n"
    added = [
        NEW,
        Block("Bad", "https://b.example/"),
        Block("c", "ftp://c.example/"),
        Block("d", "https://A.example:443"),
        Block("e", NEW.url),
    ]
    refused = trial(text, added, tmp_path / "config.toml")
    assert isinstance(refused, dict)
    assert {index: (one.key, one.mistake.kind, one.same_as) for index, one in refused.items()} == {
        1: ("name", MistakeKind.NOT_A_NAME, None),
        2: ("url", MistakeKind.NOT_HTTP, None),
        3: ("url", MistakeKind.SAME_URL, 0),
        4: ("url", MistakeKind.SAME_URL, 1),
    }
    sources = trial(text, [NEW], tmp_path / "config.toml")
    assert isinstance(sources, tuple)
    assert [source.url for source in sources] == [NEW.url]


@pytest.mark.parametrize(
    "text", ["sources = []\n", "[server]\nlistn = 1\n", "[[sources]]\nname = 'x'\n"]
)
def test_a_trial_on_a_file_that_takes_no_blocks_tells_its_mistakes(
    text: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:\d"):
        trial(text, [NEW], tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("title", "url", "name"),
    [
        ("LWN.net", "https://lwn.net/headlines/rss", "lwn-net"),
        ("Café au lait", "https://x.example/", "cafe-au-lait"),
        ("IT之家", "https://www.ithome.com/rss/", "ithome"),
        ("36氪", "https://36kr.com/feed", "36kr"),
        ("Solidot 奇客", "https://feeds.feedburner.com/x", "solidot"),
        ("Appinn：小众软件", "https://feeds.feedburner.com/x", "appinn"),
        ("Blog 中文", "https://a.example/", "a"),
        ("RSS", "https://news.example.com.cn/rss", "news-example"),
        (
            "A title that is far too long to be a name of anything",
            "https://a.github.io/",
            "a-github",
        ),
        (None, "https://feeds.bbci.co.uk/news", "bbci"),
        (None, "http://127.0.0.1:1200/x", "source"),
        (None, "http://[fd00::5]/x", "source"),
        ("公开周刊", "http://127.0.0.3:8000/feed.xml", "source"),
        ("公开周刊 RSS Weekly", "http://127.0.0.3:8000/feed.xml", "weekly"),
        (
            "公开周刊",
            "http://127.0.0.3:8000/kaiyuan-zhoukan/index.xml?a=secret/name",
            "kaiyuan-zhoukan",
        ),
        ("公开周刊", "http://127.0.0.3/t0kenT0ken/abcdefghijklmnopqrstuvwxyz/rss.xml", "source"),
        (None, "https://中文.example/", "xn-fiq228c"),
        ("", "http://localhost/", "localhost"),
        ("!!!", "https://www.rss.example/", "www-rss"),
        (None, "https://_._/", "source"),
    ],
)
def test_names_come_from_titles_and_hosts(title: str | None, url: str, name: str) -> None:
    assert derive_name(title, url, ()) == name
    assert derive_name(title, url, {name, f"{name}-2"}) == f"{name}-3"


def test_a_source_at_an_address_is_named_after_its_site() -> None:
    url, title = "http://127.0.0.3/a-path/feed.xml", "公开周刊 Weekly"
    assert derive_name(title, url, (), "https://www.gongkai.example/") == "gongkai"
    assert derive_name(title, url, (), "http://127.0.0.3/") == "weekly"
    assert derive_name("Weekly", url, (), "https://www.gongkai.example/") == "weekly"
    assert derive_name(title, "https://a.example/", (), "https://www.gongkai.example/") == "a"


@given(st.none() | st.text(max_size=80), st.text(max_size=80))
def test_a_derived_name_is_always_one(title: str | None, rest: str) -> None:
    name = derive_name(title, f"https://{rest}", {"source"})
    (source,) = parse(append("", [Block(name, NEW.url)]), ROOT / "config.toml").sources
    assert source.name == name


# --- the file -----------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def add_new(text: str, _: Config) -> str:
    return append(text, [NEW])


def test_an_edit_is_whole_and_keeps_mode_and_link(config: Path, tmp_path: Path) -> None:
    config.chmod(0o640)
    link = tmp_path / "elsewhere" / "config.toml"
    link.parent.mkdir()
    link.symlink_to("../config.toml")
    made = edit(link, add_new)
    assert made.sources[-1].name == "new"
    assert config.read_text(encoding="utf-8") == append(EXAMPLE, [NEW])
    assert link.is_symlink()
    assert config.stat().st_mode & 0o7777 == 0o640
    assert [path.name for path in link.parent.iterdir()] == ["config.toml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "elsewhere"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_an_edit_by_root_keeps_the_owner(config: Path) -> None:
    os.chown(config, 65534, 65534)
    edit(config, add_new)
    assert (config.stat().st_uid, config.stat().st_gid) == (65534, 65534)


@pytest.mark.parametrize(
    "addition", ["\n[[sources]]\nname = 'x'\n", "\n[[[", '\n[log]\nlevel = ""']
)
def test_what_would_be_a_mistake_is_not_written(config: Path, addition: str) -> None:
    before = config.stat()
    with pytest.raises(ConfigError):
        edit(config, lambda text, _: text + addition)
    after = config.stat()  # reading it may set st_atime
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


def test_a_file_that_changes_meanwhile_is_left_alone(config: Path) -> None:
    def meddle(text: str, _: Config) -> str:
        config.write_text(f"{EXAMPLE}# by hand\n", encoding="utf-8")
        return append(text, [NEW])

    with pytest.raises(AggregatorError, match="changed by somebody else"):
        edit(config, meddle)
    assert config.read_text(encoding="utf-8") == f"{EXAMPLE}# by hand\n"
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


def test_edits_at_the_same_time_wait_for_each_other(config: Path) -> None:
    def add(number: int) -> None:
        edit(
            config,
            lambda text, _: append(text, [Block(f"n{number}", f"https://n{number}.example/")]),
        )

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = config.read_text(encoding="utf-8")
    assert text.startswith(EXAMPLE)
    assert {f"n{number}" for number in range(8)} <= {
        one.name for one in parse(text, config).sources
    }


def test_what_cannot_be_edited_says_so(config: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        edit(tmp_path / "nowhere.toml", add_new)
    loop = tmp_path / "loop.toml"
    loop.symlink_to("loop.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        edit(loop, add_new)
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(AggregatorError, match="no file that can be edited"):
        edit(tmp_path / "pipe.toml", add_new)
    config.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        edit(config, add_new)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_without_permission_nothing_is_written(config: Path) -> None:
    config.chmod(0o400)
    with pytest.raises(AggregatorError, match="write-protected"):
        edit(config, add_new)
    config.chmod(0o600)
    config.parent.chmod(0o500)
    try:
        with pytest.raises(AggregatorError, match="cannot be written: Permission denied"):
            edit(config, add_new)
    finally:
        config.parent.chmod(0o700)
    assert config.read_text(encoding="utf-8") == EXAMPLE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_what_only_its_owner_may_read_names_whom_to_ask_as(config: Path) -> None:
    config.chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(ConfigError) as caught:
            load(config)
    finally:
        os.seteuid(0)
    assert "cannot be read: Permission denied; ask as its owner, such as sudo -u " in str(
        caught.value
    )
