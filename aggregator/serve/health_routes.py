"""The operator's pages: how the sources fare, and forms that do something about it.

They are for callers of whom it is sure that they are on this machine (`callers.is_local`), and for
those that have logged in (`operator_door`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from aggregator.model import FeedKind, Source
from aggregator.model.errors import AggregatorError
from aggregator.publish.pages.health import SHOWN, SORTS, HealthView, health_page
from aggregator.publish.pages.overview import first_day, overview_page
from aggregator.publish.pages.source_health import ReportView, source_health_page
from aggregator.runtime.late_modules import LateModule
from aggregator.schedule.price import recall
from aggregator.serve import page_messages
from aggregator.serve.cache import Wanted
from aggregator.serve.encodings import respond
from aggregator.serve.login_routes import FORM_HEADERS, see_other, to_log_in
from aggregator.serve.page_looks import VARY, choosing, look_of
from aggregator.serve.page_routes import HTML
from aggregator.serve.refusals import refusal
from aggregator.serve.responses import represent
from aggregator.serve.source_block import source_block

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.config import edit
    from aggregator.publish.pages.look import Look
    from aggregator.serve.responses import Representation
    from aggregator.serve.server_context import Served
else:
    edit = LateModule("aggregator.config.edit")  # writes TOML; few pages need it

#: How old the pages may be.
FRESH_SECONDS = 5.0
#: What a form of a source's page may ask for, by the end of its address.
ACTIONS = ("poll", "pause", "resume")
#: And what may have been done before it is shown.
DONE = (*ACTIONS, "add")


async def sources(served: Served, request: Request) -> Response:
    """`/sources`: how every source fares."""
    if (refusal := _refusal(served, request)) is not None:
        return refusal
    look = look_of(request, is_operator=True)
    asked = dict(look.query)
    tag = asked.get("tag") or None
    sort, show, page = (asked.get(name, "") for name in ("sort", "show", "page"))
    is_in = served.site.operating is not None and served.door.is_in(request)
    make = partial(
        _make_list,
        served,
        look,
        is_in=is_in,
        sort=sort if sort in SORTS else "trouble",
        show=show if show in SHOWN else "all",
        tag=tag,
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 0,
    )
    return await _answer(served, request, look, make, is_in)


def _make_list(
    served: Served, look: Look, *, is_in: bool, sort: str, show: str, page: int, tag: str | None
) -> Representation:
    store, local = served.site.store, served.site.local
    can_add = served.site.operating is not None
    view = HealthView(store.healths(), sort, show, page, tag, can_add=can_add, is_in=is_in)
    return represent(health_page(view, look, local, served.site.now().date()), HTML)


async def source(served: Served, request: Request) -> Response:
    """`/sources/NAME/health`: all of one source."""
    if (refusal := _refusal(served, request)) is not None:
        return refusal
    look = look_of(request, is_operator=True)
    name = request.path_params["name"]
    done = dict(look.query).get("done")
    who = None if served.site.operating is None else served.door.acts_as(request)
    make = partial(_make_report, served, look, name, done if done in DONE else None, who)
    return await _answer(served, request, look, make, who)


def _make_report(
    served: Served, look: Look, name: str, done: str | None, who: str | None
) -> Representation | None:
    report = served.site.store.report(name)
    if report is None:
        return None
    config = served.site.config()
    configured = next((one for one in config.sources if one.name == name), None)
    of_list = name.rpartition("/")[0]
    status = report.health.status
    shown = configured or Source(status.name, status.url, tags=status.tags)
    block = source_block(shown, config, served.site.store.secrets(), look)
    view = ReportView(
        report=report,
        toml=edit.append("", [block]),
        has_feed=any(one.name == FeedKind.SOURCE.name_of(name) for one in config.feeds),
        token=None if who is None else served.form_token.text(who),
        is_closed=who is None and served.site.operating is not None,
        of_list=of_list,
        done=done,
    )
    today = served.site.now().date()
    return represent(source_health_page(view, look, served.site.local, today), HTML)


async def overview(served: Served, request: Request) -> Response:
    """`/overview`: what all sources did, in pictures."""
    if (refusal := _refusal(served, request)) is not None:
        return refusal
    look = look_of(request, is_operator=True)
    return await _answer(served, request, look, partial(_make_overview, served, look))


def _make_overview(served: Served, look: Look) -> Representation:
    today = served.site.now().date()
    found = served.site.store.overview(first_day(today), today)
    hours = recall(found.pricing).hours
    return represent(overview_page(found, hours, look, today), HTML)


async def act(served: Served, action: str, request: Request) -> Response:
    """`POST /sources/NAME/poll`, `pause` and `resume`: do it, and go back to the source's page."""
    operating = served.site.operating
    if operating is None:
        raise HTTPException(404)
    who = served.door.acts_as(request)
    if who is None:
        return refusal(403, page_messages.HEALTH_IS_LOCAL)
    base_url = served.site.config().server.base_url
    if await served.form_token.form(request, who, base_url) is None:
        return refusal(403, page_messages.NOT_FROM_HERE)
    name = request.path_params["name"]
    if all(one.name != name for one in served.site.config().sources):
        raise HTTPException(404)
    try:
        if action == "poll":
            await operating.poll(name)
        else:
            await operating.switch(name, enabled=action == "resume")
    except AggregatorError as error:
        return refusal(409, str(error))
    return see_other(f"./health?done={action}")


def _refusal(served: Served, request: Request) -> Response | None:
    """Return what a caller is told who may not look, or who chooses how pages look."""
    if not served.door.sees(request):
        return to_log_in(served, request, page_messages.HEALTH_IS_LOCAL)
    return choosing(request, served.site.config().server.base_url)


async def _answer(
    served: Served,
    request: Request,
    look: Look,
    make: Callable[[], Representation | None],
    who: Hashable = None,
) -> Response:
    """Answer with what is a few seconds old at the most."""
    wanted = Wanted(
        what="page of sources",
        key=("health", request.url.path, look, who),
        made_for=id(served.site.config()),
        version=int(served.site.seconds() // FRESH_SECONDS),
    )
    found = (await served.caches.rivers.get(wanted, make)).value
    if found is None:
        raise HTTPException(404)
    return await respond(
        served,
        request,
        wanted.key,
        found,
        cache_control="private, no-store",
        headers=FORM_HEADERS,
        vary=VARY,
    )
