"""What is published and where it goes: feeds, private and automatic ones, exports, [publish]."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import Publish
from aggregator.config.automatic_feeds import automatic
from aggregator.model import (
    Condition,
    Export,
    Feed,
    FeedKind,
    Preference,
    Rules,
    Share,
    Source,
    Tagging,
)
from aggregator.store.rows.typed_rows import feed_of, feed_to_text
from tests.config_texts import SOURCE, mistakes, parsed, source_toml

OTHER = source_toml("b")
TOKEN = "0123456789abcdef"  # noqa: S105  # opens nothing


def mistakes_at(text: str) -> list[str]:
    return [line.removeprefix("config.toml:") for line in mistakes(text)]


def test_a_feed_says_how_it_is_published() -> None:
    text = SOURCE + (
        '[[feeds]]\nname = "f"\nexclude_tags = ["x"]\norder = "published"\ncontent = "summary"\n'
        'title_template = "[{source}] {title} #{tag}"\nlanguage = "zh-Hans-CN"\n'
        'description = "关于"\nicon = "https://x.example/i.png"\nauthor = "我"\n'
        f'dedupe = "off"\ntoken = "{TOKEN}"\n'
    )
    assert parsed(text).feeds[0] == Feed(
        name="f",
        title="f",
        exclude_tags=("x",),
        order="published",
        content="summary",
        title_template="[{source}] {title} #{tag}",
        language="zh-Hans-CN",
        description="关于",
        icon="https://x.example/i.png",
        author="我",
        dedupe="off",
        token=TOKEN,
    )


STORY = f'{SOURCE}{OTHER}[[feeds]]\nname = "f"\n'


def test_a_feed_says_how_it_tells_stories() -> None:
    found = parsed(
        f'{STORY}dedupe = "story"\ndedupe_strictness = "strict"\ndedupe_window = "1d"\n'
        'prefer = ["b", "a"]\nshow_also = false\nhold = "10m"\nscript = "hant"\n'
    ).feeds[0]
    assert found == Feed(
        name="f",
        title="f",
        dedupe="story",
        dedupe_strictness="strict",
        dedupe_window=timedelta(days=1),
        prefer=Preference(("b", "a")),
        show_also=False,
        hold=timedelta(minutes=10),
        script="hant",
    )
    kept = json.loads(feed_to_text(found))
    assert feed_of(json.dumps(kept)) == found
    assert kept["prefer"] == {"longest": False, "sources": ["b", "a"]}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("", False),
        ("show_also = true", True),
        ('dedupe = "exact"\nshow_also = true', True),
        ('dedupe = "story"', True),
        ('dedupe = "story"\nshow_also = false', False),
        ('dedupe = "off"', False),
    ],
)
def test_others_are_named_where_stories_are_told_or_where_it_is_said(
    written: str, *, shown: bool
) -> None:
    config = parsed(f"{STORY}{written}\n")
    assert (config.feeds[0].shows_also, config.warnings) == (shown, ())
    assert not any(feed.shows_also for feed in config.feeds[1:])


@pytest.mark.parametrize(
    ("written", "preferred"),
    [
        ('"first"', Preference()),
        ('"longest"', Preference(longest=True)),
        ('["b"]', Preference(("b",))),
    ],
)
def test_the_first_the_longest_or_a_source_is_preferred(
    written: str, preferred: Preference
) -> None:
    assert parsed(f'{STORY}dedupe = "story"\nprefer = {written}\n').feeds[0].prefer == preferred


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("prefer = []", "10: feeds[0].prefer: must not be empty"),
        (
            'prefer = ["aa"]\nsources = ["a", "c"]',
            '10: feeds[0].prefer[0]: unknown source "aa"',
        ),
        ('hold = "11m"', '10: feeds[0].hold: must be between "0s" and "10m"'),
        ('dedupe_window = "0s"', '10: feeds[0].dedupe_window: must be between "1s" and "7d"'),
        ('dedupe_window = "8d"', '10: feeds[0].dedupe_window: must be between "1s" and "7d"'),
        ('script = "zh"', '10: feeds[0].script: must be one of "hans" or "hant"'),
    ],
)
def test_what_is_no_way_to_tell_stories_is_a_mistake(written: str, told: str) -> None:
    assert mistakes_at(f'{STORY}dedupe = "story"\n{written}\n')[0].startswith(told)


def test_what_means_nothing_where_no_stories_are_told_is_a_warning() -> None:
    keys = 'dedupe_strictness = "wide"\ndedupe_window = "1h"\nprefer = "longest"\nhold = "1m"\n'
    told = [
        f'config.toml:{line}: feeds[0].{key}: means nothing without dedupe = "story"'
        for line, key in enumerate(("dedupe_strictness", "dedupe_window", "prefer", "hold"), 9)
    ]
    assert list(parsed(STORY + keys).warnings) == told
    off = parsed(f'{STORY}dedupe = "off"\nshow_also = true\n')
    assert list(off.warnings) == [
        'config.toml:10: feeds[0].show_also: means nothing without dedupe = "exact" or "story"'
    ]


def test_a_source_is_like_no_other_where_it_or_the_defaults_say_so() -> None:
    found = parsed(f"[defaults]\ndedupe = false\n{SOURCE}{OTHER}dedupe = true\n")
    assert [source.dedupe for source in found.sources] == [False, True]
    assert [source.dedupe for source in parsed(SOURCE).sources] == [True]


def test_publish_and_exports_have_paths_that_start_at_the_file() -> None:
    folder = Path("etc").absolute()
    text = SOURCE + (
        '[publish]\ndirectory = "public"\nalert_after = "2d"\nstatus_token = "abcdefghijklmnop"\n'
        '[[exports]]\nkind = "hexo"\ndirectory = "posts"\n'
        '[[exports]]\nkind = "jekyll"\ndirectory = "/srv/blog"\nfeed = "sources/a"\n'
        'categories = ["新媒体", "热榜"]\nauthor = "me"\ncontent = "summary"\n'
        'template = "post.j2"\nwith_id = true\n'
        '[[exports]]\nkind = "hugo"\ndirectory = "hugo"\ntemplate = "hexo-volantis"\n'
    )
    found = parsed(text, "etc/config.toml")
    assert found.publish == Publish(folder / "public", "abcdefghijklmnop", timedelta(days=2))
    assert found.exports == (
        Export(kind="hexo", directory=str(folder / "posts")),
        Export(
            kind="jekyll",
            directory="/srv/blog",
            feed="sources/a",
            categories=("新媒体", "热榜"),
            author="me",
            content="summary",
            template=str(folder / "post.j2"),
            with_id=True,
        ),
        Export(kind="hugo", directory=str(folder / "hugo"), template="hexo-volantis"),
    )
    assert parsed(SOURCE).publish == Publish(None, None, timedelta(hours=24))


WRONG = f"""\
[publish]
directory = "out/posts"
status_token = "short"
alert_after = "0s"
[[sources]]
name = "a"
url = "https://a.example/"
[[feeds]]
name = "f"
token = "{TOKEN}"
content = "text"
title_template = "{{title}} {{url}}"
language = "Chinese!"
icon = "https://u:p@x.example/i.png"
[[feeds]]
name = "g"
token = "{TOKEN}"
order = "newest"
title_template = "always"
description = "{"x" * 1001}"
[[exports]]
kind = "wordpress"
directory = "~/posts"
[[exports]]
kind = "hexo"
directory = "out/./posts/"
feed = "sources/b"
content = "html"
[[exports]]
kind = "hexo"
directory = "blog"
feed = "h"
[[exports]]
kind = "hugo"
directory = "out/../blog"
feed = "g"
"""


def test_every_mistake_in_what_is_published_is_named_at_its_line() -> None:
    assert mistakes_at(WRONG) == [
        (
            '3: publish.status_token: must be 16 to 128 of A-Z, a-z, 0-9, "_" and "-"; '
            "make one with: openssl rand -hex 16"
        ),
        '4: publish.alert_after: must be between "1s" and "3650d"',
        '11: feeds[0].content: must be one of "full", "summary" or "link"',
        ("12: feeds[0].title_template: can hold {title}, {source}, {tag} and no other braces"),
        '13: feeds[0].language: must be a language such as "zh-CN" or "en"',
        "14: feeds[0].icon: must not hold a user name or password: it is published",
        "17: feeds[1].token: the same token as that of feeds[0]",
        '18: feeds[1].order: must be one of "arrival" or "published"',
        (
            "19: feeds[1].title_template: would give every story the same title; "
            'write one such as "{title}"'
        ),
        "20: feeds[1].description: must have at most 1000 characters",
        "21: exports[0].feed: missing: there is no feed named all; name another",
        '22: exports[0].kind: must be one of "hexo", "hugo" or "jekyll"',
        '23: exports[0].directory: "~" is not expanded; write the whole path',
        "26: exports[1].directory: the same as [publish] directory; posts need their own",
        '27: exports[1].feed: unknown feed "sources/b"',
        '28: exports[1].content: must be one of "full", "summary" or "raw"',
        '32: exports[2].feed: unknown feed "h"',
    ]


def test_a_token_opens_one_thing_and_no_message_repeats_it() -> None:
    text = (
        f'{SOURCE}[publish]\nstatus_token = "{TOKEN}"\n[[feeds]]\nname = "f"\ntoken = "{TOKEN}"\n'
    )
    assert mistakes_at(text) == ["8: feeds[0].token: the same token as that of [publish]"]
    bad = f"{TOKEN} CANARY"
    assert not [line for line in mistakes_at(text.replace(TOKEN, bad)) if "CANARY" in line]


def test_a_folder_of_posts_takes_several_feeds_and_each_of_them_once() -> None:
    feeds = '[[feeds]]\nname = "all"\n[[feeds]]\nname = "f"\n'
    export = '[[exports]]\nkind = "hexo"\ndirectory = "posts"\n'
    parsed(f'{SOURCE}{feeds}{export}{export}feed = "f"\n')
    assert mistakes_at(f"{SOURCE}{feeds}{export}{export}") == [
        "13: exports[1].directory: the same directory and feed as exports[0]"
    ]


@pytest.mark.parametrize(
    ("published", "posts", "told"),
    [
        ("public", "/", "10: exports[0].directory: must not be /: name a folder in it"),
        ("/", "posts", "5: publish.directory: must not be /: name a folder in it"),
        ("public", "./public/posts", "10: exports[0].directory: lies in [publish] directory"),
        ("posts/../public/a", "public", "10: exports[0].directory: holds [publish] directory"),
        ("public", "../" * 40, "10: exports[0].directory: must not be /: name a folder in it"),
    ],
)
def test_files_and_posts_have_folders_of_their_own(published: str, posts: str, told: str) -> None:
    text = f'{SOURCE}[publish]\ndirectory = "{published}"\n[[feeds]]\nname = "all"\n[[exports]]\n'
    (line,) = mistakes_at(f'{text}kind = "hexo"\ndirectory = "{posts}"\n')
    assert line.startswith(told)


def test_posts_may_lie_in_a_folder_of_other_posts() -> None:
    export = '[[exports]]\nkind = "hexo"\n'
    parsed(f'{SOURCE}{export}directory = "posts"\n{export}directory = "posts/news"\n')
    parsed(f'{SOURCE}[publish]\ndirectory = "a"\n{export}directory = "aa"\n')


def test_an_export_of_a_feed_that_is_nearly_named_is_told_which() -> None:
    text = f'{SOURCE}tags = ["科技"]\n[[exports]]\nkind = "hexo"\ndirectory = "x"\n'
    assert mistakes_at(text + 'feed = "tag/科技"\n') == [
        '8: exports[0].feed: unknown feed "tag/科技", did you mean "tags/科技"?'
    ]
    assert parsed(text + 'feed = "tags/科技"\n').exports[0].feed == "tags/科技"


def test_an_export_of_everything_needs_a_feed_of_everything() -> None:
    text = f'{SOURCE}[[feeds]]\nname = "f"\ntoken = "{TOKEN}"\n'
    export = '[[exports]]\nkind = "hexo"\ndirectory = "x"\n'
    assert mistakes_at(text + export) == [
        "7: exports[0].feed: missing: there is no feed named all; name another"
    ]
    assert parsed(f'{text}{export}feed = "f"\n').exports[0].feed == "f"


def test_what_is_dangerous_or_seldom_meant_is_a_warning() -> None:
    text = (
        f'{SOURCE}tags = ["x"]\n[[feeds]]\nname = "f"\ntags = ["x"]\nexclude_tags = ["y", "x"]\n'
        'token = "write-your-own-token"\n'
        '[[exports]]\nkind = "hexo"\ndirectory = "p"\nfeed = "f"\ncontent = "raw"\n'
    )
    assert [line.removeprefix("config.toml:") for line in parsed(text).warnings] == [
        "8: feeds[0].exclude_tags[1]: is among tags, too: it wins",
        ("9: feeds[0].token: is that of the example, which everybody knows; make your own"),
        (
            "14: exports[0].content: posts hold the publishers' own HTML: "
            "its scripts run where they are shown"
        ),
    ]


# --- automatic feeds ----------------------------------------------------------------------------


def test_everything_each_tag_and_each_source_is_published_without_a_word() -> None:
    text = (
        SOURCE
        + 'title = "甲"\ntags = ["科技", "c/c++"]\n'
        + 'tag = [{ title = "AI", tags = ["ai", "科技"] }]\n'
        + OTHER
        + 'tags = ["科技", "node.js"]\n'
    )
    found = parsed(text).feeds
    assert found == (
        Feed(name="all", title="All", kind=FeedKind.EVERYTHING),
        Feed(name="tags/科技", title="科技", tags=("科技",), kind=FeedKind.TAG),
        Feed(name="tags/c/c++", title="c/c++", tags=("c/c++",), kind=FeedKind.TAG),
        Feed(name="tags/ai", title="ai", tags=("ai",), kind=FeedKind.TAG),
        Feed(name="tags/node.js", title="node.js", tags=("node.js",), kind=FeedKind.TAG),
        Feed(name="sources/a", title="甲", sources=("a",), kind=FeedKind.SOURCE),
        Feed(name="sources/b", title="b", sources=("b",), kind=FeedKind.SOURCE),
    )
    assert [feed.path for feed in found[:3]] == ["feeds/all", "tags/科技", "tags/c/c++"]


def test_a_feed_called_all_stands_for_the_automatic_one() -> None:
    own = parsed(SOURCE + '[[feeds]]\nname = "zh"\n[[feeds]]\nname = "all"\ntitle = "全部"\n')
    assert [(feed.name, feed.is_automatic) for feed in own.feeds] == [
        ("zh", False),
        ("all", False),
        ("sources/a", True),
    ]


def private(**more: object) -> Feed:
    return Feed(name="p", title="p", token=TOKEN, **more)  # type: ignore[arg-type]  # any field


A = Source(name="a", url="https://a.example/", tags=("x",))
B = Source(
    name="b",
    url="https://b.example/",
    rules=Rules(tag=(Tagging(Condition(words=("X",)), ("x", "y")),)),
)
PARTLY = Rules(block=(Condition(words=("x",)),))


def names(feeds: tuple[Feed, ...]) -> list[str]:
    return [feed.name for feed in feeds]


def test_what_only_a_private_feed_shows_no_automatic_feed_shows() -> None:
    found = automatic((A, B), (private(sources=("a",)),))
    assert names(found) == ["all", "tags/x", "tags/y", "sources/b"]
    assert not any(feed.selects(A) for feed in found)
    assert all(feed.selects(B) for feed in found)
    assert automatic((A, B), (private(),)) == ()
    assert names(automatic((A, B), (private(tags=("x",)),))) == []


def test_feeds_of_several_sources_that_nobody_configured_have_the_share_of_publish() -> None:
    found = {feed.name: feed.per_source for feed in automatic((A,), (), Share(1, 3))}
    assert found == {"all": Share(1, 3), "tags/x": Share(1, 3), "sources/a": None}


@pytest.mark.parametrize(
    ("written", "share"), [('"off"', None), ('"1/3"', Share(1, 3)), ("200", Share(200))]
)
def test_a_share_is_a_fraction_a_number_or_off(written: str, share: Share | None) -> None:
    text = (
        f'[publish]\nper_source = {written}\n{SOURCE}[[feeds]]\nname = "f"\n'
        f"per_source = {written}\n"
    )
    found = {feed.name: feed.per_source for feed in parsed(text).feeds}
    assert (found["f"], found["all"]) == (share, share)


@pytest.mark.parametrize("written", ['"3/1"', '"3/3"', '"0/3"', '"1/10000"', '"a third"', "0.3"])
def test_what_is_no_share_is_a_mistake(written: str) -> None:
    text = f'{SOURCE}[[feeds]]\nname = "f"\nper_source = {written}\n'
    (found,) = mistakes_at(text)
    assert 'must be "off", a share such as "1/3", or a number of entries' in found


@pytest.mark.parametrize(
    "opening",
    [
        Feed(name="o", title="o"),
        Feed(name="o", title="o", sources=("a",)),
        Feed(name="o", title="o", tags=("x",)),
    ],
)
def test_an_open_feed_that_shows_all_of_a_source_opens_it(opening: Feed) -> None:
    found = automatic((A,), (private(), opening))
    assert names(found) == ["all", "tags/x", "sources/a"]


@pytest.mark.parametrize(
    ("source", "opening"),
    [
        (A, Feed(name="o", title="o", rules=PARTLY)),
        (A, Feed(name="o", title="o", content="link")),
        (A, Feed(name="o", title="o", exclude_tags=("x",))),
        (A, Feed(name="o", title="o", sources=("b",))),
        (A, Feed(name="o", title="o", token="another-0123456789")),
        (B, Feed(name="o", title="o", tags=("y",))),
        (B, Feed(name="o", title="o", exclude_tags=("y",))),
    ],
)
def test_an_open_feed_that_shows_some_of_a_source_does_not_open_the_rest(
    source: Source, opening: Feed
) -> None:
    assert automatic((source,), (private(), opening)) == ()


some_tags = st.lists(st.sampled_from("xyz"), max_size=2, unique=True).map(tuple)
sources = st.lists(
    st.builds(
        Source,
        name=st.sampled_from("abc"),
        url=st.just("https://x.example/"),
        tags=some_tags,
        rules=st.builds(
            lambda given: (
                Rules(tag=(Tagging(Condition(words=("w",)), given),)) if given else Rules()
            ),
            some_tags,
        ),
    ),
    max_size=3,
    unique_by=lambda source: source.name,
).map(tuple)
feeds = st.lists(
    st.builds(
        Feed,
        name=st.sampled_from(["all", "f", "g"]),
        title=st.just("t"),
        sources=st.none() | st.lists(st.sampled_from("abc"), min_size=1, max_size=2).map(tuple),
        tags=st.none() | some_tags,
        exclude_tags=some_tags,
        rules=st.sampled_from([Rules(), PARTLY]),
        token=st.sampled_from([None, TOKEN]),
    ),
    max_size=3,
    unique_by=lambda feed: feed.name,
).map(tuple)


@given(sources, feeds)
def test_automatic_feeds_have_names_of_their_own_and_hide_what_is_private(
    polled: tuple[Source, ...], configured: tuple[Feed, ...]
) -> None:
    found = automatic(polled, configured)
    every = [feed.name for feed in (*configured, *found)]
    assert len(set(every)) == len(every)
    assert "all" in every or any(feed.token for feed in configured)
    for source in polled:
        is_private = any(feed.token and feed.selects(source) for feed in configured)
        is_open = any(not feed.token and feed.selects(source) for feed in configured)
        if is_private and not is_open:
            assert not any(feed.selects(source) for feed in found)
        if not is_private:
            assert f"sources/{source.name}" in names(found)
            assert "all" not in names(found) or found[0].selects(source)
