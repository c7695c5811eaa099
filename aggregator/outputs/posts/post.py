"""A story as a post: what a template may say of it, settled."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from aggregator.outputs.posts.post_markup import as_paragraph, beginning, first_picture, protect
from aggregator.publish.makers import names, people
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Export, Exportable, Story


@dataclass(frozen=True, slots=True)
class Post:
    """What a template sees; docs/exports.md is for the people who write one.

    `body` is HTML, fit for a block of its own. Everything else is plain text as its
    publisher or the operator wrote it: front matter takes it through `quoted` or `scalar`, HTML
    through `text`. `link` and `image` are http(s) URLs or `None`; `path` is where the post lies.
    """

    path: str
    id: str
    link: str | None
    title: str
    author: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    published_at: datetime
    updated_at: datetime
    image: str | None
    body: str
    summary: str
    source: str
    source_title: str
    language: str | None
    with_id: bool


def post_of(exportable: Exportable, export: Export, path: str) -> Post:
    """Return the post that an export makes of a story, to lie at `path`."""
    story = exportable.story
    return Post(
        path=path,
        id=story.id,
        link=story.url,
        title=story.title,
        author=export.author or _author(story) or story.origin.title,
        categories=categories_of(story, export),
        tags=tuple(dict.fromkeys(one.label or one.term for one in story.categories)),
        published_at=story.published_at,
        updated_at=story.updated_at,
        image=_image(story),
        body=protect(_body(exportable, export.content), export.kind),
        summary=story.summary,
        source=story.origin.name,
        source_title=story.origin.title,
        language=story.language,
        with_id=export.with_id,
    )


def categories_of(story: Story, export: Export) -> tuple[str, ...]:
    """Return the categories of a story's post: the export's, else the tags of its source."""
    return story.origin.tags if export.categories is None else export.categories


def story_digest(story: Story) -> str:
    """Return what changes when, and only when, a reader would see another story."""
    shown = (
        story.title,
        story.content_html,
        story.summary,
        story.particulars.author,
        story.published_at.isoformat(),
    )
    return digest(json.dumps(shown).encode())


def digest(body: bytes) -> str:
    """Return what tells two bodies apart, short enough to keep one for every post."""
    return hashlib.sha256(body).hexdigest()[:24]


def _body(exportable: Exportable, content: str) -> str:
    story = exportable.story
    match content:
        case "raw" if exportable.raw_html is not None:
            return exportable.raw_html
        case "summary":
            return as_paragraph(story.summary or beginning(story.content_html))
        case _:
            return story.content_html


def _author(story: Story) -> str:
    return names(people(story.particulars.authors, emails=False))


def _image(story: Story) -> str | None:
    """Return the story's first picture: of the sanitised text, which shows the real one."""
    files = (file.url for file in story.enclosures if file.media_type.startswith("image/"))
    return first_picture(story.content_html) or next(files, None)
