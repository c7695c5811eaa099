"""`make audit`: whether what a release installs has vulnerabilities that somebody has reported.

    python -m release.audit PIP_AUDIT

pip-audit asks a service about each name and version of release-constraints.txt, and installs
nothing. Exits with 1 for what it finds; where the service cannot be reached nothing is known, which
is said, and is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent

#: The whole list is some forty questions.
PATIENCE_S = 300


def findings(report: str) -> list[str] | None:
    """Return a line for each vulnerability of pip-audit's JSON report; `None`: it is none.

    https://github.com/pypa/pip-audit#json-format
    """
    try:
        return list(_lines(json.loads(report)["dependencies"]))
    except (ValueError, KeyError, TypeError):
        return None


def _lines(dependencies: list[dict[str, object]]) -> Iterator[str]:
    for one in dependencies:
        vulnerabilities = one.get("vulns", [])
        assert isinstance(vulnerabilities, list)  # noqa: S101 -- the format's promise
        for vulnerability in vulnerabilities:
            fixed = ", ".join(vulnerability["fix_versions"]) or "none yet"
            yield f"{one['name']} {one['version']}: {vulnerability['id']}, mended in: {fixed}"


def main(pip_audit: str) -> int:
    """Ask, print what is known, and return the exit status."""
    try:
        done = subprocess.run(
            [
                *(pip_audit, "--requirement", str(ROOT / "release-constraints.txt")),
                *("--require-hashes", "--disable-pip", "--format", "json"),
                *("--progress-spinner", "off", "--timeout", "15"),
            ],
            capture_output=True, check=False, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        report, said = done.stdout, done.stderr.strip()
    except subprocess.TimeoutExpired:
        report, said = "", f"no answer within {PATIENCE_S} s"
    except OSError as error:
        report, said = "", f"{pip_audit}: {error.strerror}"
    found = findings(report)
    if found is None:
        reason = said.splitlines()[-1] if said else "no report"
        print(f"audit: not made, as the service could not be asked: {reason}")
        return 0
    for line in found:
        print(line)
    print(f"audit: {len(found)} known vulnerabilities" if found else "audit: nothing is known")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
