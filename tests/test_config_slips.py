"""Second looks: patterns that are no regular expression, URLs that only their owner knows."""

from __future__ import annotations

import pytest

from aggregator.model.mistakes import MistakeKind
from tests.config_texts import SOURCE, parsed, source_toml


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        (
            'keep = ["AI.*", "^【", "/AI", "x/", "\\\\d+", "[0-9]+"]',
            [(0,), (1,), (2,), (3,), (4,), (5,)],
        ),
        ('keep = "a[^b]"', [()]),
        ('block = ["C++", "U.S.", "[广告]", "what?", "$5", "a|b", "(x)", "^_^"]', [(7,)]),
        ('block = [{ url = ["/ads/", "/ads", ".*"], age = "30d" }]', [(0, "url", 2)]),
        ('tag = [{ title = "AI.+", tags = [".*"] }]', [(0, "title")]),
        ('replace = [{ find = "【.*?】", with = ".*", in = ["title"] }]', [(0, "find")]),
        ('keep = ["/^AI.*/", "plain"]', []),
    ],
)
@pytest.mark.parametrize("table", ["sources", "feeds"])
def test_a_pattern_that_looks_like_a_regex(
    rule: str, places: list[tuple[object, ...]], table: str
) -> None:
    text = SOURCE if table == "sources" else f'{SOURCE}[[feeds]]\nname = "all"\n'
    found = parsed(text + rule + "\n").cautions
    name = rule.partition(" ")[0]
    assert [(one.kind, one.path) for one in found] == [
        (MistakeKind.REGEX_WITHOUT_SLASHES, (table, 0, name, *place)) for place in places
    ]


@pytest.mark.parametrize(
    ("url", "is_told"),
    [
        ("https://a.example/u/0123456789ABCDEF0123456789abcdef.xml", True),
        ("https://a.example/u/0123456789ABCDEF0123456789abcdef/x.xml", True),
        ("https://a.example/rss/aB3dE5gH7jK9mN1pQ3sT5vW7", True),
        ("https://a.example/rss?u=aB3dE5gH7jK9mN1pQ3sT5vW7", True),
        ("https://a.example/rss?token=aB3dE5gH7jK9mN1pQ3sT5vW7", False),  # is held anyway
        ("https://www.youtube.com/feeds/videos.xml?channel_id=UCBR8-60-B28hp2BmDPdntcQ", False),
        ("https://a.example/show/3f8a2c1e-1111-4222-8333-abcdefabcdef/feed", True),
        ("https://a.example/show/3f8a2c1e-1111-1222-8333-abcdefabcdef/feed", False),  # made of time
        ("https://a.example/feed/aB3dE5fG7hJ9kL2mN4pQ6r.xml", True),
        ("https://a.example/u/0123456789abcdef01234567/feed", True),
        ("https://a.example/u/012345678901234567890123/feed", False),
        ("https://a.example/2026/a-long-title-of-an-article-with-2-numbers/feed", False),
    ],
)
def test_a_url_that_looks_secret(url: str, *, is_told: bool) -> None:
    found = parsed(source_toml("a", url)).cautions
    assert [one.kind for one in found] == [MistakeKind.SECRET_URL] * is_told
    for said in ("private = true", "private = false", "secret_params = []"):
        assert parsed(source_toml("a", url, said)).cautions == ()
