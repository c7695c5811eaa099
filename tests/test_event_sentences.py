"""Everything that the operations feed tells has its words, in English and in Chinese."""

from __future__ import annotations

from typing import get_args

import pytest

from aggregator.model import Problem, ProblemKind
from aggregator.model.notes import (
    CertificateEnds,
    Gaps,
    LimitReached,
    Moved,
    NoteKind,
    NotReloaded,
    RestartNeeded,
    Worded,
)
from aggregator.operations.alarm_facts import (
    AlarmFact,
    CertificateGood,
    Failing,
    GoneForGood,
    HeardAgain,
    IdsChange,
    IdsHold,
    InEffect,
    Noted,
    Recovered,
    Silent,
)
from aggregator.operations.event_sentences import said
from aggregator.operations.watched import AlarmKind
from tests.making import DAY, HOUR, START

NO_ANSWER = Problem(ProblemKind.TIMEOUT, "no answer from far.example")
NOT_FOUND = Problem(
    ProblemKind.HTTP_STATUS, "far.example answered 404: not found", "check the source's url"
)
INTRANET = "https://intranet.example/s"

TABLE: tuple[tuple[AlarmFact, str, str], ...] = (
    (
        Failing(26 * HOUR, ProblemKind.TIMEOUT, NO_ANSWER),
        "Every poll has failed for 26 hours: timeout: no answer from far.example",
        "已连续失败 26 小时：timeout: no answer from far.example。",
    ),
    (
        Failing(26 * HOUR, ProblemKind.HTTP_STATUS, NOT_FOUND),
        (
            "Every poll has failed for 26 hours: http-status: far.example answered 404: not found; "
            "check the source's url"
        ),
        "已连续失败 26 小时：http-status：far.example 答 404：找不到；请检查该来源的 url。",
    ),
    (
        Failing(3 * DAY, ProblemKind.TIMEOUT, None),
        "Every poll has failed for 3 days: timeout; aggregator status tells more",
        "已连续失败 3 天：timeout；详见 aggregator status。",
    ),
    (
        Failing(26 * HOUR, ProblemKind.TIMEOUT, NO_ANSWER, of_list=True),
        (
            "Every poll has failed for 26 hours: timeout: no answer from far.example; "
            "its sources stay"
        ),
        "已连续失败 26 小时，其中的来源保留：timeout: no answer from far.example。",
    ),
    (
        GoneForGood(),
        "Its publisher says that it will not come back (410); remove it, or find another URL",
        "发布者称其不会恢复，请删除或更换地址。",
    ),
    (Recovered(AlarmKind.BROKEN, 3 * DAY), "It was broken for 3 days", "中断了 3 天。"),
    (Recovered(AlarmKind.GONE, 3 * DAY), "It was gone for 3 days", "中断了 3 天。"),
    (
        Silent(START, 3 * DAY, 2 * DAY),
        "Nothing new since 2026-11-20 08:00 UTC, for 3 days; something is expected every 2 days",
        "已 3 天没有新内容，预期每 2 天一次。",
    ),
    (HeardAgain(3 * DAY), "It was silent for 3 days", "沉寂了 3 天。"),
    (
        Noted(Moved("https://new.example/")),
        'Has moved for good; set url = "https://new.example/"',
        "请更新配置中的 url。",
    ),
    (
        Noted(Moved(INTRANET), private=True),
        "Has moved for good; aggregator status tells where to",
        "请更新配置中的 url。",
    ),
    (
        Noted(Worded(NoteKind.MOVED, f"is at {INTRANET}"), private=True),
        "Has moved for good; aggregator status tells where to",
        "请更新配置中的 url。",
    ),
    (
        Noted(Gaps(2), private=True),
        (
            "Its document shared no entry with the one before, 2 times lately: some may be "
            "missing; polled more often where its part of the budget allows"
        ),
        "两次抓取之间内容已全部更换，现已在其预算内更频繁地抓取。",
    ),
    (
        Noted(LimitReached(9)),
        "Limit of 9 entries reached before the window's end; raise limit or shorten window",
        "请调高 limit 或缩短 window。",
    ),
    (
        Noted(CertificateEnds(START + 3 * DAY, 3 * DAY)),
        "Its certificate ends on 2026-11-23, in 3 days; its publisher has to renew it",
        "有效期至 2026-11-23。",
    ),
    (
        Noted(NotReloaded(f'config.toml:9: url "{INTRANET}" is not a URL')),
        'Not reloaded: config.toml:9: url "…" is not a URL',
        '没有重新加载：config.toml:9: url "…" is not a URL。',
    ),
    (
        Noted(Worded(NoteKind.NOT_RELOADED, f"not reloaded: {INTRANET}")),
        "Not reloaded: …",
        "没有重新加载：…。",
    ),
    (
        Noted(RestartNeeded(("server.listen",))),
        "server.listen changed: restart to apply",
        "server.listen 有变化：重启后生效。",
    ),
    (
        IdsChange(),
        "The ids of its entries change from poll to poll; their addresses and texts are used",
        "每次抓取 id 都在变，改用地址和内容识别。",
    ),
    (IdsHold(), "Its entries keep their ids", "条目 id 不再变化。"),
    (CertificateGood(START), "It is good until 2026-11-20", "有效期至 2026-11-20。"),
    (InEffect(), "What config.toml says holds", "现在按 config.toml 运行。"),
)


@pytest.mark.parametrize(("fact", "english", "chinese"), TABLE)
def test_an_alarm_has_its_words(fact: AlarmFact, english: str, chinese: str) -> None:
    assert (said(fact).english, said(fact).chinese) == (english, chinese)


def test_everything_that_is_told_is_in_the_table() -> None:
    assert {type(fact) for fact, *_ in TABLE} == set(get_args(AlarmFact))
