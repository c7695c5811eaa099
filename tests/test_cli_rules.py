"""`aggregator rules try`: what rules would do is told, and nothing is done."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.rule_texts import rules_in
from aggregator.model import Condition, Replacement, Rules, Source
from aggregator.model.errors import ConfigError
from aggregator.model.trials import EffectKind
from aggregator.rules import Facts
from aggregator.rules.trials import effects
from tests.config_texts import source_toml

if TYPE_CHECKING:
    from tests.program import Program
    from tests.web import Publisher


def document(name: str, *titles: str) -> bytes:
    items = "".join(
        f"<item><title>{title}</title><link>https://{name}.example/{number}</link>"
        f"<description>&lt;p&gt;A &lt;b&gt;dreary&lt;/b&gt; text.&lt;/p&gt;</description></item>"
        for number, title in enumerate(titles)
    )
    return (
        f'<rss version="2.0"><channel><title>{name}</title><link>https://{name}.example/</link>'
        f"<description>d</description>{items}</channel></rss>"
    ).encode()


@pytest.fixture
def aggregator(aggregator: Program, web: Publisher) -> Program:
    """A database of two sources, of which one has a rule."""
    web.route("/one", body=document("one", "Linux news", "Sponsored: buy", "Sponsored: Linux"))
    web.route("/two", body=document("two", "Windows news", "Sponsored: sell"))
    aggregator.configure(
        source_toml("one", web.url("/one"), 'block = "buy"\ntags = ["a"]')
        + source_toml("two", web.url("/two")),
        '[[feeds]]\nname = "all"\n[[feeds]]\nname = "few"\ntags = ["a"]\nkeep = "Linux"\n',
    )
    assert aggregator.run("poll").returncode == 0
    return aggregator


def tried(program: Program, *words: str) -> list[dict[str, Any]]:
    done = program.run("rules", "try", *words, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def counts(scope: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        f"{one['what']}: {one['because']}": (one["entries"], one["left_out_today"])
        for one in scope["effects"]
    }


def test_a_rule_is_tried_on_every_source_on_one_and_as_a_feed_s(aggregator: Program) -> None:
    before = aggregator.database.read_bytes()
    (every,) = tried(aggregator, 'block = "sponsored"')
    assert (every["rules_of"], every["entries"]) == ("every source", 5)
    assert counts(every) == {'left out: blocked by "sponsored"': (3, 1)}
    (one,) = tried(aggregator, "--source", "one", 'keep = "Linux"', 'block = "sponsored"')
    assert counts(one) == {'left out: blocked by "sponsored"': (2, 1), "kept: meets keep": (1, 0)}
    assert one["effects"][0]["examples"] == [
        {"source": "one", "title": "Linux news", "url": "https://one.example/0", "after": None}
    ]
    # What the source's own rule leaves out, or what the feed does not select, is none of its.
    (few,) = tried(aggregator, "--feed", "few", 'block = "sponsored"')
    assert few["entries"] == 2
    assert counts(few) == {'left out: blocked by "sponsored"': (1, 0)}
    assert aggregator.database.read_bytes() == before


def test_without_a_rule_those_of_the_file_are_tried(aggregator: Program) -> None:
    text = aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text(text.replace('"buy"', '"nothing"'), encoding="utf-8")
    told = aggregator.run("rules", "try").stdout
    assert told.splitlines() == [
        "source one: 3 entries asked about, none would change",
        "",
        "feed few: 3 entries asked about",
        "  kept: 2 (meets keep)",
        "    Linux news",
        "    Sponsored: Linux",
        "  left out: 1 (none of keep matches, 1 of them left out today)",
        "    Sponsored: buy",
    ]


def test_tags_and_other_words_are_shown(aggregator: Program) -> None:
    told = aggregator.run(
        "rules", "try", "--source", "two",
        'tag = { title = "windows", tags = ["os"] }',
        'replace = { find = "sell", with = "give" }',
        'replace = { find = "dreary", with = "cheerful" }',
        "--most", "1000",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "source two: 2 entries asked about",
        "  tagged: 1 (os)",
        "    Windows news",
        "  text reworded: 2 (dreary)",
        "    Windows news",
        "      → A cheerful text.",
        "    Sponsored: sell",
        "      → A cheerful text.",
        "  title reworded: 1 (sell)",
        "    Sponsored: sell",
        "      → Sponsored: give",
    ]


def test_what_cannot_be_tried_is_named(aggregator: Program) -> None:
    for words, status, said in (
        (("sponsored",), 78, "rule 1:1: expected '=' after a key"),
        (('blok = "a"',), 78, 'rule 1:1: blok: unknown key, did you mean "block"?'),
        (('block = "a"', "keep = 3"), 78, "rule 2:1: keep: "),
        (("--source", "none"), 1, "no source is named none"),
        (("--feed", "none"), 1, "no feed is named none"),
        (("--feed", "all", "--source", "one"), 2, "either --source or --feed"),
    ):
        done = aggregator.run("rules", "try", *words)
        assert done.returncode == status
        assert said in done.stderr
    done = aggregator.run("rules", "try", 'block = "(?i)sponsored"')
    assert done.returncode == 0
    assert "warning: rule 1:1: block: is looked for as it stands" in done.stderr
    aggregator.database.unlink()
    assert aggregator.run("rules", "try", 'block = "a"').returncode == 69


def test_rules_of_several_texts_are_one_set() -> None:
    found, slips = rules_in(('block = "a"', "block = ['b']\nkeep = '/c/'"))
    assert found == Rules(
        keep=(Condition(words=("/c/",)),),
        block=(Condition(words=("a",)), Condition(words=("b",))),
    )
    assert slips == ()
    with pytest.raises(ConfigError, match="nested"):
        rules_in(("block = " + "[" * 5000,))


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from("abA ."))
def test_words_that_are_told_differ_and_what_is_left_out_is_nothing_else(
    title: str, text: str, word: str
) -> None:
    source = Source("one", "", rules=Rules(replace=(Replacement(word, "b"),)))
    facts = Facts(title=title, text=text)
    for kind, because, after in effects(source, None, facts, "", text):
        assert because == word
        assert after != (title if kind is EffectKind.RETITLED else text)
    blocking = Source("one", "", rules=replace(source.rules, block=(Condition(words=(word,)),)))
    kinds = {kind for kind, _, _ in effects(blocking, None, facts, "", text)}
    if EffectKind.LEFT_OUT in kinds:
        assert kinds == {EffectKind.LEFT_OUT}
