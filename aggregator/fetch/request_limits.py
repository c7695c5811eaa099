"""Every bound of a request, named once, with its reason."""

from __future__ import annotations

from datetime import timedelta

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much of anything a publisher may cost us; tests pass smaller ones."""

    #: A request with all its redirects; what takes longer drips. Waiting for our own other request
    #: to the same host does not count.
    deadline: timedelta = timedelta(seconds=30)
    #: What a solver is given for one page: its own usual time (FlareSolverr's `maxTimeout`). The
    #: deadline comes on top, for its browser to start and to end.
    solving: timedelta = timedelta(seconds=60)
    #: TCP and TLS together; a host that is up answers in one or two seconds from anywhere.
    connect: timedelta = timedelta(seconds=10)
    #: A look-up; resolv.conf's own default is two tries of five seconds a name server.
    look_up: timedelta = timedelta(seconds=10)
    #: Look-ups under way at once; each holds a thread until the C library gives it back.
    look_ups: int = 16
    #: Addresses of a name that are tried; the largest real answers have about a dozen.
    addresses: int = 16
    #: A response's header, all fields together; real ones stay under 20 KiB.
    header_bytes: int = 100 * 1024
    #: One field: policies (CSP, Report-To) of 20 KB and more exist.
    field_bytes: int = 32 * 1024
    #: Fields: real responses have up to about 60.
    fields: int = 256
    #: The body as sent: the largest real feeds are a few MiB before compression.
    wire_bytes: int = 10 * 1024 * 1024
    #: The body once decoded: the figure that Miniflux has used for years.
    decoded_bytes: int = 15 * 1024 * 1024
    #: What is read of a body before it must find room beside the others in memory: the usual feed
    #: is smaller and waits for nobody, and 32 polls at once hold 8 MiB of such beginnings.
    free_bytes: int = 256 * 1024
    #: Decoded to wire: XML compresses up to about 30:1, a bomb 1000:1 and more.
    ratio: int = 100
    #: Below this a ratio says nothing: a short repetitive document may well exceed it.
    ratio_after_bytes: int = 1024 * 1024
    #: The page of an error status, for what it says: RSSHub's has about 10 KiB, a challenge 50 KiB.
    page_bytes: int = 64 * 1024
    #: A page that comes slower is not waited for: the status has said the most.
    page: timedelta = timedelta(seconds=2)
    #: Redirects that are followed; more than two are rare, five are nobody's intention.
    redirects: int = 5


DEFAULT_LIMITS = FetchLimits()


def header_excess(fields: list[tuple[bytes, bytes]], limits: FetchLimits) -> str | None:
    """Return what a header has too much of, `None` for one within bounds."""
    sizes = [len(name) + len(value) for name, value in fields]
    if len(sizes) > limits.fields:
        return f"has more than {limits.fields} fields"
    if max(sizes, default=0) > limits.field_bytes:
        return f"has a field larger than {limits.field_bytes} B"
    return f"is larger than {limits.header_bytes} B" if sum(sizes) > limits.header_bytes else None
