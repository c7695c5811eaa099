"""Tables on terminals of every width: names whole, nothing wider than the terminal."""

from __future__ import annotations

import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cli.table import table, wrapped

HEADERS = ("source", "last success", "next poll", "entries", "problem")
TIME = "2026-11-22 12:40+08:00"
LONG = (
    "http-status: the server answered 503 Service Unavailable 服务暂时不可用请稍后再试 to "
    "https://feeds.example.org/a/long/path/to/the/feed.xml for the third time"
)
ROWS = (
    ("ithome", TIME, TIME, "1204", ""),
    ("home-assistant", TIME, TIME, "30", LONG),
    ("off", "never", "disabled", "0", "timeout"),
)
TITLES = ("IT之家", "Release notes from core 家庭自动化平台的发行说明与更新日志", "")


def shown(width: int | None) -> str:
    return table(HEADERS, ROWS, titles=TITLES, numbers="entries", width=width)


def widest(text: str) -> int:
    return max(wcwidth.width(line) for line in text.splitlines())


def test_without_a_terminal_every_row_is_one_whole_line() -> None:
    lines = shown(None).splitlines()
    assert len(lines) == 1 + len(ROWS)
    assert f"home-assistant ({TITLES[1]})" in lines[2]
    assert lines[2].endswith(LONG)


def test_a_wide_terminal_has_the_problem_in_a_column_that_is_worth_reading() -> None:
    lines = shown(140).splitlines()
    assert widest(shown(140)) <= 140
    assert lines[0].split() == ["source", "last", "success", "next", "poll", "entries", "problem"]
    at = wcwidth.width(lines[0][: lines[0].index("problem")])
    assert 140 - at >= 40
    assert {wcwidth.width(line) - wcwidth.width(line.lstrip()) for line in lines} == {0, at}
    assert lines[2].startswith("home-assistant (Release notes from co…)  ")


def test_a_common_terminal_has_the_problem_below_its_row_and_titles_shortened() -> None:
    assert shown(80) == (
        "source           last success            next poll                 entries\n"
        f"ithome (IT之家)  {TIME}  {TIME}       1204\n"
        f"home-assistant   {TIME}  {TIME}         30\n"
        "  http-status: the server answered 503 Service Unavailable\n"
        "  服务暂时不可用请稍后再试 to\n"
        "  https://feeds.example.org/a/long/path/to/the/feed.xml for the third time\n"
        "off              never                   disabled                        0\n"
        "  timeout"
    )


def test_a_title_is_shortened_between_its_characters() -> None:
    rows = [("a", TIME, TIME, "1", LONG)]
    text = table(HEADERS, rows, titles=["中文标题很长很长很长很长"], numbers="entries", width=80)
    assert text.splitlines()[1].startswith(f"a (中文标题很长很长…)  {TIME}")


def test_a_narrow_terminal_has_a_line_a_cell() -> None:
    assert shown(60) == (
        "ithome (IT之家)\n"
        f"  last success  {TIME}\n"
        f"  next poll     {TIME}\n"
        "  entries       1204\n"
        "home-assistant (Release notes from core 家庭自动化平台的发…)\n"
        f"  last success  {TIME}\n"
        f"  next poll     {TIME}\n"
        "  entries       30\n"
        "  problem       http-status: the server answered 503 Service\n"
        "                Unavailable 服务暂时不可用请稍后再试 to http\n"
        "                s://feeds.example.org/a/long/path/to/the/fee\n"
        "                d.xml for the third time\n"
        "off\n"
        "  last success  never\n"
        "  next poll     disabled\n"
        "  entries       0\n"
        "  problem       timeout"
    )


WORDS = st.text("ab 中文标题-_/:é…", max_size=60)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[a-z0-9-]{1,30}", fullmatch=True), WORDS, WORDS), min_size=1
    ),
    st.integers(40, 200),
)
def test_nothing_is_wider_than_the_terminal_and_no_name_is_cut(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    cells = [(name, TIME, TIME, "1204", problem) for name, _, problem in rows]
    titles = [title for _, title, _ in rows]
    text = table(HEADERS, cells, titles=titles, numbers="entries", width=width)
    assert widest(text) <= width
    first_words = [line.split(" ")[0] for line in text.splitlines()]
    assert [word for word in first_words if word in {name for name, _, _ in rows}] == [
        name for name, _, _ in rows
    ]


@given(WORDS.map(lambda text: " ".join(text.split())), st.integers(10, 80))
def test_wrapped_text_loses_nothing(text: str, width: int) -> None:
    broken = wrapped(text, width, hanging="  ")
    assert all(wcwidth.width(line) <= width for line in broken.splitlines())
    assert broken.replace("\n", "").replace(" ", "") == text.replace(" ", "")
