"""What stands in a link's place where there is none.

Templates that have no address write a word for nothing, or the element without content.
"""

from __future__ import annotations

import re

#: What programs print for no value: JavaScript, Python, Ruby, SQL, people; PHP and others a list or
#: an object of none. "#" is a page's own top.
_NOTHING = re.compile(
    r"|n/?a|undefined|null|none|nil|nan|false|tbd|\(none\)|\[\s*\]|\{\s*\}|\[object object\]"
    r"|about:blank|javascript:.*|https?:(?://)?|[-\u2013\u2014_.?#]{1,3}",
    re.IGNORECASE | re.DOTALL,
)


def says_nothing(link: str | None) -> bool:
    """Tell whether a link is none, whatever stands in its place."""
    return _NOTHING.fullmatch((link or "").strip()) is not None
