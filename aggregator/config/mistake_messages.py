"""Every sentence about a mistake of config.toml, by its kind; and the lines that are shown.

Another language is another table like `ENGLISH`. Messages repeat no URL and no secret, because no
`Mistake` carries one.
"""

from __future__ import annotations

import re
import string
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.config.text_values import written
from aggregator.model.mistakes import MistakeKind as Kind
from aggregator.web.excerpts import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.model.mistakes import KeyPath, Mistake

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: A key of a megabyte is not repeated whole.
_MAX_SHOWN_CHARS = 64

#: Of several sentences the first counts whose figures are all known. `{x:or}` is "a, b or c" in
#: quotes, `{x:tables}` is "[a] or [b]", `{x:list}` is "a, b"; `{x:written}` is what an operator
#: wrote, cut and safe to print.
ENGLISH: Mapping[Kind, str | tuple[str, ...]] = {
    # The file
    Kind.NO_CONFIGURATION: (
        "there is neither {places:nor}; `aggregator init` writes one; or name a file with --config "
        "or AGGREGATOR_CONFIG"
    ),
    Kind.NO_FILE: "there is no such file",
    Kind.NOT_READABLE: (
        "cannot be read: {detail}; ask as its owner, such as sudo -u {owner} aggregator status",
        "cannot be read: {detail}",
    ),
    Kind.NOT_A_FILE_NAME: "is not a file name",
    Kind.FILE_TOO_LARGE: "is larger than {most} MiB",
    Kind.NOT_UTF8: "is not UTF-8; save the file as UTF-8",
    Kind.NESTED_TOO_DEEPLY: "is nested too deeply",
    Kind.SYNTAX: ("column {column}: {detail}", "{at_end} (at the end of the file)", "{whole}"),
    Kind.NO_QUOTES: "column {column}: invalid value (text needs quotes)",
    Kind.KEY_TWICE: "column {column}: this key was given before",
    Kind.TABLE_TWICE: (
        "column {column}: [{table}] was given before; write {each} each time",
        "column {column}: [{table}] was given before",
    ),
    Kind.INLINE_SOURCES: (
        "a list in brackets takes no more sources; write each as a [[sources]] table"
    ),
    # Tables and keys
    Kind.UNKNOWN_KEY: (
        'unknown key, did you mean "{near}"?',
        "unknown key; it belongs in {homes:tables}",
        "unknown key; there are {keys:list}",
        "unknown key",
    ),
    Kind.URL_OF_A_FEED: "feeds are what you publish; to poll a URL use [[sources]]",
    Kind.NO_DEFAULT: "cannot have a default: every [[sources]] has its own",
    Kind.MISSING: (
        "missing: every table in {inner} needs it",
        "missing: every {header} needs it",
    ),
    Kind.NOT_A_TABLE: "must be a table, written {header}",
    Kind.NOT_A_LIST_OF_TABLES: "must be written {header}, once for each of the {table}",
    Kind.NOT_INCLUDED: "belongs in config.toml: an included file holds {headers:list} alone",
    Kind.INCLUDE_BELOW: "must stand above the first table of config.toml",
    Kind.NOT_A_PATTERN: 'must name files, such as "sources.d/*.toml", without "**"',
    Kind.TOO_MANY_FILES: "more than {most} files are included, or more than {size} MiB of text",
    # Any value
    Kind.NOT_A_STRING: "must be a string (in quotes)",
    Kind.NOT_A_SWITCH: "must be true or false (without quotes)",
    Kind.NOT_AN_INTEGER: "must be a whole number (without quotes)",
    Kind.NOT_A_NUMBER: "must be a number (without quotes)",
    Kind.NOT_A_LIST: "must be a list of strings",
    Kind.NOT_A_LIST_OF_INNER_TABLES: "must be a list of tables such as {such_as}",
    Kind.NOT_AN_INNER_TABLE: "must be a table such as {such_as}",
    Kind.NOT_A_CONDITION: "must be words in quotes, or a table such as {such_as}",
    Kind.EMPTY: "must not be empty",
    Kind.CONTROL_CHARACTERS: "must not hold control characters",
    Kind.TOO_MANY_CHARACTERS: "must have at most {most} characters",
    Kind.TOO_MANY: "must have at most {most}",
    Kind.TOO_LITTLE: "must be at least {least}",
    Kind.TOO_MUCH: "must be at most {most}",
    Kind.OUTSIDE: "must be between {least} and {most}",
    Kind.NOT_ONE_OF: "must be one of {choices:or}",
    # Texts
    Kind.NOT_A_DURATION: 'must be a duration such as "90s", "15m", "4h" or "2d"',
    Kind.NOT_A_SIZE: 'must be a size such as "256KiB", "12MiB" or "2GiB"',
    Kind.NOT_A_SHARE: 'must be "off", a share such as "1/3", or a number of entries',
    Kind.NOT_A_PREFERENCE: (
        'must be "first", "longest", or a list of names of sources such as ["ithome", "sspai"]'
    ),
    Kind.NOT_A_BUDGET: 'must be requests of a source, such as "24/day" or "2/hour"',
    Kind.NOT_A_NAME: (
        'must be 1 to {most} of a-z, 0-9 and "-", did you mean "{near}"?',
        'must be 1 to {most} of a-z, 0-9 and "-"',
    ),
    Kind.DOTS_AS_TAG: (
        "must not be a dot or two: in addresses and as a folder they mean another place"
    ),
    Kind.UNKNOWN_ENCODING: (
        'unknown encoding, did you mean "{near}"?',
        'unknown encoding; write one such as "gb18030"',
    ),
    Kind.UNKNOWN_ZONE: (
        'unknown time zone, did you mean "{near}"?',
        'unknown time zone; write one such as "Asia/Shanghai"',
    ),
    Kind.TILDE: '"~" is not expanded; write the whole path',
    Kind.NOT_A_TOKEN: (
        'must be {least} to {most} of A-Z, a-z, 0-9, "_" and "-"; '
        "make one with: openssl rand -hex 16"
    ),
    Kind.NOT_A_LANGUAGE: 'must be a language such as "zh-CN" or "en"',
    Kind.BRACES: "can hold {fields:list} and no other braces",
    Kind.SAME_TITLES: 'would give every story the same title; write one such as "{{title}}"',
    # Addresses
    Kind.NOT_ASCII: "must be plain ASCII (international names as xn--…)",
    Kind.SPACES: "must not hold spaces or backslashes",
    Kind.NOT_A_URL: "is not a URL",
    Kind.NOT_HTTP: "must be an http:// or https:// URL",
    Kind.NO_HOST: "has no host",
    Kind.HOST_TOO_LONG: "the host must have at most {most} characters",
    Kind.NOT_A_HOST: "the host is not a valid name",
    Kind.NOT_IPV4: "the host is not a valid IPv4 address",
    Kind.NOT_IPV6: "is not an IPv6 address",
    Kind.IPV6_ZONE: "must hold an IPv6 address without zone in the brackets",
    Kind.NOT_A_PORT: "the port must be between 1 and 65535",
    Kind.QUERY: "must not have a query or fragment",
    Kind.FRAGMENT: "must not have a fragment",
    Kind.LOGIN_PUBLISHED: "must not hold a user name or password: it is published",
    Kind.SOLVER_LOGIN: "must not hold a user name or password: a solver asks for none",
    Kind.LOGIN_READ: "must not hold a user name or password: every publisher reads it",
    Kind.NOT_A_CONTACT: 'must be an http(s) URL or "mailto:you@example.org"',
    Kind.CONTACT_CHARACTERS: "must be plain ASCII without spaces and parentheses",
    Kind.NOT_MAILTO: 'must be such as "mailto:you@example.org"',
    Kind.NOT_LISTEN: 'must be "host:port", "[::1]:8420" or "unix:/path"',
    Kind.LISTEN_WITHOUT_HOST: 'has no host; for every interface write "0.0.0.0:{written:written}"',
    Kind.NOT_A_SOCKET: 'must name a socket, such as "unix:/run/aggregator/http.sock"',
    Kind.NOT_LOOPBACK: "must be an address of this machine alone, such as "
    '"127.0.0.1:8421" or "unix:/run/aggregator/operator.sock"',
    Kind.NOT_AN_ADDRESS_RANGE: 'must be an address or a range, such as "10.0.0.2" or "fd00::/64"',
    Kind.SAME_LISTENER: "must be another one than listen, which proxies may be in front of",
    Kind.SOCKET_TOO_LONG: "the path of a Unix socket must have at most {most} bytes",
    Kind.ALLOWANCE_IS_URL: 'must be without scheme and path, such as "rsshub:1200"',
    Kind.ALLOWANCE_BRACKETS: 'must be such as "[fd00::5]:80"',
    Kind.NOT_AN_ALLOWANCE: "is neither an address nor a range nor a host",
    Kind.NOT_START_OF_RANGE: 'is not the start of its range, did you mean "{near}"?',
    Kind.SOCKS5H: 'write "socks5://…": names are always looked up by the proxy',
    Kind.NOT_POSTGRES: 'must be such as "postgresql://aggregator@db.example.org/feeds"',
    Kind.UNKNOWN_PARAMETER: (
        'PostgreSQL knows no parameter "{written:written}", did you mean "{near}"?',
        'PostgreSQL knows no parameter "{written:written}"',
    ),
    Kind.PASSWORD_OF_STORE: (
        "must not hold a password; write it in a passfile, and here "
        '"postgresql://…/feeds?passfile=/etc/aggregator/pgpass"'
    ),
    Kind.NOT_A_PROXY: 'must be an http:// or socks5:// URL, such as "socks5://127.0.0.1:1080"',
    Kind.MORE_THAN_PROXY: 'must be only scheme, host and port, such as "http://127.0.0.1:7890"',
    Kind.PROXY_LOGIN: 'user name and password must be plain ASCII, the name without ":"',
    Kind.PROXY_LOGIN_TOO_LONG: "user name and password must have at most {most} characters each",
    Kind.NOT_A_ROUTE: 'must name a route, such as "rsshub://ithome/ranking/24h"',
    Kind.NOT_A_HEADER: "is no name of a header",
    Kind.NOT_NAME_AND_VALUE: 'must be a header with its value, such as "Remote-User: alice"',
    Kind.USER_AGENT_HEADER: 'cannot be set: use user_agent = "…"',
    Kind.LOGIN_HEADER: "cannot be set: use token_file, or username with password_file",
    Kind.PROXY_LOGIN_HEADER: "cannot be set: write user:password@ into proxy",
    Kind.COOKIE_HEADER: "cannot be set: use cookie_file",
    Kind.REFERRER_HEADER: "cannot be set: no referrer is sent",
    Kind.CACHE_HEADER: "cannot be set: caches are not circumvented",
    Kind.HEADER_IS_OURS: "cannot be set: every request has its own",
    Kind.COLON: 'must not hold ":"',
    Kind.SPACES_AT_ENDS: "must be plain ASCII without spaces at its ends",
    # Rules and sites
    Kind.FLAGS: "write nothing after the second slash: case never counts",
    Kind.FINDS_EMPTY: "finds empty text, so it holds for everything",
    Kind.LOOKAROUND: (
        "cannot be used: lookaround ({written:written}) is not supported by RE2; "
        "use keep and block together"
    ),
    Kind.BACKREFERENCE: (
        "cannot be used: a backreference ({written:written}) is not supported by RE2"
    ),
    Kind.UNKNOWN_TO_RE2: "cannot be used: RE2 does not know {written:written}",
    Kind.UNBALANCED: 'cannot be used: a "{missing}" is missing',
    Kind.REPEATS_TOO_OFTEN: "cannot be used: repeats too often: {written:written}",
    Kind.PATTERN_TOO_LARGE: "cannot be used: takes too much memory; repeat less",
    Kind.REGEX: "cannot be used: {written:written}",
    Kind.NO_GROUP: "\\{group} is not there: the pattern has fewer groups in ( )",
    Kind.NOT_A_SELECTOR: 'is no CSS selector; write one such as "p.ad" or "div[id^=promo]"',
    Kind.NO_LIBRARY: "needs {library}, which is not installed here (docs/install.md)",
    Kind.NO_CONDITION: 'says nothing; write one such as {{ title = "…" }}',
    Kind.PUBLIC_SUFFIX: (
        "is a domain below which anybody may have a site; name the publisher's, such as "
        '"blog.{written:written}"'
    ),
    Kind.NOT_A_SITE: 'must be a host alone, such as "ithome.com"; it holds for those below it',
    # Between keys
    Kind.SAME_NAME: ("the same name as {elsewhere}", "the same name as {table}[{other}]"),
    Kind.NAME_OF_A_SOURCE: "a source has this name: its feed would be among those of the list",
    Kind.SAME_LIST: "the same URL as lists[{other}]",
    Kind.SAME_HOST: ("the same host as {elsewhere}", "the same host as {table}[{other}]"),
    Kind.SAME_URL: ("the same URL as {elsewhere}", "the same URL as sources[{other}]"),
    Kind.URL_TWICE: "this source has the same URL twice",
    Kind.SAME_TOKEN: (
        "the same token as that of {elsewhere}",
        "the same token as that of feeds[{other}]",
        "the same token as that of [publish]",
    ),
    Kind.SAME_HEADER: "the same header as {other}",
    Kind.SAME_EXPORT: "the same directory and feed as exports[{other}]",
    Kind.NO_INSTANCE: (
        'needs an RSSHub instance: write [rsshub] and under it instances = ["https://…"]'
    ),
    Kind.KEY_WITHOUT_INSTANCES: "means nothing without instances",
    Kind.TWO_LOGINS: "a request has one login: this, or username",
    Kind.NO_ADDRESS: "where to? url, or url_file, says it",
    Kind.TWO_ADDRESSES: "a message goes to one address: this, or url",
    Kind.NEEDS_BESIDE: "needs {key} beside it",
    Kind.LOGIN_IN_URL: "the url holds a login already",
    Kind.LOGIN_FOR_SEVERAL: (
        "would go to every server in url; write user:password@ into the URL that needs it, "
        "or make it a source of its own"
    ),
    Kind.NOT_BY_SOLVER: (
        "cannot be used beside {key}: the solver's own browser asks, and nothing of ours goes "
        "along; remove one of them"
    ),
    Kind.LOGIN_BY_SOLVER: (
        "cannot be used for a URL with a login: the solver's own browser asks, and nothing of ours "
        "goes along"
    ),
    Kind.MIN_ABOVE_MAX: (
        'must be at most max_interval ("{longest}")',
        'must be at most the default max_interval ("{default}")',
    ),
    Kind.MAX_BELOW_MIN: 'must be at least the default min_interval ("{default}")',
    Kind.MIN_INTERVAL_SHORT: (
        (
            'under "{least}" only when [network] allow_private covers every source; '
            "it covers nothing of lists[{of_list}]"
        ),
        (
            'under "{least}" only when [network] allow_private covers every source; '
            "it does not cover {elsewhere} and {more} more"
        ),
        (
            'under "{least}" only when [network] allow_private covers every source; '
            "it does not cover {elsewhere}"
        ),
        (
            'under "{least}" only when [network] allow_private covers every source; '
            "it does not cover sources[{index}] and {more} more"
        ),
        (
            'under "{least}" only when [network] allow_private covers every source; '
            "it does not cover sources[{index}]"
        ),
    ),
    Kind.INTERVAL_SHORT: (
        (
            'under "{least}" only for sources that [network] allow_private covers; '
            "it does not cover {elsewhere}"
        ),
        (
            'under "{least}" only for sources that [network] allow_private covers; '
            "it does not cover sources[{index}]"
        ),
        'under "{least}" only for sources that [network] allow_private covers',
    ),
    Kind.NO_SELECTION: "must not be empty; to select every source leave out both sources and tags",
    Kind.UNKNOWN_SOURCE: (
        'unknown source "{written:written}", did you mean "{near}"?',
        'unknown source "{written:written}"',
    ),
    Kind.UNKNOWN_FEED: (
        'unknown feed "{written:written}", did you mean "{near}"?',
        'unknown feed "{written:written}"',
    ),
    Kind.NO_FEED_NAMED_ALL: "missing: there is no feed named all; name another",
    Kind.LIMIT_BELOW_MIN: "must be at least min_entries ({least})",
    Kind.RETENTION_BELOW_WINDOW: 'must be at least the window of feed "{feed}" ("{least}")',
    Kind.ROOT_DIRECTORY: "must not be /: name a folder in it",
    Kind.SAME_AS_PUBLISHED: "the same as [publish] directory; posts need their own",
    Kind.IN_PUBLISHED: "lies in [publish] directory; posts need their own",
    Kind.HOLDS_PUBLISHED: "holds [publish] directory; posts need their own",
    # What the file names
    Kind.NOT_A_FOLDER: "{there} is there, and no folder",
    Kind.TEMPLATE: "{detail}",
    Kind.FAILS_NOW: "{detail}",
    # Cautions
    Kind.NOTHING_INCLUDED: "no file is named so",
    Kind.NO_SOURCES: "there are none, so nothing is polled",
    Kind.NO_BASE_URL: (
        "is needed with a Unix socket: it is how readers reach the server in front; "
        'until then "http://localhost" is published'
    ),
    Kind.BUDGET_NOT_MET: "cannot be met: {because} makes it {bound:g}/day for every source",
    Kind.EVERY_ADDRESS: "lets every source reach every address",
    Kind.EVERY_PROXY: "lets every client name its own address; name your proxies alone",
    Kind.NO_TRUSTED_PROXY: "is believed of nobody until [server] trusted_proxies names the proxy",
    Kind.UNUSED_TAG: "no source carries this tag",
    Kind.TAG_EXCLUDED: "is among tags, too: it wins",
    Kind.NO_EFFECT: "means nothing without {wanted}",
    Kind.NOT_IN_FEED: "this feed shows nothing of this source",
    Kind.UNVERIFIED: (
        "certificates are not verified: anybody on the way can read and change what comes"
    ),
    Kind.UNENCRYPTED_LOGIN: "is sent unencrypted, over http://",
    Kind.TOKEN_OF_EXAMPLE: "is that of the example, which everybody knows; make your own",
    Kind.REGEX_WITHOUT_SLASHES: (
        "is looked for as it stands; a regular expression is written between two slashes"
    ),
    Kind.SECRET_URL: (
        "looks like an address that only you know, and it is published; write private = true, "
        "or private = false if everybody may have it"
    ),
    Kind.RAW_POSTS: "posts hold the publishers' own HTML: its scripts run where they are shown",
}


