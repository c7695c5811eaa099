"""The language that this process speaks, and what people are told in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Return a text of ours in the language that is spoken."""
    return text if _retell is None else _retell(text)
