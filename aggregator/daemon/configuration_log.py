"""What the log says when a configuration is taken over: a line a change, and each warning."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.operations.change_sentences import change_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model.changes import Change

log = logging.getLogger(__name__)


def tell(changes: Iterable[Change], warnings: Iterable[str]) -> None:
    """Log them; of thousands of sources that is too much for the event loop."""
    for change in changes:
        log.info(event("configuration", change=change_text(change)))
    for warning in warnings:
        log.warning(event("configuration", warning=warning))
