"""What the operator does from a page, done by the running daemon."""

from __future__ import annotations

import http.client
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from tests import PATIENCE
from tests.config_texts import source_toml
from tests.feed_documents import undated
from tests.program import PROGRAM

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
    # The size of the database is noted when the daemon starts, and once a day.
    aggregator.wait(lambda: 'id="sizes-title"' in aggregator.get("/overview").text, "its size")
    assert send(aggregator, "poll") == (409, "disabled in the configuration: one\n")
    status, text = send(aggregator, "resume")
    assert "It is polled again" in text
    assert "enabled" not in aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text("mistake", encoding="utf-8")
    status, text = send(aggregator, "pause")
    assert status == 409
    assert "config.toml" in text
    aggregator.stop()
    log = aggregator.log.read_text(encoding="utf-8")
    for action in ("poll", "disable", "enable"):
        assert re.search(rf"asked from a page.*do={action} source=one", log), action


def log_in(aggregator: Program, password: str) -> tuple[int, str | None]:
    """Send the form of the log-in as from elsewhere; return the status and the cookie."""
    elsewhere = {"X-Forwarded-For": "192.0.2.7", "Sec-Fetch-Site": "same-origin"}
    connection = http.client.HTTPConnection("127.0.0.1", aggregator.port, timeout=PATIENCE)
    connection.request("GET", "/login", headers=elsewhere)
    token = re.search(r'name="token" value="([\w-]+)"', connection.getresponse().read().decode())
    assert token is not None
    form = urllib.parse.urlencode({"token": token[1], "password": password})
    connection.request("POST", "/login", form, elsewhere)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    cookie = answer.headers["Set-Cookie"]
    return answer.status, None if cookie is None else cookie.partition(";")[0]


def test_a_password_opens_the_running_daemon_to_who_knows_it(aggregator: Program) -> None:
    aggregator.configure("")
    aggregator.start()
    password = "correct horse battery"  # noqa: S105 - nobody's
    command = [str(PROGRAM), "passwd", "--config", str(aggregator.config)]
    for wrong in ("", "short\n"):
        done = subprocess.run(command, input=wrong, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "a password has 10 to 1000 characters" in done.stderr
    done = subprocess.run(
        command, input=f"{password}\n", capture_output=True, text=True, check=True
    )
    assert "log in at http" in done.stdout
    (kept,) = aggregator.config.parent.glob("*.password")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert password not in kept.read_text(encoding="ascii")
    assert log_in(aggregator, "wrong password") == (403, None)
    status, cookie = log_in(aggregator, password)
    assert status == 303
    asking = urllib.request.Request(
        f"http://127.0.0.1:{aggregator.port}/sources",
        headers={"X-Forwarded-For": "192.0.2.7", "Cookie": cookie or ""},
    )
    with urllib.request.urlopen(asking) as answer:
        assert answer.geturl().endswith("/sources")
    subprocess.run([*command, "--remove"], check=True, capture_output=True)
    assert not kept.exists()
    aggregator.stop()
    log = aggregator.log.read_text(encoding="utf-8")
    for outcome in ("refused", "in"):
        assert re.search(rf"log-in from a page.*outcome={outcome} client=192.0.2.7", log), outcome
    assert password not in log


def test_a_source_is_added_from_a_page(aggregator: Program, web: Publisher) -> None:
    web.route("/one.xml", body=undated(2, title="Solidot"))
    aggregator.configure("")
    aggregator.start()
    before = aggregator.config.read_text(encoding="utf-8")

    def post(**fields: str) -> tuple[str, str]:
        token = re.search(r'name="token" value="(\w+)"', aggregator.get("/add").text)
        assert token is not None
        form = urllib.parse.urlencode({"token": token[1], **fields}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{aggregator.port}/add", form)
        with urllib.request.urlopen(request) as answer:
            return answer.geturl(), answer.read().decode()

    _, text = post(url=web.url("/none"))
    assert "Its server answers with an error" in text
    _, text = post(url=web.url("/one.xml"))
    offer = re.search(r'name="offer" value="([\w-]+)"', text)
    assert offer is not None
    assert "2 entries" in text
    _, text = post(offer=offer[1], typed=web.url("/one.xml"), name="no name")
    assert "name: " in text
    where, text = post(offer=offer[1], name="", tags="开源， news")
    assert where.endswith("/sources/solidot/health?done=add")
    assert "It was added to config.toml" in text
    written = aggregator.config.read_text(encoding="utf-8")
    assert written.startswith(before)
    assert 'name = "solidot"' in written
    assert 'tags = ["开源", "news"]' in written
    aggregator.wait(lambda: len(aggregator.titles()) == 2, "the first poll")
    assert len(web.asked("/one.xml")) == 1
    _, text = post(url=web.url("/one.xml"))
    assert "there already: source solidot" in text
    aggregator.stop()
    log = aggregator.log.read_text(encoding="utf-8")
    assert re.search(r'asked from a page.*do="look up" host=127.0.0.1', log)
    assert re.search(r"asked from a page.*do=add source=solidot", log)
