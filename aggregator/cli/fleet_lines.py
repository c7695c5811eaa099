"""The members of a fleet at a terminal, where the database is on a server that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.table import table
from aggregator.cli.terminal_text import local_time, theirs

if TYPE_CHECKING:
    from aggregator.config.settings import StoreSettings
    from aggregator.model.members import FleetState


def fleet_of(url: str) -> FleetState | None:
    """Return how the fleet on a database is, `None` where there is none.

    Raises `StoreUnavailableError`.
    """
    import asyncio

    from aggregator.daemon.pace import Pace

    try:
        from aggregator.fleet.look import look
    except ModuleNotFoundError:  # who has only the driver has no fleet
        return None
    state = asyncio.run(look(url, Pace().heartbeat))
    return state if state is not None and state.members else None


def member_table(state: FleetState, width: int | None) -> str:
    """Return who is at work, as `status` shows it."""
    from aggregator.operations.fleet_messages import member_text

    rows = [
        (
            theirs(one.name),
            one.role,
            theirs(one.host),
            local_time(one.started_at, otherwise=""),
            str(one.polls) if one.role == "worker" else "",
            member_text(one),
        )
        for one in state.members
    ]
    headers = ("member", "role", "machine", "since", "polls", "state")
    return table(headers, rows, numbers="polls", width=width)


def fleet_notes(state: FleetState) -> list[tuple[str, str]]:
    """Return what else is to be known of a fleet: headings, each with its sentence."""
    from aggregator.operations.fleet_messages import fleet_sentences

    return [("fleet", sentence) for sentence in fleet_sentences(state)]


def active_scheduler(url: str, command: str) -> str | None:
    """Return in a sentence where a command is to be run, `None` where no scheduler is known."""
    from aggregator.model.errors import StoreUnavailableError
    from aggregator.operations.fleet_messages import active_elsewhere

    try:
        state = fleet_of(url)
    except StoreUnavailableError:
        return None
    for one in () if state is None else state.members:
        if one.role == "scheduler" and one.is_working and one.is_heard_of:
            return active_elsewhere(theirs(one.name), theirs(one.host), command)
    return None


def member_trouble(store: StoreSettings, name: str) -> str | None:
    """Return what is wrong with a member, `None` for one that is well.

    Raises `StoreUnavailableError`.
    """
    from aggregator.operations.fleet_messages import absent_member

    state = None if store.url is None else fleet_of(store.url)
    members = () if state is None else state.members
    found = next((one for one in members if one.name == name and one.is_heard_of), None)
    return absent_member(theirs(name)) if found is None else found.trouble
