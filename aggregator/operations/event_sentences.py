"""The sentence on each kind of alarm and on its end, in English and in Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from aggregator.language.in_chinese import in_chinese
from aggregator.model.notes import CertificateEnds, NoteKind
from aggregator.operations.alarm_facts import (
    CertificateGood,
    End,
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
from aggregator.operations.messages import fact_text, measure, problem_text, span
from aggregator.operations.watched import AlarmKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import timedelta

    from aggregator.model.notes import Fact
    from aggregator.operations.alarm_facts import AlarmFact, Beginning

# What a message of the configuration quotes may be the URL of a private source.
_ADDRESS = re.compile(r"[^\s\"'<>]*://[^\s\"'<>]*")

_UNITS_CHINESE = {"second": "秒", "minute": "分钟", "hour": "小时", "day": "天"}

#: What the Chinese title of an entry leaves open, by the note that it is about.
_NOTED_CHINESE = {
    NoteKind.MOVED: "请更新配置中的 url。",
    NoteKind.GAPS: "两次抓取之间内容已全部更换，现已在其预算内更频繁地抓取。",
    NoteKind.LIMIT_REACHED: "请调高 limit 或缩短 window。",
    NoteKind.SIZE_REACHED: "请调低 entry_size 或调高 document_size。",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence on one subject, without its full stop in English; plain text, not redacted."""

    english: str
    chinese: str


def said(fact: AlarmFact) -> Said:
    """Return what is said of an alarm or its end."""
    return _end(fact) if isinstance(fact, End) else _beginning(fact)


def _beginning(fact: Beginning) -> Said:
    match fact:
        case Failing(lasted=lasted):
            english = f"Every poll has failed for {span(lasted)}: {_why(fact)}"
            failed = f"已连续失败 {_span_chinese(lasted)}"
            if fact.of_list:
                failed += "，其中的来源保留"
                english += "; its sources stay"
            return Said(english, f"{failed}：{_why_chinese(fact)}")
        case GoneForGood():
            return Said(
                "Its publisher says that it will not come back (410); remove it, or find another "
                "URL",
                "发布者称其不会恢复，请删除或更换地址。",
            )
        case Silent(newest_at=newest_at, lasted=lasted, every=every):
            return Said(
                f"Nothing new since {newest_at:%Y-%m-%d %H:%M} UTC, for {span(lasted)}; "
                f"something is expected every {span(every)}",
                f"已 {_span_chinese(lasted)}没有新内容，预期每 {_span_chinese(every)}一次。",
            )
        case Noted(fact=note, private=private):
            return Said(_noted(note, private=private), _noted_chinese(note))
        case IdsChange():
            return Said(
                "The ids of its entries change from poll to poll; their addresses and texts are "
                "used",
                "每次抓取 id 都在变，改用地址和内容识别。",
            )
        case _:
            assert_never(fact)


def _end(fact: End) -> Said:
    match fact:
        case Recovered(was=was, lasted=lasted):
            english = "It was gone for {}" if was is AlarmKind.GONE else "It was broken for {}"
            return Said(english.format(span(lasted)), f"中断了 {_span_chinese(lasted)}。")
        case HeardAgain(lasted=lasted):
            return Said(f"It was silent for {span(lasted)}", f"沉寂了 {_span_chinese(lasted)}。")
        case IdsHold():
            return Said("Its entries keep their ids", "条目 id 不再变化。")
        case CertificateGood(until_at=until_at):
            return Said(f"It is good until {until_at:%Y-%m-%d}", f"有效期至 {until_at:%Y-%m-%d}。")
        case InEffect():
            return Said("What config.toml says holds", "现在按 config.toml 运行。")
        case _:
            assert_never(fact)


def _why(fact: Failing) -> str:
    if fact.problem is None:
        return f"{fact.kind}; aggregator status tells more"
    return problem_text(fact.problem)


def _why_chinese(fact: Failing) -> str:
    if fact.problem is None:
        return f"{fact.kind}；详见 aggregator status。"
    return _stopped(in_chinese(problem_text(fact.problem)))


def _stopped(text: str) -> str:
    """Return a Chinese sentence with its full stop."""
    return f"{text.rstrip('。')}。"


def _noted(note: Fact, *, private: bool) -> str:
    if private and note.kind is NoteKind.MOVED:
        return "Has moved for good; aggregator status tells where to"
    text = fact_text(note)
    if note.kind is NoteKind.NOT_RELOADED:
        text = _ADDRESS.sub("…", text)
    # A key of the configuration begins some, and is not to be spelt otherwise.
    return text if note.kind is NoteKind.RESTART_NEEDED else text[:1].upper() + text[1:]


def _noted_chinese(note: Fact) -> str:
    if isinstance(note, CertificateEnds):
        return f"有效期至 {note.until_at:%Y-%m-%d}。"
    if note.kind in (NoteKind.NOT_RELOADED, NoteKind.RESTART_NEEDED):
        return _stopped(in_chinese(_ADDRESS.sub("…", fact_text(note))))
    return _NOTED_CHINESE[note.kind]


def _span_chinese(length: timedelta) -> str:
    number, unit = measure(length)
    return f"{number} {_UNITS_CHINESE[unit]}"
