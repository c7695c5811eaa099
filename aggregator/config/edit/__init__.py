"""How config.toml is edited by the program: blocks are appended or changed, and nothing else is."""

from aggregator.config.config_file import edit, edit_all, read
from aggregator.config.edit.blocks import Block, append
from aggregator.config.edit.new_source import (
    KnownSourceError,
    NewSource,
    UnfitSourceError,
    proposed,
    write,
)
from aggregator.config.edit.source_edits import Place, SourceEdits
from aggregator.config.edit.trial import Refusal, trial
from aggregator.config.source_names import derive_name

__all__ = [
    "Block",
    "KnownSourceError",
    "NewSource",
    "Place",
    "Refusal",
    "SourceEdits",
    "UnfitSourceError",
    "append",
    "derive_name",
    "edit",
    "edit_all",
    "proposed",
    "read",
    "trial",
    "write",
]
