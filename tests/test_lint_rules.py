"""Every rule finds what breaks it, and nothing in what only looks like it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from aggregator.lint import RULES, Finding, lint
from aggregator.lint.registries import words
from tests import FIXTURES

FOLDER = FIXTURES / "lint"
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "cases.toml").read_text("utf-8"))["case"]
NAMES = [f"{number}-{case['rule']}" for number, case in enumerate(CASES, 1)]
EACH = pytest.mark.parametrize("case", CASES, ids=NAMES)

#: The warnings of the W3C feed validator that concern Atom, RSS and JSON Feed, and others that
#: readers trip over.
PROMISED = words(
    """
    AtomLinkNotEmpty UnregisteredAtomLinkRel DuplicateItemSemantics ImageLinkDoesntMatch
    ContainsRelRef ReservedPrefix NotSufficientlyUnique ImplausibleDate ProblematicalRFC822Date
    SecurityRisk SecurityRiskAttr DangerousStyleAttr BadCharacters ObscureEncoding
    UnexpectedContentType EncodingMismatch NonSpecificMediaType NonCanonicalURI
    SameDocumentReference ContainsEmail ContainsHTML MissingSelf SelfDoesntMatchLocation
    RelativeSelf MissingSourceElement MissingTypeAttr DuplicateEntries DuplicateUpdated
    MissingTextualContent NotUTF8 SelfNotAtom DuplicateEnclosure MissingGuid MisplacedXHTMLContent
    SchemeNotIANARegistered UnknownNamespace NotInline NotHtml HtmlFragment MissingCurrentInArchive
    ArchiveIncomplete EmailFormat MissingRealName NeedDescriptionBeforeContent UseZeroForMidnight
    MissingAtomSelfLink MissingDCLanguage TextXml LinkPastEnd IncorrectDOW InvalidHttpGUID
    """
)


def document(case: dict[str, Any], which: str) -> bytes:
    """Return the bad or the good document of a case, in the encoding that it declares."""
    piece = case.get(which)
    if "repeat" in case and piece is not None:
        text, times = case["repeat"]
        repeated = "".join(text.replace("NUM", f"{number:02}") for number in range(times))
        piece = piece.replace("REPEAT", repeated)
    if "base" in case:
        whole = (FOLDER / f"base.{case['base']}").read_text("utf-8")
        if piece is not None:
            assert whole.count(case["part"]) >= 1, "the base has no such part"
            whole = whole.replace(case["part"], piece)
    else:
        whole = piece or (FOLDER / "base.atom").read_text("utf-8")
    if "text" in case:
        whole = whole.replace(*case["text"])
    declared = re.match(r"<\?xml[^>]* encoding=[\"']([\w-]+)", whole)
    encoding = declared[1] if declared and declared[1] in ("iso-8859-1", "gb18030") else "utf-8"
    return whole.encode(encoding)


def check(case: dict[str, Any], which: str) -> tuple[Finding, ...]:
    content_type = case.get("content_type")
    if isinstance(content_type, list):
        content_type = content_type[which == "good"]
    return lint(
        document(case, which), content_type=content_type, url=case.get("url"), now=case.get("now")
    )


@pytest.mark.parametrize("name", ["atom", "rss", "json"])
def test_there_is_nothing_to_say_against_the_documents_that_the_cases_start_from(name: str) -> None:
    assert lint((FOLDER / f"base.{name}").read_bytes()) == ()


@EACH
def test_a_document_that_breaks_a_rule_is_told_which(case: dict[str, Any]) -> None:
    findings = check(case, "bad")
    assert {finding.rule for finding in findings} == {case["rule"], *case.get("also", ())}, findings
    level = case.get("level", RULES[case["rule"]].level)
    assert level in {finding.level for finding in findings if finding.rule == case["rule"]}
    for finding in findings:
        assert finding.remedy == RULES[finding.rule].remedy


@EACH
def test_a_document_that_keeps_the_rule_passes(case: dict[str, Any]) -> None:
    assert check(case, "good") == ()


def test_every_rule_has_such_documents() -> None:
    assert {case["rule"] for case in CASES} == RULES.keys()


def test_every_rule_that_is_promised_is_there() -> None:
    assert set(PROMISED) <= RULES.keys()


@EACH
def test_a_rule_of_weight_is_its_own_level(case: dict[str, Any]) -> None:
    weights = ("info", "warning", "error")
    level = case.get("level", RULES[case["rule"]].level)
    assert weights.index(level) <= weights.index(RULES[case["rule"]].level)
