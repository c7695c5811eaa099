"""The tests, and beside them what they are made with: every module that is not a test_*.py."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
FIXTURES = Path(__file__).parent / "fixtures"
