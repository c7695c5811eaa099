"""Modules that are loaded when something of theirs is used first."""

from __future__ import annotations

import importlib
from types import ModuleType


class LateModule(ModuleType):
    """Stands for a module: the first use of a name loads it.

    A rare branch may need what costs more than the rest of the program: the upgrade of a database,
    a proxy that speaks SOCKS. Type checkers are shown the import itself (`if TYPE_CHECKING`).
    """

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)
