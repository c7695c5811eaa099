"""What the index in rows ranks: parts that are asked together, more of them where that was quick.

The GIN index finds the rows that have all tokens, the server counts in these how often each phrase
is there, and bm25 is reckoned here.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.store.search import word_rows
from aggregator.store.search.finds import OF_ONE_PART, SECONDS, Finds
from aggregator.store.search.word_rows import WORDS
from aggregator.stories.search_scores import LENGTH, TEXT, TITLE, rarity, score

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from aggregator.store.engines.postgres_engine import PostgresEngine
    from aggregator.store.search.finds import Ranked
    from aggregator.web.search_words import SearchQuery

#: How statements of a search run: the planner does not know what it costs to count in each row. One
#: takes some 40 ms; what is without end ends.
SETTINGS = {
    "statement_timeout": "2000",
    "enable_seqscan": "off",
    "jit": "off",
}

#: So many tokens are asked first: of some thousand texts, in 40 ms where most have all words.
_FIRST_TOKENS = 2_000_000

#: The condition that a row has some tokens, and is in one of some parts.
OF_PARTS = f"{WORDS} @> ? AND {WORDS} && ?"


#: Scores and entries by the numbers of parts, the best first.
_Scored = Mapping[int, list[tuple[float, int]]]

#: Of a part: entries with their tokens and how often each phrase is there, in the order of texts;
#: and how many texts have each phrase.
_Found = tuple[list[tuple[int, int, tuple[int, ...]]], list[int]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the index, and what is counted of it."""

    number: int
    texts: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that are to be there in a row, as a row has them."""

    tokens: tuple[str, ...]

    @property
    def laps(self) -> bool:
        """Whether one may begin within another: "ha ha" in "ha ha ha" is there twice."""
        return any(
            self.tokens[:length] == self.tokens[-length:] for length in range(1, len(self.tokens))
        )

    def times_in(self, column: str) -> tuple[str, list[object]]:
        """Return the expression that tells how often it is in a column, with its values."""
        first, *rest = self.tokens
        row = f"({column} || ' ')"
        if self.laps:
            ahead = f" {first}(?= {' '.join(rest)} )"  # tokens are letters and figures alone
            return f"(SELECT count(*) FROM regexp_matches({row}, ?, 'g'))", [ahead]  # noqa: S608 -- a column of ours
        said = f" {' '.join(self.tokens)} "
        # Of two that share the space between them the second one is found the second time.
        shorter = f"octet_length(replace(replace({row}, ?, '  '), ?, '  '))"
        return f"((octet_length({row}) - {shorter}) / ?)", [said, said, len(said.encode()) - 2]

    def is_in(self, column: str) -> tuple[str, list[object]]:
        """Return the condition that it is in a column, with its values."""
        return f"strpos({column} || ' ', ?) > 0", [f" {' '.join(self.tokens)} "]


def ranked(
    engine: PostgresEngine,
    connection: sqlite3.Connection,
    query: SearchQuery,
    *,
    clock: Callable[[], float],
) -> Ranked | None:
    """Return the ids of entries, the best first, and whether all parts were asked.

    `None` where there is no index, or one of another version.
    """
    if word_rows.version_of(connection) != word_rows.VERSION:
        return None
    rows = connection.execute(
        "SELECT number, texts, tokens FROM search_parts WHERE texts > 0 ORDER BY number DESC"
    ).fetchall()
    parts = [Part(row["number"], row["texts"], row["tokens"]) for row in rows]
    finds, until = Finds(), clock() + SECONDS
    phrases = [Phrase(tuple(word_rows.spelt(one).split())) for one in query.phrases]
    if not phrases or not parts:
        return finds.ranked()
    connection.execute("SAVEPOINT looking")
    try:
        _set(connection)
        _ask(lambda some: _scored(connection, some, phrases), parts, finds, until, clock=clock)
    except engine.errors as error:
        if not engine.is_out_of_time(error):
            raise
        finds.leave()
    connection.execute("ROLLBACK TO SAVEPOINT looking")
    return finds.ranked()


def _set(connection: sqlite3.Connection) -> None:
    asked = ", ".join("set_config(?, ?, true)" for _ in SETTINGS)
    values = [value for pair in SETTINGS.items() for value in pair]
    connection.execute(f"SELECT {asked}", values).fetchone()


def _ask(
    scored: Callable[[Sequence[Part]], _Scored],
    parts: Sequence[Part],
    finds: Finds,
    until: float,
    *,
    clock: Callable[[], float],
) -> None:
    """Ask parts for their best entries until there is no more time, or there are enough."""
    left, tokens = list(parts), _FIRST_TOKENS
    while left:
        began = clock()
        if began > until:
            finds.leave()
            return
        some = asked_together(left, tokens)[: finds.parts_wanted]
        found = scored(some)
        for part in some:
            if finds.are_enough:
                finds.leave()
                return
            finds.add(found.get(part.number, [])[:OF_ONE_PART])
        del left[: len(some)]
        tokens = asked_next(tokens, clock() - began)


def asked_together(parts: Sequence[Part], tokens: int) -> Sequence[Part]:
    """Return the first parts that have about so many tokens, one at the least."""
    sums = accumulate(part.tokens for part in parts)
    return parts[: max(1, sum(one <= tokens for one in sums))]


def asked_next(tokens: int, took_s: float) -> int:
    """Return how many tokens to ask next, so many having taken so long."""
    if took_s < SECONDS / 10:
        return tokens * 2
    return tokens if took_s < SECONDS / 4 else tokens // 2


def _scored(
    connection: sqlite3.Connection, parts: Sequence[Part], phrases: Sequence[Phrase]
) -> _Scored:
    """Return the scores and entries of some parts by their numbers, the best first."""
    if len(phrases) == 1:
        found = _of_one(connection, parts, phrases[0])
    else:
        found = _of_several(connection, parts, phrases)
    scored = {}
    for part in parts:
        if part.number in found:
            texts, having = found[part.number]
            worth = [rarity(part.texts, one) for one in having]
            average = part.tokens / part.texts
            some = [(score(worth, times, tokens, average), one) for one, tokens, times in texts]
            scored[part.number] = sorted(some, key=lambda one: -one[0])
    return scored


def _of_one(
    connection: sqlite3.Connection, parts: Sequence[Part], phrase: Phrase
) -> dict[int, _Found]:
    """Ask for a phrase that may be in nearly all texts: the server sends the best of each part."""
    times, values = _times([phrase])
    rows = connection.execute(
        f"""SELECT number, entry_id, tokens, times, texts FROM (
              SELECT *, count(*) OVER (PARTITION BY number) AS texts,
                     row_number() OVER (PARTITION BY number
                       ORDER BY times / (times + {LENGTH}) DESC, text_id) AS place
                FROM (
                  SELECT text_id, number, entry_id, tokens, ({times})::float8 AS times
                    FROM search_texts WHERE {OF_PARTS} OFFSET 0) AS counted  -- counted once
                JOIN (SELECT number, tokens::float8 / texts AS average FROM search_parts
                       WHERE texts > 0) AS part USING (number)
               WHERE times > 0) AS placed
             WHERE place <= ? ORDER BY text_id""",  # noqa: S608 -- built of constants
        (*values, list(phrase.tokens), _named(parts), OF_ONE_PART),
    ).fetchall()
    found: dict[int, _Found] = {}
    for number, entry_id, tokens, count, texts in rows:
        found.setdefault(number, ([], [texts]))[0].append((entry_id, tokens, (int(count),)))
    return found


def _of_several(
    connection: sqlite3.Connection, parts: Sequence[Part], phrases: Sequence[Phrase]
) -> dict[int, _Found]:
    """Ask for the texts that have all phrases, and for how many have each."""
    times, values = _times(phrases)
    tokens = sorted({token for phrase in phrases for token in phrase.tokens})
    rows = connection.execute(
        f"""SELECT number, entry_id, tokens, {times} FROM search_texts
             WHERE {OF_PARTS} ORDER BY text_id""",  # noqa: S608 -- built of constants
        (*values, tokens, _named(parts)),
    ).fetchall()
    found: dict[int, _Found] = {}
    for number, entry_id, length, *counts in rows:
        if all(counts):
            found.setdefault(number, ([], []))[0].append((entry_id, length, tuple(counts)))
    if found:
        asked = [part for part in parts if part.number in found]
        for one in _having(connection, asked, phrases):
            for number, (_, having) in found.items():
                having.append(one.get(number, 0))
    return found


def _named(parts: Sequence[Part]) -> list[str]:
    return [f"#{part.number}" for part in parts]


def _times(phrases: Sequence[Phrase]) -> tuple[str, list[object]]:
    """Return expressions of how often phrases are in a row, with their values."""
    counts, values = [], list[object]()
    for phrase in phrases:
        title, of_title = phrase.times_in("title")
        text, of_text = phrase.times_in("text")
        counts.append(f"{TITLE} * {title} + {TEXT} * {text}")
        values += [*of_title, *of_text]
    return ", ".join(counts), values


def _having(
    connection: sqlite3.Connection, parts: Sequence[Part], phrases: Sequence[Phrase]
) -> Sequence[Mapping[int, int]]:
    """Return for each phrase how many texts of each part have it."""
    asked, values = [], list[object]()
    for place, phrase in enumerate(phrases):
        is_there = ""
        values += [list(phrase.tokens), _named(parts)]
        if len(phrase.tokens) > 1:
            title, of_title = phrase.is_in("title")
            text, of_text = phrase.is_in("text")
            is_there = f" AND ({title} OR {text})"
            values += [*of_title, *of_text]
        asked.append(
            f"""SELECT {place} AS place, number, count(*) AS texts FROM search_texts
                 WHERE {OF_PARTS}{is_there} GROUP BY number"""  # noqa: S608 -- built of constants
        )
    having: list[dict[int, int]] = [{} for _ in phrases]
    for place, number, texts in connection.execute(" UNION ALL ".join(asked), values).fetchall():
        having[place][number] = texts
    return having
