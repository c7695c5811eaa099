"""Names of posts: what every file system and every site generator takes as it is."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.outputs.posts import choose_path, path_key
from aggregator.outputs.posts.post_paths import folders, safe_name

TITLES = st.one_of(
    st.text(),
    st.text(alphabet="./\\ %#_~-:\0\u202e\ud800e\u0301", max_size=12),
    st.sampled_from(
        ["con", "COM¹.txt", "..", "/etc/passwd", "index", "标题" * 200, "e\u0301" * 300]
    ),
)


def path_of(
    title: str, *categories: str, story_id: str = "id", taken: frozenset[str] = frozenset()
) -> str:
    return choose_path(
        categories,
        title,
        story_id,
        dated_at=None,
        is_free=lambda path: path_key(path, "hexo") not in taken,
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("占比 77.26%", "占比 77.26%.md"),
        ("小米造车，五菱", "小米造车，五菱.md"),
        ("a/b\\c", "a／b＼c.md"),
        ('AC/DC: "x" <y> *|?', "AC／DC： ＂x＂ ＜y＞ ＊｜？.md"),
        ("C# 12", "C＃ 12.md"),
        ("../../etc/passwd", "．.／..／etc／passwd.md"),
        (".NET 10", "．NET 10.md"),
        ("_draft", "＿draft.md"),
        ("--help", "－-help.md"),
        ("~", "～.md"),
        ("con", "＿con.md"),
        ("Nul.txt", "＿Nul.txt.md"),
        ("LPT¹", "＿LPT¹.md"),
        ("console", "console.md"),
        ("index", "＿index.md"),
        ("  a \n\t b\u3000c  ", "a b c.md"),
        ("a\0b\x1bc\u202ed\ud800e", "abcde.md"),
        ("e\u0301", "\u00e9.md"),
        ("Wait...", "Wait....md"),
        ("👩‍🚀", "👩🚀.md"),
    ],
)
def test_a_title_becomes_a_name_that_can_still_be_read(title: str, name: str) -> None:
    assert path_of(title) == name


@pytest.mark.parametrize("title", ["", " ", "\0", "\u200b"])
def test_a_story_without_a_title_is_named_by_its_id(title: str) -> None:
    assert path_of(title) == "a5614527.md"
    assert path_of(title, story_id="other") != path_of(title)


def test_a_long_name_ends_at_a_whole_character_within_what_file_systems_hold() -> None:
    name = path_of("汉" * 300)
    assert name == "汉" * 84 + ".md"
    assert len(path_of("a" + "汉" * 300).encode()) <= 255
    taken = frozenset({path_key(name, "hexo")})
    assert len(path_of("汉" * 300, taken=taken).encode()) <= 255


def test_the_second_of_one_name_is_told_apart_by_its_id() -> None:
    first = path_of("Title", "a")
    second = path_of("Title", "a", taken=frozenset({path_key(first, "hexo")}))
    assert (first, second) == ("a/Title.md", "a/Title-a5614527.md")
    third = path_of(
        "Title", "a", taken=frozenset({path_key(first, "hexo"), path_key(second, "hexo")})
    )
    assert third.startswith("a/Title-a5614527")
    assert len(third) > len(second)


@pytest.mark.parametrize(
    ("one", "other"),
    [("TITLE", "title"), ("Straße", "STRASSE"), ("e\u0301", "\u00e9"), ("5%", "5％")],
)
def test_names_that_some_file_system_takes_for_one_are_told_apart(one: str, other: str) -> None:
    taken = frozenset({path_key(path_of(one), "hexo")})
    assert path_of(other, taken=taken) != path_of(other)


def test_pages_that_would_meet_in_hugo_are_told_apart() -> None:
    keys = [path_key(path_of(title, "a"), "hugo") for title in ("C!", "C?", "c", "b", "c d")]
    assert len(set(keys)) == 3
    assert path_key("a/b.md", "hugo") != path_key("a-b.md", "hugo")


def test_however_many_names_are_taken_one_is_found() -> None:
    taken: set[str] = set()
    for _ in range(20):
        path = path_of("t", taken=frozenset(taken))
        assert path_key(path, "hexo") not in taken
        assert len(path.encode()) <= 255
        taken.add(path_key(path, "hexo"))


def test_posts_of_jekyll_begin_with_their_day() -> None:
    at = datetime(2026, 1, 2, 23, 59, tzinfo=UTC)
    assert choose_path((), "t", "id", dated_at=at, is_free=lambda _: True) == "2026-01-02-t.md"


def test_categories_are_folders_whatever_their_number() -> None:
    assert folders(()) == ()
    assert folders(("新媒体", "IT 之家", "热榜")) == ("新媒体", "IT 之家", "热榜")
    assert folders(("..", "a/b", "", "\0", "End.", "x~")) == ("．．", "a／b", "End．", "x～")


@given(st.lists(TITLES, max_size=4), TITLES)
def test_no_title_and_no_category_leads_out_of_the_directory(
    categories: list[str], title: str
) -> None:
    parts = path_of(title, *categories).split("/")
    assert len(parts) <= len(categories) + 1
    for part in parts:
        assert part not in {"", ".", ".."}
        assert part[0] not in "._#~-"
        assert not set(part) & set('/\\:*?"<>|#\0')
        assert not [one for one in part if unicodedata.category(one) in {"Cc", "Cf", "Cs"}]
        assert len(part.encode()) <= 255
        assert unicodedata.normalize("NFC", part) == part
    assert parts[-1].endswith(".md")


@given(TITLES)
@example("0 \x08 0")
def test_a_safe_name_is_safe_already(title: str) -> None:
    once = safe_name(title)
    assert safe_name(once) == once
