"""A story in the script that its feed wants: Chinese in Simplified or Traditional characters.

What is shown is converted: titles, texts and names. Addresses, ids, code and what is in another
language are not, nor is what is in that script already.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.publish.long_texts import VOID
from aggregator.web.chinese_scripts import to_simplified, to_traditional
from aggregator.web.links import parted
from aggregator.web.visible_text import clean_parts, visible_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aggregator.model import AlsoTold, Category, Origin, Particulars, Person, Story

    Convert = Callable[[str], str]

#: So much of a text says in which language and script it is.
_SAMPLE_CHARS = 600
_CHINESE = frozenset({"zh", "cmn", "yue"})
#: Elements whose text is for machines, and is what it is letter by letter.
_AS_IT_IS = frozenset({"code", "kbd", "math", "pre", "samp", "tt", "var"})

_IDEOGRAPHS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
#: Syllables of Japanese and Korean.
_SYLLABLES = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d\u1100-\u11ff\uac00-\ud7af]")
#: On sanitised HTML: what an element's attributes show, and its language.
_SHOWN = re.compile(r'( (?:alt|title)=")([^"]*)')
_LANG = re.compile(r' lang="([^"]*)"')
#: No text of sanitised HTML holds this, and no phrase goes across it.
_BETWEEN = "\x01"


def in_script(story: Story, script: str) -> Story:
    """Return a story with its Chinese in "hans" or "hant"."""
    origin = story.origin
    language = story.language or origin.language
    beginning = visible_text(story.content_html, _SAMPLE_CHARS)
    sample = f"{story.title} {story.summary[:_SAMPLE_CHARS]} {beginning}"
    convert = _convert_of(script, language, sample)
    # A text in another language may have Chinese in it, and says where.
    content_html = _html(story.content_html, script, is_chinese=convert is not None)
    shown = replace(
        story,
        content_html=content_html,
        origin=_origin(origin, script, sample, story.language),
        also=tuple(_origin(one, script, one.title, None) for one in story.also),
        also_told=tuple(_also_told(one, script) for one in story.also_told),
    )
    if convert is None:
        return shown
    return replace(
        shown,
        title=convert(story.title),
        summary=convert(story.summary),
        particulars=_particulars(story.particulars, convert),
        categories=tuple(_category(one, convert) for one in story.categories),
        enclosures=tuple(
            replace(one, title=one.title and convert(one.title)) for one in story.enclosures
        ),
        language=_tag_in(language, script),
    )


def is_traditional(tag: str) -> bool:
    """Tell whether a tag of Chinese stands for Traditional characters."""
    return not {"hant", "tw", "hk", "mo"}.isdisjoint(tag.lower().split("-"))


def _origin(origin: Origin, script: str, sample: str, language: str | None) -> Origin:
    """Return a source; `sample` and `language`, of what it published, say what it does not say."""
    words = f"{origin.title} {origin.description or ''}"
    convert = _convert_of(
        script, origin.language or language, words if origin.language else f"{words} {sample}"
    )
    if convert is None:
        return origin
    said = origin.particulars
    return replace(
        origin,
        title=convert(origin.title),
        tags=tuple(map(convert, origin.tags)),
        particulars=replace(said, authors=_people(said.authors, convert)),
        rights=origin.rights and convert(origin.rights),
        description=origin.description and convert(origin.description),
        language=_tag_in(origin.language, script),
    )


def _also_told(one: AlsoTold, script: str) -> AlsoTold:
    convert = _convert_of(script, one.origin.language, one.title)
    return replace(
        one,
        origin=_origin(one.origin, script, one.title, None),
        title=one.title if convert is None else convert(one.title),
    )


def _particulars(said: Particulars, convert: Convert) -> Particulars:
    return replace(
        said,
        authors=_people(said.authors, convert),
        contributors=_people(said.contributors, convert),
        rights=said.rights and convert(said.rights),
    )


def _people(people: Iterable[Person], convert: Convert) -> tuple[Person, ...]:
    return tuple(replace(one, name=convert(one.name)) for one in people)


def _category(one: Category, convert: Convert) -> Category:
    return replace(one, term=convert(one.term), label=one.label and convert(one.label))


# --- which texts ----------------------------------------------------------------------------------


def _convert_of(script: str, language: str | None, sample: str) -> Convert | None:
    """Return what converts a text, `None` where it is to stay as it is."""
    if not _IDEOGRAPHS.search(sample) or not _is_chinese(language, sample):
        return None
    if script == "hans":
        return _simplified
    # A character of a Traditional text may be another one's Simplified form (里, 后, 台).
    differences = [
        sum(before != after for before, after in zip(sample, convert(sample), strict=False))
        for convert in (to_simplified, to_traditional)
    ]
    return _traditional if differences[1] > differences[0] else None


def _is_chinese(language: str | None, sample: str) -> bool:
    """Tell whether a text is in Chinese, as its language says or else its characters.

    Programs say "en" of what is written in them: a text that is mostly ideographs is Chinese unless
    its language has them, too.
    """
    primary = (language or "").lower().replace("_", "-").partition("-")[0]
    if primary in _CHINESE:
        return True
    if primary in ("ja", "ko"):
        return False
    ideographs, syllables = len(_IDEOGRAPHS.findall(sample)), len(_SYLLABLES.findall(sample))
    letters = sum(map(str.isalpha, sample))
    return syllables * 10 < ideographs and ideographs * (2 if primary else 5) > letters


def _tag_in(tag: str | None, script: str) -> str | None:
    """Return the language of a text that has been converted."""
    if tag is None or tag.lower().replace("_", "-").partition("-")[0] != "zh":
        return tag
    if is_traditional(tag.replace("_", "-")) == (script == "hant"):
        return tag
    return f"zh-{script.capitalize()}"


# --- texts ----------------------------------------------------------------------------------------


def _simplified(text: str) -> str:
    return _without_addresses(text, to_simplified)


def _traditional(text: str) -> str:
    return _without_addresses(text, to_traditional)


def _without_addresses(text: str, convert: Convert) -> str:
    if "://" not in text:
        return convert(text)
    return "".join(part if is_address else convert(part) for part, is_address in parted(text))


def _html(clean_html: str, script: str, *, is_chinese: bool) -> str:
    """Return sanitised HTML with the Chinese that it shows in a script."""
    if not is_chinese and ' lang="' not in clean_html:
        return clean_html
    parts = list(clean_parts(clean_html))
    converts, outer = is_chinese, list[tuple[str, bool]]()
    texts = [0] if converts else []
    for at in range(1, len(parts), 4):
        slash, name, rest = parts[at : at + 3]
        if slash:
            converts = _around(name, outer, converts=converts)
        else:
            before, converts = converts, _converts(name, rest, converts=converts)
            if rest and converts:
                parts[at + 2] = _attributes(rest, script)
            if name in VOID:
                converts = before
            else:
                outer.append((name, before))
        if converts:
            texts.append(at + 3)
    convert = _simplified if script == "hans" else _traditional
    # In one call: each costs more than what it converts of a paragraph.
    together = convert(_BETWEEN.join(parts[at] for at in texts)).split(_BETWEEN)
    if len(together) != len(texts):  # none, or one that does hold it
        together = [convert(parts[at]) for at in texts]
    for at, text in zip(texts, together, strict=True):
        parts[at] = text
    tags = (
        f"<{slash}{name}{rest}>{text}"
        for slash, name, rest, text in zip(
            parts[1::4], parts[2::4], parts[3::4], parts[4::4], strict=True
        )
    )
    return parts[0] + "".join(tags)


def _attributes(rest: str, script: str) -> str:
    """Return what stands in a tag behind its name with what that shows, and says of it, in it."""
    convert = _simplified if script == "hans" else _traditional
    rest = _SHOWN.sub(lambda found: found[1] + convert(found[2]), rest)
    return _LANG.sub(lambda found: f' lang="{_tag_in(found[1], script)}"', rest)


def _around(name: str, outer: list[tuple[str, bool]], *, converts: bool) -> bool:
    """Leave an element and what is open in it; return whether what comes then is converted."""
    if any(name == opened for opened, _ in outer):
        while True:
            opened, converts = outer.pop()
            if opened == name:
                break
    return converts


def _converts(name: str, rest: str, *, converts: bool) -> bool:
    """Tell whether what an element shows is converted where what is around it is, or is not."""
    if name in _AS_IT_IS:
        return False
    if rest and (language := _LANG.search(rest)):
        return language[1].lower().partition("-")[0] in _CHINESE
    return converts
