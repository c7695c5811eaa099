"""What each kind of problem is called on pages, for people who run no servers."""

from __future__ import annotations

from aggregator.model import ProblemKind

SENTENCES: dict[ProblemKind, str] = {
    ProblemKind.DNS: "The name of its host cannot be found",
    ProblemKind.CONNECT: "Its server takes no connection",
    ProblemKind.TLS: "Its connection is not secure",
    ProblemKind.TIMEOUT: "Its server answers too late",
    ProblemKind.BLOCKED: "Its address is one that is not asked",
    ProblemKind.REDIRECT: "Its server sends on without end",
    ProblemKind.HTTP_STATUS: "Its server answers with an error",
    ProblemKind.CHALLENGE: "Its server lets only browsers in",
    ProblemKind.ACCESS: "Its server wants a login, or another one",
    ProblemKind.GONE: "It is gone for good",
    ProblemKind.TOO_LARGE: "Its document is too large",
    ProblemKind.ENCODING: "Its document cannot be decoded",
    ProblemKind.PROTOCOL: "Its server does not speak HTTP as agreed",
    ProblemKind.NOT_A_FEED: "Its document is no feed",
    ProblemKind.PARSE_TIMEOUT: "Its document takes too long to read",
    ProblemKind.PARSE_MEMORY: "Its document takes too much memory to read",
    ProblemKind.INTERNAL: "Something is broken here, not there",
}
