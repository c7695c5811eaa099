"""What a source gives and a feed shows, and in which words an entry is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Condition, Feed, Rules, Source, Tagging
from aggregator.rules import (
    Facts,
    Verdict,
    blocked,
    feed_tags,
    judge,
    may_leave_out,
    tags,
    verdict,
)

DAY = timedelta(days=1)
ENTRY = Facts(
    title="小米发布新手机",
    text="用AI写的稿子，价格 1999 元",
    author="编辑甲",
    url="https://www.example.com/phone/1.html",
    categories=("手机", "phone"),
    age=3 * DAY,
)


def source(*, carried: tuple[str, ...] = (), rules: Rules = Rules()) -> Source:  # noqa: B008  # frozen
    return Source(name="a", url="https://a.example/", tags=carried, rules=rules)


def block(condition: Condition) -> str | None:
    return blocked(source(rules=Rules(block=(condition,))), ENTRY)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition(words=("发布",)), 'blocked by "发布"'),
        (Condition(words=("AI",)), 'blocked by "AI"'),
        (Condition(title=("AI",)), None),
        (Condition(text=("AI",)), 'blocked by text "AI"'),
        (Condition(text=("发布",)), None),
        (Condition(title=("x", "/^小米/")), 'blocked by title "/^小米/"'),
        (Condition(author=("编辑",)), 'blocked by author "编辑"'),
        (Condition(url=("/phone/",)), 'blocked by url "/phone/"'),
        (Condition(category=("Phone",)), 'blocked by category "Phone"'),
        (Condition(category=("x",)), None),
        (Condition(older_than=2 * DAY), "blocked by age 2d"),
        (Condition(older_than=3 * DAY), None),
        (Condition(title=("小米",), author=("编辑乙",)), None),
        (
            Condition(title=("小米",), author=("编辑甲",), older_than=DAY / 2),
            'blocked by age 0.5d and title "小米" and author "编辑甲"',
        ),
        (Condition(title=("/" + "小?" * 40 + "米/",)), f'blocked by title "/{"小?" * 39}…"'),
        (Condition(), None),
    ],
)
def test_every_kind_of_a_condition_must_hold_by_any_of_its_patterns(
    condition: Condition, told: str | None
) -> None:
    assert block(condition) == told


def test_what_is_not_known_of_an_entry_meets_no_condition_about_it() -> None:
    unknown = Facts(title="a")
    for condition in (
        Condition(author=("/./",)),
        Condition(url=("/./",)),
        Condition(category=("/./",)),
        Condition(older_than=DAY),
    ):
        assert blocked(source(rules=Rules(block=(condition,))), unknown) is None


def test_keep_wants_one_of_its_conditions_and_block_stands_above_it() -> None:
    keep = (Condition(title=("苹果",)), Condition(title=("小米",)))
    assert blocked(source(rules=Rules(keep=keep)), ENTRY) is None
    assert blocked(source(rules=Rules(keep=keep[:1])), ENTRY) == "none of keep matches"
    both = Rules(keep=keep, block=(Condition(words=("手机",)),))
    assert blocked(source(rules=both), ENTRY) == 'blocked by "手机"'


def test_a_feed_has_rules_of_its_own_and_does_not_ask_those_of_the_source() -> None:
    strict = source(rules=Rules(block=(Condition(words=("小米",)),)))
    feed = Feed(name="f", title="f", rules=Rules(keep=(Condition(words=("苹果",)),)))
    assert judge(strict, feed, ENTRY) == "none of keep matches"
    assert judge(strict, Feed(name="f", title="f"), ENTRY) is None


def test_rules_give_each_tag_once_in_their_order() -> None:
    rules = Rules(
        tag=(
            Tagging(Condition(words=("小米",)), ("b", "a")),
            Tagging(Condition(words=("苹果",)), ("c",)),
            Tagging(Condition(words=("AI",)), ("a", "d")),
        )
    )
    assert tags(source(rules=rules), ENTRY) == ("b", "a", "d")
    assert feed_tags(Feed(name="f", title="f", rules=rules), ENTRY) == ("b", "a", "d")
    assert tags(source(), ENTRY) == ()


def test_feeds_are_asked_with_the_tags_that_the_sources_rules_give_now() -> None:
    tagging = Rules(
        tag=(Tagging(Condition(words=("小米",)), ("new",)),),
        block=(Condition(words=("手机",)),),
    )
    feeds = (
        Feed(name="new", title="new", tags=("new",)),
        Feed(name="old", title="old", tags=("old",)),
        Feed(name="without", title="without", exclude_tags=("new",)),
    )
    found = verdict(source(rules=tagging), feeds, replace(ENTRY, tags=("old",)))
    assert found == Verdict(
        tags=("new",),
        blocked='blocked by "手机"',
        left_out=(
            None,
            'does not carry the tag "old"',
            'carries the tag "new", which the feed excludes',
        ),
    )


def test_a_feed_is_asked_about_single_entries_only_where_a_rule_may_tell_them_apart() -> None:
    condition = Condition(words=("小米",))
    plain = Feed(name="f", title="f", tags=("t",), exclude_tags=("x",))
    assert not may_leave_out(plain, source())
    assert not may_leave_out(plain, source(rules=Rules(block=(condition,))))
    assert may_leave_out(plain, source(rules=Rules(tag=(Tagging(condition, ("t",)),))))
    assert may_leave_out(replace(plain, rules=Rules(keep=(condition,))), source())
    assert may_leave_out(replace(plain, rules=Rules(block=(condition,))), source())


@pytest.mark.parametrize(
    ("feed", "carried", "given_by_rules", "told"),
    [
        ({}, (), (), None),
        ({"sources": ("a",)}, (), (), None),
        ({"sources": ("b",)}, (), (), "its source is not among the feed's sources"),
        ({"tags": ("x",)}, ("x",), (), None),
        ({"tags": ("x",)}, (), ("x",), None),
        ({"tags": ("x",)}, (), ("y",), 'does not carry the tag "x"'),
        ({"tags": ("x", "z")}, (), ("y",), 'carries none of the tags "x", "z"'),
        ({"tags": ("x",), "sources": ("a",)}, (), (), None),
        ({"tags": ("x",), "sources": ("b",)}, (), ("x",), None),
        ({"exclude_tags": ("y",)}, ("y",), (), 'carries the tag "y", which the feed excludes'),
        ({"exclude_tags": ("y",)}, (), ("y",), 'carries the tag "y", which the feed excludes'),
        (
            {"exclude_tags": ("y",), "sources": ("a",)},
            (),
            ("y",),
            'carries the tag "y", which the feed excludes',
        ),
        ({"exclude_sources": ("a",)}, (), (), "only feeds with a token show its source"),
    ],
)
def test_a_feed_selects_by_source_and_by_the_tags_of_source_and_entry(
    feed: dict[str, tuple[str, ...]],
    carried: tuple[str, ...],
    given_by_rules: tuple[str, ...],
    told: str | None,
) -> None:
    selecting = Feed(name="f", title="f", **feed)  # type: ignore[arg-type]  # all are of tuples
    facts = Facts(title="t", tags=given_by_rules)
    assert judge(source(carried=carried), selecting, facts) == told


some_tags = st.lists(st.sampled_from("xyz"), max_size=2, unique=True).map(tuple)


@given(st.none() | some_tags, st.none() | st.just(("a",)), some_tags, some_tags, some_tags)
def test_a_feed_shows_entries_of_no_source_that_it_does_not_select(
    wanted: tuple[str, ...] | None,
    names: tuple[str, ...] | None,
    excluded: tuple[str, ...],
    carried: tuple[str, ...],
    by_rules: tuple[str, ...],
) -> None:
    rules = Rules(tag=(Tagging(Condition(words=("a",)), by_rules),))
    asked = source(carried=carried, rules=rules)
    feed = Feed(name="f", title="f", tags=wanted, sources=names, exclude_tags=excluded)
    shown = [
        judge(asked, feed, Facts(title=title, tags=tags(asked, Facts(title=title)))) is None
        for title in ("a", "b")
    ]
    assert feed.selects(asked) or not any(shown)
    if not set(by_rules) & set(excluded):
        assert any(shown) == feed.selects(asked)


def test_every_pair_of_conditions_is_both_or_nothing() -> None:
    fields = {"title": "小米", "text": "AI", "author": "编辑", "url": "phone", "category": "手机"}
    for (one, good), (other, also) in product(fields.items(), repeat=2):
        if one != other:
            both = {one: (good,), other: (also,)}
            assert block(Condition(**both)) is not None  # type: ignore[arg-type]  # all are of tuples
            assert block(Condition(**{**both, other: ("缺",)})) is None  # type: ignore[arg-type]
