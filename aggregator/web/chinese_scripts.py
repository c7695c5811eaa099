"""Chinese in the other script: Traditional into Simplified and back, phrase by phrase (OpenCC).

The tables are read when a text is first converted (13 ms and 7 MB for Simplified, 40 ms and 27 MB
for Traditional): what never asks pays nothing. Safe from several threads.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    import opencc
else:
    opencc = LateModule("opencc")

#: Ideographs, all blocks: in what holds none, nothing is to be converted.
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def to_simplified(text: str) -> str:
    """Return a text with its Traditional characters as Simplified ones (頭髮 and 發展: 头发, 发展).

    Words stay the author's: 軟體 becomes 软体, not 软件.
    """
    return _converter("t2s").convert(text) if _IDEOGRAPH.search(text) else text


def to_traditional(text: str) -> str:
    """Return a text with its Simplified characters as Traditional ones, spelt as in Taiwan.

    Taiwan is what `zh-Hant` means where no region is named (Unicode's likely subtags): 裡面, 麵條.
    Words stay the author's.
    """
    return _converter("s2tw").convert(text) if _IDEOGRAPH.search(text) else text


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)
