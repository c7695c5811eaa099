"""Templates of posts: the shipped ones and the operator's own."""

from __future__ import annotations

import traceback
from datetime import UTC
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from aggregator.model.errors import ConfigError
from aggregator.outputs.posts.post_markup import protect
from aggregator.outputs.posts.yaml_scalars import quoted, scalar
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.outputs.posts.post import Post

#: The shipped templates, and the one that each kind takes when none is named.
SHIPPED = ("hexo-volantis", "hugo", "jekyll")
_OF_KIND = {"hexo": "hexo-volantis"}


@dataclass(frozen=True, slots=True)
class Template:
    """A template's text, as `name` in messages, for sites of a kind."""

    source: str
    name: str
    kind: str


class Layout:
    """A compiled template.

    An own template runs in Jinja2's sandbox, without files: it can neither include others nor
    reach anything but the post. The sandbox bounds neither time nor memory, while it is compiled
    (constants are computed then) as little as later: `attempt` is for a process that can be ended.
    """

    def __init__(self, source: str, name: str, kind: str) -> None:
        """Compile `source`; a mistake is a `ConfigError` of one line, `name:line: what`."""
        environment = SandboxedEnvironment(
            autoescape=False,  # what is made is YAML, and HTML that is safe already
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters.update(
            quoted=quoted, scalar=scalar, rfc822=_rfc822, iso=_iso, text=_text_for(kind)
        )
        self._name = name
        try:
            code = environment.compile(source, name, name)
        except TemplateSyntaxError as error:
            raise ConfigError((f"{name}:{error.lineno}: {error.message}",)) from error
        except MemoryError:
            raise
        except Exception as error:  # Jinja2 and Python bound how deep a program is nested
            raise ConfigError((f"{name}: {str(error) or type(error).__name__}",)) from error
        self._template = environment.template_class.from_code(
            environment, code, environment.globals
        )

    def render(self, post: Post) -> bytes:
        """Return the post's file; a mistake is a `ConfigError` as when it is compiled."""
        fields = {name: getattr(post, name) for name in post.__slots__}
        try:
            return self._template.render(fields).encode(errors="replace")
        except MemoryError:
            raise
        # A template is a program: it may fail as any program does.
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if frame.filename == self._name]
            place = f"{self._name}:{lines[-1]}" if lines else self._name
            raise ConfigError((f"{place}: {str(error) or type(error).__name__}",)) from error


def attempt(asked: tuple[Template, Post | None]) -> bytes | str:
    """Compile the template and render the post; return its file, or the mistake as one line.

    Of no post the file is empty. Raises nothing but `MemoryError`.
    """
    template, post = asked
    try:
        layout = _compiled(template)
        return b"" if post is None else layout.render(post)
    except ConfigError as error:
        return error.lines[0]


@lru_cache(maxsize=1)
def _compiled(template: Template) -> Layout:
    return Layout(template.source, template.name, template.kind)


def shipped(kind: str, name: str | None = None) -> Template:
    """Return the shipped template `name`, or a kind's own."""
    name = name or _OF_KIND.get(kind, kind)
    file = resources.files("aggregator.outputs.posts") / "templates" / f"{name}.md.j2"
    return Template(file.read_text(encoding="utf-8"), name, kind)


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text_for(kind: str) -> Callable[[str], str]:
    def text(value: str) -> str:
        return protect(escape(value), kind)

    return text
