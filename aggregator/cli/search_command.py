"""`aggregator search`: the stories that feeds show, by words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config, reading, secrets_beside
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.terminal_text import line, local_time, plain, theirs
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Feed
    from aggregator.model.found import Hit
    from aggregator.web.search_words import Piece, SearchQuery

EPILOG = """\b
Examples:
  aggregator search 小米 汽车
  aggregator search '"electric car"' --feed news
  aggregator search 发布 --json | jq -r '.[].url'

\b
Exit status:
  0   printed, whether anything was found or not
  1   no feed has this name, or nothing can be searched
  69  there is no database yet (its path is named)
  78  the configuration or the database cannot be used
"""


@click.command(epilog=EPILOG, short_help="Search the stories that feeds show.")
@click.argument("words", nargs=-1, required=True)
@click.option("--feed", "name", metavar="NAME", help="Search this feed alone, such as tags/tech.")
@click.option(
    "--most", default=20, type=click.IntRange(1, 50), help="So many at most. Default: 20."
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, times in UTC.")
@config_option
def search(words: tuple[str, ...], name: str | None, most: int, *, as_json: bool) -> None:
    """Search the stories that feeds show, private ones among them, for WORDS: all are to be there.

    Chinese is found by words of any length, other languages by whole words; what stands "in quotes"
    is to stand together. Titles count more than texts. What came in the last few seconds may be
    missed: the daemon indexes beside its other work.
    """
    from aggregator.cli.json_output import print_objects
    from aggregator.web.search_words import read_query

    config = load_config()
    query = read_query(" ".join(words))
    if not query.phrases:
        raise AggregatorError("nothing to search for: name a word")
    feeds = _feeds(config, name)
    with reading(config.path, config.store, secrets_beside(config)) as store:
        found = store.search(feeds, query, most=most)
    if not found.is_indexed:
        raise AggregatorError(
            "nothing is indexed yet: `aggregator run` and `aggregator poll` do it, unless "
            '[store] search_quota is "0KiB"'
        )
    if as_json:
        print_objects(_as_object(hit, query) for hit in found.hits)
        return
    for hit in found.hits:
        _print(hit, query)
    if not found.is_whole:
        echo("There may be more: add a word, or --feed.", err=True)


def _feeds(config: Config, name: str | None) -> tuple[Feed, ...]:
    from aggregator.rules.visibility import by_preference

    feeds = tuple(feed for feed in config.feeds if name in {None, feed.name})
    if not feeds:
        raise AggregatorError(
            f"no feed is named {theirs(name or '')}; `aggregator check` lists them"
        )
    return by_preference(feeds)


def _as_object(hit: Hit, query: SearchQuery) -> dict[str, object]:
    from aggregator.cli.json_output import utc
    from aggregator.stories.searched_texts import shown_text
    from aggregator.web.search_words import excerpt_of

    story = hit.story
    pieces = excerpt_of(shown_text(story, hit.feed), query)
    return {
        "id": story.id,
        "title": story.title,
        "url": story.url,
        "source": story.origin.title,
        "feed": hit.feed.name,
        "published_at": utc(story.published_at),
        "excerpt": "".join(piece.text for piece in pieces),
    }


def _print(hit: Hit, query: SearchQuery) -> None:
    from aggregator.stories.searched_texts import shown_text
    from aggregator.web.search_words import excerpt_of, marked

    story = hit.story
    pass_on("".join(_styled(piece) for piece in marked(line(story.title), query)))
    at = local_time(story.published_at, otherwise="")
    pass_on(f"  {at}  {line(story.origin.title)}  {line(story.url or '')}".rstrip())
    pieces = excerpt_of(shown_text(story, hit.feed), query)
    if told := "".join(_styled(piece) for piece in pieces):
        pass_on(f"  {told}")


def _styled(piece: Piece) -> str:
    text = plain(piece.text)
    return click.style(text, bold=True) if piece.is_found else text
