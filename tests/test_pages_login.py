"""The log-in: what a password opens, to whom, and how little of it anybody else sees."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import StoreSettings
from aggregator.config.settings import Pages
from aggregator.serve.attempts import IN_ALL, PER_CLIENT, Attempts
from aggregator.serve.sessions import IDLE_SECONDS, LONGEST_SECONDS, MOST, Sessions
from aggregator.store.operator_password import hash_of, is_right, password_path
from tests.page_world import World, make_world
from tests.serving import Answer, Running, running

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model.candidates import Added, Found
    from aggregator.serve import Site
    from aggregator.store import Store

PASSWORD = "correct horse battery"  # noqa: S105 - nobody's
#: As a caller elsewhere comes, over a proxy on this machine.
ELSEWHERE = {"x_forwarded_for": "192.0.2.7"}


@dataclass
class Acting:
    """Remembers what it is asked for."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    async def poll(self, name: str) -> None:
        self.asked.append(("poll", name))

    async def switch(self, name: str, *, enabled: bool) -> None:
        self.asked.append((str(enabled), name))

    async def find(self, who: str, typed: str) -> Found:
        raise AssertionError((who, typed))

    async def add(self, who: str, offer: str, name: str | None, tags: tuple[str, ...]) -> Added:
        raise AssertionError((who, offer, name, tags))

    def note(self, what: str, client: str) -> None:
        self.asked.append((what, client))


@dataclass
class House:
    """A site with a password, and what was asked of it; its clock stands until it is moved."""

    world: World
    folder: Path
    acting: Acting = field(default_factory=Acting)
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        path = self.folder / "aggregator.db"
        self.world = World(self.world.store, replace(
            self.world.config, store=replace(StoreSettings(), path=path)
        ))  # fmt: skip

    @property
    def site(self) -> Site:
        """The site."""
        return replace(self.world.site, operating=self.acting, seconds=lambda: self.seconds)

    def configure(self, **changes: object) -> None:
        """Change tables of the configuration."""
        self.world = World(self.world.store, replace(self.world.config, **changes))  # type: ignore[arg-type]  # tables

    def set_password(self, password: str = PASSWORD) -> None:
        """Set the password, as `aggregator passwd` does."""
        path = password_path(self.world.config.store.path)
        path.unlink(missing_ok=True)
        path.write_text(hash_of(password), encoding="ascii")


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    return House(make_world(store), tmp_path)


def token_in(answer: Answer) -> str:
    found = re.search(rb'name="token" value="(\w+)"', answer.body)
    assert found is not None, answer.body
    return found[1].decode()


async def post(server: Running, target: str, form: dict[str, str], **fields: str) -> Answer:
    body = urlencode(form)
    head = [
        f"POST {target} HTTP/1.1",
        f"Host: {fields.pop('host', '127.0.0.1')}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(f"{key.replace('_', '-')}: {value}" for key, value in fields.items()),
        "Connection: close",
    ]
    return await server.send(("\r\n".join(head) + "\r\n\r\n" + body).encode())


async def try_password(server: Running, password: str, **fields: str) -> Answer:
    page = await server.get("/login", **ELSEWHERE)
    form = {"token": token_in(page), "password": password}
    return await post(server, "/login", form, **{**ELSEWHERE, **fields})


def cookie_of(answer: Answer) -> dict[str, str]:
    return {"cookie": answer.headers["set-cookie"].partition(";")[0], **ELSEWHERE}


