"""Lists of sources: who is a member, under which key, and when one is believed to be gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.joined_lists import joined
from aggregator.config.list_members import (
    MAX_MEMBERS,
    MAX_TAGS_OF_ALL,
    RESERVED,
    Members,
    changed,
    members_of,
)
from aggregator.model import Failed, Gone, HttpHints, NotModified, Problem, ProblemKind, Source
from aggregator.model.errors import AggregatorError
from aggregator.model.opml_listing import Listing
from aggregator.model.source_lists import Doubt, LeftOut, ListHealth, ListMember, Unlisted
from aggregator.operations.list_sentences import Belief, list_line, list_sentences
from aggregator.schedule.list_polls import (
    BELIEVED_AFTER,
    LONGEST_BACKOFF,
    doubt_after,
    is_doubtful,
    next_list_poll,
)
from tests.config_texts import mistakes, parsed, source_toml
from tests.making import DAY, HOUR, START

LIST = '[[lists]]\nname = "blogs"\nurl = "https://lists.example/blogs.opml"\n'
FAILED = Failed(Problem(ProblemKind.TIMEOUT, "no answer"))


def outline(name: str, title: str | None = None, **fields: object) -> Source:
    url = str(fields.pop("url", f"https://{name}.example/feed.xml"))
    return Source(str(fields.pop("key", "")), url, title, **fields)  # type: ignore[arg-type]


def listing(*sources: Source) -> Listing:
    return Listing(sources)


def first(*sources: Source) -> tuple[ListMember, ...]:
    """Return the members of a list that lists these at first."""
    return changed(members_of(listing(*sources), ()), (), START, ())


def after(
    known: tuple[ListMember, ...], *sources: Source, is_believed: bool = True
) -> tuple[ListMember, ...]:
    found = members_of(listing(*sources), known)
    leaving = {one.key for one in found.missing} if is_believed else ()
    return changed(found, known, START + DAY, leaving)


def keys(members: tuple[ListMember, ...]) -> list[str]:
    return [one.key for one in members if one.gone_at is None]


# --- keys ---------------------------------------------------------------------------------------


def test_a_key_comes_of_the_title_else_of_the_host_and_is_unique() -> None:
    found = first(
        outline("a", "Solidot 奇客"), outline("b", "Solidot 另一个"), outline("c"),
        outline("d", "Health"),
    )  # fmt: skip
    assert keys(found) == ["solidot", "solidot-2", "c", "health-2"]
    assert not RESERVED & set(keys(found))


def test_another_title_or_place_changes_no_key() -> None:
    known = first(outline("a", "One"), outline("b", "Two"))
    found = after(known, outline("b", "Zwei"), outline("a", "Eins"))
    assert [(one.key, one.title) for one in found] == [("two", "Zwei"), ("one", "Eins")]


def test_a_feed_that_has_moved_stays_the_same_where_that_is_sure() -> None:
    known = first(
        outline("a", "One", url="http://a.example/feed"),
        outline("b", "Two", url="https://blog.b.example/rss"),
        outline("c", "Three", url="https://c.example/x", key="mine"),
        outline("d", "Four"),
    )
    found = after(
        known,
        outline("a", "Uno", url="https://a.example/feed"),
        outline("b", "Two", url="https://www.b.example/feed.xml"),
        outline("c", "Other", url="https://elsewhere.example/", key="mine"),
        outline("d", "Four", url="https://unrelated.example/feed"),
    )
    assert keys(found) == ["one", "two", "mine", "four-2"]
    assert [one.key for one in found if one.gone_at] == ["four"]


def test_of_two_alike_none_is_guessed() -> None:
    known = first(outline("a", "News", url="https://a.example/1"))
    found = after(
        known,
        outline("a", "News", url="https://a.example/2"),
        outline("a", "News", url="https://a.example/3"),
    )
    assert keys(found) == ["a-2", "a-3"]


def test_what_comes_back_has_its_key_again_and_nobody_else_gets_it() -> None:
    known = first(outline("a", "One"), outline("b", "Two"))
    without = after(known, outline("b", "Two"), outline("c", "One"))
    assert keys(without) == ["two", "one-2"]
    again = after(without, outline("a", "One"), outline("b", "Two"), outline("c", "One"))
    assert keys(again) == ["one", "two", "one-2"]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), min_size=1, max_size=6))
def test_a_url_has_one_key_for_ever(answers: list[list[str]]) -> None:
    known: tuple[ListMember, ...] = ()
    given_keys: dict[str, str] = {}
    for answer in answers:
        known = after(known, *(outline(one, "Same title") for one in answer))
        assert len({one.key for one in known}) == len(known)
        assert {one.url for one in known if one.gone_at is None} == {
            outline(one).url for one in answer
        }
        for one in known:
            assert given_keys.setdefault(one.url, one.key) == one.key


# --- who is one ---------------------------------------------------------------------------------


def test_outlines_that_cannot_be_sources_are_told_apart() -> None:
    own = ("https://us.example/feeds/",)
    outlines = [
        outline("a"),
        outline("a", "again", url="https://A.example:443/feed.xml"),
        outline("f", url="file:///etc/passwd"),
        outline("r", url="rsshub://ithome/ranking"),
        outline("n", url="https://"),
        outline("s", url="https://a b.example/"),
        outline("o", "ours", url="https://us.example/feeds/all.atom"),
        outline("p", url="https://us.example/blog/feed.xml"),
        outline("u", url="https://me:secret@u.example/feed.xml"),
        outline("w", url="feed://w.example/feed.xml"),
    ]
    found = members_of(listing(*outlines), (), own)
    assert [one.url for one in found.listed] == [
        "https://a.example/feed.xml",
        "https://us.example/blog/feed.xml",
        "https://me:secret@u.example/feed.xml",
        "http://w.example/feed.xml",
    ]
    assert {one.because: one.count for one in found.left_out} == {
        Unlisted.TWICE: 1,
        Unlisted.NOT_A_URL: 4,
        Unlisted.OWN_ADDRESS: 1,
    }


def test_of_a_thousand_and_more_those_that_are_there_stay() -> None:
    known = first(*(outline(f"a{n}") for n in range(MAX_MEMBERS)))
    fresh = [outline(f"new{n}") for n in range(7)]
    found = members_of(listing(*fresh, *(outline(f"a{n}") for n in range(MAX_MEMBERS - 2))), known)
    assert len(found.listed) == MAX_MEMBERS
    assert [one.url for one in found.listed[:2]] == [one.url for one in fresh[:2]]
    assert [(one.because, one.count) for one in found.left_out] == [(Unlisted.TOO_MANY, 5)]


def test_tags_are_lines_and_few() -> None:
    many = [outline(f"a{n}", tags=(f"t{n}", " ..", "x\ny", "")) for n in range(300)]
    found = members_of(listing(*many), ()).listed
    tags = {tag for one in found for tag in one.tags}
    assert len(tags) == MAX_TAGS_OF_ALL
    assert not tags & {"", ".."}
    assert found[0].tags[0] == "t0"


# --- believed, or not yet -----------------------------------------------------------------------


def test_an_answer_that_lacks_half_is_doubted_until_three_polls_over_two_days() -> None:
    assert not is_doubtful(10, 4)
    assert is_doubtful(10, 5)
    assert not is_doubtful(0, 0)
    doubt, believed = doubt_after(None, 4, "abcd", START)
    assert not believed
    for hours, expected in ((6, ""), (47, ""), (48, "abcd")):
        found, believed = doubt_after(doubt, 4, "abcd", START + hours * HOUR)
        assert believed == set(expected)
        doubt = found or doubt
    assert found is None
    once, _ = doubt_after(None, 4, "ab", START)
    again, believed = doubt_after(once, 4, "ab", START + BELIEVED_AFTER)
    assert again is not None, "two polls, however far apart, are not enough"
    assert not believed
    assert doubt_after(again, 4, "a", START + BELIEVED_AFTER) == (None, frozenset("a"))


def test_only_what_was_missing_in_each_doubted_answer_is_believed_to_be_gone() -> None:
    doubt = None
    for hours in (0, 6, 24):
        doubt, believed = doubt_after(doubt, 6, "abc", START + hours * HOUR)
        assert not believed
    # The first empty document, two days later, takes no more than the others lacked.
    rest, believed = doubt_after(doubt, 6, "abcdef", START + BELIEVED_AFTER)
    assert believed == {"a", "b", "c"}
    assert rest == Doubt(START + BELIEVED_AFTER, 1, 3, ("d", "e", "f"))
    # What was back in between is missing anew, and answers that share nothing are no two of one.
    fewer, _ = doubt_after(doubt, 6, "abd", START + 30 * HOUR)
    assert fewer == Doubt(START, 4, 3, ("a", "b"))
    other, believed = doubt_after(doubt, 6, "def", START + BELIEVED_AFTER)
    assert other == Doubt(START + BELIEVED_AFTER, 1, 3, ("d", "e", "f"))
    assert not believed
    # One that was stored without its keys begins anew.
    assert doubt_after(Doubt(START, 9, 6), 6, "abc", START + BELIEVED_AFTER)[1] == set()


def test_what_is_missing_stays_until_it_is_believed_and_news_come_at_once() -> None:
    known = first(outline("a"), outline("b"), outline("c"))
    doubted = after(known, outline("d"), outline("a"), is_believed=False)
    assert keys(doubted) == ["d", "a", "b", "c"]
    assert keys(after(known, outline("d"), outline("a"))) == ["d", "a"]


def test_a_doubted_answer_makes_no_list_longer_than_it_may_be() -> None:
    known = first(*(outline(f"a{n}") for n in range(MAX_MEMBERS - 1)))
    found = after(known, *(outline(f"new{n}") for n in range(MAX_MEMBERS)), is_believed=False)
    present = [one for one in found if one.gone_at is None]
    assert len(present) == MAX_MEMBERS
    assert {one.key for one in known} < {one.key for one in present}


def test_when_a_list_is_asked_again() -> None:
    every = timedelta(hours=6)
    fine = NotModified("https://lists.example/")
    assert next_list_poll(fine, 0, every, START) == START + every
    assert next_list_poll(FAILED, 1, every, START) == START + every
    assert next_list_poll(FAILED, 2, every, START) == START + 2 * every
    assert next_list_poll(FAILED, 99, every, START) == START + LONGEST_BACKOFF
    assert next_list_poll(FAILED, 99, 3 * DAY, START) == START + 3 * DAY
    asked = replace(FAILED, hints=HttpHints(retry_after=2 * DAY))
    assert next_list_poll(asked, 1, every, START) == START + 2 * DAY
    assert next_list_poll(Gone(FAILED.problem), 1, every, START) == START + every


# --- sources ------------------------------------------------------------------------------------


def members(*sources: Source) -> dict[str, tuple[ListMember, ...]]:
    found: Members = members_of(listing(*sources), ())
    return {"blogs": found.listed}


def test_members_are_sources_of_the_list_with_its_tags_and_the_defaults() -> None:
    config = parsed(
        '[defaults]\ntimezone = "Asia/Shanghai"\nuser_agent = "me/1"\ninterval = "2h"\n'
        'headers = { X-Key = "secret" }\n'
        + LIST + 'tags = ["blog"]\nbackfill = 3\n'
    )  # fmt: skip
    assert (config.sources, config.warnings) == ((), ())
    found = joined(config, members(outline("a", "Ada", tags=("tech", "blog"))))
    (source,) = found.sources
    assert (source.name, source.of_list, source.title) == ("blogs/ada", "blogs", "Ada")
    assert source.tags == ("blog", "tech")
    assert (source.timezone, source.backfill, source.interval) == ("Asia/Shanghai", 3, 2 * HOUR)
    assert source.access.user_agent == "me/1"
    assert source.access.headers == (), "no secret of ours goes to whom a list names"
    assert [feed.name for feed in found.feeds] == [
        "all", "tags/blog", "tags/tech", "sources/blogs/ada",
    ]  # fmt: skip
    assert joined(found, {}).sources == ()


def test_a_source_of_the_file_wins_and_is_the_lists_member() -> None:
    config = parsed(
        source_toml("mine", "https://a.example/feed.xml")
        + LIST
        + LIST.replace("blogs", "more")
        + '[[feeds]]\nname = "x"\nsources = ["blogs/*"]\n'
        + '[[feeds]]\nname = "y"\nsources = ["blogs/ada", "blogs/bob"]\ndedupe = "story"\n'
        + 'prefer = ["blogs/ada"]\n'
        + '[[feeds]]\nname = "z"\nsources = ["more/*"]\n'
    )
    both = members(outline("a", "Ada"), outline("b", "Bob"))["blogs"]
    found = joined(config, {"blogs": both, "more": both[1:]})
    assert [one.name for one in found.sources] == ["mine", "blogs/bob"]
    selected = {
        feed.name: [one.name for one in found.sources if feed.selects(one)] for feed in found.feeds
    }
    assert selected["x"] == selected["y"] == ["mine", "blogs/bob"]
    assert selected["z"] == ["blogs/bob"]
    assert found.feeds[1].prefer.sources == ("mine",)
    # What is the list's own again, once the file lets it go, is so in the feeds, too.
    assert joined(found, {}).feeds[0].sources == ("blogs/*",)


def test_mistakes_of_lists() -> None:
    assert mistakes(LIST + LIST.replace("lists.example", "x.example")) == [
        "config.toml:5: lists[1].name: the same name as lists[0]"
    ]
    assert mistakes(LIST + 'interval = "1m"\n') == [
        'config.toml:4: lists[0].interval: must be between "5m" and "31d"'
    ]
    assert mistakes('[[lists]]\nname = "a"\nurl = "rsshub://a/b"\n') == [
        "config.toml:3: lists[0].url: must be an http:// or https:// URL"
    ]
    assert mistakes(LIST + '[[feeds]]\nname = "x"\nsources = ["blogs", "blog/*", "blogs/"]\n') == [
        'config.toml:6: feeds[0].sources[0]: unknown source "blogs", did you mean "blogs/*"?',
        'config.toml:6: feeds[0].sources[1]: unknown source "blog/*", did you mean "blogs/*"?',
        'config.toml:6: feeds[0].sources[2]: unknown source "blogs/", did you mean "blogs/*"?',
    ]
    assert mistakes(LIST + '[[feeds]]\nname = "x"\ndedupe = "story"\nprefer = ["blogs/*"]\n')


def test_what_a_list_may_bring_is_no_mistake_while_it_does_not() -> None:
    config = parsed(
        LIST + '[[feeds]]\nname = "x"\nsources = ["blogs/ada"]\ntags = ["tech"]\n'
        '[[exports]]\nkind = "hexo"\ndirectory = "a"\nfeed = "sources/blogs/ada"\n'
        '[[exports]]\nkind = "hexo"\ndirectory = "b"\nfeed = "tags/tech"\n'
    )
    assert config.warnings == ()
    with pytest.raises(AggregatorError, match="no feed tags/tech"):
        config.exported(config.exports[1])
    found = joined(config, members(outline("a", "Ada", tags=("tech",))))
    assert [found.exported(one).name for one in found.exports] == ["sources/blogs/ada", "tags/tech"]


def test_what_is_said_of_a_list() -> None:
    left_out = (LeftOut(Unlisted.TWICE, 1, "One"), LeftOut(Unlisted.NOT_A_URL, 2))
    health = ListHealth(1, FAILED.problem, Doubt(START, 2, 5), left_out)
    belief = Belief(3, 2 * DAY, START, lambda moment: f"{moment:%d %H:%M}")
    doubt = (
        "its newest document lacks 5 sources, half of them or more: they stay until 3 polls over "
        f"at least 48 hours have seen that (2 so far), not before {START + 2 * DAY:%d %H:%M}"
    )
    assert list_sentences(health, belief) == (
        doubt,
        '1 outline not taken (such as "One"): they say one again',
        "2 outlines not taken: their address is no http:// or https:// URL",
    )
    late = replace(belief, now=START + 2 * DAY)
    assert list_sentences(health, late)[0] == doubt.rpartition(", not before")[0]
    assert list_sentences(ListHealth(), belief) == ()
    assert list_line("blogs", 7, ListHealth(), belief) == "blogs: lists 7 sources"
    of = list_line("blogs", 7, ListHealth(doubt=Doubt(START, 2, 5)), belief)
    assert of == f"blogs: lists 2 of its 7 sources; {doubt}"
    of = list_line("blogs", 1, ListHealth(1, FAILED.problem), belief)
    assert of == "blogs: timeout: no answer; its 1 source stays, however long it fails"
