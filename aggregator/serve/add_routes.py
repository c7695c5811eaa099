"""`/add`: an address is looked up, and what is there becomes a source."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.exceptions import HTTPException

from aggregator.model.errors import AggregatorError
from aggregator.publish.pages.add import AddView, add_page
from aggregator.serve import page_messages
from aggregator.serve.login_routes import page_response, see_other, to_log_in
from aggregator.serve.page_looks import choosing, look_of
from aggregator.serve.refusals import refusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.serve.form_token import Form
    from aggregator.serve.operating import Operating
    from aggregator.serve.server_context import Served

_COMMAS = re.compile(r"[,，、;；]")
#: More than these are something else that was pasted.
_MOST_TAGS, _MOST_CHARACTERS = 20, 2000


async def add(served: Served, request: Request) -> Response:
    """`/add`: a form for an address, what is there, and the way to the new source's page."""
    operating = served.site.operating
    if operating is None:
        raise HTTPException(404)
    who = served.door.acts_as(request)
    if who is None:
        if request.method == "POST":
            return refusal(403, page_messages.HEALTH_IS_LOCAL)
        return to_log_in(served, request, page_messages.HEALTH_IS_LOCAL)
    base_url = served.site.config().server.base_url
    if (chosen := choosing(request, base_url)) is not None:
        return chosen
    token = served.form_token.text(who)
    view = AddView(token)
    if request.method == "POST":
        form = await served.form_token.form(request, who, base_url)
        if form is None:
            return refusal(403, page_messages.NOT_FROM_HERE)
        answer = await _done(operating, who, token, form)
        if isinstance(answer, str):
            return see_other(f"./sources/{quote(answer, safe='')}/health?done=add")
        view = answer
    look = look_of(request, is_operator=True)
    return await page_response(partial(add_page, view, look, served.site.local))


async def _done(operating: Operating, who: str, token: str, form: Form) -> AddView | str:
    """Do what a form asks for; return what its page shows, or the name of the new source."""
    offer, typed = form.text("offer"), (form.text("url") or form.text("typed")).strip()
    typed = typed[:_MOST_CHARACTERS]
    try:
        if not offer:
            return AddView(token, typed, found=await operating.find(who, typed))
        tags = dict.fromkeys(filter(None, map(str.strip, _COMMAS.split(form.text("tags")))))
        name = form.text("name").strip() or None
        added = await operating.add(who, offer, name, tuple(tags)[:_MOST_TAGS])
    except AggregatorError as error:
        return AddView(token, typed, trouble=str(error))
    return AddView(token, typed, added=added) if added.name is None else added.name
