"""Forms of our own pages: what they carry, so that a form of another site is not obeyed.

A form is obeyed where its page came from here: it carries a secret of this process that only a page
for the same caller has, and the browser itself says that it was sent from the same origin.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from starlette.requests import Request

#: A form of ours is a token, a password, an address and some tags.
MOST_FORM_BYTES = 8 * 1024
#: More fields than any has.
_MOST_FIELDS = 40


@dataclass(frozen=True, slots=True)
class Form:
    """What a form of ours says, each field with its values."""

    fields: dict[str, list[str]]

    def text(self, name: str) -> str:
        """Return the first value of a field, "" where there is none."""
        return self.fields.get(name, [""])[0]


class FormToken:
    """The secrets of this process that its own forms carry, one for each caller."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def text(self, who: str) -> str:
        """Return what the forms of a caller carry."""
        return hmac.new(self._secret, who.encode(), hashlib.sha256).hexdigest()

    async def form(self, request: Request, who: str, base_url: str) -> Form | None:
        """Return a form that our page for `who` has sent, else `None`.

        Behind a proxy the browser's word for the origin is that of `base_url`, whatever Host says.
        """
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return None
        origin = request.headers.get("origin")
        places = {request.headers.get("host", ""), urlsplit(base_url).netloc}
        if origin is not None and origin.partition("://")[2] not in places:
            return None
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_FORM_BYTES:
                return None
        try:
            fields = parse_qs(
                body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            return None
        form = Form(fields)
        told = form.text("token").encode(errors="replace")
        return form if hmac.compare_digest(told, self.text(who).encode()) else None