def message(mistake: Mistake) -> str:
    """Return what is wrong, in English."""
    sentences = ENGLISH[mistake.kind]
    for sentence in (sentences,) if isinstance(sentences, str) else sentences:
        wanted = {name for _, name, _, _ in _WORDS.parse(sentence) if name}
        if wanted <= mistake.data.keys():
            return _WORDS.format(sentence, **{name: mistake.data[name] for name in wanted})
    raise KeyError(f"{mistake.kind}: no sentence has these figures: {sorted(mistake.data)}")


def lines(file: Path | str, mistakes: Iterable[Mistake]) -> tuple[str, ...]:
    """Return one line each: `config.toml:12: sources[1].interval: …`."""
    return tuple(
        ": ".join(
            part
            for part in (
                f"{mistake.file or file}:{mistake.line}"
                if mistake.line
                else mistake.file or str(file),
                dotted(mistake.path),
                message(mistake),
            )
            if part
        )
        for mistake in mistakes
    )


def dotted(path: KeyPath) -> str:
    """Return a path as people write it: `sources[1].interval`."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            key = part if _BARE_KEY.fullmatch(part) else f'"{_printable(part)}"'
            shown += f".{key}" if shown else key
    return shown


class _Words(string.Formatter):
    """`str.format` for figures as config.toml writes them."""

    def format_field(self, value: object, format_spec: str) -> str:
        """Return one figure in words."""
        match value, format_spec:
            case timedelta(), "":
                return written(value)
            case tuple(), "or":
                *before, last = (f'"{one}"' for one in value)
                return f"{', '.join(before)} or {last}" if before else last
            case tuple(), "tables":
                return " or ".join(value)
            case tuple(), "nor":
                return " nor ".join(value)
            case tuple(), "list":
                return ", ".join(value)
            case str(), "":
                return value
            case str(), "written":
                return _printable(value)
        return format(value, format_spec)


_WORDS = _Words()


def _printable(text: str) -> str:
    shown = shortened(text, _MAX_SHOWN_CHARS)
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in shown)
