"""OPML as other programs write it, and what we write ourselves."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.cli.import_command import import_plan
from aggregator.config.edit import append
from aggregator.config.network_values import expand
from aggregator.config.opml import MAX_BYTES, MAX_DEPTH, MAX_OUTLINES, read, write
from aggregator.model import (
    Access,
    Condition,
    ProblemKind,
    Replacement,
    Rules,
    Source,
    Tagging,
)
from aggregator.model.errors import ConfigError, UnreadableError
from aggregator.model.opml_listing import Listing
from tests.config_texts import parsed, source_toml


def opml(body: str, *, version: str = "2.0") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><opml version="{version}"><head><title>t</title>'
        f"</head><body>{body}</body></opml>"
    ).encode()


def told(body: str) -> list[tuple[str, str | None, tuple[str, ...]]]:
    sources = read(opml(body)).sources
    assert not any(source.name for source in sources)
    return [(source.url, source.title, source.tags) for source in sources]


def test_titles_are_kept_and_folders_and_categories_become_tags() -> None:
    assert told(
        '<outline text="科技"><outline title="深入" text="">'
        '<outline text="IT之家 &amp; co" type="rss" xmlUrl=" https://a.example/?x=1&amp;copy=2 "/>'
        "</outline></outline>"
        '<outline title="B" xmlUrl="https://b.example/" category="x,/y/z, x"/>'
        '<outline xmlUrl="https://c.example/"></outline>'
    ) == [
        ("https://a.example/?x=1&copy=2", "IT之家 & co", ("科技", "深入")),
        ("https://b.example/", "B", ("x", "y", "z")),
        ("https://c.example/", None, ()),
    ]


def test_a_feed_that_is_listed_again_is_counted_and_lends_its_folder() -> None:
    listing = read(
        opml(
            '<outline text="a"><outline text="one" xmlUrl="https://a.example/"/></outline>'
            '<outline text="b"><outline text="two" xmlUrl="https://a.example/"/></outline>'
        )
    )
    assert (listing.repeated, listing.without_feed) == (1, 0)
    assert [(one.url, one.title, one.tags) for one in listing.sources] == [
        ("https://a.example/", "one", ("a", "b"))
    ]


def test_what_people_write_by_hand_is_read() -> None:
    assert told(
        '<outline text="Q & A" xmlUrl="https://a.example/?a=1&b=2"><outline text="folder">'
    ) == [("https://a.example/?a=1&b=2", "Q & A", ())]


def test_what_is_no_feed_is_passed_over_and_counted() -> None:
    found = read(
        opml(
            '<outline text="a site" type="link" url="https://a.example/"/>'
            '<outline text="another" htmlUrl="https://b.example/"/>'
            '<outline text="folder"><outline text="in it" xmlUrl="https://d.example/"/></outline>'
            '<outline text="more" type="include" url="https://c.example/list.opml"/>'
            '<outline text="empty"/>'
        )
    )
    assert [one.url for one in found.sources] == ["https://d.example/"]
    assert (found.repeated, found.without_feed) == (0, 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    document = (
        f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
        '<opml version="1.0"><body><outline text="科技" xmlUrl="https://a.example/"/></body></opml>'
    )
    (source,) = read(document.encode(encoding)).sources
    assert source.title == "科技"


def test_document_types_and_entities_are_ignored() -> None:
    document = (
        b'<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">'
        b'<!ENTITY c SYSTEM "file:///etc/passwd">]>'
        b'<opml version="1.0"><body><outline text="&b;&c;" xmlUrl="https://a.example/"/>'
        b"</body></opml>"
    )
    (source,) = read(document).sources
    assert source.title == "&b;&c;"


@pytest.mark.parametrize(
    ("data", "kind", "detail"),
    [
        (b"", ProblemKind.NOT_A_FEED, "it is not OPML"),
        (b"<rss><channel/></rss>", ProblemKind.NOT_A_FEED, "it is not OPML"),
        (b"<![foo[ bar ]]>", ProblemKind.NOT_A_FEED, "it is not XML"),
        (
            opml('<outline text="a" xmlUrl="https://a.example/"/>\n<outline text="b').partition(
                b"</body>"
            )[0],
            ProblemKind.NOT_A_FEED,
            "it is not well-formed: cut off at line 2, without </opml>",
        ),
        (b" " * (MAX_BYTES + 1), ProblemKind.TOO_LARGE, "it is larger than 5 MiB"),
        (
            opml('<outline text="x"/>' * (MAX_OUTLINES + 1)),
            ProblemKind.TOO_LARGE,
            f"it has more than {MAX_OUTLINES} outlines",
        ),
    ],
    ids=["empty", "rss", "declaration", "cut off", "bytes", "outlines"],
)
def test_what_is_no_list_or_too_much(data: bytes, kind: ProblemKind, detail: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(data)
    assert (caught.value.problem.kind, caught.value.problem.detail) == (kind, detail)


def test_what_lies_too_deep_is_counted_and_the_rest_is_read() -> None:
    feeds = [f'<outline text="{one}" xmlUrl="https://{one}.example/"/>' for one in "abcd"]
    folders = "".join(f'<outline text="{depth}">' for depth in range(1, MAX_DEPTH))
    deeper = f'<outline text="deep"><outline>{feeds[1]}</outline>{feeds[2]}</outline>'
    nested = f"{folders}{feeds[0]}{deeper}{'</outline>' * (MAX_DEPTH - 1)}"
    found = read(opml(f"{nested}{feeds[3]}"))
    assert [(one.url[8], len(one.tags)) for one in found.sources] == [
        ("a", MAX_DEPTH - 1),
        ("d", 0),
    ]
    assert (found.too_deep, found.without_feed) == (2, 0)


def test_the_largest_list_is_read() -> None:
    body = "".join(
        f'<outline text="T{number}" xmlUrl="https://h{number}.example/"/>'
        for number in range(MAX_OUTLINES)
    )
    assert len(read(opml(body)).sources) == MAX_OUTLINES


def test_what_we_write_is_opml_that_others_understand() -> None:
    sources = (
        Source("one", "https://u:p@one.example/?a=1&key=s", "一 <&>", ("科技", "C/C++, etc")),
        Source("two", "https://two.example/", private=True),
    )
    root = ET.fromstring(write("backup", sources))  # noqa: S314  # what we have just written
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "backup")
    folder, two = root.iterfind("body/outline")
    (one,) = folder
    assert folder.attrib == {"text": "科技"}
    assert (one.get("text"), one.get("title"), one.get("type")) == ("一 <&>", "一 <&>", "rss")
    assert one.get("xmlUrl") == "https://u:p@one.example/?a=1&key=s"
    assert one.get("category") == "科技,C C++ etc"
    assert (two.get("text"), two.get("title"), two.get("category")) == ("two", None, None)
    for outline in (one, two):  # what is ours alone stands in our namespace
        plain = {name for name in outline.attrib if not name.startswith("{")}
        assert plain <= {"text", "title", "type", "xmlUrl", "category"}


# What XML can hold, and config.toml.
words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1
).filter(str.strip)

#: One of each kind of rule.
RULES = Rules(
    keep=(
        Condition(words=("发布", "/^a|b$/")),
        Condition(title=('"x"',), older_than=timedelta(days=3)),
    ),
    block=(Condition(author=("<me>",), url=("/ad/",)),),
    tag=(Tagging(Condition(category=("AI", "ML")), ("ai", "新")),),
    replace=(Replacement("a", "b", ("title",)),),
)

periods = st.builds(timedelta, minutes=st.integers(1, 40_000))


@given(
    st.lists(
        st.builds(
            Source,
            name=st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
            url=st.from_regex(r"https://[a-z]{1,9}\.test/[!-~]{0,20}", fullmatch=True),
            title=st.none() | words,
            tags=st.lists(words, max_size=4, unique=True).map(tuple),
            private=st.booleans(),
            interval=st.none() | periods,
            expected_every=st.none() | periods,
            retention=st.none() | periods,
            timezone=st.sampled_from(("UTC", "Asia/Shanghai")),
            encoding=st.sampled_from((None, "gb18030")),
            edits=st.sampled_from(("show", "ignore")),
            enabled=st.booleans(),
            dedupe=st.booleans(),
            backfill=st.integers(0, 10_000),
            max_entries=st.none() | st.integers(1, 2000),
            weight=st.floats(0.25, 4),
            site=st.sampled_from(((), ("a.example",), ("a.example", "b.example"))),
            secret_params=st.sampled_from((None, (), ("x",), ("x", "y z"))),
            access=st.sampled_from((Access(), Access(user_agent="me/1", cookies="off"))),
            rules=st.sampled_from((Rules(), RULES)),
        ),
        max_size=5,
        unique_by=lambda source: source.url,
    ).map(tuple)
)
def test_what_we_write_we_read_again(sources: tuple[Source, ...]) -> None:
    assert read(write("t", sources)) == Listing(sources)


@given(st.none() | words, st.lists(words, max_size=4), words)
@example(" IT之家 ", [" AI ", "AI", "科\u3000技", "\xa0a\u200bb"], "\u3000AI")
def test_what_a_configuration_says_it_says_after_an_export_and_an_import(
    title: str | None, tags: list[str], excluded: str
) -> None:
    said = [f"title = {json.dumps(title, ensure_ascii=False)}"] if title else []
    feed = f'[[feeds]]\nname = "f"\nexclude_tags = [{json.dumps(excluded, ensure_ascii=False)}]\n'
    source = source_toml(
        "a", more="\n".join((*said, f"tags = {json.dumps(tags, ensure_ascii=False)}"))
    )
    try:
        before = parsed(source + feed)
    except ConfigError:  # two spellings of one tag, "."
        return
    listed = read(write("t", before.sources)).sources
    plan = import_plan(feed, parsed(feed), listed)
    after = parsed(append(feed, plan.blocks))
    ((old,), (new,)) = (before.sources, after.sources)
    assert (plan.refused, new.name, new.title) == ([], old.name, old.title)
    assert new.tags == tuple(dict.fromkeys(old.tags))
    for config in (before, after):
        (one,) = config.sources
        assert all(tag == tag.strip() for tag in one.tags)
        assert (excluded.strip() in one.tags) == (not config.feeds[0].selects(one))


INSTANCES = ("https://rsshub.example", "http://rsshub:1200/sub")


@given(
    st.lists(
        st.sampled_from(
            ("https://a.test/x", "rsshub://a/b", "rsshub://c", "https://rsshub.example/a")
        ),
        min_size=1,
        unique=True,
    ),
    st.sampled_from((INSTANCES, INSTANCES[:1])),
)
@example(["https://rsshub.example/a", "https://a.test/x"], INSTANCES[:1])
def test_all_mirrors_come_back(urls: list[str], instances: tuple[str, ...]) -> None:
    asked = tuple(one for url in urls for one in expand(url, instances))
    source = Source("a", urls[0], mirrors=asked if asked != (urls[0],) else ())
    (found,) = read(write("t", (source,), instances=instances)).sources
    assert found.url == urls[0]
    again = found.mirrors or (found.url,)
    # Of one instance a plain URL is its route, which means the same.
    assert tuple(one for url in again for one in expand(url, instances)) == asked
    assert len(instances) == 1 or again == tuple(urls)


def test_mirrors_that_others_have_changed_are_not_believed() -> None:
    source = Source("a", "https://a.test/", mirrors=("https://a.test/", "https://b.test/"))
    document = write("t", (source,))
    assert read(document).sources == (source,)
    moved = document.replace(b'xmlUrl="https://a.test/"', b'xmlUrl="https://new.test/"')
    assert read(moved).sources == (Source("a", "https://new.test/"),)


def test_what_is_no_setting_or_has_no_such_value_is_passed_over() -> None:
    listing = read(
        opml(
            '<outline xmlns:aggregator="urn:x-aggregator:opml" xmlns:other="urn:other" text="t" '
            'xmlUrl="https://a.example/" aggregator:name="a" aggregator:interval="soon" '
            'aggregator:enabled="perhaps" aggregator:backfill="99999999999" '
            'aggregator:max_entries="ten" aggregator:weight="nan" aggregator:proxy="direct" '
            'aggregator:keep="[" aggregator:block="[[[1]]]" aggregator:tag="1" '
            'aggregator:timezone="Asia/Shanghai" aggregator:interval2="1h" other:interval="1h"/>'
        )
    )
    assert listing.sources == (Source("a", "https://a.example/", timezone="Asia/Shanghai"),)


def test_what_may_hold_a_secret_stays_at_home() -> None:
    access = Access(headers=(("X-Key", "CANARY"),), proxy="http://u:CANARY@p.example")
    source = Source("a", "https://a.example/", access=access, secret_params=("k",))
    written = write("t", (source,)).decode()
    assert "CANARY" not in written
    assert 'secret_params="k"' in written


def test_the_served_list_of_another_daemon_can_be_read() -> None:
    golden = Path(__file__).parent / "golden" / "sources.opml"
    listing = read(golden.read_bytes())
    assert listing.repeated == 0
    sources = listing.sources
    assert all(source.url.startswith("http") for source in sources)
    assert sources


def test_folders_are_first_tags_and_titles_those_of_the_documents() -> None:
    made = [
        Source(f"s{number}", f"https://s{number}.example/", tags=tags, title=title)
        for number, (tags, title) in enumerate(
            [(("a", "b"), None), (("a",), "Own"), ((), None), (("b", "a"), None)]
        )
    ]
    titles = {"s0": "Its title", "s1": "Not this", "s3": ""}
    body = ET.fromstring(write("t", made, titles)).find("body")  # noqa: S314 -- ours
    assert body is not None
    assert [(one.get("text"), [inner.get("text") for inner in one]) for one in body] == [
        ("a", ["Its title", "Own"]),
        ("s2", []),
        ("b", ["s3"]),
    ]
    assert read(write("t", made, titles)) == Listing(tuple(made))
