"""How config.toml is edited by the program: blocks are appended, and nothing else changes."""

from aggregator.config.config_file import edit, read
from aggregator.config.edit.blocks import Block, append
from aggregator.config.edit.source_names import derive_name
from aggregator.config.edit.trial import Refusal, trial

__all__ = ["Block", "Refusal", "append", "derive_name", "edit", "read", "trial"]
