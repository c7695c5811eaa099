"""The documents that are polled: any number, 20 entries each of 4 KB Chinese HTML, always the same.

A document is a function of its number and its edition alone. The second edition of every tenth
document has one more entry on top, and its oldest is gone; all others are the same file.
"""

from __future__ import annotations

import html
import os
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = 20
ENTRY_BYTES = 4096
#: One document in so many has news in the second edition.
NEWS_EVERY = 10

#: The files' time of change, so that validators are those of the run before; the second edition's.
WRITTEN_AT = 1_790_000_000
NEWS_AT = WRITTEN_AT + 3600

FIRST_ENTRY_AT = datetime(2026, 9, 1, tzinfo=UTC)

# fmt: off
WHO = ["厂商", "团队", "研究人员", "开发者", "运营商", "监管部门", "用户", "媒体", "公司", "社区",
       "实验室", "供应链", "分析师", "编辑部"]
WHAT = ["处理器", "操作系统", "新能源汽车", "固态电池", "浏览器", "显卡", "卫星网络", "语言模型",
        "折叠屏手机", "路由器", "数据中心", "开源项目", "安全补丁", "摄像头", "智能手表",
        "存储芯片", "游戏主机", "充电标准", "机器人", "云服务", "编译器", "输入法"]
DOES = ["发布了", "更新了", "修复了", "测试了", "推迟了", "公布了", "收购了", "升级了", "下架了",
        "评测了", "展示了", "否认了", "量产了"]
HOW = ["最新的", "首款", "国产", "下一代", "轻薄的", "高性能", "免费的", "正式版", "海外版",
       "面向企业的", "低功耗", "重新设计的"]
# fmt: on
THEN = ["，并且", "，同时", "，不过", "；据介绍，", "，其中", "，预计今年内", "，与上一代相比，"]
UNITS = ["万台", "元", "GB", "小时", "nm", "mAh", "%", "毫秒"]


@dataclass(frozen=True, slots=True)
class Documents:
    """Two folders of as many documents: the first edition, and the one with news."""

    first: Path
    second: Path
    count: int

    @property
    def news(self) -> int:
        """How many documents have an entry more in the second edition."""
        return -(-self.count // NEWS_EVERY)


def name(number: int) -> str:
    """Return the file name of a document."""
    return f"d{number:05d}.xml"


def write(folder: Path, count: int) -> Documents:
    """Write both editions of `count` documents below `folder`."""
    written = Documents(folder / "first", folder / "second", count)
    written.first.mkdir(parents=True)
    written.second.mkdir()
    for number in range(count):
        path = written.first / name(number)
        _put(path, document(number), WRITTEN_AT)
        newer = written.second / name(number)
        if number % NEWS_EVERY == 0:
            _put(newer, document(number, newest=ENTRIES + 1), NEWS_AT)
        else:
            os.link(path, newer)
    return written


def document(number: int, *, newest: int = ENTRIES, entries: int = ENTRIES) -> str:
    """Return an RSS document whose newest entry has the sequence number `newest`."""
    dice = random.Random(f"document {number}")  # noqa: S311 - text, no secret
    items = "".join(entry(number, at) for at in range(newest, newest - entries, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{dice.choice(WHAT)}日报 {number}</title>"
        f"<link>https://site{number}.example.com/</link>"
        f"<description>{_sentence(dice)}</description><language>zh-cn</language>"
        f"\n{items}</channel></rss>\n"
    )


def entry(number: int, sequence: int, size: int = ENTRY_BYTES) -> str:
    """Return one `<item>` whose text has about `size` bytes of HTML."""
    dice = random.Random(f"entry {number} {sequence}")  # noqa: S311 - text, no secret
    link = f"https://site{number}.example.com/articles/{sequence:06d}.html"
    at = FIRST_ENTRY_AT + timedelta(minutes=17 * sequence + number % 17)
    return (
        f"<item><title>{html.escape(_sentence(dice)[:32])}</title><link>{link}</link>"
        f'<guid isPermaLink="true">{link}</guid>'
        f"<description><![CDATA[{text(dice, size)}]]></description>"
        f"<category>{dice.choice(WHAT)}</category>"
        f"<pubDate>{format_datetime(at, usegmt=True)}</pubDate></item>\n"
    )


def text(dice: random.Random, size: int) -> str:
    """Return an article as sites of news write it: paragraphs, pictures, links, lists, a quote."""
    parts: list[str] = []
    length = 0
    while length < size - 260:
        parts.append(_block(dice))
        length += len(parts[-1].encode())
    parts.append("<p>声明：文中含有的对外链接用于传递更多信息，节省甄选时间，结果仅供参考。</p>")
    return "".join(parts)


def _block(dice: random.Random) -> str:
    kind = dice.random()
    if kind < 0.12:
        picture = f"https://img.example.net/{dice.getrandbits(96):024x}.jpg"
        return (
            f'<p style="text-align:center"><img src="{picture}?w=1200" width="1200" '
            f'height="{dice.randint(500, 900)}" alt="{dice.choice(WHAT)}" /></p>'
        )
    if kind < 0.2:
        target = f"https://www.example.org/{dice.randint(100, 999)}/{dice.randint(100, 999)}.htm"
        return (
            f'<p data-mark="{dice.getrandbits(16):04x}"><a href="{target}" target="_blank">'
            f"<strong>{_sentence(dice)[:28]}</strong></a>&nbsp;</p>"
        )
    if kind < 0.26:
        rows = "".join(f"<li>{_sentence(dice)[:36]}</li>" for _ in range(3))
        return f"<ul>{rows}</ul>"
    if kind < 0.3:
        return f"<blockquote><p>{_sentence(dice)}</p></blockquote>"
    sentences = "".join(_sentence(dice) for _ in range(dice.randint(1, 3)))
    return f'<p data-mark="{dice.getrandbits(16):04x}">{sentences}</p>'


def _sentence(dice: random.Random) -> str:
    clauses = [_clause(dice)]
    for _ in range(dice.randint(1, 3)):
        clauses += [dice.choice(THEN), _clause(dice)]
    return "".join(clauses) + "。"


def _clause(dice: random.Random) -> str:
    said = f"{dice.choice(WHO)}{dice.choice(DOES)}{dice.choice(HOW)}{dice.choice(WHAT)}"
    if dice.random() < 0.25:
        said += f" {dice.randint(2, 9999)} {dice.choice(UNITS)}"
    return said


def _put(path: Path, content: str, at: int) -> None:
    path.write_text(content, encoding="utf-8")
    os.utime(path, (at, at))
