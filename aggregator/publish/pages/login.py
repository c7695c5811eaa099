"""The page of the log-in: the password, or how to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.publish.pages.look import Look


@dataclass(frozen=True, slots=True)
class LoginView:
    """What the page shows: `token` lets its form be sent.

    `is_in`: there is a session to end. `is_wrong`: the password was. `wait_minutes`: no other is
    tried before.
    """

    token: str
    is_in: bool = False
    is_wrong: bool = False
    wait_minutes: int = 0


def login_page(view: LoginView, look: Look) -> bytes:
    """Return the page in UTF-8."""
    return html_page("pages/login", {"view": view}, look)
