"""What can be wrong with a configuration, as values: which mistake, where, and its figures.

Nothing here is a sentence: `config.mistake_messages` has the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum, auto

from aggregator.runtime.values import dataclass

#: The way to a key or value: `("sources", 1, "url")` is the URL of the second source.
KeyPath = tuple[str | int, ...]


class MistakeKind(StrEnum):
    """Every mistake that a configuration can have, and every caution about a valid one."""

    # The file
    NO_CONFIGURATION = auto()
    NO_FILE = auto()
    NOT_READABLE = auto()
    NOT_A_FILE_NAME = auto()
    FILE_TOO_LARGE = auto()
    NOT_UTF8 = auto()
    NESTED_TOO_DEEPLY = auto()
    SYNTAX = auto()
    NO_QUOTES = auto()
    KEY_TWICE = auto()
    TABLE_TWICE = auto()
    INLINE_SOURCES = auto()
    # Tables and keys
    UNKNOWN_KEY = auto()
    URL_OF_A_FEED = auto()
    NO_DEFAULT = auto()
    MISSING = auto()
    NOT_A_TABLE = auto()
    NOT_A_LIST_OF_TABLES = auto()
    NOT_INCLUDED = auto()
    INCLUDE_BELOW = auto()
    NOT_A_PATTERN = auto()
    TOO_MANY_FILES = auto()
    # Any value
    NOT_A_STRING = auto()
    NOT_A_SWITCH = auto()
    NOT_AN_INTEGER = auto()
    NOT_A_NUMBER = auto()
    NOT_A_LIST = auto()
    NOT_A_LIST_OF_INNER_TABLES = auto()
    NOT_AN_INNER_TABLE = auto()
    NOT_A_CONDITION = auto()
    EMPTY = auto()
    CONTROL_CHARACTERS = auto()
    TOO_MANY_CHARACTERS = auto()
    TOO_MANY = auto()
    TOO_LITTLE = auto()
    TOO_MUCH = auto()
    OUTSIDE = auto()
    NOT_ONE_OF = auto()
    # Texts
    NOT_A_DURATION = auto()
    NOT_A_SIZE = auto()
    NOT_A_SHARE = auto()
    NOT_A_PREFERENCE = auto()
    NOT_A_BUDGET = auto()
    NOT_A_NAME = auto()
    DOTS_AS_TAG = auto()
    UNKNOWN_ENCODING = auto()
    UNKNOWN_ZONE = auto()
    TILDE = auto()
    NOT_A_TOKEN = auto()
    NOT_A_LANGUAGE = auto()
    BRACES = auto()
    SAME_TITLES = auto()
    # Addresses
    NOT_ASCII = auto()
    SPACES = auto()
    NOT_A_URL = auto()
    NOT_HTTP = auto()
    NO_HOST = auto()
    HOST_TOO_LONG = auto()
    NOT_A_HOST = auto()
    NOT_IPV4 = auto()
    NOT_IPV6 = auto()
    IPV6_ZONE = auto()
    NOT_A_PORT = auto()
    QUERY = auto()
    FRAGMENT = auto()
    LOGIN_PUBLISHED = auto()
    LOGIN_READ = auto()
    SOLVER_LOGIN = auto()
    NOT_A_CONTACT = auto()
    CONTACT_CHARACTERS = auto()
    NOT_MAILTO = auto()
    NOT_LISTEN = auto()
    LISTEN_WITHOUT_HOST = auto()
    NOT_LOOPBACK = auto()
    SAME_LISTENER = auto()
    NOT_AN_ADDRESS_RANGE = auto()
    NOT_A_SOCKET = auto()
    SOCKET_TOO_LONG = auto()
    ALLOWANCE_IS_URL = auto()
    ALLOWANCE_BRACKETS = auto()
    NOT_AN_ALLOWANCE = auto()
    NOT_START_OF_RANGE = auto()
    SOCKS5H = auto()
    NOT_POSTGRES = auto()
    UNKNOWN_PARAMETER = auto()
    PASSWORD_OF_STORE = auto()
    NOT_A_PROXY = auto()
    MORE_THAN_PROXY = auto()
    PROXY_LOGIN = auto()
    PROXY_LOGIN_TOO_LONG = auto()
    NOT_A_ROUTE = auto()
    NOT_A_HEADER = auto()
    NOT_NAME_AND_VALUE = auto()
    USER_AGENT_HEADER = auto()
    LOGIN_HEADER = auto()
    PROXY_LOGIN_HEADER = auto()
    COOKIE_HEADER = auto()
    REFERRER_HEADER = auto()
    CACHE_HEADER = auto()
    HEADER_IS_OURS = auto()
    COLON = auto()
    SPACES_AT_ENDS = auto()
    # Rules and sites
    FLAGS = auto()
    FINDS_EMPTY = auto()
    LOOKAROUND = auto()
    BACKREFERENCE = auto()
    UNKNOWN_TO_RE2 = auto()
    UNBALANCED = auto()
    REPEATS_TOO_OFTEN = auto()
    PATTERN_TOO_LARGE = auto()
    REGEX = auto()
    NO_GROUP = auto()
    NOT_A_SELECTOR = auto()
    NO_LIBRARY = auto()
    NO_CONDITION = auto()
    NOT_A_SITE = auto()
    PUBLIC_SUFFIX = auto()
    # Between keys
    SAME_NAME = auto()
    NAME_OF_A_SOURCE = auto()
    SAME_LIST = auto()
    SAME_HOST = auto()
    SAME_URL = auto()
    URL_TWICE = auto()
    SAME_TOKEN = auto()
    SAME_HEADER = auto()
    SAME_EXPORT = auto()
    NO_INSTANCE = auto()
    KEY_WITHOUT_INSTANCES = auto()
    TWO_LOGINS = auto()
    NEEDS_BESIDE = auto()
    LOGIN_IN_URL = auto()
    LOGIN_FOR_SEVERAL = auto()
    NO_ADDRESS = auto()
    TWO_ADDRESSES = auto()
    NOT_BY_SOLVER = auto()
    LOGIN_BY_SOLVER = auto()
    MIN_ABOVE_MAX = auto()
    MAX_BELOW_MIN = auto()
    MIN_INTERVAL_SHORT = auto()
    INTERVAL_SHORT = auto()
    NO_SELECTION = auto()
    UNKNOWN_SOURCE = auto()
    UNKNOWN_FEED = auto()
    NO_FEED_NAMED_ALL = auto()
    LIMIT_BELOW_MIN = auto()
    RETENTION_BELOW_WINDOW = auto()
    ROOT_DIRECTORY = auto()
    SAME_AS_PUBLISHED = auto()
    IN_PUBLISHED = auto()
    HOLDS_PUBLISHED = auto()
    # What the file names
    NOT_A_FOLDER = auto()
    TEMPLATE = auto()
    FAILS_NOW = auto()
    # Cautions
    NOTHING_INCLUDED = auto()
    NO_SOURCES = auto()
    NO_BASE_URL = auto()
    BUDGET_NOT_MET = auto()
    EVERY_ADDRESS = auto()
    EVERY_PROXY = auto()
    NO_TRUSTED_PROXY = auto()
    UNUSED_TAG = auto()
    TAG_EXCLUDED = auto()
    NO_EFFECT = auto()
    NOT_IN_FEED = auto()
    UNVERIFIED = auto()
    UNENCRYPTED_LOGIN = auto()
    TOKEN_OF_EXAMPLE = auto()
    RAW_POSTS = auto()
    REGEX_WITHOUT_SLASHES = auto()
    SECRET_URL = auto()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake or caution: its kind, the key or value that it is about, and figures for words.

    `line` counts from 1; 0 is one of the file as a whole, or one whose place was not looked up.
    `file` is an included file as messages name it, and "" config.toml; paths count in their file.
    `data` are texts, numbers, periods and tuples of texts, by the names that `mistake_messages`
    uses; what an operator wrote is in it only as `written`.
    """

    kind: MistakeKind
    path: KeyPath = ()
    data: Mapping[str, object] = field(default_factory=dict)
    line: int = 0
    file: str = ""
