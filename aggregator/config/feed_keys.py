"""`[[feeds]]` and `[[exports]]`, key by key, and the `Feed` and `Export` that they mean."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.config import network_values, text_values
from aggregator.config.kinds import ValueKind, choice, key, list_of, number, size
from aggregator.config.rule_keys import BLOCK, KEEP, REPLACEMENTS, TAG, TAGGINGS, rules_of
from aggregator.config.settings import DURATION, FILE, MAX_LIMIT, SHARE, SWITCH, TOKEN
from aggregator.config.source_keys import NAME, TAGS, TITLE
from aggregator.model import Export, Feed
from aggregator.model.configured import KIB, MAX_DEDUPE_WINDOW, MIB
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import timedelta

    from aggregator.model import Condition, Preference, Replacement, Share, Tagging

#: Below this a text is a summary; above, what reading keeps of a text (a million characters, of up
#: to four bytes) is never cut.
LEAST_ENTRY_SIZE, MOST_ENTRY_SIZE = 4 * KIB, 4 * MIB
#: Room for a single entry of any size; more than the largest does not render within a reader's
#: patience, nor beside others in a small machine's memory.
LEAST_DOCUMENT_SIZE, MOST_DOCUMENT_SIZE = 256 * KIB, 64 * MIB
#: Nested folders of a post; people use three.
MAX_CATEGORIES = 16

#: More than these are no preference.
MAX_PREFERRED = 1000

#: Templates that come with the program are named without folder and ending: "hexo-volantis".
_SHIPPED_TEMPLATE = re.compile(r"[a-z0-9-]+")
PREFERENCE = ValueKind(
    lambda value: text_values.preference(value, MAX_PREFERRED),
    '`"first"`, `"longest"` or list of names',
    text_values.written_preference,
)
_FEED = Feed(name="", title="")
_EXPORT = Export(kind="hexo", directory="")


@dataclass(frozen=True, slots=True)
class FeedTable:
    """One `[[feeds]]`; an empty name is one that could not be read."""

    name: str = key(NAME, "", "Part of the URL.", required=True)
    title: str | None = key(TITLE, None, "What readers see.", shown="the name")
    sources: tuple[str, ...] | None = key(
        list_of(ValueKind(text_values.string, "name"), "list of names"),
        _FEED.sources,
        "Sources in the feed.",
        shown="every source",
    )
    tags: tuple[str, ...] | None = key(
        TAGS,
        _FEED.tags,
        "Sources in the feed, by tag. With `sources` too, a source that either selects is in. An "
        "empty list is a mistake, in both.",
        shown="every source",
    )
    window: timedelta = key(
        DURATION,
        _FEED.window,
        "Every story that arrived this recently is in the feed. What a source's first document "
        "brings counts as having arrived when it was published.",
    )
    min_entries: int = key(
        number(0, MAX_LIMIT), _FEED.min_entries, "And at least this many, when it is quiet."
    )
    limit: int = key(
        number(1, MAX_LIMIT),
        _FEED.limit,
        "Never more than this; when it cuts into the window, `aggregator status` says so. Not "
        "below `min_entries`; if only one of the two is given, the other's default follows.",
    )
    per_source: Share | None = key(
        SHARE,
        _FEED.per_source,
        "Where `limit` or `document_size` cuts, a source that has more than this of it [gives way "
        'first](publishing.md#shares): `"1/3"`, or a number of entries; `"off"`: the oldest goes, '
        "of any source.",
        shown='`"off"`',
    )
    dedupe: str = key(
        choice("exact", "story", "off"),
        _FEED.dedupe,
        "An article that several sources of the feed carry, by its "
        "[address](publishing.md#what-is-the-same), appears once, where the first of them brought "
        'it; `"off"`: as often as it comes. `"story"`: what sources write in their own words of '
        "one event appears once, too, and the others are [named below it](stories.md).",
    )
    dedupe_strictness: str = key(
        choice("wide", "story", "strict"),
        _FEED.dedupe_strictness,
        'With `dedupe = "story"`: how alike entries must be. `"strict"` takes few wrong ones '
        'together and leaves more apart, `"wide"` the other way round.',
    )
    dedupe_window: timedelta = key(
        ValueKind(
            text_values.dedupe_window,
            f'duration, up to `"{text_values.written(MAX_DEDUPE_WINDOW)}"`',
        ),
        _FEED.dedupe_window,
        'With `dedupe = "story"`: how far apart in time they may be.',
    )
    prefer: Preference = key(
        PREFERENCE,
        _FEED.prefer,
        'With `dedupe = "story"`: which entry is shown of those that have come by then: that of '
        "the earliest source in the list that has one. One that is shown stays.",
    )
    show_also: bool | None = key(
        SWITCH,
        _FEED.show_also,
        "Below the text, name the other entries that tell the same, with links to them. See "
        "[Also reported by](publishing.md#also-reported-by).",
        shown='with `dedupe = "story"`',
    )
    hold: timedelta = key(
        ValueKind(
            text_values.hold, f'duration, `"0s"` to `"{text_values.written(text_values.MAX_HOLD)}"`'
        ),
        _FEED.hold,
        'With `dedupe = "story"`: how long a new story waits for what `prefer` wants.',
    )
    script: str | None = key(
        choice("hans", "hant"),
        _FEED.script,
        "Show Chinese in Simplified (`hans`) or Traditional (`hant`) characters, whichever it was "
        "[written in](publishing.md#in-one-script).",
        shown="as published",
    )
    exclude_tags: tuple[str, ...] = key(
        TAGS,
        _FEED.exclude_tags,
        "What carries one of these is left out, whatever selects it: a source by its `tags`, an "
        "entry by those that a rule of its source gives it.",
    )
    keep: tuple[Condition, ...] = key(
        KEEP,
        _FEED.rules.keep,
        "Only entries that meet one of them. See [Rules](#rules).",
        shown="everything",
    )
    block: tuple[Condition, ...] = key(
        BLOCK,
        _FEED.rules.block,
        "Entries that meet one of them are left out, also where `keep` wants them.",
        shown="nothing",
    )
    tag: tuple[Tagging, ...] = key(
        TAGGINGS,
        _FEED.rules.tag,
        "Tags for the entries that meet a condition, published as categories.",
        shown="none",
    )
    replace: tuple[Replacement, ...] = key(
        REPLACEMENTS,
        _FEED.rules.replace,
        "Other text for what a pattern finds, in titles and texts.",
        shown="none",
    )
    order: str = key(
        choice("arrival", "published"),
        _FEED.order,
        "How a document lists its stories: as they came, or by their publishers' dates. Which "
        "stories are in the feed is the same.",
    )
    content: str = key(
        choice("full", "summary", "link"),
        _FEED.content,
        "How much of a story is published: its text, its beginning as plain text, or the title and "
        "the link alone.",
    )
    title_template: str = key(
        ValueKind(text_values.title_template, "title"),
        _FEED.title_template,
        "How the titles of stories are made, of `{title}`, `{source}` and `{tag}` (the first tag "
        'of its source): `"[{source}] {title}"`.',
    )
    entry_size: int = key(
        size(LEAST_ENTRY_SIZE, MOST_ENTRY_SIZE),
        _FEED.entry_size,
        "The most HTML of one entry: a longer text is cut at a tag, and its last line leads to the "
        "source. Readers on phones, and some services, drop entries or feeds of several megabytes.",
    )
    document_size: int = key(
        size(LEAST_DOCUMENT_SIZE, MOST_DOCUMENT_SIZE),
        _FEED.document_size,
        "The most of all entries together, by what is stored of them: beyond it the oldest leave, "
        "as with `limit`, and stay in the archive; `aggregator status` says so. The default keeps "
        "a document below the 15 MiB that this program and Miniflux read.",
    )
    language: str | None = key(
        ValueKind(text_values.language, 'such as `"zh-CN"`'),
        _FEED.language,
        "The feed's language; a story in another one says so itself.",
    )
    description: str | None = key(
        ValueKind(
            text_values.description,
            f"a line of text, up to {text_values.MAX_DESCRIPTION_CHARS} characters",
        ),
        _FEED.description,
        "What the feed is about.",
    )
    icon: str | None = key(
        ValueKind(network_values.icon, "URL"),
        _FEED.icon,
        "A picture that readers show beside the feed.",
    )
    author: str | None = key(TITLE, _FEED.author, "Who makes the feed.")
    token: str | None = key(
        TOKEN, _FEED.token, "Makes the feed private. See [below](#private-feeds)."
    )


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One `[[exports]]`; no directory is one that could not be read."""

    kind: str = key(
        choice("hexo", "hugo", "jekyll"), _EXPORT.kind, "The form of the files.", required=True
    )
    directory: Path | None = key(
        FILE,
        None,
        "The folder that they are written to; relative to config.toml. Exports of different feeds "
        "may share one, each with its own categories. Neither `/` nor anything in `[publish] "
        "directory`, nor around it.",
        required=True,
    )
    feed: str = key(
        ValueKind(text_values.string, "name of a feed"),
        _EXPORT.feed,
        'Whose stories: a `[[feeds]]`, or an automatic one such as `"tags/科技"`.',
    )
    categories: tuple[str, ...] | None = key(
        list_of(TAG, "list of tags", most=MAX_CATEGORIES),
        _EXPORT.categories,
        "The categories of every post; they are its folders, too. Without: the tags of the story's "
        "source.",
        shown="those of the source",
    )
    author: str | None = key(
        TITLE, _EXPORT.author, "The author of every post.", shown="the story's"
    )
    content: str = key(
        choice("full", "summary", "raw"),
        _EXPORT.content,
        'Our sanitised text, its beginning, or the publisher\'s own HTML as it came. `"raw"` is '
        "for sources that you trust: their scripts run where the posts are shown. Warned about.",
    )
    template: Path | None = key(
        ValueKind(text_values.file_path, "file, or the name of a shipped one"),
        None,
        'A Jinja2 template, relative to config.toml; `"hexo-volantis"`, `"hugo"` and `"jekyll"` '
        "are shipped.",
        shown="the kind's own",
    )
    with_id: bool = key(
        SWITCH, _EXPORT.with_id, "Write the story's link and id into the front matter."
    )


def feed_of(said: dict[str, Any]) -> Feed:
    """Return the feed that the keys of its table mean; `said` is used up."""
    rules = rules_of(said)
    name = said.pop("name", "")
    feed = Feed(**{"name": name, "title": name, **said}, rules=rules)
    if feed.min_entries <= feed.limit:
        return feed
    # The one that the file gives draws the default of the other along.
    if "limit" in said:
        return replace(feed, min_entries=feed.limit)
    return replace(feed, limit=feed.min_entries)


def export_of(table: ExportTable, folder: Path) -> Export:
    """Return the export that a sound table means; its paths begin at `folder`."""
    template = None if table.template is None else str(table.template)
    if template is not None and not _SHIPPED_TEMPLATE.fullmatch(template):
        template = str((folder / template).absolute())
    return Export(
        kind=table.kind,
        directory=str((folder / (table.directory or "")).absolute()),
        feed=table.feed,
        categories=table.categories,
        author=table.author,
        content=table.content,
        template=template,
        with_id=table.with_id,
    )
