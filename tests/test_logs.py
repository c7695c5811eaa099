"""Log lines: made for journald, not forgeable, without secrets."""

from __future__ import annotations

import ast
import json
import logging
import re
import sys
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.daemon.log import LONGEST_LINE, JsonFormatter, LineFormatter, event
from aggregator.daemon.poll_log import Reports
from aggregator.model import Plan, PollOutcome, PollResult, Problem, ProblemKind, Tally
from aggregator.rules.secrets import Secrets
from tests import ROOT
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


def object_of(
    message: str, *, secrets: Secrets | None = None, journal: bool = False
) -> dict[str, object]:
    record = logging.LogRecord("aggregator.x", logging.WARNING, "", 0, message, None, None)
    formatter = JsonFormatter(journal=journal)
    if secrets is not None:
        formatter.secrets = secrets
    line = formatter.format(record)
    assert len(line.splitlines()) == 1
    told = json.loads(line.removeprefix("<4>"))
    assert isinstance(told, dict)
    return told


def test_an_event_is_an_object_with_its_name_and_fields() -> None:
    told = object_of(event("polled", source="ithome", new=3, problem=None, because="a b"))
    assert list(told) == ["time", "level", "event", "source", "new", "because"]
    assert datetime.fromisoformat(str(told.pop("time"))).tzinfo == UTC
    assert told == {
        "level": "warning", "event": "polled", "source": "ithome", "new": 3, "because": "a b",
    }  # fmt: skip


def test_journald_reads_the_priority_of_an_object() -> None:
    record = logging.LogRecord("a", logging.WARNING, "", 0, event("x"), None, None)
    assert JsonFormatter(journal=True).format(record).startswith('<4>{"time"')


def test_what_a_library_says_is_an_event_with_its_logger() -> None:
    told = object_of("it\nbroke")
    assert (told["event"], told["logger"]) == ("it\nbroke", "aggregator.x")


@given(text=st.text(max_size=300))
def test_every_object_is_one_line_and_tells_what_was_said(text: str) -> None:
    told = object_of(event("polled", problem=text, n=1))
    if "://" not in text and "=" not in text:  # nothing that could be a secret of a URL
        assert told["problem"] == text


@given(secret=st.text('abc"\\ö漢/&', min_size=8, max_size=20), around=st.text(max_size=20))
def test_no_secret_is_in_an_object(secret: str, around: str) -> None:
    text = f"{around}{secret}{around}"
    told = object_of(event("x", problem=text), secrets=Secrets(frozenset({secret})))
    assert secret not in str(told["problem"])


def test_an_object_is_bounded_and_redacted() -> None:
    told = object_of(event("x", url="https://u:p@x.example/?token=t", more="y" * 10_000, z="z"))
    assert told["url"] == "https://x.example/?token="
    assert len(str(told)) <= LONGEST_LINE + 100


def test_a_traceback_is_one_text() -> None:
    try:
        int("https://u:p@x.example/")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 0, "bug", None, sys.exc_info())
    told = json.loads(JsonFormatter(journal=False).format(record))
    assert "ValueError" in told["traceback"]
    assert "u:p" not in str(told)


def test_every_field_of_an_event_is_on_the_page() -> None:
    page = (ROOT / "docs" / "observing.md").read_text(encoding="utf-8")
    section = page[page.index("## The log") :].partition("\n## ")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    said = {
        keyword.arg
        for path in (ROOT / "aggregator" / "daemon").glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "event"
        for keyword in call.keywords
        if keyword.arg is not None
    } | {"polls", "unchanged", "failed", "updated", "time", "level", "event", "logger", "traceback"}
    assert said == told


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
