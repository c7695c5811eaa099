"""Names of a package that are looked up in its modules when somebody asks for them (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def late(package: str, homes: dict[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package whose names stand in the modules that `homes` tells.

    So whoever imports one module of the package pays for that one alone. What is found is kept.
    """

    def look_up(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return look_up
