"""Rules as they are written: conditions, tags, replacements, and what is known of sites."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from aggregator import rules
from aggregator.config import request_values, values
from aggregator.config.key_types import Duration, Table, Tag
from aggregator.model import Condition, ImageRewrite, Replacement, Rules, SiteRule, Tagging

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Longer lists are a filter service's; each entry is put to every rule.
MAX_RULES = 500
MAX_PATTERNS = 500
MAX_TAGS = 20
MAX_SELECTORS = 50
MAX_IMAGE_RULES = 20

#: https://html.spec.whatwg.org/#referrer-policy-attribute
ReferrerPolicy = Literal[
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
]


def pattern(value: object) -> str:
    """Return plain words or a `/regex/` that can be searched for."""
    written = values.text(value)
    if (mistake := rules.mistake_in(written)) is not None:
        raise ValueError(mistake)
    return written


def selector(value: object) -> str:
    """Return a CSS selector."""
    written = values.text(value)
    if (mistake := rules.mistake_in_selector(written)) is not None:
        raise ValueError(mistake)
    return written


def replacement_text(value: object) -> str:
    """Return what stands for something found; it may be nothing, or a space."""
    return value if isinstance(value, str) and not value.strip(" ") else values.text(value)


def site_host(value: object) -> str:
    """Return a host in lower case."""
    host = values.text(value).lower().rstrip(".")
    if "/" in host or ":" in host or "*" in host or "@" in host:
        raise ValueError('must be a host alone, such as "ithome.com"; it holds for those below it')
    values.split(f"http://{host}/")
    return host


def _condition(value: object) -> object:
    """Return plain words as the condition that they stand for."""
    return {"words": [value]} if isinstance(value, str) else value


Pattern = Annotated[str, PlainValidator(pattern)]
Patterns = Annotated[
    list[Pattern],
    BeforeValidator(request_values.one_or_more),
    Field(min_length=1, max_length=MAX_PATTERNS),
]
Tags = Annotated[
    list[Tag], BeforeValidator(request_values.one_or_more), Field(min_length=1, max_length=MAX_TAGS)
]
Selector = Annotated[str, PlainValidator(selector)]
ReplacementText = Annotated[str, PlainValidator(replacement_text)]
SiteHost = Annotated[str, PlainValidator(site_host)]


class ConditionTable(Table):
    """One condition of `keep` or `block`; a string alone is `words`."""

    words: Patterns = []
    title: Patterns = []
    text: Patterns = []
    author: Patterns = []
    url: Patterns = []
    category: Patterns = []
    age: Duration | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ConditionTable:
        if self.model_fields_set.isdisjoint(ConditionTable.model_fields):
            raise ValueError('says nothing; write one such as { title = "…" }')
        return self


class TaggingTable(ConditionTable):
    """One rule of `tag`."""

    tags: Tags


class ReplacementTable(Table):
    """One rule of `replace`."""

    find: Pattern
    by: ReplacementText = Field(default="", alias="with")
    fields: Annotated[
        list[Literal["title", "text"]],
        BeforeValidator(request_values.one_or_more),
        Field(min_length=1),
    ] = Field(default=["title", "text"], alias="in")

    @model_validator(mode="after")
    def _groups_are_there(self) -> ReplacementTable:
        if (mistake := rules.mistake_in_replacement(self.find, self.by)) is not None:
            raise ValueError(f"with: {mistake}")
        return self


class ImageTable(Table):
    """One rule of a site's `images`."""

    find: Pattern
    by: ReplacementText = Field(alias="with")

    @model_validator(mode="after")
    def _groups_are_there(self) -> ImageTable:
        if (mistake := rules.mistake_in_replacement(self.find, self.by)) is not None:
            raise ValueError(f"with: {mistake}")
        return self


class SiteTable(Table):
    """One `[[sites]]`; an empty host is one that could not be read."""

    host: SiteHost = ""
    remove: Annotated[
        list[Selector],
        BeforeValidator(request_values.one_or_more),
        Field(max_length=MAX_SELECTORS),
    ] = []
    images: list[ImageTable] = Field(default=[], max_length=MAX_IMAGE_RULES)
    referrer: ReferrerPolicy | None = None


ConditionRow = Annotated[ConditionTable, BeforeValidator(_condition)]
Conditions = Annotated[
    list[ConditionRow], BeforeValidator(request_values.one_or_more), Field(max_length=MAX_RULES)
]
Taggings = Annotated[
    list[TaggingTable], BeforeValidator(request_values.one_or_more), Field(max_length=MAX_RULES)
]
Replacements = Annotated[
    list[ReplacementTable], BeforeValidator(request_values.one_or_more), Field(max_length=MAX_RULES)
]

#: The keys of a source or feed that are its `Rules`.
RULE_KEYS = frozenset({"keep", "block", "tag", "replace"})


def rules_of(said: dict[str, Any]) -> Rules:
    """Return what the four keys say, as far as they are given."""
    return Rules(
        keep=_conditions(said.get("keep", ())),
        block=_conditions(said.get("block", ())),
        tag=tuple(
            Tagging(_condition_of(row), tuple(dict.fromkeys(row.tags)))
            for row in said.get("tag", ())
        ),
        replace=tuple(
            Replacement(row.find, row.by, tuple(dict.fromkeys(row.fields)))
            for row in said.get("replace", ())
        ),
    )


def site_of(table: SiteTable) -> SiteRule:
    """Return what a `[[sites]]` says."""
    return SiteRule(
        host=table.host,
        remove=tuple(table.remove),
        images=tuple(ImageRewrite(row.find, row.by) for row in table.images),
        referrer=table.referrer,
    )


def _conditions(rows: Iterable[ConditionTable]) -> tuple[Condition, ...]:
    """Return the conditions, all that are plain words as one: a text is searched once for them."""
    found: list[Condition] = []
    words: dict[str, None] = {}
    for row in rows:
        if row.model_fields_set == {"words"}:
            words.update(dict.fromkeys(row.words))
        else:
            found.append(_condition_of(row))
    return (*([Condition(words=tuple(words))] if words else []), *found)


def _condition_of(row: ConditionTable) -> Condition:
    older_than: timedelta | None = row.age
    return Condition(
        words=tuple(row.words),
        title=tuple(row.title),
        text=tuple(row.text),
        author=tuple(row.author),
        url=tuple(row.url),
        category=tuple(row.category),
        older_than=older_than,
    )
