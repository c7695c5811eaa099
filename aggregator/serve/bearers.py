"""Programs of the operator: whose token opens what is the operator's, wherever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.rules.visibility import Subject
from aggregator.serve.callers import caller_of
from aggregator.serve.problems import problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.rules.visibility import Caller, Visibility
    from aggregator.serve.server_context import Served


def bearer_of(served: Served, request: Request) -> Caller:
    """Return the caller with the token that the request bears (RFC 6750 section 2.1).

    Whoever shows something else than a token has one that opens nothing.
    """
    said = request.headers.get("authorization")
    scheme, _, token = (said or "").partition(" ")
    known = token.strip() if scheme.lower() == "bearer" else ""
    return caller_of(request, served.site.config().server, token=None if said is None else known)


def is_operator(visibility: Visibility, caller: Caller) -> bool:
    """Tell whether a caller is on this machine, has logged in, or shows `status_token`."""
    # Whoever shows a token is judged by it, wherever they are.
    knows = caller.token is not None and visibility.view(caller, Subject.OPERATIONS).is_shown
    return knows or (caller.token is None and visibility.view(caller, Subject.HEALTH).is_shown)


def for_operator() -> Response:
    """Answer that a token is wanted."""
    return problem(
        401, "for the operator: on this machine, or with [publish] status_token as bearer token",
        {"WWW-Authenticate": "Bearer"},
    )  # fmt: skip
