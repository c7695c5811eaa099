"""Where messages are found, which single words are some, and what looks like one and is none."""

from __future__ import annotations

#: Rooms and modules whose texts are for people.
ROOMS = (
    "cli", "operations", "config/mistake_messages.py", "config/config_file.py",
    "config/edit", "config/differences.py", "fetch", "lint", "outputs",
    "parse/non_feeds.py", "parse/documents.py", "parse/decode.py", "parse/feed_reader.py",
    "parse/json_feed_reader.py", "parse/dates.py", "parse/solutions.py", "preview", "daemon",
    "rules/verdicts.py", "rules/trials.py", "refine/removals.py", "refine/normalise.py",
    "refine/identity_keys.py", "schedule", "model/trials.py",
    "stories/assignment.py", "stories/former_keys.py", "stories/likeness.py",
    "stories/matching.py", "stories/same_story.py", "store/engines/sqlite_errors.py",
    "store/engines/connection.py", "store/engines/schema_version.py",
    "store/schemas/upgrade_copies.py", "store/stories/story_overrides.py",
    "store/copies/importing.py", "store/copies/stored_lines.py",
    "store/upkeep/text_damage.py", "store/engines/built_aside.py", "store/copies/named_files.py",
)  # fmt: skip
#: Rooms whose errors are for people, and no other text.
RAISING = ("store", "config", "serve", "publish", "fleet")
#: Modules in them that hold names alone; the operations feed has its own Chinese.
QUIET = frozenset(
    {
        "lint/html_tree.py", "lint/registries.py",
        "operations/event_sentences.py", "outputs/static_files.py", "fetch/credentials.py",
        "daemon/log.py", "daemon/poll_measures.py",
        "daemon/figures.py", "outputs/notice_templates.py",
    }
)  # fmt: skip

#: Messages of one word.
WORDS = frozenset(
    {
        "Example:", "Examples:", "Exit status:", "Signals:", "Polled:", "Published:", "Told",
        "Written", "never", "disabled", "source", "sources", "interval", "tags", "rules", "url",
        "entries", "problem", "daemon", "ok", "warning", "error", "info", "PROBLEM", "healthy",
        "added", "removed", "enabled", "nothing", "feeds:", "polling", "Password", "done",
        "unchanged", "failed", "well", "clock", "configuration", "database", "disk", "guard",
        "libraries", "permissions", "config", "outputs", "notices", "host", "site", "kept",
        "tagged", "left out", "weekday", "weekend", "polled", "outcome", "feed", "tag", "joined",
        "missing )", "unexpected )", "list", "DIFFERS", "compared", "table", "rows", "member",
        "role", "machine", "since", "polls", "state", "fleet", "serves", "price",
    }
)  # fmt: skip
#: Messages that are put together where they are said.
FURTHER = (
    "{n} sources", "{n} source", "{n} feeds", "{n} feed", "{n} image rules", "{n} image rule",
    "{n} s", "{n} seconds", "{n} second", "{n} minutes", "{n} minute", "{n} hours", "{n} hour",
    "{n} days", "{n} day", "{n} errors", "{n} error", "{n} warnings", "{n} warning", "{n} notes",
    "{n} note", "joined another story", "largest sources",
    "{count} {element} → link", "required", "in a browser", "each tag and source",
    "404 at {places}", "not in {places}",
    "+ feed {name}", "- feed {name}", "~ feed {name}", "~ feed {name} {differences}",
    "tags no tags → {after}", "tags {before} → no tags",
    "~ {name} tags no tags → {after}", "~ {name} tags {before} → no tags",
    "retention as all → {after}", "~ {name} retention as all → {after}",
    "retention {before} → as all", "~ {name} retention {before} → as all",
    "enabled {before} → {after}", "~ {name} enabled {before} → {after}",
    "“{text}” is a {weekday}", "“{text}” is not a whole address", "“{text}” has no host",
    "“{text}” has a colon where a scheme would be", "“{text}” has no valid host",
    # Reasons and outcomes of polls, what `doctor` looks at, features of likeness.
    "price", "same-body", "not-modified", "held", "claimed", "offline", "DNS", "TLS",
    "jaccard: {value}", "contained: {value}", "ideographs: {value}", "names: {value}",
    "figures: {value}", "amount: {value}", "rarest: {value}", "balance: {value}",
    "apart: {value}",
    'titled "{title}"', "weekday {hours}", "weekend {hours}",
    # What the system, SQLite and OpenSSL say; Python hands it on.
    "No such file or directory", "Permission denied", "Is a directory", "Not a directory",
    "No space left on device", "Read-only file system", "File exists", "Input/output error",
    "Operation not permitted", "Connection refused", "Connection reset by peer",
    "Network is unreachable", "No route to host", "Address already in use",
    "Cannot assign requested address", "Too many open files", "Broken pipe", "Disk quota exceeded",
    "database is locked", "database or disk is full", "file is not a database",
    "attempt to write a readonly database", "disk I/O error", "unable to open database file",
    "database disk image is malformed", "certificate has expired", "self-signed certificate",
    "unable to get local issuer certificate", "self-signed certificate in certificate chain",
)  # fmt: skip
#: What has several words and is for programs, or is a name.
NO_MESSAGES = frozenset(
    {
        "dict[str, list[str]]", "dict[str, object]", "list[dict[str, object]]",
        "process {getpid} {uuid4}",
        "poll {name}", "renew leases", "store batch", "look up", "second signal",
        "conflicting Content-Length", "bad Content-Length", "illegal chunk header",
        "illegal status line", "no response line", "illegal header line", "continuation line",
        "Illegal header", "multiple Transfer-Encoding", "Only Transfer-Encoding",
        "malformed chunk", "bare CR in chunks", "chunk line too long", "Receive buffer too long",
        "Not enough data", "route is empty", "Access denied", "{html} {text}", "Extra data",
        "no element found", "unclosed token", "unclosed CDATA section", "partial character",
        "junk after document element", "not written", "operations feed", "saved edits",
        "stories and search", "refused by the guard", "chmod o= {path}", "STATUS=waits: {trouble}",
        "no place", "no other date", "form of a place", "names on one side", "moved host",
        "aggregator database", "{SIGNS} feed {name}", "And {more} more.",
        '{english_html}<p lang="zh-Hans">{chinese_html}</p>',
        "prefer {prefer}", "per_source {per_source}", "{key} {name} {what}",
        "{key} {path} {what}",  "{detail}: {text}", "{version} {feed} {version_2}",
        "text/plain; charset=utf-8",
    }
)  # fmt: skip
