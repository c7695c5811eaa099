"""What the program has worded in English, told in Chinese whatever language the process speaks.

For texts that are in both languages at once, and for pages in that of their reader.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.language.retelling import Retelling


def in_chinese(text: str) -> str:
    """Return a text of ours in Chinese; what nobody has translated stays English.

    What others said within it (a server's words, a name) stays as it is.
    """
    return _chinese()(text)


@cache
def _chinese() -> Retelling:
    # What only Chinese takes.
    from aggregator.language.catalogue import messages  # noqa: PLC0415
    from aggregator.language.retelling import Retelling  # noqa: PLC0415

    return Retelling(messages("zh"))
