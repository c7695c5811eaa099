"""The one place that writes config.toml: whole blocks are appended, and nothing else changes."""

from aggregator.edit.blocks import Block, append
from aggregator.edit.file import edit, read
from aggregator.edit.names import derive_name
from aggregator.edit.trial import Refusal, trial

__all__ = ["Block", "Refusal", "append", "derive_name", "edit", "read", "trial"]
