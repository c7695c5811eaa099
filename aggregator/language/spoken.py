"""The language that this process speaks, what people are told in it, and what is nobody's message.

What a publisher or an operator wrote may read like a message of ours. So it stands between marks
(`verbatim`) from where it is put into a line until the line is printed (`bare`): retelling leaves
it letter by letter. In English there is nothing to retell, and no marks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Characters of interlinear annotation, which no terminal shows; texts from outside have none once
#: they are cleaned for one (`web.text.printable`).
BEGIN, END = "\ufff9", "\ufffb"
_NO_MARKS = str.maketrans("", "", BEGIN + END)

_retell: Callable[[str], str] | None = None


def speak(language: str) -> None:
    """Let messages of this process be in a language from now on; English is as it began.

    click asks gettext for its own words, which goes by `LANGUAGE`: the same catalogue has them.
    """
    global _retell  # noqa: PLW0603 -- a process speaks one language
    if language == "en":
        _retell = None
        return
    # What only another language takes.
    import gettext  # noqa: PLC0415

    from aggregator.language.catalogue import DOMAIN, FOLDER, messages  # noqa: PLC0415
    from aggregator.language.retelling import Retelling  # noqa: PLC0415

    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)
    _retell = Retelling(messages(language))


def is_english() -> bool:
    """Tell whether English is spoken."""
    return _retell is None


def retold(text: str) -> str:
    """Return a text of ours in the language that is spoken; what is `verbatim` in it stays so."""
    return text if _retell is None else _retell(text)


def verbatim(text: str) -> str:
    """Return words that are no message of ours, or are retold already, marked as such.

    Each line is marked by itself; marks that the text has go. Whoever prints it makes it `bare`.
    """
    if _retell is None:
        return text
    lines = bare(text).split("\n")
    return "\n".join(f"{BEGIN}{line}{END}" if line else line for line in lines)


def bare(text: str) -> str:
    """Return a text without the marks of `verbatim`, as it is printed and as wide as it looks."""
    return text if _retell is None else text.translate(_NO_MARKS)
