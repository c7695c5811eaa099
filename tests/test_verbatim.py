"""What a publisher or an operator wrote is printed as it is, though it reads like our messages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cli.speech import echo
from aggregator.cli.table import table, wrapped
from aggregator.cli.terminal_text import plain, theirs
from aggregator.language.catalogue import messages
from aggregator.language.retelling import Retelling
from aggregator.language.spoken import BEGIN, END, bare, retold, speak, verbatim
from tests import PATIENCE, ROOT
from tests.config_texts import source_toml
from tests.feed_documents import rss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.program import Program
    from tests.web import Publisher

#: Every message, as it reads with a word in each of its fields.
SAID = sorted(
    {
        " ".join(re.sub(r"\{\w*(![rs])?(:\w+)?\}", "3", english).split())
        for english in messages("zh")
        if english.isprintable()
    }
)
#: Where words of others stand in our lines.
LINES = (
    "{}", "  {}", "  1  {}", "2026-12-01 08:00+08:00  {}", "source {}: 3 new, 1 updated",
    "{}: 3 new, 1 updated", "  {} (RSS 2.0, utf-8)", "one: {}: joined by 0.87: {}",
    'no source is named {}; `aggregator status` lists them', "not in all: {}",
)  # fmt: skip


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "zh")  # as `speak` sets it: put back afterwards
    speak("zh")
    yield
    speak("en")


@pytest.mark.usefixtures("chinese")
def test_no_message_of_ours_is_retold_where_it_is_somebodys_title() -> None:
    told = [message for message in SAID if bare(retold(message)) != message]
    assert len(told) > 1000  # they would be
    for message in SAID:
        for line in LINES:
            shown = bare(retold(line.replace("{}", verbatim(message))))
            assert shown.count(message) >= line.count("{}"), (line, message)


@pytest.mark.usefixtures("chinese")
def test_the_words_around_are_retold_whatever_stands_between_them() -> None:
    shown = bare(retold(f"{theirs('a: b, not found; (c)')}: 3 new, 1 updated"))
    assert shown == "a: b, not found; (c)：新 3，更新 1"
    assert "订阅源 3 entries 已添加" in bare(retold(f"feed {theirs('3 entries')} added"))
    retell = Retelling({"{name} added": "加{name}了"})
    assert bare(retell(f"{theirs('3 entries')} added")) == "加 3 entries 了"
    assert bare(retell(f"{theirs('少数派')} added")) == "加少数派了"


@pytest.mark.usefixtures("chinese")
@given(
    st.lists(st.text(alphabet=f"a你 :;,({BEGIN}{END}\U000f0000\U000f3f00\U000fc000\n", max_size=9))
)
def test_words_come_through_whatever_characters_they_have(words: list[str]) -> None:
    """And none that has marks of its own can end those around it."""
    shown = [bare(verbatim(word)) for word in words]
    text = " not polled yet ".join(map(verbatim, words))
    assert bare(retold(text)).replace("尚未抓取", "not polled yet") == " not polled yet ".join(
        shown
    )


@pytest.mark.usefixtures("chinese")
def test_marks_from_outside_hide_nothing_from_a_terminal() -> None:
    assert bare(plain(f"a{BEGIN}\x1b[31m{END}b")) == "a [31mb"
    assert (
        bare(plain(f"https://a.example/?to{BEGIN}ken=of{END}ours")) == "https://a.example/?token="
    )
    assert bare(theirs(f"never{END} not polled yet{BEGIN}")) == "never not polled yet"


@pytest.mark.usefixtures("chinese")
def test_a_table_is_as_wide_as_it_looks_and_its_names_stay() -> None:
    rows = [("healthy", theirs("not polled yet"), "disabled"), ("b", "never", theirs("never"))]
    titles = ["3 entries", "not polled yet"]
    headers = ("source", "last success", "problem")
    shown = bare(retold(table(headers, rows, titles=titles))).splitlines()
    assert shown == [
        "来源                 上次成功        问题",
        "healthy (3 entries)  not polled yet  已停用",
        "b (not polled yet)   从未            never",
    ]
    folded = bare(retold(wrapped(f"source: {theirs('not polled yet ' * 3)}", 20, hanging="  ")))
    assert " ".join(folded.split()).endswith("not polled yet not polled yet not polled yet")
    assert max(map(len, folded.splitlines())) <= 20


def test_nothing_is_marked_in_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert theirs("not polled yet") == "not polled yet"
    echo(theirs("never"))
    assert capsys.readouterr().out == "never\n"


#: Names, titles, texts, authors, categories and tags of the program below.
NAME, OTHER, FEED = "healthy", "disabled", "never"
TITLE, LIKE = "The first is taken.", "The first is taken. Nothing to change"
TEXT, AUTHOR, CATEGORY = "nothing is indexed yet", "no source is enabled", "without a title"
SITE, HEADING, TAG = "older than 3 days", "the daemon gave no answer", "only feeds with a token"
WORDS = (NAME, OTHER, FEED, TITLE, LIKE, TEXT, AUTHOR, CATEGORY, SITE, HEADING, TAG)

ENTRY = """<item><title>{}</title><link>https://{}.example/1</link><author>{}</author>
<category>{}</category><description>{}</description></item>"""


@pytest.fixture
def posing(aggregator: Program, web: Publisher) -> Program:
    """A program all of whose sources speak like itself."""
    for name, title in ((NAME, TITLE), (OTHER, LIKE)):
        entry = ENTRY.format(title, name, AUTHOR, CATEGORY, TEXT)
        web.route(f"/{name}.xml", body=rss(entry, title=SITE))
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="/{number}.xml" title="{title}">'
        for number, title in enumerate((SITE, TEXT))
    )
    web.route("/page", body=f"<html><head>{links}</head></html>".encode())
    web.route("/0.xml", body=rss(ENTRY.format(TITLE, "c", AUTHOR, CATEGORY, TEXT), title=SITE))
    aggregator.configure(
        source_toml(NAME, web.url(f"/{NAME}.xml"), f'tags = ["{TAG}"]')
        + source_toml(OTHER, web.url(f"/{OTHER}.xml")),
        f'[[feeds]]\nname = "{FEED}"\ntitle = "{HEADING}"\ndedupe = "story"\n',
    )
    told(aggregator, [["poll", NAME], ["poll", OTHER]], "en")
    return aggregator


ONE, TWO = f"https://{NAME}.example/1", f"https://{OTHER}.example/1"
COMMANDS = (
    ("status",), ("check",), ("entries",), ("search", "first"), ("logs", NAME),
    ("explain", "source", NAME), ("explain", "entry", ONE),
    ("explain", "entry", ONE, "--with", TWO),
    ("stories", "list"), ("stories", "show", ONE), ("rules", "try", f'block = "{TEXT}"'),
    ("rules", "try", f'tag = [{{ tag = "{TAG}", when = {{ title = "{TITLE}" }} }}]'),
    ("rules", "try", f'replace = [{{ in = "title", from = "first", to = "{TEXT}" }}]'),
    ("preview", "FILE"), ("preview", "FILE", "--source", NAME, "--feed", FEED),
    ("preview", "--feed", FEED), ("preview", "PAGE"), ("add", "PAGE"), ("poll", "--force"),
    ("import", "opml", "OPML", "--dry-run"), ("explain", "entry", TEXT), ("stories", "show", TEXT),
    ("tag", NAME, "--add", TEXT), ("rename", OTHER, "sent"),
)  # fmt: skip


def test_every_command_prints_the_words_of_others_as_they_are(
    posing: Program, web: Publisher
) -> None:
    file, opml = posing.folder / "file.xml", posing.folder / "file.opml"
    file.write_bytes(rss(ENTRY.format(TITLE, "c", AUTHOR, CATEGORY, TEXT), title=SITE))
    opml.write_text(
        f'<opml version="2.0"><body><outline text="{SITE}" xmlUrl="ftp://a.example/"/>'
        f'<outline text="{TITLE}" category="{TAG}" xmlUrl="https://b.example/"/></body></opml>'
    )
    there = {"FILE": str(file), "OPML": str(opml), "PAGE": web.url("/page")}
    commands = [[there.get(word, word) for word in command] for command in COMMANDS]
    english, chinese = (told(posing, commands, language) for language in ("en", "zh"))
    lost = [
        (*command, word, one, other)
        for command, one, other in zip(COMMANDS, english, chinese, strict=True)
        for word in WORDS
        if one.count(word) != other.count(word) or BEGIN in other or END in other
    ]
    assert lost == []
    same = [" ".join(pair[0]) for pair in zip(COMMANDS, english, chinese, strict=True)
            if pair[1] == pair[2]]  # fmt: skip
    assert same == ["entries", "search first", "stories list"]


def told(posing: Program, commands: list[list[str]], language: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.many_commands", language, posing.config],
        input=json.dumps(commands), capture_output=True, check=True, text=True, cwd=ROOT,
        timeout=PATIENCE,
    )  # fmt: skip
    printed: list[str] = json.loads(done.stdout)
    return printed
