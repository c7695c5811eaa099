"""The statements of the migration that counts polls by days."""

# sqlite: the whole module

from __future__ import annotations

_DAY = 86_400_000_000

#: Days that are kept of a source: two weeks, and the one that is not over.
KEPT_DAYS = 15

#: What is a request, and not a poll that was held or found our own network down.
_ASKED = "('parsed', 'same-body', 'not-modified', 'failed')"

DAYS: tuple[str, ...] = (
    # What became of a source's polls on each of the last days (UTC, days since the epoch).
    """CREATE TABLE source_days (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        day INTEGER NOT NULL,
        polls INTEGER NOT NULL,
        unmodified INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        new INTEGER NOT NULL,
        PRIMARY KEY (source_id, day)
    ) STRICT, WITHOUT ROWID""",
    f"""INSERT INTO source_days
        SELECT source_id, polled_at / {_DAY}, count(*), sum(outcome = 'not-modified'),
               sum(outcome = 'failed'), sum(new)
          FROM polls WHERE outcome IN {_ASKED} GROUP BY 1, 2""",  # noqa: S608 -- built of constants
    f"""CREATE TRIGGER polls_counted AFTER INSERT ON polls WHEN NEW.outcome IN {_ASKED}
        BEGIN
          INSERT INTO source_days VALUES (NEW.source_id, NEW.polled_at / {_DAY}, 1,
              NEW.outcome = 'not-modified', NEW.outcome = 'failed', NEW.new)
          ON CONFLICT (source_id, day) DO UPDATE SET polls = polls + 1,
              unmodified = unmodified + excluded.unmodified,
              failures = failures + excluded.failures, new = new + excluded.new;
        END""",  # noqa: S608 -- built of constants
    # Once a day, with its first poll.
    f"""CREATE TRIGGER source_days_forgotten AFTER INSERT ON source_days
        BEGIN
          DELETE FROM source_days WHERE source_id = NEW.source_id
             AND day <= NEW.day - {KEPT_DAYS};
        END""",  # noqa: S608 -- built of constants
)
