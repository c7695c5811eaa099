"""One entry of the operations feed: its title and text, in English and Chinese."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from aggregator.operations.alarm_facts import Failing, Recovered
from aggregator.operations.event_sentences import said
from aggregator.operations.watched import AlarmKind
from aggregator.runtime.values import dataclass
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    from aggregator.operations.alarm_facts import AlarmFact
    from aggregator.operations.event_sentences import Said

#: So many lines of a long list are enough to see what it is about.
MOST_LISTED = 200
#: And in a message.
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the operations feed: its title in English, its text in Chinese, too.

    `raised`: something went wrong, and is not over. `text`, `chinese_title` and `chinese` say the
    same as plain text.
    """

    kind: AlarmKind
    title: str
    content_html: str
    raised: bool = True
    text: str = ""
    chinese_title: str = ""
    chinese: str = ""


@dataclass(frozen=True, slots=True)
class _Title:
    """How a change is headed: with the name of one subject, or the number of several."""

    one: str
    many: str
    chinese_one: str
    chinese_many: str


_RAISED = {
    AlarmKind.BROKEN: _Title(
        "{} is broken", "{} sources are broken", "来源 {} 出了故障", "{} 个来源出了故障"
    ),
    AlarmKind.GONE: _Title(
        "{} is gone", "{} sources are gone", "来源 {} 已撤下", "{} 个来源已撤下"
    ),
    AlarmKind.SILENT: _Title(
        "{} is silent", "{} sources are silent", "来源 {} 没有新内容", "{} 个来源没有新内容"
    ),
    AlarmKind.MOVED: _Title(
        "{} has moved", "{} sources have moved", "来源 {} 已永久迁移", "{} 个来源已永久迁移"
    ),
    AlarmKind.GAP: _Title(
        "{} may have lost entries", "{} sources may have lost entries",
        "来源 {} 可能漏了条目", "{} 个来源可能漏了条目",
    ),
    AlarmKind.UNSTABLE_IDS: _Title(
        "{} changes its ids", "{} sources change their ids",
        "来源 {} 的条目 id 不稳定", "{} 个来源的条目 id 不稳定",
    ),
    AlarmKind.CERTIFICATE: _Title(
        "The certificate of {} ends soon", "The certificates of {} sources end soon",
        "来源 {} 的证书即将到期", "{} 个来源的证书即将到期",
    ),
    AlarmKind.CAP: _Title(
        "The window of feed {} is cut", "The windows of {} feeds are cut",
        "订阅 {} 的条数已达上限", "{} 个订阅的条数已达上限",
    ),
    AlarmKind.CONFIG: _Title(
        "The configuration is not in effect", "The configuration is not in effect",
        "配置尚未生效", "配置尚未生效",
    ),
}  # fmt: skip

#: Of the other kinds the end is no news: it was the operator's own doing, or only time passed.
_OVER = {
    AlarmKind.BROKEN: _Title(
        "{} works again", "{} sources work again", "来源 {} 已恢复", "{} 个来源已恢复"
    ),
    AlarmKind.GONE: _Title(
        "{} is back", "{} sources are back", "来源 {} 已恢复", "{} 个来源已恢复"
    ),
    AlarmKind.SILENT: _Title(
        "{} has news again", "{} sources have news again",
        "来源 {} 又有新内容", "{} 个来源又有新内容",
    ),
    AlarmKind.UNSTABLE_IDS: _Title(
        "{} keeps its ids again", "{} sources keep their ids again",
        "来源 {} 的条目 id 已稳定", "{} 个来源的条目 id 已稳定",
    ),
    AlarmKind.CERTIFICATE: _Title(
        "The certificate of {} was renewed", "The certificates of {} sources were renewed",
        "来源 {} 的证书已更新", "{} 个来源的证书已更新",
    ),
    AlarmKind.CONFIG: _Title(
        "The configuration is in effect again", "The configuration is in effect again",
        "配置已重新生效", "配置已重新生效",
    ),
}  # fmt: skip

#: Where lists of sources are among the subjects, by whether it is raised.
_OF_LISTS = {
    True: _Title(
        "The list {} is broken", "{} sources and lists are broken",
        "清单 {} 出了故障", "{} 个来源和清单出了故障",
    ),
    False: _Title(
        "The list {} works again", "{} sources and lists work again",
        "清单 {} 已恢复", "{} 个来源和清单已恢复",
    ),
}  # fmt: skip


def event(kind: AlarmKind, facts: list[tuple[str, AlarmFact]], *, raised: bool) -> Event:
    """Return the entry on one subject, by its name, or on several that are listed."""
    title = (_RAISED if raised else _OVER)[kind]
    if any(_is_of_list(fact) for _, fact in facts):
        title = _OF_LISTS[raised]
    lines = [(name, said(fact)) for name, fact in facts]
    if len(lines) == 1:
        ((name, one),) = lines
        heading, chinese_heading = title.one.format(name), title.chinese_one.format(name)
        english_html = f"<p>{_sentence(one.english)}</p>"
        chinese_html = f"{chinese_heading}：{one.chinese}"
        plain = (f"{one.english.rstrip('.')}.", one.chinese)
    else:
        heading = title.many.format(len(lines))
        chinese_heading = title.chinese_many.format(len(lines))
        listed = [f"<li>{_sentence(f'{name}: {one.english}')}</li>" for name, one in lines]
        english_html = f"<ul>{''.join(listed[:MOST_LISTED])}</ul>"
        if len(listed) > MOST_LISTED:
            english_html += f"<p>And {len(listed) - MOST_LISTED} more.</p>"
        chinese_html = f"{chinese_heading}。"
        plain = _listed(lines)
    text, chinese = map(redact, plain)
    return Event(
        kind,
        redact(heading),
        f'{english_html}<p lang="zh-Hans">{_html(chinese_html)}</p>',
        raised,
        text,
        redact(chinese_heading),
        chinese,
    )


def _is_of_list(fact: AlarmFact) -> bool:
    return isinstance(fact, Failing | Recovered) and fact.of_list


def _listed(lines: list[tuple[str, Said]]) -> tuple[str, str]:
    """Return the lines of several subjects as plain text, in English and Chinese."""
    more = len(lines) - MOST_TOLD
    english = [f"{name}: {one.english.rstrip('.')}." for name, one in lines[:MOST_TOLD]]
    chinese = [f"{name}：{one.chinese}" for name, one in lines[:MOST_TOLD]]
    if more > 0:
        english.append(f"And {more} more.")
        chinese.append(f"另有 {more} 个。")
    return "\n".join(english), "\n".join(chinese)


def _sentence(text: str) -> str:
    return f"{_html(text.rstrip('.'))}."


def _html(text: str) -> str:
    return escape(redact(text), quote=False)
