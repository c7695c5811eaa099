"""What a text may hold that costs a pass over it: told from one look, so that most passes are none.

A sign is never missing where its pass would find something; it may be there for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from aggregator.web.text import ascii_of


class Signs(NamedTuple):
    """Which passes over a text may find something.

    `formulas`, `boxes`, `aligned`, `struck` and `drawn` are kinds of `meanings`; `hides`: an
    element may be one that its page does not show; `amp`: there may be pictures of AMP; `players`:
    elements of a page's own may be players.
    """

    formulas: bool
    boxes: bool
    aligned: bool
    struck: bool
    drawn: bool
    hides: bool
    amp: bool
    players: bool

    @property
    def any_meaning(self) -> bool:
        """Whether any of them is there but `hides` and `players`."""
        return any((self.formulas, self.boxes, self.aligned, self.struck, self.drawn, self.amp))


#: In the name of each custom element that is known to play something.
_PLAYERS = (b"youtube", b"vimeo", b"dailymotion", b"bilibili")
_ALL = Signs(*[True] * len(Signs._fields))


def signs(text: str) -> Signs:
    """Return the signs of markup, in time linear in it."""
    seen = ascii_of(text)
    if seen is None:
        return _ALL
    has_style, has_class = b"style" in seen, b"class" in seen
    return Signs(
        formulas=b"math" in seen or b"mjx-" in seen,
        boxes=b"<input" in seen
        or (has_class and (b"checkbox-o" in seen or b"chcklst-box" in seen)),
        aligned=(has_style or has_class) and b"text-" in seen,
        struck=has_style and b"line-through" in seen,
        drawn=b"<svg" in seen,
        hides=b"hidden" in seen or b"display" in seen,
        amp=b"amp-" in seen,
        players=b"<amp-" in seen or any(host in seen for host in _PLAYERS),
    )
