"""The secret that forms of our own pages carry, so that a form of another site is not obeyed."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qs


class FormToken:
    """The secret of this process that its own forms carry."""

    def __init__(self) -> None:
        self.text = secrets.token_urlsafe(24)

    def is_in(self, form: bytes) -> bool:
        """Tell whether a form (application/x-www-form-urlencoded) carries it."""
        told = parse_qs(form.decode("latin-1")).get("token", [""])[0]
        return hmac.compare_digest(told.encode(), self.text.encode())
