"""What we publish of our own fixtures says what they say: the report of fidelity finds no loss.

And the report itself: it takes no difference for a loss that is none, and sees those that are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from aggregator import parse
from aggregator.model import Body
from benchmarks.cases import Case, Difference
from benchmarks.dates import instant, is_impossible
from benchmarks.excuses import rules
from benchmarks.fidelity import FIXTURES, readable, run
from benchmarks.fidelity_report import GOALS, SECOND_GOALS, shortfalls
from benchmarks.polled_again import merged, shown_again
from benchmarks.second_judge import EXCUSES, Gap, judge, read
from benchmarks.seen import Seen, pictures, seen_by_feedparser, seen_in_json
from tests.feed_documents import atom_text, rss

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEEN = datetime(2026, 11, 23, tzinfo=UTC)
URL = "https://publisher.example/feed.xml"
WRITTEN = datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_nothing_of_our_fixtures_is_lost_on_the_way(tell: Callable[[str], None]) -> None:
    report = run(FIXTURES, SEEN)
    for name, account in report.accounts.items():
        tell(f"{name}: {account.raw:.2%} of {account.total} as it was, {account.fair:.2%} excepted")
    assert not report.losses
    assert not report.gaps
    assert not shortfalls(report)
    assert not merged(readable(FIXTURES, SEEN), SEEN)
    assert all(report.accounts[name].total for name in GOALS)
    assert all(report.second.tallies[name].total for name in SECOND_GOALS)


def test_every_exception_says_why_and_is_listed_once() -> None:
    listed = [rule.name for rule in rules()]
    assert len(listed) == len(set(listed))
    assert all(rule.why and rule.fields for rule in rules())


def rss_of(*told: str) -> bytes:
    """Return an RSS document with these items, each without its `<item>`."""
    whole = (f"<item>{item}</item>" for item in told)
    return rss(*whole, namespaces=' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"')


def atom(told: str) -> bytes:
    """Return an Atom document with one entry that says this."""
    head = "<id>urn:example:1</id><title>A</title><updated>2026-11-20T00:00:00Z</updated>"
    return atom_text("<id>urn:example:n</id>", f"<entry>{head}{told}</entry>").encode()


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(rss_of("<title>A</title><pubDate>2026/11/22 16:00</pubDate>"), id="slashes"),
        pytest.param(
            rss_of("<title>A</title><pubDate>2026年11月22日 16:00</pubDate>"), id="Chinese date"
        ),
        pytest.param(rss_of("<title>A</title><pubDate>1795276800</pubDate>"), id="epoch"),
        pytest.param(
            rss_of("<title>A</title><pubDate>Sun, 22 Nov 2026 16:00:00 UTC+8</pubDate>"), id="UTC+8"
        ),
        pytest.param(
            rss_of("<title>A</title><pubDate>2026-13-45T99:99:99Z</pubDate>"), id="impossible date"
        ),
        pytest.param(
            b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "a", "title": "A",'
            b' "date_published": "2026-11-20T03:32:03.45Z"}]}',
            id="fraction of a second",
        ),
        pytest.param(rss_of("<title>A</title><link>http://中国/6</link>"), id="domain in Chinese"),
        pytest.param(atom('<link href="http://例え.jp/パス"/>'), id="IRI in an attribute"),
        pytest.param(
            rss_of('<title>A</title><description>x&lt;img src="//t.e/0" width=0></description>'),
            id="picture without width",
        ),
        pytest.param(
            rss_of(
                '<title>A</title><description>x&lt;img src="//t.e/q.gif"'
                ' style="width:1px;height:1px"></description>'
            ),
            id="styled pixel",
        ),
        pytest.param(
            rss_of(
                "<title>A</title><link>https://www.ithome.com/0/968/171.htm</link><description>"
                '<![CDATA[<p>正文</p><a class="topic-bar" href="/t">t</a><a href="/u">x</a>]]>'
                "</description>"
            ),
            id="advertisement beside a word",
        ),
        pytest.param(rss_of(f"<title>{'长标题' * 400}</title>"), id="long title"),
        pytest.param(
            rss_of("<title>A</title>" + "".join(f"<category>c{n}</category>" for n in range(120))),
            id="many categories",
        ),
        pytest.param(rss_of("<title>\u202eRTL</title>"), id="turned title"),
        pytest.param(
            rss_of("<title>AT&T</title><link>http://e.com/?a=1&b=2&lang=en</link>"),
            id="bare ampersands",
        ),
        pytest.param(
            atom("<author><name>A, Jr.</name></author><author><name>B</name></author>"),
            id="two authors",
        ),
    ],
)
def test_what_is_no_loss_is_not_reported(document: bytes, tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(document)
    report = run(tmp_path, SEEN)
    assert not report.losses
    assert report.accounts["entry"].total == 3


def test_the_first_2000_entries_are_compared_and_the_rest_is_beyond_bounds(tmp_path: Path) -> None:
    items = (f"<title>t{n}</title><link>http://n.example/{n}</link>" for n in range(2003))
    (tmp_path / "feed").write_bytes(rss_of(*items))
    report = run(tmp_path, SEEN)
    assert not report.losses
    assert report.accounts["entry"].kept == 6000
    assert report.accounts["entry"].excepted == {"beyond-bounds": 9}


def covered(field: str, theirs: str, ours: str, original: Seen, published: Seen) -> list[str]:
    """Return the rules that take this difference for none."""
    case = Case(b"", URL, SEEN, (original,), {form: [published] for form in ("atom", "rss")})
    difference = Difference("atom", field, 0, original, published, theirs, ours, 1)
    return [rule.name for rule in rules() if rule.covers(difference, case)]


def test_a_link_that_was_made_another_is_a_loss() -> None:
    (one,) = seen_by_feedparser(
        rss_of("<title>A&B</title><link>http://e.com/?b=2&lang=en</link>"), URL
    )
    assert one.link == "http://e.com/?b=2&lang=en"
    assert not covered("link", one.link, "http://e.com/?b=2%E2%9F%A8=en", one, one)
    assert not covered("link", "http://e.com/a%2Fb", "http://e.com/a/b", one, one)
    assert covered("link", "http://中国/é", "http://xn--fiqs8s/%C3%A9", one, one) == ["escaped"]


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="/t.png" data-original="/two words.jpg">',
        '<img src="/t.png" data-srcset="/two%20words.jpg 900w">',
        '<img data-lazy-src="/two%20words.jpg" src="/t.png">',
    ],
)
def test_a_placeholder_in_place_of_a_lazy_picture_is_a_loss(markup: str) -> None:
    (picture,) = pictures(markup, "http://n.example/")
    assert picture.addresses == {"//n.example/two+words.jpg"}


def test_data_that_is_no_address_hides_no_picture() -> None:
    (picture,) = pictures('<img src="/a.png" data-src="{{x}}" data-lazy="1">', "http://n.example/")
    assert picture.addresses == {"//n.example/a.png"}


def test_an_episodes_picture_is_seen() -> None:
    (one,) = seen_by_feedparser(
        rss_of('<title>A</title><itunes:image href="http://n.example/e.jpg"/>'), URL
    )
    assert one.media == ("http://n.example/e.jpg",)


def test_whole_items_of_a_document_that_was_cut_off_are_seen() -> None:
    cut = b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "a"}, {"id": "b'
    assert [one.id for one in seen_in_json(cut, URL)] == ["a"]


def test_a_date_that_we_misread_is_a_loss_though_feedparser_misreads_it_too() -> None:
    (one,) = seen_by_feedparser(rss_of("<title>A</title><pubDate>1795276800</pubDate>"), URL)
    assert one.published is not None
    theirs = one.published.isoformat()
    assert covered("published", theirs, "2026-11-21T16:00:00+00:00", one, one)
    assert not covered("published", theirs, "2026-11-21T08:00:00+00:00", one, one)


@pytest.mark.parametrize(
    "text",
    [
        "2026/11/22 16:00", "2026年11月22日 下午4:00", "２０２６年１１月２２日　１６：００",
        "2026-326 16:00", "2026-W47-7T16:00Z", "20261122T160000Z", "1795363200", "1795363200000",
        "Mon, 23 Nov 2026 00:00:00 UTC+8", "Sunday, November 22, 2026 4:00 PM",
        "Sun, 22 Nov 2026 18:00:00 EET",
    ],
)  # fmt: skip
def test_dates_that_feedparser_does_not_read_are_read(text: str) -> None:
    assert instant(text) == WRITTEN


@pytest.mark.parametrize(
    "text", ["", "刚刚", "2026-13-45", "2026-366", "22 Foo 2026", "11/22/2026"]
)
def test_what_names_no_day_for_certain_is_no_date(text: str) -> None:
    assert instant(text) is None


def test_numbers_out_of_their_range_make_a_date_impossible() -> None:
    assert is_impossible("2026-13-45T99:99:99Z")
    assert is_impossible("2026-11-22T16:00:00+99:00")
    assert not is_impossible("2026-11-22T16:00:00+08:00")


SAID = (
    "<title>Rain</title><link>http://n.example/1</link><author>a@n.example (Ann)</author>"
    "<pubDate>Sun, 22 Nov 2026 16:00:00 GMT</pubDate>"
    '<enclosure url="http://n.example/1.mp3" type="audio/mpeg" length="1"/>'
    '<description><![CDATA[<p>Words <a href="http://n.example/2">more</a>'
    '<img src="http://n.example/1.png"></p>]]></description>'
)


@pytest.mark.parametrize(
    ("field", "said", "published"),
    [
        ("link", "http://n.example/1</link>", "http://n.example/one</link>"),
        ("link in text", 'href="http://n.example/2"', 'href="http://n.example/3"'),
        ("date", "16:00:00", "16:00:02"),
        ("character", "Words", "Word"),
        ("picture", "1.png", "2.png"),
        ("picture", '"http://n.example/1.png"', '"http://n.example/1.png?id=2"'),
        ("enclosure", "1.mp3", "2.mp3"),
        ("author", "(Ann)", "(Bob)"),
    ],
)
def test_the_second_judge_sees_a_loss_of_any_field(field: str, said: str, published: str) -> None:
    assert said in SAID
    original = rss_of(SAID, "<title>Other</title><link>http://n.example/o</link>").decode()
    ours = original.replace(said, published)
    assert not judge(original, URL, original, URL, now=SEEN).gaps
    assert {gap.field for gap in judge(original, URL, ours, URL, now=SEEN).gaps} == {field}


def test_the_second_judge_misses_an_item() -> None:
    original = rss_of(SAID, "<title>Other</title>").decode()
    (gap,) = judge(original, URL, rss_of(SAID).decode(), URL, now=SEEN).gaps
    assert (gap.field, gap.theirs) == ("item", "Other")


@pytest.mark.parametrize(
    ("said", "field", "theirs", "ours"),
    [
        ("tracker", "link in text", "//n.example/?utm_source=f&id=1", "//n.example/?id=1"),
        ("other-size", "picture", "//n.example/a.jpg?w=300", "//n.example/a.jpg?w=1200"),
        ("no-host", "link in text", "//ten+words+of+text", ""),
        (None, "link in text", "//n.example/?utm_source=f&id=1", "//n.example/?utm_source=f"),
        (None, "picture", "//n.example/a.jpg?id=300", "//n.example/a.jpg?id=1200"),
        (None, "picture", "//n.example/b.jpg?w=300", "//n.example/a.jpg?w=300"),
        (None, "picture", "//n.example/b.gif?host=n.example", ""),
        (None, "link in text", "//n.example/words", ""),
    ],
)
def test_the_second_judge_excuses_what_it_names_and_nothing_like_it(
    said: str | None, field: str, theirs: str, ours: str
) -> None:
    (one,) = read(rss_of(SAID).decode(), URL)
    gap = Gap(field, theirs, ours, 1, one, one, (one,))
    assert next((rule.name for rule in EXCUSES if rule.covers(gap)), None) == said


def test_a_summarys_link_is_excused_only_where_the_same_words_lead_elsewhere() -> None:
    def lost(said: str) -> set[str]:
        head = "<title>Rain</title><link>http://n.example/1</link>"
        whole = '<a href="http://n.example/right">Rain</a> fell for many days on end'
        long = f"<content:encoded><![CDATA[{whole}]]></content:encoded>"
        short = f"<description><![CDATA[{said}]]></description>"
        named = ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        original = rss(f"<item>{head}{short}{long}</item>", namespaces=named).decode()
        ours = original.replace(said, "Rain fell")
        return {gap.theirs for gap in judge(original, URL, ours, URL, now=SEEN).gaps}

    assert not lost('<a href="http://n.example/wrong">Rain</a> fell')
    assert lost('Rain <a href="http://n.example/source">fell</a>') == {"//n.example/source"}


@pytest.mark.parametrize("said", ["Ann(a@n.example)", "Ann (a@n.example", "a@n.example (Ann)"])
def test_the_second_judge_reads_a_name_beside_an_address(said: str) -> None:
    (one,) = read(rss_of(f"<title>t</title><author>{said}</author>").decode(), URL)
    assert one.authors == ("Ann",)


def test_a_second_poll_that_shows_something_again_is_told() -> None:
    body = rss_of(*(f"<title>t{n}</title><link>http://n.example/{n}</link>" for n in range(6)))
    document = parse.read(Body(body, None, URL, "UTC", SEEN))
    assert not shown_again(document, SEEN)
    nameless = rss_of(*["<title>t</title><guid>same</guid><description>{}</description>"] * 6)
    assert not shown_again(parse.read(Body(nameless, None, URL, "UTC", SEEN)), SEEN)
