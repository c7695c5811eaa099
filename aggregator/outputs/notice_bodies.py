"""Notices as the body of one message: by a shipped template, or by the operator's own.

An own template runs in Jinja2's sandbox, without files, and in a process that can be ended
(`attempt`): the sandbox bounds neither time nor memory.
"""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from aggregator.config.config_file import read_file
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.notices import RECOVERED
from aggregator.outputs.notice_templates import TEMPLATES
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import within_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model.notices import Notice, Receiver

#: Templates of people are a page long.
MOST_TEMPLATE_BYTES = 100_000
#: A message is read by people; no receiver takes more.
MOST_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """A template's text, as `name` in messages, and the media type of what it makes."""

    name: str
    source: str
    media_type: str

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the program."""
        return self.name in TEMPLATES


def template_of(receiver: Receiver) -> Template:
    """Return the template of a receiver; blocks on the disk for one of the operator's own.

    Raises `AggregatorError` where that cannot be read.
    """
    if receiver.template in TEMPLATES:
        media_type, source = TEMPLATES[receiver.template]
        return Template(receiver.template, source, receiver.content_type or media_type)
    path = Path(receiver.template)
    try:
        body = read_file(path, MOST_TEMPLATE_BYTES + 1)
        if len(body) > MOST_TEMPLATE_BYTES:
            raise AggregatorError(f"{path}: too large for a template")
        source = body.decode()
    except OSError as error:
        raise AggregatorError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise AggregatorError(f"{path}: not UTF-8 text") from error
    usual = "application/json" if ".json" in path.suffixes else "text/plain; charset=utf-8"
    return Template(str(path), source, receiver.content_type or usual)


def fields_of(notices: Sequence[Notice], language: str) -> dict[str, object]:
    """Return what a template is given of notices, oldest first, in a language ("en" or "zh").

    `title` and `text` say all; `events` are objects with `event`, `title`, `text` and `at` (UTC,
    RFC 3339); `all_well`: nothing of it is bad news.
    """
    is_chinese = language == "zh"
    events = [
        {
            "event": one.event,
            "title": (is_chinese and one.chinese_title) or one.title,
            "text": (is_chinese and one.chinese) or one.text,
            "at": one.happened_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for one in notices
    ]
    if len(events) == 1:
        title, text = events[0]["title"], events[0]["text"]
    else:
        title = f"{len(events)} 件事" if is_chinese else f"{len(events)} things happened"
        text = "\n".join(f"{one['title']}\n{one['text']}" for one in events)
    return {
        "title": title,
        "text": text,
        "events": events,
        "all_well": all(one.event == RECOVERED for one in notices),
    }


def attempt(asked: tuple[Template, dict[str, object]]) -> bytes | str:
    """Return the body that a template makes of its fields, or its mistake as one line."""
    template, fields = asked
    try:
        return render(template, fields)
    except ConfigError as error:
        return error.lines[0]


def render(template: Template, fields: dict[str, object]) -> bytes:
    """Return the body that a template makes; a mistake is a `ConfigError` of one line."""
    environment = SandboxedEnvironment(
        autoescape=False,  # what is made is no HTML: `tojson` and `urlencode` escape for what it is
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters["cut"] = within_bytes
    try:
        body = environment.from_string(template.source).render(fields).encode(errors="replace")
    except TemplateSyntaxError as error:
        raise ConfigError((f"{template.name}:{error.lineno}: {error.message}",)) from error
    except MemoryError:
        raise
    # A template is a program: it may fail as any program does.
    except Exception as error:
        raise ConfigError((f"{template.name}: {str(error) or type(error).__name__}",)) from error
    if len(body) > MOST_BODY_BYTES:
        raise ConfigError((f"{template.name}: makes more than {MOST_BODY_BYTES} B",))
    if "json" in template.media_type:
        try:
            json.loads(body)
        except (ValueError, RecursionError) as error:
            told = f"{template.name}: what it makes is no JSON ({error}); let values pass |tojson"
            raise ConfigError((told,)) from error
    return body
