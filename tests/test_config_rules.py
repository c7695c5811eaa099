"""Rules, and what is known of sites: what may be written, what it means, and every mistake."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta

import pytest

from aggregator.model import (
    Condition,
    ImageRewrite,
    Replacement,
    Rules,
    SiteRule,
    Source,
    Tagging,
)
from tests import ROOT
from tests.config_texts import SOURCE, mistakes, parsed


def source(lines: str) -> Source:
    return parsed(SOURCE + lines).sources[0]


@pytest.mark.parametrize(
    ("lines", "conditions"),
    [
        ('keep = "发布"', (Condition(words=("发布",)),)),
        ('keep = ["发布"]', (Condition(words=("发布",)),)),
        ("keep = []", ()),
        (
            'keep = ["发布", { title = "/^A/", author = ["x", "y"] }]',
            (Condition(words=("发布",)), Condition(title=("/^A/",), author=("x", "y"))),
        ),
        (
            'keep = ["a", { url = "/b/" }, "c", { words = ["a", "d"] }]',
            (Condition(words=("a", "c", "d")), Condition(url=("/b/",))),
        ),
        ('keep = { age = "30d" }', (Condition(older_than=timedelta(days=30)),)),
        (
            '[[sources.keep]]\ncategory = "x"\n[[sources.keep]]\ntext = ["y"]\nwords = "z"',
            (Condition(category=("x",)), Condition(words=("z",), text=("y",))),
        ),
    ],
)
def test_a_condition_is_words_or_a_table(lines: str, conditions: tuple[Condition, ...]) -> None:
    assert source(lines).rules == Rules(keep=conditions)
    assert source(lines.replace("keep", "block")).rules == Rules(block=conditions)


def test_a_tag_has_a_condition_and_tags() -> None:
    assert source('tag = [{ title = "AI", tags = ["ai", "x", "ai"] }]').rules.tag == (
        Tagging(Condition(title=("AI",)), ("ai", "x")),
    )
    assert source('tag = { age = "2d", tags = "old" }').rules.tag == (
        Tagging(Condition(older_than=timedelta(days=2)), ("old",)),
    )


def test_a_replacement_is_of_title_and_text_unless_it_says_which() -> None:
    found = source(
        'replace = [{ find = "/【.*?】/" }, { find = "/(a)/", with = \'\\1b\', in = "title" },'
        ' { find = " - X", with = " ", in = ["text", "title"] }]'
    ).rules.replace
    assert found == (
        Replacement("/【.*?】/"),
        Replacement("/(a)/", "\\1b", ("title",)),
        Replacement(" - X", " ", ("text", "title")),
    )


def test_a_list_of_a_source_stands_above_the_default_one() -> None:
    text = (
        '[defaults]\nblock = "广告"\nkeep = ["a"]\nedits = "ignore"\nexpected_every = "2d"\n'
        + SOURCE
        + 'keep = []\n[[sources]]\nname = "b"\nurl = "https://b.example/"\nblock = ["x"]\n'
        + 'edits = "show"\n'
    )
    first, second = parsed(text).sources
    assert first.rules == Rules(block=(Condition(words=("广告",)),))
    assert second.rules == Rules(keep=(Condition(words=("a",)),), block=(Condition(words=("x",)),))
    assert (first.edits, second.edits) == ("ignore", "show")
    assert first.expected_every == timedelta(days=2)


def test_a_source_may_have_sites_of_its_own() -> None:
    assert source('site = "Blog.Example.org."\n').site == ("blog.example.org",)
    assert source('site = ["a.example", "b.example"]\n').site == ("a.example", "b.example")
    (of_one,) = mistakes(SOURCE + 'site = ["a.example", "https://b.example/"]\n')
    assert of_one.startswith("config.toml:4: sources[0].site[1]: must be a host alone, such as ")
    for host in ("com", "co.uk", "GitHub.io."):
        (of_many,) = mistakes(SOURCE + f'site = "{host}"\n')
        assert "sources[0].site: is a domain below which anybody may have a site" in of_many
    for host in ("nas", "localhost", "x.github.io", "192.0.2.1", "bbc.co.uk"):
        assert source(f'site = "{host}"\n').site == (host,)
    (of_all,) = mistakes(f'[defaults]\nsite = "a.example"\n{SOURCE}')
    assert of_all.startswith("config.toml:2: defaults.site: ")


def test_a_feed_has_the_same_rules() -> None:
    lines = 'keep = ["a"]\nblock = [{ age = "1d" }]\ntag = [{ text = "b", tags = ["c"] }]\n'
    lines += 'replace = [{ find = "d" }]\n'
    text = f'{SOURCE}{lines}[[feeds]]\nname = "f"\n{lines}'
    config = parsed(text)
    assert config.feeds[0].rules == config.sources[0].rules != Rules()


def test_a_site_is_known_by_its_host() -> None:
    text = (
        '[[sites]]\nhost = "ITHome.com."\nremove = ["p.ad", "a[href*=\'x\']"]\n'
        'images = [{ find = \'/!w\\d+$/\', with = "" }]\nreferrer = "origin"\n'
        '[[sites]]\nhost = "b.example"\nremove = "i"\n'
    )
    assert parsed(text).sites == (
        SiteRule(
            "ithome.com", ("p.ad", "a[href*='x']"), (ImageRewrite(r"/!w\d+$/", ""),), "origin"
        ),
        SiteRule("b.example", ("i",)),
    )


WRONG = """\
[defaults]
block = ["", "/(/"]
[[sources]]
name = "a"
url = "https://a.example/"
keep = [
  "good",
  { titel = "x" },
  { title = "/a(?=b)/", author = ["y", 3] },
  {},
  7,
]
block = [{ age = "30" }, { nonsense = 1 }]
tag = [
  { title = "AI" },
  { tags = ["x"] },
  { title = "AI", tags = [] },
  "AI",
]
replace = [
  { find = "/(a)/", with = '\\2' },
  { with = "" },
  { find = "a", in = ["body"] },
  { find = "a", by = "b" },
]
edits = "hide"
expected_every = 2
[[feeds]]
name = "f"
[[feeds.block]]
title = "x"
text = "/[/"
[[sites]]
remove = ["p[", "p.ad"]
[[sites]]
host = "https://x.example/"
images = [{ find = "a" }, { find = "/*/", with = "" }]
referrer = "never"
[[sites]]
host = "x.example"
[[sites]]
host = "X.example"
url = "x"
"""

NO_LOOKAROUND = (
    "cannot be used: lookaround ((?=) is not supported by RE2; use keep and block together"
)
TOLD = [
    "2: defaults.block[0]: must not be empty",
    '2: defaults.block[1]: cannot be used: a ")" is missing',
    '8: sources[0].keep[1].titel: unknown key, did you mean "title"?',
    f"9: sources[0].keep[2].title: {NO_LOOKAROUND}",
    "9: sources[0].keep[2].author[1]: must be a string (in quotes)",
    '10: sources[0].keep[3]: says nothing; write one such as { title = "…" }',
    '11: sources[0].keep[4]: must be words in quotes, or a table such as { title = "…" }',
    '13: sources[0].block[0].age: must be a duration such as "90s", "15m", "4h" or "2d"',
    (
        "13: sources[0].block[1].nonsense: unknown key; there are words, title, text, author, "
        "url, category, age"
    ),
    "15: sources[0].tag[0].tags: missing: every table in tag needs it",
    '16: sources[0].tag[1]: says nothing; write one such as { title = "…" }',
    "17: sources[0].tag[2].tags: must not be empty",
    '18: sources[0].tag[3]: must be a table such as { title = "…", tags = ["…"] }',
    "21: sources[0].replace[0].with: \\2 is not there: the pattern has fewer groups in ( )",
    "22: sources[0].replace[1].find: missing: every table in replace needs it",
    '23: sources[0].replace[2].in[0]: must be one of "title" or "text"',
    "24: sources[0].replace[3].by: unknown key; there are find, with, in",
    '26: sources[0].edits: must be one of "show" or "ignore"',
    '27: sources[0].expected_every: must be a duration such as "90s", "15m", "4h" or "2d"',
    '32: feeds[0].block[0].text: cannot be used: a "]" is missing',
    "33: sites[0].host: missing: every [[sites]] needs it",
    ('34: sites[0].remove[0]: is no CSS selector; write one such as "p.ad" or "div[id^=promo]"'),
    ('36: sites[1].host: must be a host alone, such as "ithome.com"; it holds for those below it'),
    "37: sites[1].images[0].with: missing: every table in images needs it",
    ("37: sites[1].images[1].find: cannot be used: no argument for repetition operator: *"),
    (
        '38: sites[1].referrer: must be one of "no-referrer", "no-referrer-when-downgrade", '
        '"same-origin", "origin", "strict-origin", "origin-when-cross-origin", '
        '"strict-origin-when-cross-origin" or "unsafe-url"'
    ),
    "42: sites[3].host: the same host as sites[2]",
    (
        "43: sites[3].url: unknown key; it belongs in [store] or [[sources]] or [[lists]] or"
        " [[notify]]"
    ),
]


def test_every_mistake_in_rules_is_named_at_its_line() -> None:
    found = mistakes(WRONG)
    assert [line.removeprefix("config.toml:") for line in found] == TOLD


def test_a_mistake_of_plain_words_stands_where_they_are_written() -> None:
    assert mistakes(SOURCE + 'keep = "/(/"\n') == [
        'config.toml:4: sources[0].keep: cannot be used: a ")" is missing'
    ]
    assert mistakes(SOURCE + 'tag = "AI"\n') == [
        'config.toml:4: sources[0].tag: must be a table such as { title = "…", tags = ["…"] }'
    ]


def test_lists_have_an_end() -> None:
    for key, row in (("keep", '"x"'), ("replace", '{ find = "x" }')):
        text = f"{SOURCE}{key} = [{', '.join([row] * 501)}]\n"
        assert mistakes(text) == [f"config.toml:4: sources[0].{key}: must have at most 500"]


def test_a_tag_of_a_rule_is_carried() -> None:
    text = (
        SOURCE + 'tag = [{ title = "AI", tags = ["ai"] }]\n'
        '[[feeds]]\nname = "f"\ntags = ["ai", "x"]\n'
    )
    config = parsed(text)
    assert config.warnings == ("config.toml:7: feeds[0].tags[1]: no source carries this tag",)
    assert config.feeds[0].selects(config.sources[0])


@pytest.mark.parametrize(
    "heading", ["Rules", "Rules for sites", "Private feeds", "Exports", "Mirrors and RSSHub"]
)
def test_the_examples_of_the_documentation_are_valid(heading: str) -> None:
    documentation = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    chapter = documentation.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    example = re.findall(r"^```toml\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)[0]
    example = example.replace('"…"', '"0123456789abcdef"')
    # An example shows what it is about: the sources and the feed that it names are elsewhere.
    for name in ("school", "bank") if "school" in example else ():
        example += f'[[sources]]\nname = "{name}"\nurl = "https://{name}.example/"\n'
    if 'feed = "zh"' in example:
        example += '[[feeds]]\nname = "zh"\n'
    config = parsed(example)
    assert not [warning for warning in config.warnings if ": sources: there are" not in warning]
    assert tomllib.loads(example)


def test_the_mistake_that_the_documentation_shows_is_told_like_that() -> None:
    documentation = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^config\.toml:\d+: sources.*lookaround.*$", documentation, re.MULTILINE)
    text = f'{SOURCE}#\nblock = [\n"x",\n\n{{ title = "/a(?!b)/" }}]\n'
    assert mistakes(text) == [shown]
