"""Rules and what is known of sites, key by key: conditions, tags, replacements, `[[sites]]`."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator import rules
from aggregator.config import network_values, text_values
from aggregator.config.kinds import ValueKind, choice, inner_table, key, list_of
from aggregator.config.mistake_list import WrongValueError, mistake, wrong
from aggregator.model import Condition, ImageRewrite, Replacement, Rules, SiteRule, Tagging
from aggregator.model.mistakes import MistakeKind
from aggregator.rules.selectors import MAX_SELECTOR_CHARS
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Longer lists are a filter service's; each entry is put to every rule.
MAX_RULES = 500
MAX_PATTERNS = 500
MAX_TAGS = 20
MAX_SELECTORS = 50
MAX_IMAGE_RULES = 20

_SITE = SiteRule(host="")


def _pattern(value: object) -> str:
    """Return plain words or a `/regex/` that can be searched for."""
    written = text_values.text(value)
    if (found := rules.mistake_in(written)) is not None:
        raise WrongValueError((found,))
    return written


def _selector(value: object) -> str:
    """Return a CSS selector."""
    written = text_values.text(value)
    if (found := rules.mistake_in_selector(written)) is not None:
        raise WrongValueError((found,))
    return written


def _replacement_text(value: object) -> str:
    """Return what to write for something found; it may be nothing, or a space."""
    return value if isinstance(value, str) and not value.strip(" ") else text_values.text(value)


PATTERN = ValueKind(_pattern, "pattern")
PATTERNS = list_of(PATTERN, "pattern, or a list of them", least=1, most=MAX_PATTERNS, alone=True)
REPLACEMENT_TEXT = ValueKind(_replacement_text, "text")
TAG = ValueKind(text_values.tag, "tag")
FIELD = choice("title", "text")


@dataclass(frozen=True, slots=True)
class ConditionTable:
    """One condition of `keep` or `block`; a string alone is `words`."""

    words: tuple[str, ...] = key(PATTERNS, (), "the title, and the text of content and summary")
    title: tuple[str, ...] = key(PATTERNS, (), "the title")
    text: tuple[str, ...] = key(PATTERNS, (), "the text of content and summary")
    author: tuple[str, ...] = key(PATTERNS, (), "the author's name")
    url: tuple[str, ...] = key(PATTERNS, (), "the entry's link")
    category: tuple[str, ...] = key(
        PATTERNS, (), "each of the publisher's categories, by term and by label"
    )
    older_than: timedelta | None = key(
        ValueKind(text_values.duration, "duration"),
        None,
        "how old an entry was when it was first seen, by its publisher's date: more than this "
        "duration. An entry without a date has no age.",
        name="age",
    )


@dataclass(frozen=True, slots=True)
class TaggingTable(ConditionTable):
    """One rule of `tag`."""

    tags: tuple[str, ...] = key(
        list_of(TAG, "list of tags", least=1, most=MAX_TAGS, alone=True),
        (),
        "the tags to give",
        required=True,
    )


@dataclass(frozen=True, slots=True)
class ImageTable:
    """One rule of a site's `images`."""

    find: str = key(PATTERN, "", "a pattern", required=True)
    by: str = key(REPLACEMENT_TEXT, "", "the other text", name="with", required=True)


@dataclass(frozen=True, slots=True)
class ReplacementTable:
    """One rule of `replace`."""

    find: str = key(PATTERN, "", "a pattern", required=True)
    by: str = key(REPLACEMENT_TEXT, Replacement("").by, "the other text", name="with")
    fields: tuple[str, ...] = key(
        list_of(FIELD, "list", least=1, alone=True),
        Replacement("").fields,
        "where to replace",
        name="in",
    )


def _condition(said: dict[str, Any]) -> Condition:
    if not said:
        raise wrong(MistakeKind.NO_CONDITION)
    return Condition(**said)


def _tagging(said: dict[str, Any]) -> Tagging:
    tags = tuple(dict.fromkeys(said.pop("tags")))
    return Tagging(_condition(said), tags)


def _checked(find: str, by: str) -> None:
    if (found := rules.mistake_in_replacement(find, by)) is not None:
        raise WrongValueError((dataclasses.replace(found, path=("with",)),))


