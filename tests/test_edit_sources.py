"""Sources of config.toml edited by name: what is asked for changes, and no byte of the rest."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.config import load, parse
from aggregator.config.edit import Block, SourceEdits, append, edit_all
from aggregator.model.errors import AggregatorError
from tests import ROOT

FILE = Path("config.toml")
EXAMPLE = (ROOT / "config.toml").read_text(encoding="utf-8")
NAMES = ("one", "two", "three")

#: Lines that may stand in a block besides its name and URL, and below its last key.
KEYS = (
    'tags = ["a", "b"] # 注\n',
    "tags = [\n  'a', # first\n  'b',\n]\n",
    "tags = []\n",
    "enabled = true   # yes\n",
    "enabled = false\n",
    'block = [{ title = "[[sources]]" }, "x"]\n',
    'headers = { Accept-Language = "zh" }\n',
    'headers.Accept = "x"\n',
    '# a comment = "within"\n',
    'title = """\\\n# [[sources]]\\\n"""\n',
)
TAILS = (
    "",
    "# below\n",
    "\n",
    "\n\n# apart\n\n",
    "  \n",
    "[sources.headers]\nX-A = '1'\n",
    "\n# above\n",
)


@st.composite
def block(draw: st.DrawFn, name: str) -> str:
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=3, unique_by=lambda key: key[:4]))
    lines = [f"name = '{name}'\n", f'url = "https://{name}.example/"  # 注\n', *keys]
    indent = draw(st.sampled_from(["", "  ", "\t"]))
    tail = draw(st.sampled_from(TAILS))
    if any("headers" in key for key in keys):
        tail = tail.replace("[sources.headers]\nX-A = '1'\n", "")
    return f"[[sources]]\n{indent}{indent.join(draw(st.permutations(lines)))}{tail}"


@st.composite
def configuration(draw: st.DrawFn) -> str:
    names = draw(st.permutations(NAMES))
    blocks = [draw(block(name)) for name in names]
    listed = draw(
        st.sampled_from(["['one', 'two', 'three']", "[\n 'three', # 3\n 'one',\n 'two'\n]"])
    )
    blocks += [f"[[feeds]]\nname = 'all'\nsources = {listed} # 全\n"]
    head = draw(st.sampled_from(["", "# 配置\n\n", "# touches\n", "\n[log]\nlevel = 'info'\n"]))
    text = head + "".join(draw(st.permutations(blocks)))
    text = draw(st.sampled_from(["{}", "\ufeff{}"])).format(text)
    return draw(st.sampled_from([text, text.rstrip("\n"), text.replace("\n", "\r\n")]))


def edits(text: str) -> SourceEdits:
    return SourceEdits({FILE: text})


