"""A subscriber of a feed that names who else tells a story, while others come, change and go."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.published import ATOM

if TYPE_CHECKING:
    from tests.program import Program
    from tests.web import Publisher

EVERY_SECOND = 'interval = "1s"'
FEEDS = '[[feeds]]\nname = "all"\nlanguage = "zh-CN"\n{}\n'


class Subscriber:
    """A reader that asks with what it was told before, and keeps what it got."""

    def __init__(self, aggregator: Program) -> None:
        self._aggregator = aggregator
        self.etags: list[str] = []
        self.modified: list[Any] = []
        self.updated: list[str] = []
        self.entries: list[tuple[str, str, str]] = []
        self.content = ""

    def asks(self) -> bool:
        """Ask once; tell whether there is another document than before."""
        known = {"If-None-Match": self.etags[-1]} if self.etags else {}
        answer = self._aggregator.get("/feeds/all.atom", known)
        if answer.status == 304:
            return False
        root = etree.fromstring(answer.body)
        self.etags.append(answer.headers["etag"])
        if stated := answer.headers.get("last-modified"):  # not where it would be in the future
            self.modified.append(parsedate_to_datetime(stated))
        self.updated.append(root.findtext(f"{ATOM}updated", ""))
        self.entries += [
            (
                entry.findtext(f"{ATOM}id", ""),
                entry.findtext(f"{ATOM}updated", ""),
                entry.findtext(f"{ATOM}published", ""),
            )
            for entry in root.iterfind(f"{ATOM}entry")
        ]
        self.content = root.findtext(f"{ATOM}entry/{ATOM}content", "")
        return True

    def sees(self, word: str, *, there: bool = True) -> bool:
        self.asks()
        return (word in self.content) is there


def carried(title: str, *, guid: str) -> bytes:
    """Return a document with an article that other documents link to, too."""
    return rss(item(1, title=title).replace("tag:site.example,2026:1", f"tag:{guid},2026:1"))


@pytest.mark.parametrize("key", ["show_also = true", 'dedupe = "story"'])
def test_others_come_and_go_below_an_entry_that_stays_what_it_is(
    aggregator: Program, web: Publisher, key: str
) -> None:
    web.route("/one.xml", body=carried("头条", guid="one"), etag=b'"1"')
    web.route("/two.xml", body=rss(), etag=b'"1"')
    one, two = (source_toml(name, web.url(f"/{name}.xml"), EVERY_SECOND) for name in ("one", "two"))
    feeds = FEEDS.format(key)
    aggregator.configure(one + two, feeds)
    aggregator.start()
    subscriber = Subscriber(aggregator)
    aggregator.wait(lambda: subscriber.sees("Text 1"), "the first source's entry")

    web.route("/two.xml", body=carried("也有头条", guid="two"), etag=b'"2"')
    aggregator.wait(lambda: subscriber.sees("另有报道"), "the other source's entry")
    assert '<a href="https://site.example/1">也有头条</a>（Site）' in subscriber.content

    web.route("/two.xml", body=carried("改了的头条", guid="two"), etag=b'"3"')
    aggregator.wait(lambda: subscriber.sees("改了的头条"), "the other entry's edit")

    aggregator.configure(one, feeds)
    assert aggregator.run("reload").returncode == 0
    aggregator.wait(lambda: subscriber.sees("另有报道", there=False), "the other source to go")

    assert len(set(subscriber.etags)) == len(subscriber.etags) >= 4
    assert subscriber.modified == sorted(set(subscriber.modified))
    assert subscriber.updated == sorted(subscriber.updated)
    assert subscriber.updated[0] < subscriber.updated[-1]
    assert len(set(subscriber.entries)) == 1
    assert not subscriber.asks()
