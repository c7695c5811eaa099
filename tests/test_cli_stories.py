"""`aggregator stories` and `explain entry`: what several report, told by the program itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.config_texts import source_toml

if TYPE_CHECKING:
    from tests.program import Program
    from tests.web import Publisher

CANARY = "CANARY-of-the-source"
ONE = "Nvidia announces RTX 5090 graphics card at 1,999 dollars"
TWO = "RTX 5090 graphics card announced by Nvidia at 1,999 dollars"
OTHER = "Parliament votes on the new railway budget tonight"


def document(name: str, *titles: str) -> bytes:
    items = "".join(
        f"<item><title>{title}</title><link>https://{name}.example/{number}</link></item>"
        for number, title in enumerate(titles)
    )
    return (
        f'<rss version="2.0"><channel><title>{name}</title><link>https://{name}.example/</link>'
        f"<description>d</description>{items}</channel></rss>"
    ).encode()


@pytest.fixture
def aggregator(aggregator: Program, web: Publisher) -> Program:
    web.route("/one", body=document("one", ONE, OTHER))
    web.route("/two", body=document("two", TWO))
    aggregator.configure(
        source_toml("one", web.url("/one")) + source_toml("two", web.url("/two")),
        '[[feeds]]\nname = "all"\ndedupe = "story"\n',
    )
    assert aggregator.run("poll", "one").returncode == 0
    assert aggregator.run("poll", "two").returncode == 0
    return aggregator


def told(aggregator: Program, *words: str) -> str:
    done = aggregator.run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_stories_are_listed_shown_split_merged_and_locked(aggregator: Program) -> None:
    assert told(aggregator, "stories", "list").splitlines()[0].startswith("2  ")
    (story,) = json.loads(told(aggregator, "stories", "show", "https://two.example/0", "--json"))
    assert [one["source"] for one in story["entries"]] == ["one", "two"]
    assert story["entries"][1]["because"]["shared"]
    assert "joined by" in told(aggregator, "stories", "show", "https://one.example/0")
    told(aggregator, "stories", "split", "https://two.example/0")
    assert "No story" in told(aggregator, "stories", "list")
    assert aggregator.run("stories", "split", "https://two.example/0").returncode == 1
    told(aggregator, "stories", "merge", "https://two.example/0", "https://one.example/1")
    told(aggregator, "stories", "lock", "https://one.example/1")
    (story,) = json.loads(told(aggregator, "stories", "show", "https://two.example/0", "--json"))
    assert story["locked"]
    again = aggregator.run("stories", "lock", "https://one.example/1")
    assert (again.returncode, "locked already" in again.stderr) == (1, True)
    told(aggregator, "stories", "lock", "--off", "https://one.example/1")
    assert aggregator.run("stories", "lock", "--off", "https://one.example/1").returncode == 1
    assert [one["title"] for one in story["entries"]] == [OTHER, TWO]
    assert aggregator.run("stories", "show", "https://nowhere.example/").returncode == 1


FAR = "Northlake bridge collapses after storm"
NEAR = ("Northlake mayor elected today", "Mayor of Northlake elected today")


@pytest.fixture
def parted(aggregator: Program, web: Publisher) -> Program:
    """Return a program that knows three reports, of which a strict feed takes two for one."""
    names = ("far", "near", "nearer")
    for name, title in zip(names, (FAR, *NEAR), strict=True):
        web.route(f"/{name}", body=document(name, title))
    aggregator.configure(
        "".join(source_toml(name, web.url(f"/{name}")) for name in names),
        '[[feeds]]\nname = "all"\ndedupe = "story"\ndedupe_strictness = "strict"\n',
    )
    for name in names:
        assert aggregator.run("poll", name).returncode == 0
    return aggregator


def test_what_is_shown_of_a_story_is_what_feeds_make_of_it(parted: Program) -> None:
    text = told(parted, "stories", "show", "https://far.example/0")
    first, *others = text.splitlines()
    assert first.startswith("story: ")
    assert [one[2] for one in others] == ["1", "2", " ", " ", "3", " ", " ", "w", "w"]
    assert "    like 2 (0." in text
    assert '  with dedupe_strictness = "strict": 1 | 2 3' in text
    assert 'dedupe_strictness = "wide"' not in text
    (story,) = json.loads(told(parted, "stories", "show", "https://far.example/0", "--json"))
    ids = [one["id"] for one in story["entries"]]
    assert story["parts"]["wide"] == [ids]
    assert story["parts"]["strict"] == [ids[:1], ids[1:]]
    assert [one["like"][:1] != [] for one in story["entries"]] == [False, True, True]
    assert story["entries"][2]["like"][0]["id"] == ids[1]


def test_what_a_preview_and_an_explanation_tell_is_what_feeds_make_of_it(parted: Program) -> None:
    text = told(parted, "preview", "--feed", "all")
    assert "2 would be told as 1 story" in text
    assert FAR not in text
    text = told(parted, "explain", "entry", "https://nearer.example/0")
    assert f"named below the entry that tells its story: {NEAR[0]}" in text
    pair = ("https://nearer.example/0", "--with")
    text = told(parted, "explain", "entry", *pair, "https://near.example/0")
    assert "\none story\n" in text
    text = told(parted, "explain", "entry", *pair, "https://far.example/0")
    assert 'one story with dedupe_strictness = "wide", two with a stricter one' in text
    way = text.split("by way of others:\n")[1].splitlines()
    assert [one.strip().partition(", alike by")[0] for one in way[:2]] == [NEAR[0], FAR]


def test_what_the_operator_says_holds_at_once_in_a_running_daemon(aggregator: Program) -> None:
    aggregator.start()
    assert len(aggregator.items()) == 2
    told(aggregator, "stories", "split", "https://two.example/0")
    assert len(aggregator.items()) == 3


def test_an_entry_is_explained_with_who_tells_the_same(aggregator: Program) -> None:
    text = told(aggregator, "explain", "entry", "https://two.example/0")
    assert "told together by likeness" in text
    assert f"named below the entry that tells its story: {ONE}" in text
    pair = ("https://two.example/0", "--with")
    text = told(aggregator, "explain", "entry", *pair, "https://one.example/0")
    assert "one story" in text
    assert "enough for wide" in text
    text = told(aggregator, "explain", "entry", *pair, "https://one.example/1")
    assert "two stories" in text
    assert "too little for any feed" in text
    told(aggregator, "stories", "split", "https://two.example/0")
    told(aggregator, "stories", "lock", "https://one.example/0")
    text = told(aggregator, "explain", "entry", *pair, "https://one.example/0")
    assert f"  {TWO}: split" in text
    assert f"  {ONE}: its story is locked" in text


def test_what_a_feed_would_tell_together_is_previewed(aggregator: Program) -> None:
    def shown() -> None:
        before = told(aggregator, "stories", "list")
        text = told(aggregator, "preview", "--feed", "all")
        assert text.startswith(
            "3 entries of the last seven days compared: 2 would be told as 1 story"
        )
        assert "joined by" in text
        assert ONE in text
        assert TWO in text
        assert OTHER not in text
        assert told(aggregator, "stories", "list") == before

    shown()
    # Where no feed asks for stories nothing is compared yet.
    for database in aggregator.config.parent.glob("aggregator.db*"):
        database.unlink()
    config = aggregator.config.read_text(encoding="utf-8").replace('dedupe = "story"', "")
    aggregator.config.write_text(config, encoding="utf-8")
    assert aggregator.run("poll").returncode == 0
    assert "No story" in told(aggregator, "stories", "list")
    shown()
    assert aggregator.run("preview", "--feed", "nowhere").returncode == 2
    assert aggregator.run("preview").returncode == 2


PLACES = ("Avalon", "Brighton", "Calais", "Dundee", "Exeter", "Falmouth")


@pytest.fixture
def corrected(aggregator: Program, web: Publisher) -> Program:
    """Return a program that was told of six pairs that they are one, of six that they are not."""
    bridges = [f"{place} bridge opens to traffic after repairs" for place in PLACES]
    same = [f"Repairs over: {place} bridge open for traffic again" for place in PLACES]
    other = [f"{place} museum burns down in the night" for place in PLACES]
    web.route("/one", body=document("three", *bridges))
    web.route("/two", body=document("four", *same, *other))
    aggregator.configure(
        source_toml("three", web.url("/one")) + source_toml("four", web.url("/two")),
        '[[feeds]]\nname = "all"\n',
    )
    for name in ("three", "four"):
        assert aggregator.run("poll", name).returncode == 0
    for number in range(len(PLACES)):
        first, second = f"https://three.example/{number}", f"https://four.example/{number}"
        third = f"https://four.example/{number + len(PLACES)}"
        told(aggregator, "stories", "merge", first, third)
        told(aggregator, "stories", "split", third)
        told(aggregator, "stories", "merge", first, second)
    return aggregator


def test_few_corrections_are_too_few_to_tune(aggregator: Program) -> None:
    told(aggregator, "stories", "split", "https://two.example/0")
    done = aggregator.run("stories", "tune", "--write")
    assert done.returncode == 1
    assert "too few pairs: 5 merged and 5 split ones of one kind are needed" in done.stderr
    assert "Chinese or Japanese titles: 0 merged, 0 split; others: 0 merged, 1 split" in done.stderr


def test_what_was_said_by_hand_is_told(aggregator: Program) -> None:
    first, second = "https://one.example/0", "https://two.example/0"
    told(aggregator, "stories", "split", second)
    assert "told by itself: split by hand" in told(aggregator, "explain", "entry", second)
    assert "split by hand" in told(aggregator, "explain", "entry", first, "--with", second)
    told(aggregator, "stories", "merge", second, first)
    assert "merged by hand" in told(aggregator, "stories", "show", first)
    assert "merged by hand" in told(aggregator, "explain", "entry", second, "--with", first)


def test_digests_and_entries_of_one_source_are_not_merged(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/digests", body=document("digests", "8点早报丨大桥通车；新手机发布；股市上涨"))
    config = aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text(
        config + source_toml("digests", web.url("/digests")), encoding="utf-8"
    )
    assert aggregator.run("poll", "digests").returncode == 0
    for first, second, why in (
        ("https://one.example/0", "https://digests.example/0", "a digest of several stories"),
        ("https://one.example/0", "https://one.example/1", "both are of one source"),
    ):
        done = aggregator.run("stories", "merge", first, second)
        assert done.returncode == 1
        assert why in done.stderr
        assert "Traceback" not in done.stderr
    pair = ("https://one.example/0", "--with", "https://digests.example/0")
    text = told(aggregator, "explain", "entry", *pair)
    assert "never by their likeness: a digest of several stories is told by itself" in text
    assert "alike by" not in text


def test_weights_are_fitted_to_corrections_and_taken_back(corrected: Program) -> None:
    def score() -> str:
        pair = ("https://three.example/0", "--with", "https://four.example/0")
        return told(corrected, "explain", "entry", *pair)

    shipped = score()
    text = told(corrected, "stories", "tune")
    assert "others: 6 merged, 6 split" in text
    assert "nothing is written" in text
    assert score() == shipped
    told(corrected, "stories", "tune", "--write")
    assert score() != shipped
    told(corrected, "stories", "tune", "--shipped")
    assert score() == shipped
    assert corrected.run("stories", "tune", "--shipped", "--write").returncode == 2


def test_what_is_secret_is_in_no_list_of_stories(aggregator: Program, web: Publisher) -> None:
    web.route("/two", body=document("two", f"{TWO} for {CANARY}"))
    aggregator.configure(
        source_toml("one", web.url("/one"))
        + source_toml("two", web.url("/two") + f"?key={CANARY}"),
        '[[feeds]]\nname = "all"\ndedupe = "story"\n',
    )
    told(aggregator, "poll", "two", "--force")
    for words in (("list", "--json"), ("list",), ("show", "https://two.example/0", "--json")):
        assert CANARY not in told(aggregator, "stories", *words)