def result(done: SourceEdits) -> str:
    return done.texts[FILE]


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that went and those that came; their order is all else that there is."""
    gone, come = [], []
    for line in difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)):
        if line.startswith("- "):
            gone.append(line[2:])
        elif line.startswith("+ "):
            come.append(line[2:])
    return gone, come


def kept_in_order(before: str, after: str) -> bool:
    """Tell whether `after` is `before` with some characters taken out."""
    rest = iter(before)
    return all(char in rest for char in after)


@settings(deadline=None)
@given(configuration(), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
def test_what_is_removed_goes_whole_and_alone(text: str, names: list[str]) -> None:
    before = parse(text, FILE)
    done = edits(text)
    assert done.remove(names) == ["all"]
    after = result(done)
    config = parse(after, FILE)
    assert config.sources == tuple(one for one in before.sources if one.name not in names)
    assert config.feeds[0].sources == tuple(
        one for one in before.feeds[0].sources or () if one not in names
    )
    assert kept_in_order(text, after)
    for comment in ("# apart", "# 配置", "[log]", "# 全"):
        assert after.count(comment) == text.count(comment)
    for name in {*NAMES} - {*names}:
        assert f'url = "https://{name}.example/"  # 注' in after


@settings(deadline=None)
@given(configuration(), st.lists(st.sampled_from(NAMES), min_size=1, unique=True), st.booleans())
def test_a_switch_changes_one_line_of_each_source(
    text: str, names: list[str], enabled: bool
) -> None:
    before = parse(text, FILE)
    done = edits(text)
    done.switch(names, enabled=enabled)
    config = parse(result(done), FILE)
    assert {one.name: one.enabled for one in config.sources} == {
        one.name: enabled if one.name in names else one.enabled for one in before.sources
    }
    gone, come = changed_lines(text, result(done))
    # A file's last line gets the line break that was missing.
    assert all("enabled" in line or line == text.splitlines(keepends=True)[-1] for line in gone)
    assert len(come) <= len(names) + 1
    back = edits(result(done))
    for one in before.sources:
        back.switch([one.name], enabled=one.enabled)
    assert parse(result(back), FILE).sources == before.sources


@settings(deadline=None)
@given(configuration(), st.lists(st.sampled_from(NAMES), min_size=1, unique=True), st.booleans())
def test_what_is_paused_and_resumed_is_as_it_was(
    text: str, names: list[str], enabled: bool
) -> None:
    before = parse(text, FILE)
    others = [one.name for one in before.sources if one.name in names and one.enabled != enabled]
    there = edits(text)
    there.switch(others, enabled=enabled)
    back = edits(result(there))
    back.switch(others, enabled=not enabled)
    assert parse(result(back), FILE).sources == before.sources
    if not any("enabled" in line for line in text.splitlines()):
        assert result(back) == text
    same = edits(text)
    same.switch(others, enabled=not enabled)
    assert result(same) == text


@pytest.mark.parametrize(
    ("before", "paused", "resumed"),
    [
        ("{0}{1}", "{0}{1}\nenabled = false", "{0}{1}"),
        ("{0}{1}  # 注\r\n", "{0}{1}  # 注\r\nenabled = false\r\n", "{0}{1}  # 注\r\n"),
        (
            "{0}  {1}\n\n# apart\n[log]\n",
            "{0}  {1}\n  enabled = false\n\n# apart\n[log]\n",
            "{0}  {1}\n\n# apart\n[log]\n",
        ),
        (
            "{0}enabled = true  # mine\n{1}\n",
            "{0}enabled = false  # mine\n{1}\n",
            "{0}enabled = true  # mine\n{1}\n",
        ),
        ("{0}{1}\nenabled=true\n", "{0}{1}\nenabled=false\n", "{0}{1}\nenabled=true\n"),
        (
            "[defaults]\nenabled = false\n{0}{1}\nenabled = true\n",
            "[defaults]\nenabled = false\n{0}{1}\n",
            "[defaults]\nenabled = false\n{0}{1}\nenabled = true\n",
        ),
        (
            "sources = [{{ {1}, url = 'https://a.example/' }}]\n",
            "sources = [{{ {1}, url = 'https://a.example/', enabled = false }}]\n",
            "sources = [{{ {1}, url = 'https://a.example/' }}]\n",
        ),
    ],
)
def test_the_line_of_a_pause_goes_with_it(before: str, paused: str, resumed: str) -> None:
    parts = "[[sources]]\nurl = 'https://a.example/'\n", "name = 'a'"
    there = edits(before.format(*parts))
    there.switch(["a"], enabled=False)
    assert result(there) == paused.format(*parts)
    back = edits(result(there))
    back.switch(["a"], enabled=True)
    assert result(back) == resumed.format(*parts)


@settings(deadline=None)
@given(configuration(), st.sampled_from(NAMES))
def test_a_new_name_is_told_everywhere(text: str, name: str) -> None:
    done = edits(text)
    assert done.rename(name, "fresh-1") == ["all"]
    assert result(done) == text.replace(f"'{name}'", "'fresh-1'")
    config = parse(result(done), FILE)
    assert "fresh-1" in (config.feeds[0].sources or ())


@settings(deadline=None)
@given(
    configuration(),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.lists(st.sampled_from(["a", "b", 'c"\\', "科技"]), unique=True),
    st.lists(st.sampled_from(["a", "b", "z"]), unique=True),
    st.sampled_from(["", "\n[defaults]\ntags = ['a', 'd']\n"]),
)
def test_tags_come_and_go_in_their_own_lists(
    text: str, names: list[str], added: list[str], removed: list[str], defaults: str
) -> None:
    if "\r\n" in text or not text.endswith("\n"):
        defaults = ""
    text += defaults
    before = {one.name: one.tags for one in parse(text, FILE).sources}
    done = edits(text)
    done.remove_tags(names, removed)
    first = result(done)
    assert {one.name: one.tags for one in parse(first, FILE).sources} == {
        name: tuple(one for one in tags if one not in removed) if name in names else tags
        for name, tags in before.items()
    }
    done = edits(first)
    done.add_tags(names, added)
    middle = {one.name: one.tags for one in parse(first, FILE).sources}
    assert {one.name: one.tags for one in parse(result(done), FILE).sources} == {
        name: tuple(dict.fromkeys((*tags, *added))) if name in names else tags
        for name, tags in middle.items()
    }
    gone, _ = changed_lines(text, result(done))
    assert all("url = " not in line or line == text.splitlines(keepends=True)[-1] for line in gone)


@settings(deadline=None)
@given(configuration())
@example(EXAMPLE)
@example("# c\n")
def test_what_is_appended_and_removed_again_leaves_nothing(text: str) -> None:
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.rstrip() + newline
    more = append(text, [Block("new", "https://new.example/", tags=("x",), remark="added")])
    done = edits(more)
    done.remove(["new"])
    assert result(done) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # Comments that touch the block go with it; those of the next stay.
        (
            "# top\n\n# of a\n{a}# still a\n\n# apart\n\n# of b\n{b}",
            "# top\n\n# apart\n\n# of b\n{b}",
        ),
        # The top of the file is the file's, touching or not.
        ("# top\n{a}\n{b}", "# top\n{b}"),
        # What touches both is the next one's.
        ("{a}# of b\n{b}", "# of b\n{b}"),
        ("{b}\n\n{a}", "{b}\n"),
        ("{b}\n{a}\n\n", "{b}"),
        ("{a}[sources.headers]\nA = '1'\n\n{b}", "{b}"),
        ("{a}\n{b}\n[log]\n", "{b}\n[log]\n"),
        ('x = """\n# in a text"""\n{a}{b}', 'x = """\n# in a text"""\n{b}'),
    ],
)
def test_what_belongs_to_a_block(text: str, left: str) -> None:
    blocks = {
        name: f"[[sources]]\nname = '{name}'\nurl = 'https://{name}.example/'\n" for name in "ab"
    }
    done = edits(text.format(**blocks))
    done.remove(["a"])
    assert result(done) == left.format(**blocks)


