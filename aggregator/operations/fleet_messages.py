"""What people are told of a fleet: sentences about its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.model.members import FleetState, Member


#: Of a worker that has lost the queue of jobs, and not found it again.
NOTHING_FETCHED = "no work is fetched: the PostgreSQL server was away"


#: Of a web on a database in which no scheduler, or `run`, has put the feeds of a configuration.
NOTHING_APPLIED = "the database knows none of the feeds yet; start `aggregator scheduler`"


def member_summary(role: str, ailment: str | None, *, is_working: bool) -> str:
    """Return how a member is, on one line."""
    told = {
        "scheduler": "hands out what is due" if is_working else "waits: another one is active",
        "worker": "polls" if is_working else "ends its polls",
        "web": "serves",
    }[role]
    return told if ailment is None else f"{told}; {ailment}"


def member_text(member: Member) -> str:
    """Return how a member is, as others know it."""
    if not member.is_heard_of:
        return "not heard of"
    return member_summary(member.role, member.trouble, is_working=member.is_working)


def absent_member(name: str) -> str:
    """Return what is said of a member that is asked for and not heard of."""
    return f"{name} is not heard of; `aggregator status` lists who is"


def name_taken(name: str, role: str, pid: str, host: str) -> str:
    """Return that a name is another member's, and whose."""
    if not role:
        return f"another process of this fleet is called {name}; choose another --name"
    return (
        f"a member called {name} is at work: `aggregator {role}` (process {pid} on {host}); stop "
        "that one first, or choose another --name"
    )


def own_address_text(base_url: str) -> str:
    """Return what an operator should know of a web that publishes its own address."""
    return (
        f"[server] base_url is not set: this web writes {base_url} into feeds, and another one its "
        "own address; let it name where readers reach all of them"
    )


def active_elsewhere(name: str, host: str, command: str) -> str:
    """Return who does what a command asks for, where it is no process of this place."""
    return f"the active scheduler is {name} on {host}; run `aggregator {command}` there"


def fleet_sentences(state: FleetState) -> list[str]:
    """Return what is wrong with a fleet as a whole."""
    heard = [one for one in state.members if one.is_heard_of]
    told = []
    if not any(one.role == "scheduler" and one.is_working for one in heard):
        told.append("no scheduler is active: nothing is handed out; start `aggregator scheduler`")
    if not any(one.role == "worker" and one.is_working for one in heard):
        told.append("no worker is heard of: nothing is polled; start `aggregator worker`")
    return told
