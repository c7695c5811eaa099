"""Log lines: made for journald, not forgeable, without secrets."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.daemon.log import LONGEST_LINE, LineFormatter, event
from aggregator.daemon.poll_log import Reports
from aggregator.model import Plan, PollOutcome, PollResult, Problem, ProblemKind, Tally
from tests.making import DAY, START


def formatted(message: str, *, journal: bool = True, level: int = logging.INFO) -> str:
    record = logging.LogRecord("aggregator", level, "", 0, message, None, None)
    return LineFormatter(journal=journal).format(record)


def test_an_event_is_key_value_and_quotes_what_needs_it() -> None:
    assert event("polled", source="ithome", new=3, problem=None, text='a "b" c') == (
        'polled source=ithome new=3 text="a \\"b\\" c"'
    )


@given(text=st.text(max_size=300))
def test_no_value_can_forge_a_second_line(text: str) -> None:
    line = formatted(event("polled", source=text))
    assert line.startswith("<6>polled source=")
    assert len(line.splitlines()) == 1


def test_a_line_is_bounded_redacted_and_carries_its_priority() -> None:
    line = formatted(event("x", url="https://u:p@x.example/?token=t"), level=logging.WARNING)
    assert line == '<4>x url="https://x.example/?token="'
    assert len(formatted("x" * 10_000)) <= LONGEST_LINE + 3
    assert formatted("x", journal=False).endswith(" INFO x")


def test_a_traceback_keeps_its_lines_each_with_its_priority() -> None:
    try:
        int("https://u:p@x.example/")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 0, "bug", None, sys.exc_info())
    lines = LineFormatter(journal=True).format(record).splitlines()
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)
    assert "u:p" not in "".join(lines)


def result(problem: str | None = None, *, new: int = 0) -> PollResult:
    return PollResult(
        "one",
        PollOutcome.PARSED if problem is None else PollOutcome.FAILED,
        Tally(new=new),
        Plan(START, "test"),
        None if problem is None else Problem(ProblemKind.TIMEOUT, problem),
    )


def test_the_log_tells_news_changes_and_a_daily_reminder() -> None:
    told: list[tuple[int, str]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append((record.levelno, record.getMessage().partition(" source=")[0]))

    logger, listener = logging.getLogger("aggregator.daemon.poll_log"), Listener()
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    try:
        reports, now = Reports(), START
        reports.add(result(), now)
        reports.add(result(new=2), now)
        for hours in range(0, 30, 3):
            reports.add(result("no answer"), now + timedelta(hours=hours))
        reports.add(result("another problem"), now + DAY)
        assert reports.failing == 1
        reports.add(result(), now + DAY)
        assert reports.failing == 0
    finally:
        logger.removeHandler(listener)
        logger.setLevel(logging.NOTSET)
    assert told == [
        (logging.INFO, "polled"),
        (logging.WARNING, "source fails"),
        (logging.WARNING, "source fails"),
        (logging.WARNING, "source fails"),
        (logging.INFO, "source works again"),
    ]
