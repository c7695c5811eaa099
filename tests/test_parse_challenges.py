"""Pages that only a browser passes, where a feed should be."""

from __future__ import annotations

import pytest

from aggregator.model import ProblemKind
from aggregator.model.errors import UnreadableError
from tests.feed_documents import read

CHALLENGES = {
    "Cloudflare": '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>',
    "Cloudflare (in another language)": (
        "<!DOCTYPE html><html><head><title>请稍候…</title></head><body><script>"
        'window._cf_chl_opt = {cvId: "3"};var a = document.createElement("script");'
        'a.src = "/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=1";</script>'
    ),
    "Anubis": (
        '<!doctype html><html lang="en"><head><title>Making sure you&#39;re not a bot!</title>'
    ),
    "Anubis (in another language)": (
        "<!doctype html><html><head><title>Ihre Browser-Prüfung</title>"
        '<script id="anubis_version" type="application/json">"v1.22.0"</script></head>'
    ),
    "Imperva": (
        '<html><head><META NAME="robots" CONTENT="noindex,nofollow">'
        '<script src="/_Incapsula_Resource?SWJIYLWA=5074a7"></script><body></body></html>'
    ),
    "Aliyun": (
        "<html><script>var arg1='3F6C';function setCookie(name,value){document.cookie=name}"
        "function reload(x){setCookie('acw_sc__v2', x);document.location.reload();}</script></html>"
    ),
    "DDoS-Guard": "<!doctype html><html><head><title>DDoS-Guard</title></head>",
    "Sucuri": (
        "<html><title>You are being redirected...</title><noscript>Needs it.</noscript>"
        "<script>var s={},u,c,U,r,i,l=0,sucuri_cloudproxy_js='',S='cD0=';</script></html>"
    ),
}


@pytest.mark.parametrize("owner", CHALLENGES)
def test_a_page_that_only_a_browser_passes_names_its_owner(owner: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(CHALLENGES[owner].encode())
    problem = caught.value.problem
    assert problem.kind is ProblemKind.CHALLENGE
    assert f"page of {owner.partition(' (')[0]} that only a browser passes" in problem.detail
    assert problem.remedy is not None


@pytest.mark.parametrize("owner", CHALLENGES)
def test_a_feed_that_quotes_such_a_page_is_a_feed(owner: str) -> None:
    page = CHALLENGES[owner]
    rss = (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Just a moment...</title>'
        f"<item><title>acw_sc__v2, anubis_</title><description><![CDATA[{page}]]></description>"
        "</item></channel></rss>"
    )
    assert len(read(rss.encode()).entries) == 1


@pytest.mark.parametrize(
    "page",
    [
        # Both CDNs put scripts into the ordinary pages of the sites behind them.
        "<html><title>News</title><script>a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'",
        '<html><head><title>News</title><script src="/_Incapsula_Resource?SWJIYLWA=7"></script>',
        "<html><head><title>爬虫笔记: acw_sc__v2 的生成</title></head><body>acw_sc__v2",
        "<html><head><title>Making a bot</title></head><body>Just a moment... anubis_version",
    ],
)
def test_an_ordinary_page_behind_such_an_owner_is_an_ordinary_page(page: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(page.encode())
    assert caught.value.problem.kind is ProblemKind.NOT_A_FEED
