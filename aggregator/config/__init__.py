"""config.toml: text becomes a `Config`, or every mistake in it as a value with its line.

What may be written: `settings`, `source_keys`, `feed_keys` and `rule_keys` declare each key once,
with its default, bounds and meaning; `kinds` is how they do it; `text_values` and `network_values`
read single values. `tables` reads a file by them, `checks` and `cautions` compare keys, and
`from_toml` joins it all; `automatic_feeds` adds the feeds that nobody has to configure. Mistakes
are collected by `mistake_list`, found in the text by `places`, and put into words by
`mistake_messages`. `config_file` is what touches the disk; `include` says what further files may
hold, and `origins` which of them a table stands in. `edit` appends and changes sources; `opml`
exchanges them with other readers.
"""

from aggregator.config.config_file import (
    MAX_FILE_BYTES,
    files_of,
    find,
    included,
    lines_of,
    load,
    store_place,
)
from aggregator.config.from_toml import parse, usual_base_url
from aggregator.config.mistake_messages import message
from aggregator.config.network_values import Listen, allowance
from aggregator.config.settings import (
    Config,
    Log,
    NetworkSettings,
    Polling,
    Publish,
    Rsshub,
    ServerSettings,
    StoreSettings,
)
from aggregator.config.text_values import (
    written,
    written_preference,
    written_share,
    written_size,
)

__all__ = [
    "MAX_FILE_BYTES",
    "Config",
    "Listen",
    "Log",
    "NetworkSettings",
    "Polling",
    "Publish",
    "Rsshub",
    "ServerSettings",
    "StoreSettings",
    "allowance",
    "files_of",
    "find",
    "included",
    "lines_of",
    "load",
    "message",
    "parse",
    "store_place",
    "usual_base_url",
    "written",
    "written_preference",
    "written_share",
    "written_size",
]