def _replacement(said: dict[str, Any]) -> Replacement:
    found = Replacement(**said)
    _checked(found.find, found.by)
    return dataclasses.replace(found, fields=tuple(dict.fromkeys(found.fields)))


def _image(said: dict[str, Any]) -> ImageRewrite:
    _checked(said["find"], said["by"])
    return ImageRewrite(**said)


_IMAGE = '{ find = "…", with = "…" }'


def _one_condition(part: str) -> ValueKind[Condition]:
    table = inner_table(
        ConditionTable, _condition, part, '{ title = "…" }', no_table=MistakeKind.NOT_A_CONDITION
    )

    def read(value: object) -> Condition:
        return Condition(words=(_pattern(value),)) if isinstance(value, str) else table.read(value)

    return ValueKind(read, table.shown)


def _conditions(part: str) -> ValueKind[tuple[Condition, ...]]:
    rows = list_of(_one_condition(part), "list of conditions", most=MAX_RULES, alone=True)
    return ValueKind(lambda value: _words_together(rows.read(value)), rows.shown)


def _words_together(rows: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return the conditions, all that are plain words as one: a text is searched once for them."""
    found: list[Condition] = []
    words: dict[str, None] = {}
    for row in rows:
        if row == Condition(words=row.words):
            words.update(dict.fromkeys(row.words))
        else:
            found.append(row)
    return (*([Condition(words=tuple(words))] if words else []), *found)


KEEP, BLOCK = _conditions("keep"), _conditions("block")
TAGGINGS = list_of(
    inner_table(TaggingTable, _tagging, "tag", '{ title = "…", tags = ["…"] }'),
    "list of tables",
    most=MAX_RULES,
    alone=True,
)
REPLACEMENTS = list_of(
    inner_table(ReplacementTable, _replacement, "replace", _IMAGE),
    "list of tables",
    most=MAX_RULES,
    alone=True,
)

#: The keys of a source or feed that are its `Rules`.
RULE_KEYS = frozenset({"keep", "block", "tag", "replace"})
NO_RULES = Rules()


def rules_of(said: dict[str, Any]) -> Rules:
    """Take the four keys out of what a table says and return them as rules."""
    if RULE_KEYS.isdisjoint(said):
        return NO_RULES
    return Rules(**{name: said.pop(name) for name in RULE_KEYS & said.keys()})


@dataclass(frozen=True, slots=True)
class SiteTable:
    """One `[[sites]]`; an empty host is one that could not be read."""

    host: str = key(
        ValueKind(network_values.site_host, "host"),
        "",
        'The site, and every host below it: `"ithome.com"` is also `www.ithome.com`, never '
        "`ithome.com.tw`.",
        required=True,
    )
    remove: tuple[str, ...] = key(
        list_of(
            ValueKind(_selector, "selector"),
            "list of CSS selectors",
            most=MAX_SELECTORS,
            alone=True,
        ),
        _SITE.remove,
        "Elements that are no part of an article, each selector up to "
        f"{MAX_SELECTOR_CHARS} characters.",
    )
    images: tuple[ImageRewrite, ...] = key(
        list_of(
            inner_table(ImageTable, _image, "images", _IMAGE),
            "list of tables",
            most=MAX_IMAGE_RULES,
            no_list=mistake(MistakeKind.NOT_A_LIST_OF_INNER_TABLES, such_as=_IMAGE),
        ),
        _SITE.images,
        f"Other addresses for its pictures: `{_IMAGE}`.",
    )
    referrer: str | None = key(
        # https://html.spec.whatwg.org/#referrer-policy-attribute
        choice(
            "no-referrer",
            "no-referrer-when-downgrade",
            "same-origin",
            "origin",
            "strict-origin",
            "origin-when-cross-origin",
            "strict-origin-when-cross-origin",
            "unsafe-url",
            shown="a referrer policy",
        ),
        _SITE.referrer,
        "What a reader's browser tells the site's server of the page that shows a picture: "
        '`"no-referrer"`, `"origin"`, `"strict-origin-when-cross-origin"` and the others of '
        "[the standard](https://html.spec.whatwg.org/#referrer-policy-attribute).",
        shown='`"no-referrer"`',
    )


def site_of(table: SiteTable) -> SiteRule:
    """Return what a `[[sites]]` says."""
    return SiteRule(table.host, table.remove, table.images, table.referrer)
