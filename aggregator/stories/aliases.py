"""Names and terms that have two spellings, in two scripts or two languages: one word for each.

Of companies, products, people and terms that news are full of. The left side is in lower case and
Simplified; longer ones are found first.
"""

from __future__ import annotations

import re
from functools import cache

_SAME: dict[str, str] = {
    "ai": "人工智能 人工智慧",
    "ipo": "首次公开募股 首次公开发行",
    "llm": "大型语言模型 大语言模型",
    "gpu": "图形处理器 显卡",
    "app": "应用程序 应用软件",
    "ceo": "首席执行官",
    "cfo": "首席财务官",
    "cto": "首席技术官",
    "eu": "欧盟",
    "us": "美国",
    "uk": "英国",
    "fed": "美联储",
    "sec": "美国证券交易委员会",
    "ftc": "美国联邦贸易委员会",
    "google": "谷歌",
    "alphabet": "字母表公司",
    "apple": "苹果公司",
    "microsoft": "微软",
    "amazon": "亚马逊",
    "meta": "脸书",
    "nvidia": "英伟达 辉达",
    "amd": "超威半导体",
    "intel": "英特尔",
    "tesla": "特斯拉",
    "micron": "美光科技 美光",
    "oracle": "甲骨文",
    "samsung": "三星电子 三星",
    "softbank": "软银集团 软银",
    "tsmc": "台积电",
    "netflix": "奈飞 网飞",
    "disney": "迪士尼",
    "sony": "索尼",
    "nintendo": "任天堂",
    "toyota": "丰田汽车 丰田",
    "volkswagen": "大众汽车",
    "boeing": "波音",
    "airbus": "空中客车 空客",
    "goldman": "高盛",
    "morganstanley": "摩根士丹利 大摩",
    "jpmorgan": "摩根大通 小摩",
    "blackstone": "黑石集团",
    "alibaba": "阿里巴巴 阿里",
    "tencent": "腾讯",
    "baidu": "百度",
    "bytedance": "字节跳动",
    "huawei": "华为",
    "xiaomi": "小米",
    "tiktok": "抖音海外版",
    "twitter": "推特",
    "musk": "埃隆·马斯克 伊隆·马斯克 马斯克",
    "altman": "萨姆·阿尔特曼 山姆·阿尔特曼 萨姆·奥尔特曼 山姆·奥特曼 阿尔特曼 奥尔特曼 奥特曼",
    "zuckerberg": "马克·扎克伯格 扎克伯格",
    "bezos": "杰夫·贝索斯 贝索斯",
    "huang": "黄仁勋",
    "cook": "蒂姆·库克 库克",
    "nadella": "萨蒂亚·纳德拉 纳德拉",
    "pichai": "桑达尔·皮查伊 皮查伊",
    "trump": "唐纳德·特朗普 特朗普 川普",
    "biden": "乔·拜登 拜登",
    "putin": "弗拉基米尔·普京 普京 普丁",
    "zelensky": "泽连斯基",
}


@cache
def _table() -> tuple[re.Pattern[str], dict[str, str]]:
    words = {spelling: name for name, others in _SAME.items() for spelling in others.split()}
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first))), words


def with_one_name(text: str) -> str:
    """Return a text in lower case with each such name in its first spelling, parted by spaces."""
    pattern, words = _table()
    return pattern.sub(lambda found: f" {words[found[0]]} ", text)
