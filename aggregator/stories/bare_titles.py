"""A title as it is compared: one spelling, one script, without the names of sites around it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from aggregator.runtime.late_patterns import late_pattern
from aggregator.web.chinese_scripts import to_simplified

#: Of a title or a lead so many characters are read, before and after they are normalised.
LONGEST_TITLE = 300
LONGEST_LEAD = 240

#: Nothing that is seen: controls, joiners, marks of direction, variation selectors, soft hyphens.
_UNSEEN = late_pattern(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\uffff]+"
)
#: A letter takes so many marks as languages have; what towers above it ("zalgo") is no spelling.
_TOWERS = late_pattern("([\u0300-\u036f]{2})[\u0300-\u036f]+")
_SPACES = late_pattern(r"\s+")
#: Full width, these part what is said; half width, they also join the digits of one figure.
_PARTING = late_pattern(r"(?<=\d)([，：])(?=\d)")

#: What stands before a title and says how it is told, not what.
_TOLD_AS = late_pattern(
    r"""(?:
        [\[【(「『]\s*(?:转|转载|原创|独家|快讯|突发|视频|图集|组图|直播|更新|重磅|推荐
            |video|photos?|watch|live|updated?|exclusive|opinion|sponsored|pdf)\s*[\]】)」』]
      | (?:突发|快讯|独家|重磅|最新消息|消息称|视频|图集)\s*[:|丨,!]
      | (?:show|ask|tell|launch)\s+hn\s*:
      | (?:breaking(?:\s+news)?|exclusive|watch|video|photos?|opinion|analysis|correct(?:ed|ion)
          |(?:update|wrapup)\s*\d*)\s*(?:[:|]|\s[-–—]\s)
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)
#: A byline in front: "IT之家：", "格隆汇 6 月 5 日｜", "新华社北京5月1日电 ".
_BYLINE = late_pattern(
    r"""(?:
        [^:|丨,。!?]{0,12}(?:之家|新闻|日报|晚报|时报|财经|新华社|法新社|路透社|中新社|周刊)
            \s*[:丨|]
      | [^:|丨,。!?]{2,12}\d{1,2}\s*月\s*\d{1,2}\s*日(?:电|讯|消息)?\s*[丨|:,]
      | [^:|丨,。!?]{2,10}\d{1,2}\s*月\s*\d{1,2}\s*日(?:电|讯)
    )\s*""",
    re.VERBOSE,
)
#: The last part of a title behind a dash or a bar, where it may be the name of a site.
_LAST_PART = late_pattern(r"^(.*\S)(?:\s+[-–—·•»]\s+|\s*[|丨_]\s*)([^|丨_]{2,40})$")
_HOST = late_pattern(r"(?:www\.)?[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,6}", re.IGNORECASE)
_OUTLET = late_pattern(
    r"""(?:^the\ |news|times|post|journal|reuters|bloomberg|herald|tribune|gazette|chronicle
      |telegraph|guardian|magazine|review|daily|weekly|today|online|press|radio|\btv\b|\bbbc\b
      |\bcnn\b|\bcnbc\b|blog$|verge|wired|techcrunch|ars\ technica|engadget|zdnet|wikipedia
      |github|youtube|nature$
      |(?:网|新闻|日报|晚报|时报|周刊|杂志|之家|资讯|财经|社区|博客|频道)$)""",
    re.VERBOSE | re.IGNORECASE,
)
#: Somebody shows or asks something: of theirs alone, however alike two of these sound.
_PERSONAL = late_pattern(
    r"(?:show|ask|tell|launch)\s+hn\b"
    r"|[\[【](?:问与答|求助|推广|分享创造|分享发现|酷工作|程序员|讨论|吐槽|招聘|二手交易)[\]】]",
    re.IGNORECASE,
)
_SEGMENTS = late_pattern("[;；｜丨]+")
#: A reference to a character that was escaped twice, as HTML has it: "Tate &amp; Lyle".
_REFERENCE = late_pattern(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BARS = late_pattern("[｜丨]")
#: The issue of something that appears again and again.
_ISSUE = late_pattern(
    r"(?:早报|晚报|日报|周报|周刊|月刊|早知道|简报|一周|newsletter|digest|weekly|daily|roundup|briefing)"
    r"\W{0,4}(?:第?\s*\d+\s*期|#\s*\d+|no\.?\s*\d+|issue\s+\d+|vol\.?\s*\d+"
    r"|\d{4}\W\d{1,2}(?:\W\d{1,2})?|\d{1,2}\s*月\s*\d{1,2}\s*日)",
    re.IGNORECASE,
)  # fmt: skip


def readable(text: str, most: int = LONGEST_TITLE) -> str:
    """Return a text in one spelling (NFKC) and one script (Simplified), at most `most` characters.

    Case stays, since it tells names. A text of any length takes the same time.
    """
    text = _PARTING.sub(r"\1 ", text[: 2 * most])
    text = unicodedata.normalize("NFKC", text)[: 2 * most]
    text = _TOWERS.sub(r"\1", _UNSEEN.sub("", text))
    text = text.encode("utf-8", "ignore").decode("utf-8")  # half a surrogate pair is no character
    return to_simplified(_SPACES.sub(" ", text).strip()[:most])


@lru_cache(maxsize=64)
def bare_title(title: str) -> str:
    """Return a title as `readable`, without the bylines and names of sites before and after it."""
    text = readable(title)
    for _ in range(3):
        rest = _TOLD_AS.sub("", text, count=1) if _TOLD_AS.match(text) else text
        if byline := _BYLINE.match(rest):
            rest = rest[byline.end() :]
        if rest == text or _letters(rest) < 4:
            break
        text = rest
    last = _LAST_PART.match(text)
    if (
        last
        and _letters(last[1]) >= 6
        and (_names_a_site(last[2], last[1]) or _is_series(last[2], last[1], text))
    ):
        text = last[1]
    return text


def is_personal(title: str) -> bool:
    """Whether somebody shows or asks something of their own: "Show HN: …", "[求助] …".

    Two of these are two stories, and never told as one by their likeness.
    """
    return _PERSONAL.match(readable(title)) is not None


def is_digest(title: str) -> bool:
    """Whether a title tells several stories, or is an issue of something that tells them.

    Several are parted by ；, ; or ｜ (two segments or more); a byline or the name of a site at
    either end, in front of or behind a bar, is no segment. The ; that ends a reference ("&amp;")
    parts nothing.
    """
    title = _REFERENCE.sub("&", title[:LONGEST_TITLE])
    segments = [part for part in _SEGMENTS.split(title) if _letters(part) >= 3]
    if _BARS.search(title):
        if len(segments) > 1 and _letters(segments[0]) <= 10:
            del segments[0]
        if len(segments) > 1 and _letters(segments[-1]) <= 6:
            del segments[-1]
    return len(segments) > 1 or _ISSUE.search(readable(title)) is not None


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _is_series(part: str, title: str, text: str) -> bool:
    """Whether what stands behind a bar is what many titles end with: a section, an occasion."""
    return text[len(title) :].lstrip()[0] in "|丨" and _letters(title) > _letters(part)


def _names_a_site(part: str, title: str) -> bool:
    words = part.split()
    if _HOST.fullmatch(part) or (_OUTLET.search(part) and len(words) <= 5 and len(part) <= 30):
        return True
    # A few capitalised words behind a Chinese title: "… - Teslarati".
    return (
        part.isascii()
        and not title.isascii()
        and len(words) <= 4
        and all(word[0].isupper() and word.isalpha() for word in words)
    )
