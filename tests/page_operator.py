"""Stands for the daemon behind the operator's pages: is there to be asked, and does nothing."""

from __future__ import annotations

from aggregator.model import Problem, ProblemKind
from aggregator.model.candidates import Added, Candidate, Found
from tests.making import DAY, START

#: What is found at any address.
FOUND = Found(
    "https://weekly.example/",
    (
        Candidate(
            "https://weekly.example/" + "a-rather-long-address/" * 6 + "feed.xml",
            "公开周刊：每周一期的开源新闻与评论，标题也可以很长",
            offer="one", name="weekly", language="zh-CN", entries=20,
            newest_at=START, oldest_at=START - 90 * DAY, pause=7 * DAY,
            newest=(("第一期", START), ("An entry without a date", None)),
        ),
        Candidate("https://weekly.example/comments", "Comments", problem=Problem(
            ProblemKind.TIMEOUT, "no answer in 10 s", "look at the address"
        )),
        Candidate("https://letters.example/feed", "Letters", known_as="letters", entries=3),
        Candidate("https://weekly.example/late", "Late"),
    ),
    more=True,
)  # fmt: skip


class Idle:
    """Is there to be asked, and does nothing."""

    async def poll(self, name: str) -> None:
        """Do nothing."""

    async def switch(self, name: str, *, enabled: bool) -> None:
        """Do nothing."""

    async def find(self, who: str, typed: str) -> Found:  # noqa: ARG002 - as it is asked
        """Find two feeds of a page, one of them out of order."""
        return FOUND

    async def add(
        self,
        who: str,  # noqa: ARG002 - as it is asked
        offer: str,  # noqa: ARG002
        name: str | None,
        tags: tuple[str, ...],  # noqa: ARG002
    ) -> Added:
        """Have added it; or say what to paste, where that is the name."""
        if name == "paste":
            block = '[[sources]]\nname = "paste"\nurl = "https://' + "long." * 30 + 'example/"\n'
            return Added(None, block, "/etc/aggregator/config.toml: is write-protected")
        return Added("letters")

    def note(self, what: str, client: str) -> None:
        """Do nothing."""
