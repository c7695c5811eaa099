"""The OpenAPI document of the JSON API (https://spec.openapis.org/oas/v3.1.0.html), as data."""

from __future__ import annotations

from typing import Any

#: Objects of one page, at most and where nobody asks; hits of a search at most.
MOST, USUAL, MOST_HITS = 100, 20, 50
#: How long a cursor, a name and a question are at most.
CURSOR_CHARACTERS, NAME_CHARACTERS, QUESTION_CHARACTERS = 60, 300, 300

#: A place in a feed (`model.pages`), and a story in an address (`pages.story_keys`).
_PLACE = r"^[wa]-?[0-9]{1,17}\.[0-9]{1,17}$"
_KEY = "^-?[0-9a-z]{1,12}$"

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_SWITCH: dict[str, Any] = {"type": "boolean"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(name: str) -> dict[str, Any]:
    return _object(items=_list(_ref(name)), next=_MAYBE)


_STORY = _object(
    id=_TEXT, entry_id=_TEXT, feed=_TEXT, title=_TEXT, url=_MAYBE, source=_TEXT, language=_MAYBE,
    tags=_list(_TEXT), published_at=_MOMENT, updated_at=_MOMENT,
    also=_list(_object(source=_TEXT)),
)  # fmt: skip
SCHEMAS: dict[str, Any] = {
    "Feed": _object(
        name=_TEXT, title=_TEXT, description=_MAYBE, page_url=_TEXT,
        urls={"type": "object", "additionalProperties": _TEXT},
    ),
    "Story": _STORY,
    "WholeStory": {"allOf": [_ref("Story"), _object(summary=_TEXT, content_html=_TEXT)]},
    "Hit": {
        "allOf": [
            _ref("Story"),
            _object(excerpt=_list(_object(text=_TEXT, is_found=_SWITCH))),
        ]
    },
    "Found": _object(items=_list(_ref("Hit")), next=_MAYBE, is_whole=_SWITCH, is_indexed=_SWITCH),
    "Entry": _object(
        id=_TEXT, source=_TEXT, title=_TEXT, url=_MAYBE, author=_MAYBE, text=_TEXT,
        published_at=_MOMENT, first_seen_at=_MOMENT,
    ),
    "Source": _object(
        name=_TEXT, url=_TEXT, title=_MAYBE, site_url=_MAYBE, tags=_list(_TEXT),
        is_enabled=_SWITCH, entries=_NUMBER, last_poll_at=_MAYBE_MOMENT,
        last_success_at=_MAYBE_MOMENT, next_poll_at=_MAYBE_MOMENT, problem=_MAYBE,
    ),
    "Status": _object(
        version=_TEXT, is_well=_SWITCH, trouble=_MAYBE, sources=_NUMBER, failing=_NUMBER,
        feeds=_NUMBER, search_bytes=_NUMBER,
    ),
    "Feeds": _page("Feed"),
    "Stories": _page("Story"),
    "Entries": _page("Entry"),
    "Sources": _page("Source"),
    "Problem": _object(type=_TEXT, title=_TEXT, status=_NUMBER),
}  # fmt: skip


def _asked(name: str, means: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": required, "description": means, "schema": schema,
    }  # fmt: skip


_LIMIT = _asked(
    "limit", "So many objects at most.", type="integer", minimum=1, maximum=MOST, default=USUAL
)


def _cursor(pattern: str) -> dict[str, Any]:
    means = "`next` of the page before."
    return _asked("cursor", means, type="string", pattern=pattern, maxLength=CURSOR_CHARACTERS)


_FEED = _asked("feed", "The name of a feed.", type="string", minLength=1, maxLength=NAME_CHARACTERS)
_SOURCE = _asked(
    "source", "The name of a source.", type="string", minLength=1, maxLength=NAME_CHARACTERS
)


def _get(
    means: str, gives: str, *asked: dict[str, Any], fails: tuple[int, ...] = (400, 404)
) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    titles = {400: "Asked wrongly.", 401: "For the operator.", 404: "There is no such thing."}
    answers: dict[str, Any] = {
        "200": {"description": means, "content": {"application/json": {"schema": _ref(gives)}}},
        "304": {"description": "As it was."},
        "503": {"description": "Not now.", "content": problem},
    }
    answers |= {str(one): {"description": titles[one], "content": problem} for one in fails}
    operation: dict[str, Any] = {"summary": means, "parameters": list(asked), "responses": answers}
    operation["security"] = [{"token": []}] if 401 in fails else [{}, {"token": []}]
    return {"get": operation}


_STORY_ID = {
    "name": "story", "in": "path", "required": True,
    "schema": {"type": "string", "pattern": _KEY},
}  # fmt: skip

PATHS: dict[str, Any] = {
    "/feeds": _get("The feeds that the caller may read.", "Feeds", fails=(400,)),
    "/stories": _get("Stories of a feed, newest first.", "Stories", _FEED, _LIMIT, _cursor(_PLACE)),
    "/stories/{story}": _get("A story in full.", "WholeStory", _STORY_ID),
    "/search": _get(
        "Stories with some words, the best first.",
        "Found",
        _asked(
            "q", "The words.", required=True, type="string", minLength=1,
            maxLength=QUESTION_CHARACTERS,
        ),
        _FEED,
        _asked(
            "limit", "So many at most.", type="integer", minimum=1, maximum=MOST_HITS, default=USUAL
        ),
        _cursor(_KEY),
    ),
    "/entries": _get(
        "Entries as they are stored, those that came last first.",
        "Entries", _SOURCE, _LIMIT, _cursor(_KEY), fails=(400, 401, 404),
    ),
    "/sources": _get("How each source is.", "Sources", fails=(400, 401)),
    "/status": _get("How the daemon is.", "Status", fails=(400, 401)),
}  # fmt: skip


def api_document(base_url: str, version: str) -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "aggregator", "version": version},
        "servers": [{"url": f"{base_url.rstrip('/')}/api/v1"}],
        "paths": PATHS,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
