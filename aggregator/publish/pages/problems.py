"""What each kind of problem is called on pages, and what helps, for people who run no servers."""

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

#: What helps where the problem itself says nothing that is more exact.
REMEDIES: dict[ProblemKind, str] = {
    ProblemKind.DNS: "Check the name in its url; if it is right, its site is away.",
    ProblemKind.CONNECT: "Wait: it is asked again. If it stays, check its url.",
    ProblemKind.TLS: "Wait until its site renews its certificate; check the clock of this machine.",
    ProblemKind.TIMEOUT: "Wait: it is asked again. If it stays, open its url in a browser.",
    ProblemKind.BLOCKED: "If the address it leads to is yours, write that one as its url.",
    ProblemKind.REDIRECT: "Open its url in a browser, and write where it ends as its url.",
    ProblemKind.HTTP_STATUS: (
        "Wait: it is asked again. If it stays, open its url in a browser, and tell its site."
    ),
    ProblemKind.CHALLENGE: "Ask its site to let feed readers in, or set fetch_via for it.",
    ProblemKind.ACCESS: "Check its user name, password, token or cookies in config.toml.",
    ProblemKind.GONE: "Remove it, or change its url.",
    ProblemKind.TOO_LARGE: "Look for a shorter feed of its site.",
    ProblemKind.ENCODING: "Wait: it is asked again. If it stays, tell its site.",
    ProblemKind.PROTOCOL: "Check its url; if it is right, tell its site.",
    ProblemKind.NOT_A_FEED: "Open its url in a browser, and add its page to find its feed.",
    ProblemKind.PARSE_TIMEOUT: "Look for a shorter feed of its site.",
    ProblemKind.PARSE_MEMORY: "Look for a shorter feed of its site.",
    ProblemKind.INTERNAL: "Look into the log, and report what it says.",
}
