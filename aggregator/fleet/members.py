"""Who is at work in a fleet, as each member says of itself every few seconds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.members import Member

if TYPE_CHECKING:
    from typing import Any

    from aggregator.fleet.queue import Database

#: A member that was not heard of for so long is forgotten.
FORGOTTEN = timedelta(hours=1)


class Members:
    """The table of members, and the counts that they share.

    Who has said nothing for `silence_s` is not heard of.
    """

    def __init__(self, database: Database, silence_s: float) -> None:
        self._database = database
        self._silence_s = silence_s

    async def say(self, member: Member) -> None:
        """Keep how a member is now."""
        await self._database.run(
            """INSERT INTO members (name, role, host, pid, slots, trouble, is_working,
                                    jobs, polls)
               VALUES (%(name)s, %(role)s, %(host)s, %(pid)s, %(slots)s, %(trouble)s,
                       %(is_working)s, %(jobs)s, %(polls)s)
               ON CONFLICT (name) DO UPDATE SET
                 role = excluded.role, host = excluded.host, pid = excluded.pid,
                 slots = excluded.slots, trouble = excluded.trouble,
                 is_working = excluded.is_working, jobs = excluded.jobs,
                 polls = excluded.polls, seen_at = now(),
                 started_at = CASE WHEN (members.pid, members.host)
                                      = (excluded.pid, excluded.host)
                                   THEN members.started_at ELSE now() END""",
            **{key: getattr(member, key) for key in SAID},
        )

    async def applied(self) -> int:
        """Return how often a configuration was applied."""
        (row,) = await self._database.rows("SELECT value FROM totals WHERE name = 'applied'")
        return int(row["value"])

    async def leave(self, name: str) -> None:
        """Forget a member that has ended."""
        await self._database.run("DELETE FROM members WHERE name = %(name)s", name=name)

    async def all(self) -> tuple[Member, ...]:
        """Return all members, by role and name."""
        rows = await self._database.rows(MEMBERS, silence_s=self._silence_s)
        return tuple(map(member_of, rows))

    async def slots(self) -> int:
        """Return how many jobs the workers that are heard of do at a time."""
        (row,) = await self._database.rows(
            """SELECT coalesce(sum(slots), 0) AS slots FROM members
                WHERE role = 'worker' AND is_working
                  AND seen_at > now() - make_interval(secs => %(silence_s)s)""",
            silence_s=self._silence_s,
        )
        return int(row["slots"])

    async def forget(self) -> None:
        """Forget those that have ended without a word long ago."""
        await self._database.run(
            "DELETE FROM members WHERE seen_at < now() - make_interval(secs => %(age_s)s)",
            age_s=FORGOTTEN.total_seconds(),
        )

    async def add(self, total: str, number: int) -> None:
        """Add to a count that members share: "applied", "rescued", "priced"."""
        await self._database.run(
            "UPDATE totals SET value = value + %(number)s WHERE name = %(total)s",
            number=number,
            total=total,
        )

    async def take_priced(self) -> int:
        """Return how many requests the budget has paid since this was asked last."""
        (row,) = await self._database.rows(
            """WITH before AS (SELECT value FROM totals WHERE name = 'priced' FOR UPDATE)
               UPDATE totals SET value = 0 FROM before WHERE name = 'priced'
               RETURNING before.value AS found"""
        )
        return int(row["found"])


#: What a member says of itself.
SAID = ("name", "role", "host", "pid", "slots", "trouble", "is_working", "jobs", "polls")

MEMBERS = """SELECT name, role, host, pid, slots, started_at, seen_at, trouble, is_working,
                    jobs, polls,
                    seen_at > now() - make_interval(secs => %(silence_s)s) AS is_heard_of
               FROM members ORDER BY role, name"""


def member_of(row: dict[str, Any]) -> Member:
    """Return the member that a row is about."""
    return Member(**row)
