"""What of a configuration is secret, and how it is found in texts: by value, in every spelling."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Access, Source
from aggregator.rules.held_secrets import held_parameters, open_url, secrets_of
from aggregator.rules.secrets import NO_SECRETS, Secrets, united
from aggregator.web.secret_names import is_secret_name

CANARY = "c4n4ry/7+Zq=9"
PLAIN = "c4n4ryZq97"

SECRET_NAMES = (
    "key", "code", "auth", "sig", "pass", "pwd", "KEY", "Code", "token", "feed_token",
    "access_token", "access-token", "accessToken", "AccessToken", "feed.token", "t%6Fken",
    "secret", "client_secret", "password", "user-password", "passwd", "apikey", "APIKEY",
    "api_key", "apiKey", "x-api-key", "my_access_key", "accessKey", "auth_key", "signature",
    "X-Amz-Signature", "session", "session_id", "PHPSESSION-session",
)  # fmt: skip
OPEN_NAMES = (
    "keyword", "keywords", "author", "country_code", "postcode", "lang", "sign", "signed",
    "passage", "compass", "tokens", "secretary", "passwords", "decode", "monkey", "oauth",
    "sessions", "codec", "key_word", "authority", "id", "",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_these_names_are_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_these_names_only_look_like_it(name: str) -> None:
    assert not is_secret_name(name)


def source(query: str = "", **fields: object) -> Source:
    url = f"https://h.example/feed?{query}"
    return replace(Source("s", url), **fields)  # type: ignore[arg-type]  # a test's shorthand


def once(text: str) -> str:
    return quote(text, safe="")


#: How a document may write a value: its publisher's program, a share link in it, a careless one.
SPELLINGS = {
    "plain": CANARY,
    "in another case": CANARY.upper(),
    "percent-encoded": once(CANARY),
    "in small hex digits": once(CANARY).lower(),
    "percent-encoded twice": once(once(CANARY)),
    "percent-encoded three times": once(once(once(CANARY))),
    "every letter percent-encoded": "".join(f"%{ord(one):02x}" for one in CANARY),
    "one letter percent-encoded": CANARY.replace("4", "%34"),
    "decimal entities": "".join(f"&#{ord(one)};" for one in CANARY),
    "decimal entities with zeros": "".join(f"&#00{ord(one)};" for one in CANARY),
    "hexadecimal entities": "".join(f"&#x{ord(one):x};" for one in CANARY),
    "one entity": CANARY.replace("c", "&#99;", 1),
    "named entities": CANARY.replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;"),
    "entities inside of HTML": html.escape("".join(f"&#{ord(one)};" for one in CANARY)),
    "JSON": json.dumps(CANARY)[1:-1].replace("/", "\\/"),
    "JSON, escaped": "".join(f"\\u{ord(one):04x}" for one in CANARY),
    "a space for plus": CANARY.replace("+", " "),
    "a percent sign as an entity": "".join(f"&percnt;{ord(one):x}" for one in CANARY),
    "a percent sign as a number": "".join(f"&#37;{ord(one):x}" for one in CANARY),
    "escaped, then percent-encoded": once(html.escape(CANARY)),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize(
    "around",
    ["{}", "see {} there", '<a href="https://o.example/?t={}&amp;b=2">x</a>', "a{}b", "/x/{}.xml"],
)
def test_a_long_value_is_found_in_every_spelling(spelling: str, around: str) -> None:
    secrets = secrets_of((source(f"feed_token={once(CANARY)}"),))
    assert secrets.conceal(around.format(spelling)) == around.format("")


def test_a_spelling_of_which_nobody_has_thought_takes_its_word_along() -> None:
    secrets = secrets_of((source(f"token={PLAIN}"),))
    odd = once("".join(f"&#{ord(one)};" for one in PLAIN))
    assert secrets.conceal(f"a {odd} b").split() == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "https://x.example/view?code=101&auth=abc&token=77",  # a publisher's own
        "https://u:p@x.example/",
        "der die das, de.example/?lang=de",
        "a token=5 b",
    ],
)
def test_what_is_not_the_operators_stays(text: str) -> None:
    sources = (source(f"token={PLAIN}&lang=de&code=de&page=2"), source("keyword=linux&author=li"))
    secrets = secrets_of(sources)
    assert secrets.conceal(text) == text
    assert not secrets.tells(text)


def test_a_short_value_is_secret_beside_its_name_in_addresses_of_its_host() -> None:
    secrets = secrets_of((source("code=de&x=1"),))
    told = "https://h.example/a?b=1&amp;code=de&amp;c=2 and https%3A%2F%2Fh.example%2F%3Fcode%3Dde"
    assert secrets.conceal(told) == told.replace("code=de", "code=").replace("%3Dde", "%3D")
    for stays in (
        "https://o.example/?code=de",
        "https://h.example/?country_code=de",
        "https://h.example/?code=detail",
        "https://h.example/de/code",
    ):
        assert secrets.conceal(stays) == stays


def test_user_info_is_secret_in_its_place_and_a_password_anywhere() -> None:
    one = Source("a", f"https://alexander:{PLAIN}@h.example/feed")
    short = Source("b", "https://me:pw@i.example/feed")
    secrets = secrets_of((one, short))
    assert secrets.conceal(f"//alexander:{PLAIN}@h.example/x") == "//h.example/x"
    assert secrets.conceal("https://me:pw@i.example/x") == "https://i.example/x"
    assert secrets.conceal("https%3A%2F%2Fme%3Apw%40i.example") == "https%3A%2F%2Fi.example"
    assert secrets.conceal(f"pass {PLAIN}") == "pass "
    for stays in ("by Alexander", "me: pw", "https://me:pw@other.example/"):
        assert secrets.conceal(stays) == stays
    alone = secrets_of((Source("c", f"https://{PLAIN}@h.example/feed"),))
    assert alone.conceal(f"a {PLAIN} b") == "a  b"


def test_headers_and_proxies_hold_secrets_and_languages_are_none() -> None:
    access = Access(
        headers=(("X-Club-Token", f"Token {PLAIN}"), ("Accept-Language", "zh-CN, english-words")),
        proxy="http://me:pr0xypassw0rd@proxy.example:8080",
    )
    secrets = secrets_of((source(access=access),))
    assert secrets.conceal(f"{PLAIN} pr0xypassw0rd") == " "
    assert secrets.conceal("zh-CN, english-words") == "zh-CN, english-words"


def test_further_secrets_are_those_of_files_and_short_ones_are_words() -> None:
    secrets = secrets_of((), (PLAIN, "short"))
    assert secrets.conceal(f"{PLAIN} short") == " short"


def test_the_operator_names_further_parameters_or_says_that_none_is_secret() -> None:
    query = "token=abcdefgh&member=12345678&page=2"
    assert held_parameters(source(query), NO_SECRETS) == ("token",)
    named = source(query, secret_params=("member",))
    assert held_parameters(named, NO_SECRETS) == ("token", "member")
    assert secrets_of((named,)).conceal("12345678 abcdefgh") == " "
    none = source(query, secret_params=())
    assert held_parameters(none, NO_SECRETS) == ()
    assert secrets_of((none,)) == NO_SECRETS


PRIVATE = Source("club", f"https://club.example/{PLAIN}/feed.xml?member=7", private=True)


@pytest.mark.parametrize(
    "told",
    [
        PRIVATE.url,
        PRIVATE.url.upper(),
        PRIVATE.url.partition(":")[2],
        PRIVATE.url.partition("?")[0] + "/",
        PRIVATE.url.partition("?")[0] + "/2026/an-article#top",
        PRIVATE.url.replace("club.example", "club.example:443"),
        PRIVATE.url.replace("https://", "http://me:secret@"),
        once(PRIVATE.url),
        once(once(PRIVATE.url)),
        html.escape(PRIVATE.url),
        PRIVATE.url.replace("/", "\\/"),
    ],
)
def test_a_private_address_goes_as_a_whole_with_what_lies_below_it(told: str) -> None:
    assert secrets_of((PRIVATE,)).conceal(f"a {told} b") == "a  b"


def test_an_address_and_a_short_value_end_where_a_text_without_blanks_goes_on() -> None:
    secrets = secrets_of((PRIVATE, source("code=de")))
    told = f"订阅{PRIVATE.url.partition('?')[0]}即可，或https://h.example/?code=de即可"
    assert secrets.conceal(told) == "订阅即可，或https://h.example/?code=即可"


def test_what_was_minted_in_a_private_path_is_secret_alone_and_its_words_are_not() -> None:
    secrets = secrets_of((PRIVATE, Source("b", "https://b.example/members/feed.xml", private=True)))
    assert secrets.conceal(f"/{PLAIN}/img.png and {PLAIN}") == "//img.png and "
    assert secrets.conceal("https://b.example/members/feed.xml") == ""
    for stays in (
        "/members/feed.xml",
        "https://o.example/members/feed.xml",
        "https://b.example/members/feed.xml.bak",
        "https://b.example/members/",
        "https://club.example/",
    ):
        assert secrets.conceal(stays) == stays


def test_a_private_query_of_everybodys_words_takes_no_word_out_of_a_text() -> None:
    one = Source("a", "https://h.example/?category=technology&u=9f8e7d6c5b", private=True)
    secrets = secrets_of((one,))
    assert held_parameters(one, NO_SECRETS) == ("category", "u")
    assert secrets.conceal("technology 9f8e7d6c5b") == "technology "
    assert secrets.conceal("https://h.example/x?category=technology") == (
        "https://h.example/x?category="
    )


def test_a_parameter_is_held_whose_value_is_a_secret_from_elsewhere() -> None:
    one = source(f"q={quote(CANARY, safe='')}&member=7&r={PLAIN[:7]}&page=2")
    neighbour = Source("b", "https://h.example/other?member=7", secret_params=("member",))
    header = Access(headers=(("X-Key", CANARY), ("Accept-Language", PLAIN)))
    held = secrets_of((one, neighbour, Source("c", "https://c.example/", access=header)))
    assert held_parameters(one, held) == ("q", "member")
    assert held_parameters(Source("d", "https://d.example/feed?member=7"), held) == ()


def test_an_open_url_is_the_configured_one_without_its_secrets() -> None:
    one = source(f"a=1&feed_token={PLAIN}&b=2#x")
    url = one.url.replace("https://", "https://me:pw@")
    assert open_url(one, url) == "https://h.example/feed?a=1&feed_token=&b=2#x"
    plain = source("keyword=linux&lang=de")
    assert open_url(plain, plain.url) == plain.url
    assert open_url(PRIVATE, PRIVATE.url) == "https://club.example/"


def test_without_secrets_nothing_is_looked_at() -> None:
    assert not NO_SECRETS
    assert not NO_SECRETS.may_tell("anything")
    assert NO_SECRETS.conceal("anything") == "anything"
    assert NO_SECRETS.fingerprint == ""


def test_other_secrets_have_another_fingerprint() -> None:
    one, other = (secrets_of((source(f"token={PLAIN}{end}"),)) for end in "ab")
    assert one.fingerprint != other.fingerprint
    assert united((one, other)).fingerprint == united((other, one)).fingerprint


def test_thousands_of_secrets_are_found_in_one_pass() -> None:
    many = tuple(
        Source(f"s{n}", f"https://h{n}.example/x{n:07}ab/feed.xml?token=t{n:07}c", private=True)
        for n in range(3000)
    )
    secrets = secrets_of(many)
    assert secrets.conceal("a t0002999c b x0000001ab") == "a  b "
    assert not secrets.may_tell("a text about nothing of that " * 100)


@given(
    st.lists(
        st.sampled_from(
            (*SPELLINGS.values(), PRIVATE.url, "code=de", "h.example/?", " ", "/", "&")
        ),
        max_size=8,
    )
)
def test_concealing_twice_is_concealing_once(pieces: list[str]) -> None:
    secrets = secrets_of((source(f"token={once(CANARY)}&code=de"), PRIVATE))
    text = secrets.conceal("".join(pieces))
    assert secrets.conceal(text) == text
    assert not secrets.tells(text)


@given(st.text(max_size=200))
def test_any_text_without_a_secret_stays(text: str) -> None:
    secrets = Secrets(values=frozenset({PLAIN}))
    assert secrets.conceal(text) == text
