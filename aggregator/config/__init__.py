"""TOML text → `Config`; every mistake named with file:line and a suggestion.

The shape of the file is in `tables` and `rule_tables`, what a single value may be in `values`,
`asking` and `publishing`, what must hold between them in `checks`, and where a key stands in the
text in `places`. `automatic` adds the feeds that nobody has to configure.
"""

from aggregator.config.loader import MAX_FILE_BYTES, find, lines_of, load, parse, store_path
from aggregator.config.settings import (
    Config,
    Listen,
    Log,
    Network,
    Polling,
    Publish,
    Rsshub,
    Server,
    StoreSettings,
)
from aggregator.config.values import written

__all__ = [
    "MAX_FILE_BYTES",
    "Config",
    "Listen",
    "Log",
    "Network",
    "Polling",
    "Publish",
    "Rsshub",
    "Server",
    "StoreSettings",
    "find",
    "lines_of",
    "load",
    "parse",
    "store_path",
    "written",
]
