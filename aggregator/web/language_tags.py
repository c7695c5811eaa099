"""Language tags: what is one (BCP 47), and which name a language that readers know."""

from __future__ import annotations

import re

#: RFC 5646 §4.4.1: room for this is to be made; longer tags exist on paper.
MAX_CHARS = 35

#: RFC 5646 §2.1: a language of two letters (ISO 639-1) or three, extended language, script, region,
#: variants, extensions, private use.
_LANGUAGE = re.compile(
    r"(?P<code>[a-z]{2,3})(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)
#: Those that the same section grandfathers or leaves to private agreement.
_OTHER = re.compile(
    r"x(?:-[a-z0-9]{1,8})+|i-[a-z]{2,8}|en-gb-oed|sgn-[a-z-]{5}|art-lojban|cel-gaulish|no-bok"
    r"|no-nyn|zh-(?:guoyu|hakka|min|min-nan|xiang)",
    re.IGNORECASE | re.ASCII,
)
#: ISO 639-1, with the codes that it has withdrawn and texts still have (in, iw, ji, mo).
_ISO_639_1 = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik in io is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb
    lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om
    or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - read as a list of words, not of quotation marks
)


def is_language_tag(text: str) -> bool:
    """Tell whether `text` is a language tag; of two letters only those of ISO 639-1 are."""
    return _names_language(text) or _OTHER.fullmatch(text) is not None


def language_tag(text: str | None) -> str | None:
    """Return `text` as a tag that tells a reader a language, `None` where it tells none.

    Blanks around it go, and "zh_CN" is zh-CN. Tags that two parties agreed on (x-…), or that were
    registered before there was a grammar, tell readers of feeds nothing. Idempotent.
    """
    tag = (text or "").strip().replace("_", "-")
    return tag if len(tag) <= MAX_CHARS and _names_language(tag) else None


def _names_language(tag: str) -> bool:
    found = _LANGUAGE.fullmatch(tag)
    return found is not None and (len(found["code"]) == 3 or found["code"].lower() in _ISO_639_1)