async def test_who_logs_in_sees_and_does_what_the_operator_does(house: House) -> None:
    house.set_password()
    async with running(house.site) as server:
        refused = await server.get("/sources/echo/health", **ELSEWHERE)
        assert (refused.status, refused.headers["location"]) == (303, "../../login")
        assert b"echo" not in refused.body
        answer = await try_password(server, PASSWORD)
        assert (answer.status, answer.headers["location"]) == (303, "./sources")
        said = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(said.split("; "))
        assert "Secure" not in said
        me = cookie_of(answer)
        assert (await server.get("/sources", **me)).status == 200
        assert (await server.get("/sources.opml", **me)).status == 200
        assert (await server.get("/feeds/_status.atom", **me)).status == 200
        assert b'href="./sources"' in (await server.get("/", **me)).body
        token = token_in(await server.get("/sources/echo/health", **me))
        done = await post(server, "/sources/echo/poll", {"token": token}, **me)
        assert done.status == 303
        stranger = await post(server, "/sources/echo/poll", {"token": token}, **ELSEWHERE)
        assert stranger.status == 403
        page = await server.get("/login", **me)
        assert b"You are logged in" in page.body
        left = await post(server, "/logout", {"token": token_in(page)}, **me)
        assert (left.status, left.headers["location"]) == (303, "./login")
        assert (await server.get("/sources", **me)).status == 303
        assert (await post(server, "/logout", {"token": token}, **me)).status == 404
    assert house.acting.asked == [
        ("in", "192.0.2.7"), ("poll", "echo"), ("out", "192.0.2.7"),
    ]  # fmt: skip


async def test_with_a_password_this_machine_looks_and_does_nothing(house: House) -> None:
    async with running(house.site) as server:
        assert b"Poll now" in (await server.get("/sources/echo/health")).body
        assert (await server.get("/login")).status == 403  # nobody can
        token = token_in(await server.get("/sources/echo/health"))
        house.set_password()
        page = await server.get("/sources/echo/health")
        assert b"Poll now" not in page.body
        assert b"Log in to poll" in page.body
        assert (await post(server, "/sources/echo/poll", {"token": token})).status == 403
    assert house.acting.asked == []


async def test_a_log_in_is_of_one_password_and_of_our_form(house: House) -> None:
    house.set_password()
    async with running(house.site) as server:
        assert (await try_password(server, PASSWORD, sec_fetch_site="cross-site")).status == 403
        assert (await try_password(server, PASSWORD, origin="https://evil.example")).status == 403
        form = {"token": "0" * 64, "password": PASSWORD}
        assert (await post(server, "/login", form, **ELSEWHERE)).status == 403
        assert house.acting.asked == []
        for wrong in ("", "correct horse batter", PASSWORD + " ", "é" * 40, "x" * 2000):
            answer = await try_password(server, wrong)
            assert answer.status == 403
            assert b"That is not the password" in answer.body
            assert "set-cookie" not in answer.headers
            house.seconds += 60
        me = cookie_of(await try_password(server, PASSWORD))
        assert (await server.get("/sources", **me)).status == 200
        house.set_password("another password")
        assert (await server.get("/sources", **me)).status == 303
        for stranger in ("", "session=", "session=x", f"session={'a' * 43}"):
            answer = await server.get("/sources", cookie=stranger, **ELSEWHERE)
            assert answer.status == 303


async def test_tries_are_few_for_each_address_and_for_all(house: House) -> None:
    house.set_password()
    async with running(house.site) as server:
        for _ in range(PER_CLIENT.at_once):
            assert (await try_password(server, "wrong password")).status == 403
        answer = await try_password(server, PASSWORD)
        assert (answer.status, answer.headers["retry-after"]) == (429, "60")
        assert b"Too many tries. Wait 1 minute" in answer.body
        other = {"x_forwarded_for": "192.0.2.8"}
        assert (await try_password(server, PASSWORD, **other)).status == 303
        house.seconds += 60
        assert (await try_password(server, PASSWORD)).status == 303
    assert ("too many tries", "192.0.2.7") in house.acting.asked


async def test_a_cookie_is_for_https_where_readers_come_so(house: House) -> None:
    house.set_password()
    public = replace(house.world.config.server, base_url="https://feeds.example.org/news")
    house.configure(server=public)
    async with running(house.site) as server:
        answer = await try_password(server, PASSWORD, origin="https://feeds.example.org")
        assert {"Secure", "Path=/news/"} <= set(answer.headers["set-cookie"].split("; "))