def test_sources_in_brackets_are_edited_too() -> None:
    text = (
        "sources = [\n"
        "  { name = 'a', url = 'https://a.example/' }, # first\n"
        "  { name = 'b', url = 'https://b.example/', tags = ['x'] },\n"
        "  { name = 'c', url = 'https://c.example/' }\n"
        "]\n"
    )
    done = edits(text)
    done.remove(["a", "c"])
    assert (
        result(done)
        == "sources = [\n  { name = 'b', url = 'https://b.example/', tags = ['x'] },\n]\n"
    )
    done = edits(text)
    done.switch(["a"], enabled=False)
    done.add_tags(["b", "c"], ["y"])
    assert result(done) == (
        text.replace("a.example/' }", "a.example/', enabled = false }")
        .replace("['x']", "['x', \"y\"]")
        .replace("c.example/' }", 'c.example/\', tags = ["y"] }')
    )
    done = edits(
        "sources = [{name='a',url='https://a.example/'},{name='b',url='https://b.example/'}]"
    )
    done.remove(["b"])
    assert result(done) == "sources = [{name='a',url='https://a.example/'}]"
    done.remove(["a"])
    assert parse(result(done), FILE).sources == ()


def test_a_name_that_no_source_has_is_told_with_the_nearest() -> None:
    with pytest.raises(AggregatorError) as caught:
        edits(EXAMPLE).remove(["ithom", "sspai", "x-y-z"])
    assert str(caught.value) == (
        "no source is named ithom; did you mean ithome?\nno source is named x-y-z"
    )
    with pytest.raises(AggregatorError, match="there is a source named sspai already"):
        edits(EXAMPLE).rename("ithome", "sspai")


def test_what_others_need_is_not_removed() -> None:
    text = (
        "[[sources]]\nname = 'a'\nurl = 'https://a.example/'\n"
        "[[feeds]]\nname = 'all'\n[[feeds]]\nname = 'mine'\nsources = ['a']\n"
    )
    with pytest.raises(AggregatorError, match="feed mine would be left without sources"):
        edits(text).remove(["a"])
    text = text.replace("sources = ['a']", "tags = ['x']")
    text += "[[exports]]\nkind = 'hexo'\ndirectory = 'posts'\nfeed = 'sources/a'\n"
    with pytest.raises(AggregatorError, match="the export to posts is of source a"):
        edits(text).remove(["a"])
    done = edits(text)
    done.rename("a", "b")
    assert parse(result(done), FILE).exports[0].feed == "sources/b"


def test_preferences_follow() -> None:
    text = (
        "[[sources]]\nname = 'a'\nurl = 'https://a.example/'\n"
        "[[sources]]\nname = 'b'\nurl = 'https://b.example/'\n"
        "[[feeds]]\nname = 'all'\ndedupe = 'story'\nprefer = ['b', 'a']\n"
    )
    done = edits(text)
    done.rename("a", "c")
    assert parse(result(done), FILE).feeds[0].prefer.sources == ("b", "c")
    done = edits(text)
    done.remove(["a"])
    assert result(done).endswith("prefer = ['b']\n")
    done = edits(text)
    assert done.remove(["a", "b"]) == ["all"]
    assert result(done).endswith('prefer = "first"\n')


def test_the_file_in_which_a_block_stands_is_edited(tmp_path: Path) -> None:
    own = tmp_path / "config.toml"
    other = tmp_path / "d" / "more.toml"
    other.parent.mkdir()
    other.write_bytes(b"\xef\xbb\xbf[[sources]]\r\nname = 'a'\r\nurl = 'https://a.example/'\r\n")
    other.chmod(0o640)
    own.write_text("include = ['d/*.toml']\n[[feeds]]\nname = 'all'\nsources = ['a']\n")

    def rename(texts: dict[Path, str]) -> dict[Path, str]:
        found = SourceEdits(texts)
        (place,) = found.places(["a"])
        assert (place.file, place.first, place.last) == (other, 1, 3)
        found.rename("a", "b")
        found.switch(["a"], enabled=False)
        return found.texts

    made = edit_all(own, lambda texts, _: rename(dict(texts)))
    assert [(one.name, one.enabled) for one in made.sources] == [("b", False)]
    assert made.sources == load(own).sources
    assert other.read_bytes() == (
        b"\xef\xbb\xbf[[sources]]\r\nname = 'b'\r\nurl = 'https://a.example/'\r\n"
        b"enabled = false\r\n"
    )
    assert other.stat().st_mode & 0o7777 == 0o640
    assert "sources = ['b']" in own.read_text()
