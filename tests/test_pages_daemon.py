"""What the operator does from a page, done by the running daemon."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from tests.config_texts import source_toml
from tests.feed_documents import undated

if TYPE_CHECKING:
    from tests.program import Program
    from tests.web import Publisher


def send(aggregator: Program, action: str) -> tuple[int, str]:
    """Send the form of a source's page; return the status and text of where that leads."""
    page = aggregator.get("/sources/one/health").text
    token = re.search(r'name="token" value="([\w-]+)"', page)
    assert token is not None
    request = urllib.request.Request(
        f"http://127.0.0.1:{aggregator.port}/sources/one/{action}",
        data=urllib.parse.urlencode({"token": token[1]}).encode(),
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_source_is_polled_paused_and_polled_again_from_its_page(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/one.xml", body=undated(2))
    aggregator.configure(source_toml("one", web.url("/one.xml")))
    aggregator.start()
    aggregator.wait(lambda: len(aggregator.titles()) == 2, "the first poll")
    web.route("/one.xml", body=undated(3))
    status, text = send(aggregator, "poll")
    assert status == 200
    assert "It is being polled" in text
    aggregator.wait(lambda: len(aggregator.titles()) == 3, "the poll that was asked for")
    status, text = send(aggregator, "pause")
    assert "It is paused" in text
    assert "enabled = false" in aggregator.config.read_text(encoding="utf-8")
    assert "Paused" in aggregator.get("/sources").text
    assert send(aggregator, "poll") == (409, "disabled in the configuration: one\n")
    status, text = send(aggregator, "resume")
    assert "It is polled again" in text
    assert "enabled = true" in aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text("mistake", encoding="utf-8")
    status, text = send(aggregator, "pause")
    assert status == 409
    assert "config.toml" in text
    aggregator.stop()
    log = aggregator.log.read_text(encoding="utf-8")
    for action in ("poll", "disable", "enable"):
        assert re.search(rf"asked from a page.*do={action} source=one", log), action