@pytest.mark.parametrize(
    ("fields", "trusted", "is_let_in"),
    [
        ({"remote_user": "alice"}, "127.0.0.0/8", True),
        ({"remote_user": "alice"}, "192.0.2.0/24", False),
        ({"remote_user": "mallory"}, "127.0.0.0/8", False),
        ({"remote_user": "alice, mallory"}, "127.0.0.0/8", False),
        ({}, "127.0.0.0/8", False),
    ],
)
async def test_a_trusted_proxy_names_the_operator(
    house: House, fields: dict[str, str], trusted: str, *, is_let_in: bool
) -> None:
    server_settings = replace(house.world.config.server, trusted_proxies=(ip_network(trusted),))
    house.configure(server=server_settings, pages=Pages(operator_header=("Remote-User", "alice")))
    async with running(house.site) as server:
        answer = await server.get("/sources/echo/health", **fields, **ELSEWHERE)
        assert answer.status == (200 if is_let_in else 403)
        assert (b"Poll now" in answer.body) == is_let_in


async def test_a_second_header_of_the_same_name_is_a_clients_claim(house: House) -> None:
    trusted = replace(house.world.config.server, trusted_proxies=(ip_network("127.0.0.1"),))
    house.configure(server=trusted, pages=Pages(operator_header=("Remote-User", "alice")))
    async with running(house.site) as server:
        answer = await server.send(
            b"GET /sources HTTP/1.1\r\nHost: x\r\nVia: 1.1 a\r\nRemote-User: alice\r\n"
            b"remote-user: mallory\r\nConnection: close\r\n\r\n"
        )
        assert answer.status == 403


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 400)), max_size=200))
def test_no_client_and_not_all_have_more_tries_than_they_are_allowed(
    tries: list[tuple[str, float]],
) -> None:
    attempts, now = Attempts(), 50.0
    made: list[tuple[str, float]] = []
    for client, later in tries:
        now += later / 40
        wait = attempts.wait(client, now)
        if not wait:
            made.append((client, now))
            continue
        assert wait > 0
        own = [at for who, at in made if who == client and now - at < PER_CLIENT.seconds * 5]
        assert len(own) >= PER_CLIENT.at_once or len(made) >= IN_ALL.at_once
    for client in "abcd":
        own = [at for who, at in made if who == client]
        assert len(own) <= PER_CLIENT.at_once + (now - 50.0) / PER_CLIENT.seconds
    assert len(made) <= IN_ALL.at_once + (now - 50.0) / IN_ALL.seconds


def test_all_together_have_a_bound() -> None:
    attempts = Attempts()
    let_in = sum(not attempts.wait(f"client {number}", 0.0) for number in range(100))
    assert let_in == IN_ALL.at_once
    assert attempts.wait("another", 0.0) == IN_ALL.seconds
    assert attempts.wait("another", IN_ALL.seconds) == 0


def test_sessions_are_few_and_end() -> None:
    sessions = Sessions()
    secrets = [sessions.begin("hash", number) for number in range(MOST + 4)]
    found = [sessions.find(secret, "hash", MOST + 4) for secret in secrets]
    assert found[:4] == [None] * 4
    assert None not in found[4:]
    assert len(set(found)) == MOST + 1
    for password in (None, "another"):
        secret = sessions.begin("hash", MOST + 5)
        assert sessions.find(secret, password, MOST + 5) is None
        assert sessions.find(secret, "hash", MOST + 5) is None
    secret = sessions.begin("hash", 0)
    assert sessions.find(secret, "hash", IDLE_SECONDS + 1) is None
    secret, now = sessions.begin("hash", 0), 0.0
    while sessions.find(secret, "hash", now) is not None:
        now += IDLE_SECONDS / 2
    assert now > LONGEST_SECONDS


def test_a_hash_is_of_its_password_and_never_the_same() -> None:
    one, other = hash_of(PASSWORD), hash_of(PASSWORD)
    assert one != other
    assert one.startswith("$argon2id$")
    assert is_right(PASSWORD, one)
    assert not is_right(PASSWORD, "no hash at all")
    assert not is_right("\udc80 is no text", one)
