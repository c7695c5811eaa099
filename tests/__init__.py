"""The tests, and beside them what they are made with: every module that is not a test_*.py."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
FIXTURES = Path(__file__).parent / "fixtures"

#: How long a machine under load may take for what should be there in a moment, in seconds. Nothing
#: is judged by it: it ends a test that waits for what does not come.
PATIENCE = 120.0
